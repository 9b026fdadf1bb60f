"""update.json: what the last check said and when the next one is, for ``quietstep update status``.

Promises: it is replaced as a whole, and only when a check ended. Nothing in it decides anything. Refuses to fail an
update: where it cannot be written or read, the status says nothing of checks.
"""

import contextlib
from pathlib import Path

import msgspec

from edge.durable import put_note
from edge.update.outcome import Outcome


class UpdateNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When (Unix s) what came of the last check; when the next one is (None: on hold, or nobody knows)."""

    at_s: float | None
    outcome: Outcome | None
    next_s: float | None


def write_note(path: Path, note: UpdateNote) -> None:
    """Put it in place."""
    with contextlib.suppress(OSError):
        put_note(path, msgspec.json.encode(note))


def read_note(path: Path) -> UpdateNote | None:
    """The last one, or None."""
    with contextlib.suppress(OSError, UnicodeDecodeError, msgspec.DecodeError):
        return msgspec.json.decode(path.read_bytes(), type=UpdateNote)
    return None
