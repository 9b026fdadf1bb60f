"""A small file in which a running service says that it runs, for ``status``, ``pause`` and ``consent --withdraw``.

Promises: it is written only when something in it changed (the storage of a home wears out), replaced as a whole, and
taken away at the end; a note that a killed service left behind is known by its process, so nobody believes it.
Nothing in it decides anything. Refuses to fail a service: where it cannot be written, commands say "not running".
"""

import contextlib
from pathlib import Path
from typing import Literal

import msgspec

from edge.durable import put_note

EyeStage = Literal["starting", "watching", "down", "closing", "closed", "over"]


class RunningNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The supervisor's process, each place's stage, the rung in use, when the process began (kernel ticks), the model
    that answers ("" for the one that ships with Quietstep), and what an update waits for."""

    pid: int
    cameras: dict[str, EyeStage]
    rung: str = ""
    began: int = 0
    model: str = ""
    update: str = ""


class NoteKeeper:
    """Writes the note; its service is the only one that does."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last: RunningNote | None = None

    def update(self, note: RunningNote) -> None:
        """Write ``note`` if it says something new."""
        if note == self._last:
            return
        self._last = note
        dated = msgspec.structs.replace(note, began=_began(note.pid))
        with contextlib.suppress(OSError):
            put_note(self._path, msgspec.json.encode(dated))

    def close(self) -> None:
        """Take it away."""
        if self._last is not None:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)


def read_note(path: Path) -> RunningNote | None:
    """What the service that runs now says of itself; None where none does."""
    try:
        note = msgspec.json.decode(path.read_bytes(), type=RunningNote)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return note if note.began and note.began == _began(note.pid) else None


def _began(pid: int) -> int:
    """When a process began, in kernel ticks since the boot; 0 where there is none (or only what is left of one)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] in "ZX" else int(fields[19])
