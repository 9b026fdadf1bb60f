"""Erasing: rows, the open bucket, the log, free pages and backups, then a look whether anything is left.

Promises: what was asked for is gone from the tables in one commit, from the files before this returns, and that it is
gone is looked for, not assumed; a receipt without content says so. A running monitor, which is the one writer, lends
the diary meanwhile: no row is lost and none comes back. Refuses to work beside any other writer. What it cannot do is
`LIMITS`, and is said each time.
"""

import contextlib
from pathlib import Path
from typing import Final, Literal

import msgspec

from edge.diary import receipts
from edge.diary.copies import copies_of, remove
from edge.diary.door import to_oneself
from edge.diary.key import destroy_key, is_ours, key_path_for, next_key_path, read_key
from edge.diary.opening import the_one_writer
from edge.diary.receipts import Receipt, ScanResult
from edge.diary.rotate import key_that_opens
from edge.diary.span import EVERYTHING, Span
from edge.diary.store import USUAL_LENGTH_S, DiaryReader, Store
from edge.diary.traces import Found, Traces, look
from edge.errors import DiaryDamagedError, DiaryError, DiaryKeyError, DiaryVersionError

LIMITS: Final = (
    "Flash storage keeps old blocks until it reuses them, and no program can reach those: what lies in them is "
    "encrypted, and only destroying the key (erase --all, rotate-key) makes it unreadable.",
    "A key beside the diary does not stop somebody who takes the whole device; a key that the service manager hands "
    "over (LoadCredential) or a TPM holds does.",
    "Backups that you keep outside the data folder, and what was exported or printed, are not reached.",
)
Fate = Literal["kept", "destroyed", "not ours to destroy"]


class Erased(msgspec.Struct, frozen=True):
    """What went, where the scan looked, and what became of the key."""

    receipt: Receipt
    found: Found
    removed: tuple[Path, ...]


def count(diary: Path, key_path: Path | None, span: Span) -> Receipt:
    """What an erasure would take, as a receipt that is written nowhere; changes nothing."""
    with DiaryReader.open(diary, key_path) as reader:
        there = reader.touched(span)
    return Receipt("begun", 0, span, **there._asdict())


def erase_span(diary: Path, key_path: Path | None, span: Span, now_s: int, places: frozenset[str]) -> Erased:
    """Erase a stretch. ``places`` are names to look for beside those in the diary (the cameras of the settings)."""
    with DiaryReader.open(diary, key_path) as reader:
        kind = reader.kind()
    with to_oneself(diary), Store.open(diary, key_path, kind) as store:
        traces = store.traces(span, places)
        begun = Receipt("begun", now_s, span)
        receipts.write(diary, begun)
        key = read_key(key_path_for(diary, key_path))
        copies = copies_of(diary, key)
        remove(copies)
        gone = store.erase(span)
        found = look(diary.parent, key, traces)
    counted = msgspec.structs.replace(begun, n_backups=len(copies), **gone._asdict())
    return _finished(diary, counted, found, copies)


def erase_all(diary: Path, key_path: Path | None, now_s: int, places: frozenset[str]) -> Erased:
    """Destroy the key, then every file of the diary; works on a diary that does not open any more, too.

    The key goes first: from then on no copy anywhere can be read. Where the key cannot be destroyed (it is handed
    over by the service manager, or lies on a medium that cannot be written) the rows are erased page by page before
    the files go.
    """
    key_path = key_path_for(diary, key_path)
    _refuse_nothing(diary, key_path)
    with to_oneself(diary):
        return _erase_all_of_it(diary, key_path, now_s, places)


def _erase_all_of_it(diary: Path, key_path: Path, now_s: int, places: frozenset[str]) -> Erased:
    key, traces, n_rows = _what_is_there(diary, key_path, places)
    begun = Receipt("begun", now_s, EVERYTHING, everything=True)
    ours = is_ours(key_path)
    if not ours:
        with contextlib.suppress(DiaryDamagedError, DiaryKeyError, DiaryVersionError):  # then only the files can go
            _erase_rows(diary, key_path)
    with the_one_writer(diary):
        receipts.write(diary, begun)
        copies = copies_of(diary, key)
        if ours:
            destroy_key(key_path)
        remove((*copies, diary))
        found = look(diary.parent, key, traces)
    fate: Fate = "destroyed" if ours else "not ours to destroy"
    done = msgspec.structs.replace(begun, n_rows=n_rows, n_backups=len(copies), key=fate)
    return _finished(diary, done, found, copies)


def _refuse_nothing(diary: Path, key_path: Path) -> None:
    left = (diary, key_path, next_key_path(key_path), *copies_of(diary, None))
    if not any(path.exists() for path in left):
        raise DiaryError(f"no diary and no key at {diary}", "a diary to erase", "Name its folder with --data-dir.")


def _what_is_there(diary: Path, key_path: Path, places: frozenset[str]) -> tuple[bytes | None, Traces, int]:
    """Key, what to look for and how many rows, as far as the diary still opens."""
    key = _key_if_any(diary, key_path)
    try:
        with DiaryReader.open(diary, key_path) as reader:
            return key, reader.traces(EVERYTHING, places), reader.touched(EVERYTHING).n_rows
    except DiaryError:
        return key, Traces(EVERYTHING, places, frozenset({USUAL_LENGTH_S}), frozenset()), 0


def _key_if_any(diary: Path, key_path: Path) -> bytes | None:
    try:
        return key_that_opens(diary, key_path)
    except DiaryError:
        return None


def _erase_rows(diary: Path, key_path: Path) -> None:
    with DiaryReader.open(diary, key_path) as reader:
        kind = reader.kind()
    with Store.open(diary, key_path, kind) as store:
        store.erase()


def _finished(diary: Path, begun: Receipt, found: Found, copies: tuple[Path, ...]) -> Erased:
    scan = ScanResult(found.n_files, found.n_pages, len(found.where), len(found.not_read))
    receipt = msgspec.structs.replace(begun, state="finished" if found.clean else "something left", scan=scan)
    receipts.write(diary, receipt)
    return Erased(receipt, found, copies)
