"""What an engine belongs to: built for one model, one runtime, one driver and one accelerator, it is none of another.

Promises: two keys that differ in any part have different digests; what may go from a full folder is decided here,
without touching a file. Refuses nothing.
"""

import hashlib
from dataclasses import dataclass

import msgspec


class EngineKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rung, SHA-256 of the graph, versions, name of the accelerator, precision and batch shapes."""

    rung: str
    model_sha256: str
    runtime: str
    cuda: str
    driver: str
    gpu: str
    precision: str
    shapes: tuple[int, ...]

    @property
    def digest(self) -> str:
        """Forty hexadecimal digits that stand for all of it."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class Entry:
    """One engine in the folder: its digest, its key (None if it cannot be read), size, and when it was made."""

    digest: str
    key: EngineKey | None
    n_bytes: int
    made_s: float


def superfluous(entries: list[Entry], newest: EngineKey, most_bytes: int) -> tuple[str, ...]:
    """Digests to remove once ``newest`` was made: unreadable ones, older ones of its model, then the oldest.

    The newest engine itself always stays.
    """
    gone = [entry for entry in entries if entry.digest != newest.digest and _replaced(entry.key, newest)]
    kept = sorted((entry for entry in entries if entry not in gone), key=lambda entry: entry.made_s)
    n_bytes = sum(entry.n_bytes for entry in kept)
    for entry in kept:
        if n_bytes > most_bytes and entry.digest != newest.digest:
            gone.append(entry)
            n_bytes -= entry.n_bytes
    return tuple(entry.digest for entry in gone)


def _replaced(key: EngineKey | None, newest: EngineKey) -> bool:
    if key is None:
        return True
    return (key.rung, key.model_sha256, key.gpu) == (newest.rung, newest.model_sha256, newest.gpu)
