"""update.db: floors only rise, changes are whole, and what cannot be read is told and never guessed."""

from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlite

from edge.errors import UpdateRefusedError, UpdateStoreError
from edge.update.trust_store import FILE, OPEN_KEY, Metadata, open_trust_store
from tests.bench.power_cut.trust import OPERATION
from tests.edge.sampled_cuts import sampled


def test_floors_only_rise(tmp_path: Path) -> None:
    with open_trust_store(tmp_path, 100, "2.0.0") as store:
        store.keep((), 500, None)
        store.keep((), 50, None)
        store.raise_version_floor("2.3")
        store.raise_version_floor("2.2.9")
    with open_trust_store(tmp_path, 200, "1.0.0") as store:
        assert store.standing.time_floor_s == 500
        assert store.version_floor == (2, 3)
    with open_trust_store(tmp_path, 900, "2.10.0") as store:  # a newer Quietstep raises both
        assert store.standing.time_floor_s == 900
        assert store.version_floor == (2, 10)


def test_a_power_cut_anywhere_leaves_a_trust_that_opens_with_all_that_was_acknowledged() -> None:
    outcome = sampled(OPERATION, n_drawn=2, most_states=60)
    assert outcome.n_states >= 60
    assert set(outcome.verdicts) == {""}, outcome.verdicts


def test_pages_torn_while_they_were_copied_out_of_the_log_are_no_damage(tmp_path: Path) -> None:
    with open_trust_store(tmp_path, 100, "2.0.0") as store:
        store.keep((Metadata("root", b"r" * 9000),), 500, None)
        log = (tmp_path / (FILE + "-wal")).read_bytes()
    torn = bytearray((tmp_path / FILE).read_bytes())
    torn[-4096 - 2048 : -2048] = bytes(4096)
    (tmp_path / FILE).write_bytes(torn)
    (tmp_path / (FILE + "-wal")).write_bytes(log)
    with open_trust_store(tmp_path, 100, "2.0.0") as store:
        assert store.metadata() == (Metadata("root", b"r" * 9000),)


def test_a_version_that_is_none_changes_nothing(tmp_path: Path) -> None:
    with open_trust_store(tmp_path, 0, "2.0.0") as store:
        with pytest.raises(UpdateRefusedError):
            store.raise_version_floor("latest")
        assert store.version_floor == (2,)


def test_metadata_come_back_byte_for_byte_and_are_never_dropped(tmp_path: Path) -> None:
    with open_trust_store(tmp_path, 0, "0") as store:
        store.keep((Metadata("root", b"\x00r"), Metadata("timestamp", b"t")), 1, '"e"')
        store.keep((Metadata("timestamp", b"u"),), 1, None)
    with open_trust_store(tmp_path, 0, "0") as store:
        assert store.metadata() == (Metadata("root", b"\x00r"), Metadata("timestamp", b"u"))


def test_a_change_that_fails_changes_nothing(tmp_path: Path) -> None:
    with open_trust_store(tmp_path, 0, "0") as store:
        store._connection.execute("PRAGMA max_page_count = 6")
        with pytest.raises(UpdateStoreError):
            store.keep((Metadata("root", b"r"), Metadata("x" * 3, b"t" * 99_999)), 9, None)
        assert (store.metadata(), store.standing.time_floor_s) == ((), 0)


def test_it_is_the_safest_mode_of_the_database(tmp_path: Path) -> None:
    with open_trust_store(tmp_path, 0, "0") as store:
        assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_devices_have_numbers_of_their_own(tmp_path: Path) -> None:
    ids = set()
    for n in range(3):
        with open_trust_store(tmp_path / str(n), 0, "0") as store:
            ids.add(store.standing.device_id)
    assert len(ids) == 3


def test_every_changed_page_is_found(tmp_path: Path) -> None:
    with open_trust_store(tmp_path, 0, "0") as store:
        store.keep((Metadata("root", b"r" * 20_000),), 1, None)
    whole = (tmp_path / FILE).read_bytes()
    for at in range(20, len(whole), 4096):
        spoilt = bytearray(whole)
        spoilt[at] ^= 1
        (tmp_path / FILE).write_bytes(bytes(spoilt))
        with pytest.raises(UpdateStoreError), open_trust_store(tmp_path, 0, "0"):
            pass


def test_a_long_row_is_judged_by_its_own_digest(tmp_path: Path) -> None:
    """SQLCipher hands out a damaged overflow page in silence; one that is damaged after opening is found here."""
    with open_trust_store(tmp_path, 0, "0") as store:
        store.keep((Metadata("root", b"r" * 20_000),), 1, None)
        store._connection.execute("UPDATE metadata SET content = ?", (b"r" * 19_999 + b"s",))
        with pytest.raises(UpdateStoreError):
            store.metadata()


@pytest.mark.parametrize("content", [b"", b"x" * 5000, b"SQLite format 3\x00" + bytes(4080)])
def test_another_file_is_refused_and_stays(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(UpdateStoreError), open_trust_store(tmp_path, 0, "0"):
        pass
    assert (tmp_path / FILE).read_bytes() == content


def test_one_of_a_newer_quietstep_is_refused(tmp_path: Path) -> None:
    with open_trust_store(tmp_path, 0, "0") as store:
        store._connection.execute("PRAGMA user_version = 2")
    with pytest.raises(UpdateStoreError, match="newer"), open_trust_store(tmp_path, 0, "0"):
        pass


def test_one_that_is_gone_is_told(tmp_path: Path) -> None:
    with open_trust_store(tmp_path, 0, "0"):
        pass
    (tmp_path / FILE).unlink()
    with pytest.raises(UpdateStoreError, match="although there was one"), open_trust_store(tmp_path, 0, "0"):
        pass
    (tmp_path / f"{FILE}.made").unlink()  # what the sentence says to do
    with open_trust_store(tmp_path, 0, "0") as store:
        assert store.metadata() == ()


def test_the_disk_is_full(tmp_path: Path) -> None:
    with open_trust_store(tmp_path, 0, "0") as store:
        store._connection.execute("PRAGMA max_page_count = 5")
        with pytest.raises(UpdateStoreError, match="full"):
            store.keep((Metadata("root", b"r" * 50_000),), 1, None)
        assert store.metadata() == ()


def test_its_key_is_no_secret_but_a_plain_database_is_none_of_it(tmp_path: Path) -> None:
    with open_trust_store(tmp_path, 0, "0"):
        pass
    connection = sqlite.connect(str(tmp_path / FILE))
    with pytest.raises(sqlite.DatabaseError):
        connection.execute("SELECT * FROM standing")
    connection.close()
    assert len(OPEN_KEY) == 64
