"""What a household is asked before anything is watched, and whether it said yes. Pure: no clock, no file.

Promises: the text is versioned by its SHA-256, and a consent counts for the text it was given to and no other, so a
changed text asks again; a withdrawal counts until somebody accepts anew. Refuses to take silence for consent.

Consent is needed for *live* cameras (webcam, network): they look at people in a home. A video file was taken
elsewhere, under somebody else's consent, and the synthetic camera (``demo`` has no other) shows nobody.
"""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Final, Literal

import msgspec

from edge.errors import ConsentError

TEXT: Final = """\
What Quietstep watches
    The cameras in its settings, one for each place, for as long as
    `quietstep run` runs and nothing is paused. Everybody who passes is
    seen, guests and children too: tell them (`quietstep notice` prints a
    note for the door).

What it computes
    From each picture, where the joints of a body are; from these, steps;
    from steps, a guess at the mood that a way of walking looks like (angry,
    happy, neutral, sad), as it was acted for research. It does not know who
    walks. It is often wrong, and a way of walking is not a feeling.

What it keeps, on this device only
    For each hour and place: how many minutes were watched and of what kind,
    about how many walks, and the mean guess. No picture, no sound, no
    skeleton, no name. The diary is encrypted. It is still about your home:
    one home has no crowd to hide in. Who accepted this text, and when, is
    kept beside it, in state.db, where the diary's key does not protect it.

What it sends
    Nothing, unless you say yes to that, too: `quietstep share` is off, asks
    on its own, says what would leave, and writes a file that you may send.

What it is not for
    Not for workplaces, not for schools, not for diagnosis or treatment, not
    to check on somebody who does not want it. It is not a medical device
    and not an alarm: it does not notice falls.

What you can do at any time
    `quietstep pause` closes the cameras (for all, or one place, for a while
    or until `quietstep resume`). `quietstep consent --withdraw` ends the
    watching and any sharing, and erases the diary. Only say yes if everybody who lives here
    agrees; whoever lives here may withdraw.
"""
TEXT_SHA256: Final = hashlib.sha256(TEXT.encode()).hexdigest()

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class ConsentNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the record: who accepted or withdrew, when (Unix seconds), and the SHA-256 of the text."""

    kind: Literal["accepted", "withdrawn"]
    name: Name
    at_s: Annotated[int, msgspec.Meta(ge=0)]
    text_sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


def stands(notes: Sequence[ConsentNote], text_sha256: str = TEXT_SHA256) -> bool:
    """Whether the newest note is a yes to this very text."""
    return bool(notes) and notes[-1].kind == "accepted" and notes[-1].text_sha256 == text_sha256


def withdrawn(notes: Sequence[ConsentNote]) -> bool:
    """Whether the newest note is a withdrawal: then nothing at all is watched, not even a file."""
    return bool(notes) and notes[-1].kind == "withdrawn"


def refusal(notes: Sequence[ConsentNote]) -> ConsentError:
    """Why nothing starts, and what to do."""
    found = "no consent"
    if withdrawn(notes):
        found = "a consent that was withdrawn"
    elif notes:
        found = "a consent to an earlier text"
    return ConsentError(
        found, "one by somebody who lives here, for everybody who does", "Read and accept with: quietstep consent"
    )


def checked_name(name: str) -> str:
    """A name as it is kept: one line of at most 80 characters; raises ConsentError for none."""
    tidy = " ".join(name.split())
    if not tidy or len(tidy) > 80 or not tidy.isprintable():
        raise ConsentError(
            "no name that can be kept", "the name of who accepts, at most 80 characters", "Nothing was accepted."
        )
    return tidy
