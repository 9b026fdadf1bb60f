"""The few ways in which files are put on a disk for good, so that a power cut is thought of in one place.

Promises: ``sync_file`` and ``sync_folder`` return when the bytes, or the names, are on the medium; ``swap`` puts a
finished file or folder in its place under its final name, whole or not at all; ``clear`` leaves no half of one.
Refuses nothing: what the disk says against it passes through as OSError.
"""

import os
import shutil
from pathlib import Path
from typing import IO, Any


def sync_file(file: IO[Any]) -> None:
    """Everything written to ``file`` so far survives a power cut."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Renames and new names in ``folder`` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def swap(finished: Path, final: Path) -> None:
    """Give what was synced under another name in the same folder its final name."""
    os.replace(finished, final)
    sync_folder(final.parent)


def put_note(path: Path, content: bytes) -> None:
    """Put a small private file in its place, whole. Not synced: what a power cut takes of a note is soon told again."""
    half = path.with_name(f"{path.name}.{os.getpid()}.new")
    half.write_bytes(content)
    half.chmod(0o600)
    half.rename(path)


def clear(path: Path) -> None:
    """Remove a file or a folder, if it is there; a link is removed, never followed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def own_folder(path: Path) -> Path:
    """Make a folder that nobody else may look into, on disk on return."""
    if not path.is_dir():
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(path.parent)
    return path
