"""The ledger of sharing: whole or refused, and what was spent never becomes less."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.diary.share_ledger import SharedLedger, SharedReceipt, Word, open_ledger, read_ledger
from edge.diary.span import Span
from edge.errors import SharingError

AT = datetime.fromtimestamp
WEEK = SharedReceipt("2026-W47", AT(1000, UTC), AT(2000, UTC), AT(3000, UTC), 1.0, 10**9, "packet\n", "0" * 64)
LEDGER = SharedLedger(spent_nano=3 * 10**9, words=(Word("yes", "Anna", AT(3000, UTC), "0" * 64),), receipts=(WEEK,))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "shared.json"
    with open_ledger(path) as door:
        door.put(LEDGER)
    return path


def refused(path: Path) -> str:
    with pytest.raises(SharingError) as caught:
        read_ledger(path)
    assert "Nothing leaves" in str(caught.value)
    return str(caught.value)


def test_what_was_put_is_read_and_only_its_owner_may(path: Path) -> None:
    assert read_ledger(path) == LEDGER
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert {file.name for file in path.parent.iterdir()} == {"shared.json", "shared.json.lock", "shared.json.made"}


def test_where_there_never_was_one_nothing_is_spent_and_reading_makes_none(tmp_path: Path) -> None:
    assert read_ledger(tmp_path / "shared.json") == SharedLedger()
    assert not list(tmp_path.iterdir())


def test_one_that_is_gone_is_not_a_new_budget(path: Path) -> None:
    path.unlink()
    assert "although there was one" in refused(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 10_000))
def test_a_file_cut_anywhere_is_refused(path: Path, cut: int) -> None:
    whole = path.read_bytes()
    try:
        path.write_bytes(whole[: cut % len(whole)])
        refused(path)
    finally:
        path.write_bytes(whole)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flips=st.dictionaries(st.integers(0, 400), st.integers(1, 255), min_size=1, max_size=4))
def test_a_single_changed_byte_is_found_out(path: Path, flips: dict[int, int]) -> None:
    whole = path.read_bytes()
    torn = bytearray(whole)
    for at, by in flips.items():
        torn[at % len(torn)] = whole[at % len(torn)] ^ by
    try:
        path.write_bytes(torn)
        refused(path)
    finally:
        path.write_bytes(whole)


def test_of_a_newer_quietstep_or_with_less_spent_than_its_receipts(path: Path) -> None:
    for ledger, said in ((SharedLedger(version=2), "newer"), (SharedLedger(receipts=(WEEK,)), "damaged")):
        with open_ledger(path) as door:
            door.put(ledger)
        assert said in refused(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_one_that_may_not_be_read(path: Path) -> None:
    path.chmod(0)
    refused(path)


def test_a_folder_in_its_place(path: Path) -> None:
    path.unlink()
    path.mkdir()
    refused(path)
    with open_ledger(path) as door, pytest.raises(SharingError, match="no way to write"):
        door.put(LEDGER)


def test_forgetting_keeps_what_was_spent() -> None:
    for span, n_left in ((Span(0, 1000), 1), (Span(1999, 5000), 0), (Span(place="hall"), 0), (Span(2000, 5000), 1)):
        after = LEDGER.without(span)
        assert (len(after.receipts), after.spent_nano) == (n_left, 3 * 10**9)


def test_a_sealed_ledger_has_nothing_left() -> None:
    assert LEDGER.left_nano(8 * 10**9) == 5 * 10**9
    assert LEDGER.left_nano(10**9) == 0
    assert SharedLedger(sealed=True).left_nano(8 * 10**9) == 0


def test_the_bytes_of_the_old_file_are_written_over(path: Path) -> None:
    with path.open("rb") as old:
        with open_ledger(path) as door:
            door.put(SharedLedger(spent_nano=3 * 10**9))
        assert b"packet" not in old.read()
