"""What sharing has cost, what was handed out, and who said yes: `shared.json`, one small file.

Promises: what `put` returned from is on the disk, whole; a power cut leaves the old file or the new one. What was spent
never becomes less. Refuses, with SharingError, a file that is damaged, half, of a newer Quietstep or gone although
there was one: then nothing leaves. It is a file of its own and not in state.db, so that a ledger that cannot be read
ends the sharing and does not pause the home; it holds nothing that has not left (or was about to), so it is not
encrypted; a SHA-256 finds changed bytes. Whoever puts an old copy of it back has their old budget back: it binds the
program, not the owner of the disk.
"""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from edge.consent import Name
from edge.diary.key import overwrite
from edge.diary.span import Span
from edge.durable import sync_folder
from edge.errors import SharingError

VERSION: Final = 1
_CLOSED: Final = "Nothing leaves. Put the file back as it was, or leave sharing off."
Nano = Annotated[int, msgspec.Meta(ge=0)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""Written as 2026-12-01T08:00:00Z: the scan after an erasure takes Unix seconds for a bucket's start."""


class Word(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who said yes to which terms, or no, and when."""

    kind: Literal["yes", "no"]
    name: Name
    at: Moment
    text_sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class SharedReceipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One packet, or one that was paid for and never finished (``packet`` None), about [begins, ends).

    ``packet`` is the very text that left; ``sha256`` that of its bytes.
    """

    period: str
    begins: Moment
    ends: Moment
    made: Moment
    epsilon: float
    cost_nano: Nano
    packet: str | None = None
    sha256: str | None = None

    def touches(self, span: Span) -> bool:
        """Whether it tells of any moment in the stretch; packets are of all places."""
        return self.begins.timestamp() < span.to_s and span.from_s < self.ends.timestamp()


class SharedLedger(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``spent_nano`` counts what was erased too; a ledger that is ``sealed`` counts as spent whatever the budget."""

    version: int = VERSION
    spent_nano: Nano = 0
    sealed: bool = False
    words: tuple[Word, ...] = ()
    receipts: tuple[SharedReceipt, ...] = ()

    def agrees(self, text_sha256: str) -> bool:
        """Whether the newest word is a yes to this very text."""
        return self.said_yes and self.words[-1].text_sha256 == text_sha256

    @property
    def said_yes(self) -> bool:
        """Whether the newest word is a yes, to whatever text."""
        return bool(self.words) and self.words[-1].kind == "yes"

    def left_nano(self, budget_nano: int) -> int:
        """What may still be spent."""
        return 0 if self.sealed else max(0, budget_nano - self.spent_nano)

    def handed_out(self, period: str) -> SharedReceipt | None:
        """The packet of that period, if there is one."""
        return next((receipt for receipt in self.receipts if receipt.period == period and receipt.packet), None)

    def without(self, span: Span) -> "SharedLedger":
        """The same, but for receipts that touch the stretch; spent stays spent."""
        kept = tuple(receipt for receipt in self.receipts if not receipt.touches(span))
        return msgspec.structs.replace(self, receipts=kept)


def read_ledger(path: Path) -> SharedLedger:
    """The ledger; an empty one where there never was a file."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        if _marker(path).exists():
            raise SharingError(f"no file {path} although there was one", "the ledger of sharing", _CLOSED) from None
        return SharedLedger()
    except OSError as error:
        raise SharingError(f"no way to read {path} ({error.strerror})", "the ledger of sharing", _CLOSED) from None
    if len(lines) != 3 or lines[2] or hashlib.sha256(lines[0]).hexdigest().encode() != lines[1]:
        raise _damaged(path)
    return _decoded(lines[0], path)


def ever_shared(path: Path) -> bool:
    """Whether there is a ledger, or was one."""
    return path.exists() or _marker(path).exists()


class LedgerDoor:
    """The one way to change it; `open_ledger` gives it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> SharedLedger:
        """What is in force."""
        return read_ledger(self._path)

    def put(self, ledger: SharedLedger) -> SharedLedger:
        """Write it; on the disk when this returns. The old file's bytes are written over."""
        text = msgspec.json.encode(ledger)
        try:
            write_whole(self._path, text + b"\n" + hashlib.sha256(text).hexdigest().encode() + b"\n")
            if not _marker(self._path).exists():
                os.close(os.open(_marker(self._path), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
                sync_folder(self._path.parent)
        except OSError as error:
            raise SharingError(
                f"no way to write {self._path} ({error.strerror})", "room and permission", _CLOSED
            ) from None
        return ledger


@contextlib.contextmanager
def open_ledger(path: Path) -> Iterator[LedgerDoor]:
    """Open for changes; whoever else wants to, waits."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SharingError(f"no way to write beside {path} ({error.strerror})", "permission", _CLOSED) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield LedgerDoor(path)
    finally:
        os.close(lock)


def write_whole(path: Path, data: bytes) -> None:
    """Put ``data`` in the file's place, all of it or nothing; then write over what was there before."""
    new, old = path.with_name(path.name + ".new"), path.with_name(path.name + ".old")
    for stale in (new, old):
        remove_whole(stale)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileNotFoundError):
        os.link(path, old)
    new.rename(path)
    sync_folder(path.parent)
    remove_whole(old)


def remove_whole(path: Path) -> None:
    """Write over a file, then remove it; nothing where there is none.

    One that has another name, too, is not written over: a kill may have left the old name of the file in force.
    """
    if not path.is_symlink() and not path.is_file():
        return
    if not path.is_symlink() and path.stat().st_nlink == 1:
        overwrite(path)
    path.unlink()
    sync_folder(path.parent)


def _marker(path: Path) -> Path:
    """Tells a home that never shared from one that lost its ledger."""
    return path.with_name(path.name + ".made")


def _decoded(text: bytes, path: Path) -> SharedLedger:
    try:
        ledger = msgspec.json.decode(text, type=SharedLedger)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _damaged(path) from None
    if ledger.version > VERSION:
        found = f"a ledger at {path} of a newer Quietstep (version {ledger.version})"
        raise SharingError(found, f"version {VERSION}", "Nothing leaves. Update Quietstep.")
    if sum(receipt.cost_nano for receipt in ledger.receipts) > ledger.spent_nano:
        raise _damaged(path)
    return ledger


def _damaged(path: Path) -> SharingError:
    return SharingError(f"a damaged file at {path}", "the ledger of sharing, whole", _CLOSED)
