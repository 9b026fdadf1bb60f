"""Files that appear whole or not at all.

Promises: whoever reads ``path`` sees what stood there before or all of what is written, also after a kill or a power
cut: the bytes go to a temporary name beside it, are flushed to the disk and renamed, and the folder is flushed too.
Refuses a place that cannot be written to.
"""

import os
import tempfile
from pathlib import Path

from edge.errors import TrainingError


def write_whole(path: Path, content: bytes, flush: bool = True) -> None:
    """Write or replace ``path``, making its folder; raises TrainingError. Without ``flush`` only a kill is survived."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, content, flush)
    except OSError as error:
        found = f"that {path} cannot be written ({error.strerror})"
        raise TrainingError(found, "a folder with room to write to", "Name another one.") from error


def _replace(path: Path, content: bytes, flush: bool) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if flush:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    if flush:
        _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
