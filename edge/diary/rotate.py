"""A new key for the diary, so that the old one, and every copy made with it, opens nothing any more.

The diary is copied under the new key, proven, and takes the old one's place; then the new key takes the old one's.
Between these two renames the diary opens with the key that waits under another name, and whoever opens it next finds
that out and finishes (`settle`), or clears away a rotation that had not come so far. Promises: cut off at any point
there is a diary that opens, with all its rows. Refuses a key that is not ours to replace (a credential).
"""

import os
from pathlib import Path

from edge.diary.backup import copy_proven
from edge.diary.copies import copies_of, remove, remove_half_done
from edge.diary.engine import explained, outside_transaction, writer_engine
from edge.diary.key import create_key, half_keys, next_key_path, overwrite, read_key
from edge.diary.pages import FileState, examine
from edge.diary.replace import put_in_place
from edge.durable import sync_folder
from edge.errors import DiaryBusyError, DiaryError, DiaryKeyError


def rotate(diary: Path, key_path: Path) -> int:
    """Write the diary anew under a new key; how many rows it holds. The caller holds the right to write.

    Backups in the data folder that the old key opened are removed, for nothing opens them any more.
    """
    key = read_key(key_path)
    half, kept = (diary.with_name(f"{diary.name}.{name}") for name in ("rotating", "before-rotation"))
    new_key = create_key(next_key_path(key_path))
    engine = writer_engine(diary, key)
    try:
        with explained(diary, key):
            _refuse_readers(outside_transaction(engine, "PRAGMA wal_checkpoint(TRUNCATE)"))
            n_rows = copy_proven(engine, half, new_key)
    except BaseException:
        engine.dispose()
        settle(diary, key_path)
        raise
    engine.dispose()
    put_in_place(half, diary, kept)
    _take_new_key(key_path)
    remove((*copies_of(diary, key), kept))
    return n_rows


def settle(diary: Path, key_path: Path) -> None:
    """Finish a rotation that was cut off after the diary had its new key, undo one that was cut off before.

    For the one writer. Clears away what any cut off command left; a diary that opens with neither key is let be.
    """
    waiting, kept = next_key_path(key_path), diary.with_name(f"{diary.name}.before-rotation")
    if waiting.exists() and _fits(diary, waiting):
        _take_new_key(key_path)
    elif not _fits(diary, key_path):
        return
    elif waiting.exists():
        overwrite(waiting)
        remove((waiting,))
    remove_half_done(diary)
    remove(half_keys(key_path))
    if kept.exists():
        remove((kept,))


def key_that_opens(diary: Path, key_path: Path) -> bytes:
    """The key, or the one that a rotation that was cut off left waiting; for readers, who change nothing."""
    waiting = next_key_path(key_path)
    if waiting.exists() and diary.exists() and not _fits(diary, key_path) and _fits(diary, waiting):
        return read_key(waiting)
    return read_key(key_path)


def refuse_foreign(key_path: Path, ours: bool) -> None:
    """A key that comes from elsewhere is changed there."""
    if not ours:
        raise DiaryError(
            f"a key at {key_path} that is handed over or cannot be written",
            "a key file of this user",
            "Take a backup, begin a new diary with a new credential, and erase the old one with --all.",
        )


def _take_new_key(key_path: Path) -> None:
    waiting = next_key_path(key_path)
    old = os.open(key_path, os.O_RDWR | os.O_CLOEXEC) if key_path.exists() else None
    waiting.rename(key_path)
    sync_folder(key_path.parent)
    if old is not None:
        os.pwrite(old, os.urandom(os.fstat(old).st_size), 0)
        os.fsync(old)
        os.close(old)


def _fits(diary: Path, key_path: Path) -> bool:
    try:
        return examine(diary, read_key(key_path)) is FileState.KEY_FITS
    except (DiaryKeyError, OSError):
        return False


def _refuse_readers(answer: list[tuple[object, ...]]) -> None:
    if answer and answer[0][0] != 0:
        raise DiaryBusyError("a reader that still looks at the diary", "nobody reading", "Close it and try again.")
