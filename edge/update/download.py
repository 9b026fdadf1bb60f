"""One signed file from the network to the disk, across as many cuts as it takes.

Promises: length and hash are judged while it streams; a cut download is kept and goes on where it stopped (Range with
If-Range), also after a power cut; the file gets its final name only when it is whole, proven and synced. A server that
ignores Range starts over; one that goes on with another file is found out by the hash, once, and asked for all of it.
Refuses what is longer than signed for, what the disk has no room for, and hashes this Python does not know.
"""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import quote

from tuf.api.metadata import TargetFile

from edge.durable import clear, own_folder, swap, sync_file
from edge.errors import UpdateFetchError, UpdateRefusedError
from edge.update.network import Answer, Network, still
from edge.update.release import MAX_PAYLOAD_BYTES
from edge.update.transfer import (
    OK,
    PARTIAL,
    RANGE_NOT_SATISFIABLE,
    refuse_excess,
    refuse_status,
    resume_at,
    resume_headers,
    validator_of,
)
from edge.update.trust_store import TrustStore

RESERVE_BYTES: Final = 64 << 20
"""Left to the diary and everybody else."""
_SAFE: Final = "/!$&'()*+,;=:@~-._"
"""What a path may hold unquoted (RFC 3986)."""
HASHES: Final = frozenset({"sha256", "sha512"})
_SYNC_EVERY: Final = 16 << 20
_CHUNK: Final = 1 << 20
_AGAIN: Final = "Nothing was changed; it is tried again later."


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file as the metadata sign for it: address, length in bytes, hashes in hexadecimal by algorithm."""

    url: str
    length: int
    hashes: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """What its file is called here: the first hash."""
        return self.hashes[0][1]


def wanted_of(target: TargetFile, targets_url: str) -> Wanted:
    """Address, length and hashes of a target, as a repository with consistent snapshots names its files."""
    hashes = tuple(target.hashes.items())
    folder, slash, name = target.path.rpartition("/")
    path = f"{folder}{slash}{hashes[0][1]}.{name}"
    return Wanted(f"{targets_url.rstrip('/')}/{quote(path, safe=_SAFE)}", target.length, hashes)


class Downloads:
    """The folder of downloads; at most one is cut at a time."""

    def __init__(
        self, folder: Path, store: TrustStore, network: Network, free_bytes: Callable[[Path], int] | None = None
    ) -> None:
        self._folder = folder
        self._store = store
        self._network = network
        self._free_bytes = free_bytes or _free_bytes

    def fetch(self, wanted: Wanted) -> Path:
        """The whole, proven file; raises UpdateFetchError (try again) or UpdateRefusedError."""
        _refuse_unfit(wanted)
        try:
            own_folder(self._folder)
            self._clear_others(wanted)
            final, part = self._folder / wanted.name, self._folder / f"{wanted.name}.part"
            if final.is_file() and _is_signed(final, wanted, self._network.beat):
                return final
            clear(final)
            self._refuse_full(wanted, part)
            self._complete(wanted, part)
            swap(part, final)
            return final
        except OSError as error:
            raise UpdateFetchError(f"no way to write {self._folder} ({error})", "room on the disk", _AGAIN) from error

    def clear(self) -> None:
        """Nothing here is needed any more."""
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                clear(path)

    def _complete(self, wanted: Wanted, part: Path) -> None:
        n_had, proven = self._transfer(wanted, part)
        if not proven and n_had:  # what was there was of another file, or torn by a power cut: once more from the start
            self._start_over(wanted, part)
            _, proven = self._transfer(wanted, part)
        self._store.keep_validator(wanted.name, None)
        if not proven:
            clear(part)
            raise UpdateRefusedError(f"another file than the signed one at {wanted.url}", "the signed one", _AGAIN)

    def _transfer(self, wanted: Wanted, part: Path) -> tuple[int, bool]:
        """Fetch what is missing of ``part``; how many bytes of it were there, and whether it is the signed file."""
        n_have = part.stat().st_size if part.is_file() else 0
        if n_have >= wanted.length and n_have:
            return n_have, n_have == wanted.length and _is_signed(part, wanted, self._network.beat)
        with self._network.get(wanted.url, resume_headers(n_have, self._store.validator(wanted.name))) as answer:
            start = self._judge(answer, wanted, part, n_have)
            with part.open("r+b" if start else "w+b") as file:
                digests = _Digests(wanted)
                digests.read(file, start, self._network.beat)
                _stream(answer, file, digests, wanted.length - start)
        return start, digests.match()

    def _judge(self, answer: Answer, wanted: Wanted, part: Path, n_have: int) -> int:
        """From which byte the answer goes on."""
        if answer.status == RANGE_NOT_SATISFIABLE:
            self._start_over(wanted, part)
            raise UpdateFetchError(f"a server without byte {n_have} of {wanted.url}", "the rest of it", _AGAIN)
        if answer.status not in (OK, PARTIAL):
            raise refuse_status(answer.status, wanted.url)
        start = resume_at(answer.status, answer.header("Content-Range"), n_have, wanted.length)
        refuse_excess(answer.length, wanted.length - start)
        if start == 0:
            validator = validator_of(answer.header("ETag"), answer.header("Last-Modified"))
            self._store.keep_validator(wanted.name, validator)
        return start

    def _start_over(self, wanted: Wanted, part: Path) -> None:
        clear(part)
        self._store.keep_validator(wanted.name, None)

    def _clear_others(self, wanted: Wanted) -> None:
        for path in self._folder.iterdir():
            if path.name not in (wanted.name, f"{wanted.name}.part"):
                clear(path)

    def _refuse_full(self, wanted: Wanted, part: Path) -> None:
        """The file, and once more the same for what is unpacked from it."""
        n_have = part.stat().st_size if part.is_file() else 0
        needed, free = 2 * wanted.length - n_have + RESERVE_BYTES, self._free_bytes(self._folder)
        if free < needed:
            do = f"Make room on that disk. {_AGAIN}"
            raise UpdateFetchError(f"{free >> 20} MiB free in {self._folder}", f"{needed >> 20} MiB", do)


def fetch_small(network: Network, wanted: Wanted, max_bytes: int) -> bytes:
    """A signed file of a few bytes, in memory; raises UpdateFetchError or UpdateRefusedError."""
    _refuse_unfit(wanted)
    if wanted.length > max_bytes:
        raise UpdateRefusedError(f"{wanted.length} bytes at {wanted.url}", f"at most {max_bytes}", _AGAIN)
    out, digests = BytesIO(), _Digests(wanted)
    with network.get(wanted.url, {}) as answer:
        if answer.status != OK:
            raise refuse_status(answer.status, wanted.url)
        refuse_excess(answer.length, wanted.length)
        for chunk in answer.chunks():
            out.write(chunk)
            digests.update(chunk)
            refuse_excess(out.tell(), wanted.length)
    if not digests.match():
        raise UpdateRefusedError(f"another file than the signed one at {wanted.url}", "the signed one", _AGAIN)
    return out.getvalue()


class _Digests:
    """The signed hashes of one file, as its bytes go by."""

    def __init__(self, wanted: Wanted) -> None:
        self._all = [(hashlib.new(name), want) for name, want in wanted.hashes]

    def update(self, chunk: bytes) -> None:
        for digest, _ in self._all:
            digest.update(chunk)

    def read(self, file: BinaryIO, n_bytes: int, beat: Callable[[], None] = still) -> None:
        """Take in the first ``n_bytes`` of a file; its position is then behind them."""
        while n_bytes and (chunk := file.read(min(n_bytes, _CHUNK))):
            self.update(chunk)
            n_bytes -= len(chunk)
            beat()

    def match(self) -> bool:
        return all(digest.hexdigest() == want for digest, want in self._all)


def _is_signed(path: Path, wanted: Wanted, beat: Callable[[], None]) -> bool:
    digests = _Digests(wanted)
    with path.open("rb") as file:
        digests.read(file, wanted.length, beat)
        return not file.read(1) and digests.match()


def _stream(answer: Answer, file: BinaryIO, digests: _Digests, n_wanted: int) -> None:
    """Write the body; synced on return, and every 16 MiB, also where the transfer is cut."""
    n_new = n_synced = 0
    try:
        for chunk in answer.chunks():
            n_new += len(chunk)
            refuse_excess(n_new, n_wanted)
            file.write(chunk)
            digests.update(chunk)
            if n_new - n_synced >= _SYNC_EVERY:
                sync_file(file)
                n_synced = n_new
    finally:
        sync_file(file)
    if n_new < n_wanted:
        raise UpdateFetchError(f"a transfer cut {n_wanted - n_new} bytes early", "the whole file", _AGAIN)


def _refuse_unfit(wanted: Wanted) -> None:
    if not 0 <= wanted.length <= MAX_PAYLOAD_BYTES:
        raise UpdateRefusedError(f"a file of {wanted.length} bytes", "at most 2 GiB", _AGAIN)
    if not wanted.hashes or not {name for name, _ in wanted.hashes} <= HASHES:
        found = f"hashes {', '.join(name for name, _ in wanted.hashes) or 'none'}"
        raise UpdateRefusedError(found, " or ".join(sorted(HASHES)), _AGAIN)


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free
