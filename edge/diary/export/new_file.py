"""Put an export on the disk: the whole file or none of it.

Promises: under its name there is never half a file, and it is on the disk when this returns; only its owner may read
it. Refuses to write over a file unless told to, and over anything that is no plain file.
"""

import os
import tempfile
from pathlib import Path

from edge.durable import sync_folder
from edge.errors import DiaryError, DiaryReadOnlyError


def write_new(path: Path, content: bytes, *, force: bool) -> None:
    """Write ``content`` to ``path``; DiaryError when something is there already, DiaryReadOnlyError otherwise."""
    if path.exists() and not (force and path.is_file()):
        raise _there_already(path)
    try:
        _put(path, content, force)
    except FileExistsError:
        raise _there_already(path) from None
    except OSError as error:
        raise DiaryReadOnlyError(
            f"no way to write {path} ({error.strerror})",
            "a folder that is there, with room, that this user may write to",
            "Name another place; nothing was written.",
        ) from None


def _put(path: Path, content: bytes, force: bool) -> None:
    handle, half = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if force:
            os.replace(half, path)
        else:
            _name(half, path)
    finally:
        Path(half).unlink(missing_ok=True)
    sync_folder(path.parent)


def _name(half: str, path: Path) -> None:
    try:
        os.link(half, path)  # unlike a rename, refuses a name that was taken meanwhile
    except FileExistsError:
        raise
    except OSError:  # a stick whose file system has no links
        os.rename(half, path)


def _there_already(path: Path) -> DiaryError:
    if path.exists() and not path.is_file():
        return DiaryError(f"something that is no file at {path}", "the name of a file", "Name another.")
    return DiaryError(f"a file at {path} already", "a name that is free", "Name another, or say --force.")
