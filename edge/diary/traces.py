"""Looks for what was erased: in every decrypted page and in every file of the data folder, names too.

A row of the diary stands in a page as SQLite writes records (sqlite.org, *Database File Format*, 2.1): the start of
its bucket as 4 or 6 bytes (big endian), in the table its length, then the place's name; the open bucket the other way
round. So each occurrence of a place's name is read for the time beside it, whatever became of the record's head: a
row that no table knows any more is found as well as one that was never erased. A day row stands otherwise: its start,
the place's name, its length (the table has no rowid, so its key comes first); an annotation: its day, its text. In
plain files the starts of erased buckets are also sought as decimal digits (except in the receipts, which say what was
asked for). Promises to find any whole row of a stretch, to change nothing and to tell only where, never what. Refuses
to take a file that it could not read for a clean one.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from edge.diary.clear_pages import Decryptor, pages_of, pages_of_log
from edge.diary.minutes import MINUTE_S
from edge.diary.pages import FileState, examine
from edge.diary.receipts import FILE_NAME as RECEIPTS
from edge.diary.span import Span

PIECE_BYTES: Final = 1 << 20
OVERLAP_BYTES: Final = 256
WIDTHS: Final = (4, 6)
EARLIEST_S: Final = 1 << 23
LATEST_S: Final = 1 << 36
LONGEST_NAME: Final = 64
USUAL_DAYS_S: Final = frozenset({82_800, 86_400, 90_000})
"""A day has 23, 24 or 25 hours, but where the household changed its zone."""
"""Starts from April 1970 to the year 4147 have 4 or 6 bytes; what is outside of that was no time."""
_OF_A_NAME: Final = re.compile(rb"[a-z0-9 _-]")
_DIGITS: Final = re.compile(rb"(?<!\d)\d{10}(?!\d)")


class Traces(msgspec.Struct, frozen=True):
    """What to look for: a stretch, every place's name, bucket length and day length that the diary had, the erased
    starts, and the erased annotations (day, text)."""

    span: Span
    places: frozenset[str]
    lengths_s: frozenset[int]
    starts_s: frozenset[int]
    day_lengths_s: frozenset[int] = USUAL_DAYS_S
    annotations: frozenset[tuple[int, str]] = frozenset()


class Found(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was looked at, and where something was found."""

    n_files: int
    n_pages: int
    where: tuple[str, ...]
    not_read: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Everything could be read, and nothing was found."""
        return not self.where and not self.not_read


def look(folder: Path, key: bytes | None, traces: Traces) -> Found:
    """Every file below ``folder``; what opens with ``key`` page by page. Raises DiaryError without libcrypto."""
    decryptor = None if key is None else Decryptor(key)
    finder = _Finder(traces)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    where: list[str] = []
    not_read: list[str] = []
    n_pages = 0
    for file in files:
        name = str(file.relative_to(folder))
        try:
            in_clear = any(finder.hits(piece, digits=file.name != RECEIPTS) for piece in _pieces(file)) or finder.hits(
                name.encode()
            )
            pages = [] if decryptor is None or key is None else list(_clear_pages(file, key, decryptor))
        except OSError:
            not_read.append(name)
            continue
        n_pages += len(pages)
        where += [name] if in_clear else []
        where += [f"{name} page {n}" for n, page in enumerate(pages, 1) if finder.hits(page)]
    return Found(len(files), n_pages, tuple(where), tuple(not_read))


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        tail = b""
        while piece := opened.read(PIECE_BYTES):
            yield tail + piece
            tail = piece[-OVERLAP_BYTES:]


def _clear_pages(file: Path, key: bytes, decryptor: Decryptor) -> Iterable[bytes]:
    if file.name.endswith("-wal"):
        owner = file.with_name(file.name.removesuffix("-wal"))
        return pages_of_log(file, decryptor) if owner.exists() and _opens(owner, key) else ()
    return pages_of(file, decryptor) if _opens(file, key) else ()


def _opens(file: Path, key: bytes) -> bool:
    return examine(file, key) is FileState.KEY_FITS


class _Finder:
    def __init__(self, traces: Traces) -> None:
        self._span = traces.span
        names = traces.places | ({traces.span.place} if traces.span.place is not None else set())
        longest_first = sorted((name.encode() for name in names), key=len, reverse=True)
        self._names = re.compile(b"|".join(map(re.escape, longest_first))) if names else None
        self._lengths = {n_s: _as_written(n_s) for n_s in traces.lengths_s}
        self._any_name = [(n_s, re.compile(re.escape(w) + b"[a-z0-9]")) for n_s, w in self._lengths.items()]
        self._days = [(n_s, _as_written(n_s)) for n_s in traces.day_lengths_s]
        self._any_day = [(n_s, re.compile(b"(?=[a-z0-9 _-]" + re.escape(w) + b")")) for n_s, w in self._days]
        self._erased = traces.starts_s
        self._notes = [at.to_bytes(_width(at), "big") + text.encode() for at, text in traces.annotations]
        self._starts = {str(start_s).encode() for start_s in traces.starts_s}

    def hits(self, content: bytes, *, digits: bool = False) -> bool:
        """Anything of the stretch in these bytes."""
        if digits and self._starts and any(number in self._starts for number in _DIGITS.findall(content)):
            return True
        if any(note in content for note in self._notes):
            return True
        if self._span.place is None and (self._in_a_table(content) or self._among_days(content)):
            return True
        named = self._names.finditer(content) if self._names else iter(())
        return any(self._beside(content, f.start(), f.end()) for f in named if self._is_wanted(f.group()))

    def _is_wanted(self, name: bytes) -> bool:
        return self._span.place is None or name == self._span.place.encode()

    def _in_a_table(self, content: bytes) -> bool:
        """A closed row of any place, also of one that nobody knows any more: start, length, the name's beginning."""
        return any(
            any(self._times(content, found.start(), n_s))
            for n_s, length in self._any_name
            for found in length.finditer(content)
        )

    def _among_days(self, content: bytes) -> bool:
        """A day of any place: start, a name that anybody may know, length."""
        return any(
            self._day_starts(content, at, n_s)
            for n_s, length in self._any_day
            for found in length.finditer(content)
            for at in _beginnings(content, found.start() + 1)
        )

    def _day_starts(self, content: bytes, end: int, length_s: int) -> bool:
        pieces = [content[end - width : end] for width in WIDTHS if end >= width]
        return any(self._inside(piece, length_s, MINUTE_S) for piece in pieces)

    def _beside(self, content: bytes, start: int, end: int) -> bool:
        if any(content.startswith(w, end) and self._day_starts(content, start, n_s) for n_s, w in self._days):
            return True
        for length_s, written in self._lengths.items():
            for width in WIDTHS:  # the open bucket: name, start, length
                if content.startswith(written, end + width) and self._inside(content[end : end + width], length_s):
                    return True
            before = start - len(written)
            if content[before:start] == written and (times := self._times(content, before, length_s)):
                return any(times)  # a closed one in its table: start, length, name
        return self._in_the_index(content, start)

    def _in_the_index(self, content: bytes, end: int) -> bool:
        """Start, name; no length stands there, so of buckets that reach in from before only those just erased."""
        times_s = [
            int.from_bytes(piece, "big", signed=True)
            for piece in (content[end - width : end] for width in WIDTHS if end >= width)
            if _is_start(piece, MINUTE_S)
        ]
        return any(t_s in self._erased or self._span.from_s <= t_s < self._span.to_s for t_s in times_s)

    def _times(self, content: bytes, end: int, length_s: int) -> list[bool]:
        """Of the numbers that end there and can be the start of a bucket: are they of the stretch?"""
        pieces = [content[end - width : end] for width in WIDTHS if end >= width]
        return [self._inside(piece, length_s) for piece in pieces if _is_start(piece, length_s)]

    def _inside(self, piece: bytes, length_s: int, step_s: int | None = None) -> bool:
        start_s = int.from_bytes(piece, "big", signed=True)
        touched = start_s < self._span.to_s and start_s + length_s > self._span.from_s
        return touched and _is_start(piece, step_s or length_s)


def _width(start_s: int) -> int:
    """Bytes of an annotation's day, right before its text."""
    return WIDTHS[0] if start_s < 1 << 31 else WIDTHS[1]


def _is_start(piece: bytes, step_s: int) -> bool:
    start_s = int.from_bytes(piece, "big", signed=True)
    least = EARLIEST_S if len(piece) == WIDTHS[0] else 1 << 31
    return least <= start_s < LATEST_S and start_s % step_s == 0


def _beginnings(content: bytes, end: int) -> Iterator[int]:
    """Where a name that ends there may begin."""
    for at in range(end - 1, max(-1, end - 1 - LONGEST_NAME), -1):
        if not _OF_A_NAME.match(content, at):
            return
        yield at


def _as_written(number: int) -> bytes:
    """A positive number as SQLite writes it: the fewest of 1, 2, 3, 4 bytes that hold it."""
    width = next(width for width in (1, 2, 3, 4) if number < 1 << (8 * width - 1))
    return number.to_bytes(width, "big")
