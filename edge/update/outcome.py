"""What came of one check.

Promises: importing this brings no network library (urllib3 opens a socket when it is imported), so that whoever only
tells of checks stays without one. Refuses nothing.
"""

from typing import Literal

import msgspec

from edge.errors import QuietstepError, UpdateFetchError


class Outcome(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In a word and in a sentence, and the release it was about."""

    event: Literal["staged", "here", "nothing", "no answer", "refused"]
    said: str
    offer: str | None = None

    @property
    def good(self) -> bool:
        """Whether the server was heard, and what it said could be believed."""
        return self.event in ("staged", "here", "nothing")


def outcome_of(error: QuietstepError) -> Outcome:
    """The same for a check that failed."""
    return Outcome("no answer" if isinstance(error, UpdateFetchError) else "refused", str(error))
