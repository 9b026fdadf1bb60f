"""Receipts of erasures: one JSON line when one begins and one when it is finished, in a file beside the diary.

Promises: a receipt says when, which stretch was asked for, how much went and what the scan said, and nothing of what
the diary held; it is on disk before the erasure goes on. Refuses nothing when reading: a line that a power cut left
half written is no receipt.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from edge.diary.span import Span
from edge.durable import sync_folder

FILE_NAME: Final = "erased.jsonl"


class ScanResult(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many files and decrypted pages were looked at, and in how many something was left or could not be read."""

    n_files: int
    n_pages: int
    n_found: int
    n_not_read: int


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """``begun_s`` (Unix) names an erasure; a row that began after it was never meant. ``n_days``: days of which no hour
    was left."""

    state: Literal["begun", "finished", "something left"]
    begun_s: int
    asked: Span
    everything: bool = False
    n_rows: int = 0
    n_open: int = 0
    n_partly: int = 0
    n_days: int = 0
    n_annotations: int = 0
    n_backups: int = 0
    key: Literal["kept", "destroyed", "not ours to destroy"] = "kept"
    scan: ScanResult | None = None


def file_of(diary: Path) -> Path:
    """Where the receipts of a diary are."""
    return diary.with_name(FILE_NAME)


def write(diary: Path, receipt: Receipt) -> None:
    """Append one line, on disk when this returns; after a half line it begins a new one."""
    path = file_of(diary)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with open(handle, "r+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        half = size > 0 and file.read(1) != b"\n"
        file.write(b"\n" * half + msgspec.json.encode(receipt) + b"\n")
        os.fsync(file.fileno())
    sync_folder(path.parent)


def read(diary: Path) -> tuple[Receipt, ...]:
    """All receipts, oldest first."""
    try:
        lines = file_of(diary).read_bytes().splitlines()
    except FileNotFoundError:
        return ()
    return tuple(receipt for line in lines if (receipt := _decoded(line)) is not None)


def unfinished(receipts: Sequence[Receipt]) -> tuple[Receipt, ...]:
    """Erasures that were begun and never finished (a power cut), unless a later one covers them."""
    done = [r for r in receipts if r.state == "finished"]
    return tuple(r for r in receipts if r.state == "begun" and not any(_covers(d, r) for d in done))


def _covers(done: Receipt, begun: Receipt) -> bool:
    wide = done.asked.from_s <= begun.asked.from_s and begun.asked.to_s <= done.asked.to_s
    return done.begun_s >= begun.begun_s and wide and done.asked.place in (None, begun.asked.place)


def _decoded(line: bytes) -> Receipt | None:
    try:
        return msgspec.json.decode(line, type=Receipt)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
