"""Other files below the data folder that hold the diary's rows: backups, and what an interrupted command left.

Promises: a copy is known by its key (one of its pages proves right), or by its name beside the diary. Refuses to
take a demonstration's diary, which has its own key, or the diary itself for one.
"""

from pathlib import Path
from typing import Final

from edge.diary.pages import FileState, examine
from edge.durable import sync_folder

BESIDE: Final = ("-wal", "-shm", "-journal")
HALF_DONE: Final = ("new", "rotating", "restoring")
"""Names of what a command builds beside the diary before it takes its place."""


def copies_of(diary: Path, key: bytes | None) -> tuple[Path, ...]:
    """Files that hold, or may hold, rows of this diary; without those that SQLite keeps beside each."""
    named = set(diary.parent.glob(f"{diary.name}.before-*")) | {_half(diary, name) for name in HALF_DONE}
    keyed = {file for file in diary.parent.rglob("*") if key is not None and _opens(file, key)}
    found = {file for file in named | keyed if file.is_file() and not file.name.endswith(BESIDE)}
    return tuple(sorted(found - {diary}))


def remove(files: tuple[Path, ...]) -> None:
    """Unlink them and what SQLite keeps beside them; gone for good when this returns."""
    for file in files:
        for suffix in (*BESIDE, ""):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
    for folder in {file.parent for file in files}:
        sync_folder(folder)


def remove_half_done(diary: Path) -> None:
    """What an interrupted command left (the caller is the one writer, so nobody is still at it)."""
    left = tuple(half for name in HALF_DONE if (half := _half(diary, name)).exists())
    if left:
        remove(left)


def _half(diary: Path, name: str) -> Path:
    return diary.with_name(f"{diary.name}.{name}")


def _opens(file: Path, key: bytes) -> bool:
    try:
        return file.is_file() and examine(file, key) is FileState.KEY_FITS
    except OSError:
        return False
