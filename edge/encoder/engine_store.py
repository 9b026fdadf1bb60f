"""The folder of built engines: each in a folder of its own, sealed with what it belongs to and its files' hashes.

Promises: an engine appears whole or not at all (made in a temporary folder, synced, renamed); it is found only under
its very key and with every byte as sealed; the folder is readable by its owner alone and kept below its limit.
Refuses, by removing it, an engine that is damaged, of another key, or has a file too many.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from edge.bundle import File, describe
from edge.encoder.engine_key import EngineKey, Entry, superfluous

SEAL: Final = "seal.json"
_MAKING: Final = ".making-"


class Seal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What lies beside an engine."""

    key: EngineKey
    files: tuple[File, ...]


class EngineStore:
    """Engines below ``folder``, at most ``most_bytes`` of them."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder = folder
        self._most_bytes = most_bytes

    def find(self, key: EngineKey) -> Path | None:
        """The folder of the engine of ``key``, verified; None (and removed) if it is not what its seal says."""
        place = self._folder / key.digest
        if not place.is_dir():
            return None
        seal = _seal_of(place)
        if seal is None or seal.key != key or not _as_sealed(place, seal):
            self.discard(key)
            return None
        return place

    def discard(self, key: EngineKey) -> None:
        """Remove the engine of ``key``."""
        shutil.rmtree(self._folder / key.digest, ignore_errors=True)

    def make(self, key: EngineKey, build: Callable[[Path], None]) -> Path:
        """Let ``build`` fill a new folder, seal it and keep it under ``key``; raises OSError, and whatever build does.

        Two that make the same engine at once do not disturb each other: the first one's stays.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        making = Path(tempfile.mkdtemp(prefix=_MAKING, dir=self._folder))
        try:
            build(making)
            _seal(making, key)
            with contextlib.suppress(FileExistsError, NotADirectoryError):
                _rename(making, self._folder / key.digest)
            self._prune(key)
        finally:
            shutil.rmtree(making, ignore_errors=True)
        return self._folder / key.digest

    def _prune(self, newest: EngineKey) -> None:
        for digest in superfluous(self._entries(), newest, self._most_bytes):
            shutil.rmtree(self._folder / digest, ignore_errors=True)

    def _entries(self) -> list[Entry]:
        entries = []
        for place in self._folder.iterdir():
            if place.name.startswith(_MAKING) or not place.is_dir():
                continue
            seal = _seal_of(place)
            n_bytes = sum(path.stat().st_size for path in place.iterdir() if path.is_file())
            entries.append(Entry(place.name, seal.key if seal else None, n_bytes, place.stat().st_mtime))
        return entries


def _seal_of(place: Path) -> Seal | None:
    try:
        return msgspec.json.decode((place / SEAL).read_bytes(), type=Seal)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _as_sealed(place: Path, seal: Seal) -> bool:
    names = {file.name for file in seal.files}
    if {path.name for path in place.iterdir()} != names | {SEAL} or any(path.is_symlink() for path in place.iterdir()):
        return False
    return all(describe(place / file.name) == file for file in seal.files)


def _seal(place: Path, key: EngineKey) -> None:
    files = sorted(path for path in place.iterdir() if path.is_file())
    (place / SEAL).write_bytes(msgspec.json.encode(Seal(key, tuple(describe(path) for path in files))))
    for path in (*files, place / SEAL, place):
        _sync(path)


def _rename(making: Path, place: Path) -> None:
    try:
        making.rename(place)
    except OSError as error:
        if not place.is_dir():
            raise
        raise FileExistsError(str(place)) from error
    _sync(place.parent)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
