"""What is kept is exactly what was meant to be kept, and comes back as it went in."""

import os
import stat
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from edge.affect import AbstainReason, Abstention, Affect
from edge.diary import schema
from edge.diary.day_rows import DayRow
from edge.diary.diary import CycleNote, Diary, MemoryLedger, MinuteNote
from edge.diary.key import ENVIRONMENT, read_key
from edge.diary.migrate import MIGRATIONS
from edge.diary.minutes import MinuteKind
from edge.diary.store import DiaryReader, Store
from edge.diary.trend import TrendRow
from edge.errors import DiaryBusyError, DiaryError

H = 1_800_000_000 // 3600 * 60
CANARY_BOUT = 7_345_612_908_174_365
CANARY_PLACE = "canary-of-the-hall"


def fill(diary: Diary, n_minutes: int, place: str = "hall", first: int = H) -> list[TrendRow]:
    rows: list[TrendRow] = []
    for minute in range(first, first + n_minutes):
        for n in range(4):
            judgement = Affect((0.1, 0.2, 0.3, 0.4)) if n else Abstention(AbstainReason.OUT_OF_DISTRIBUTION)
            diary.update(CycleNote(place, minute * 60 + 10 + n, CANARY_BOUT + minute, judgement))
        rows += diary.update(MinuteNote(place, minute, MinuteKind.OBSERVED))
    return rows


def writer(store: Store, model_id: str = "reference-1", each_minute: bool = False) -> Diary:
    return Diary(store, model_id, "cpu", checkpoint_each_minute=each_minute)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "diary.db"


def test_rows_and_checkpoint_come_back_equal(path: Path) -> None:
    memory = MemoryLedger()
    with Store.open(path) as store:
        returned = fill(writer(store, each_minute=True), 150)
        fill(Diary(memory, "reference-1", "cpu"), 150)
        assert store.rows() == tuple(returned) == memory.rows
        assert store.load() == memory.load()
    with Store.open(path) as store:
        assert store.rows() == memory.rows
        assert store.load() == memory.load()
        assert store.last_start_s() == (H + 60) * 60


def test_rows_of_a_time_only(path: Path) -> None:
    with Store.open(path) as store:
        fill(writer(store), 240)
        assert [r.bucket_start_s for r in store.rows((H + 60) * 60, (H + 180) * 60)] == [
            (H + n) * 60 for n in (60, 120)
        ]


def test_a_row_is_kept_once_the_first_one_stays(path: Path) -> None:
    with Store.open(path) as store:
        (row,) = fill(writer(store), 60)
        other = msgspec.structs.replace(row, model_id="other")
        store.save([other], [])
        assert store.rows() == (row,)


def test_everything_is_private_to_its_owner_and_unreadable_without_the_key(path: Path) -> None:
    with Store.open(path) as store:
        fill(writer(store, each_minute=True), 61, CANARY_PLACE)
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        for file in path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
            content = file.read_bytes()
            assert not content.startswith(b"SQLite")
            assert CANARY_PLACE.encode() not in content
            assert b"reference-1" not in content


def test_the_key_may_live_elsewhere(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "keys" / "the.key"))
    Store.open(path).close()
    assert len(read_key(tmp_path / "keys" / "the.key")) == 32
    assert not (path.parent / "diary.key").exists()
    monkeypatch.delenv(ENVIRONMENT)
    with Store.open(path, tmp_path / "keys" / "the.key") as store:
        assert store.kind() == "home"


def test_the_live_schema_is_the_whitelist_and_strict(path: Path) -> None:
    with Store.open(path) as store:
        assert store.differences() == ()
        with store.reading() as connection:
            listed = connection.exec_driver_sql("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'")
            assert {name: strict for name, strict in listed if not name.startswith("sqlite_")} == dict.fromkeys(
                schema.WHITELIST, 1
            )


def test_the_whitelist_is_the_contract() -> None:
    assert schema.WHITELIST["trend"] == TrendRow.__struct_fields__
    assert schema.WHITELIST["day"] == DayRow.__struct_fields__
    assert set(schema.WHITELIST) == {"meta", "trend", "day", "annotation", "open_bucket", "alembic_version"}
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == schema.REVISION


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("CREATE TABLE bodies (x BLOB) STRICT", "table bodies is not on"),
        ("ALTER TABLE trend ADD COLUMN cadence REAL", "column trend.cadence is not on"),
        ("ALTER TABLE trend DROP COLUMN rung", "column trend.rung is missing"),
        ("CREATE VIEW v AS SELECT 1", "view v is not on"),
        ("CREATE TRIGGER t AFTER INSERT ON trend BEGIN SELECT 1; END", "trigger t is not on"),
        ("CREATE INDEX i ON trend(place)", "index i is not on"),
        ("DROP TABLE meta", "table meta is missing"),
    ],
)
def test_anything_beyond_the_whitelist_is_found_and_keeps_the_diary_shut(path: Path, change: str, said: str) -> None:
    with Store.open(path) as store:
        with store._engine.begin() as connection:
            connection.exec_driver_sql(change)
        assert any(said in difference for difference in store.differences())
    with pytest.raises(DiaryError, match="another schema"):
        Store.open(path)


@pytest.mark.parametrize(
    "change",
    [
        "minutes_fault = minutes_fault + 1",
        "minutes_fault = -1, minutes_observed = 61",
        "p_sad = 0.401",
        "p_sad = 1.2",
        "p_sad = NULL",
        "n_cycles = '237'",
        "n_cycles = '<10'",
        "n_walks = 'many'",
        "valence_low = valence_high + 0.1",
        "bucket_start_s = bucket_start_s + 60",
        "place = ''",
        "share_abstained = 'a quarter'",
    ],
)
def test_the_file_itself_refuses_what_breaks_the_contract(path: Path, change: str) -> None:
    with Store.open(path) as store:
        fill(writer(store), 60)
        with pytest.raises(sa.exc.IntegrityError), store._engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE trend SET {change}")


def test_one_writer_and_readers_beside_it(path: Path) -> None:
    with Store.open(path) as store:
        with pytest.raises(DiaryBusyError, match="one writer"):
            Store.open(path)
        diary = writer(store)
        fill(diary, 60)
        with Store.read_only(path) as reader:
            with reader.reading() as connection:
                before = connection.exec_driver_sql("SELECT count(*) FROM trend").scalar()
                fill(diary, 65, first=H + 60)  # the writer goes on while the reader looks
                after = connection.exec_driver_sql("SELECT count(*) FROM trend").scalar()
                assert before == after == 1
            assert len(reader.rows()) == 2
            with pytest.raises(DiaryError), reader.reading() as connection:
                connection.exec_driver_sql("DELETE FROM trend")
    Store.open(path).close()


def test_a_demonstration_and_a_home_never_mix(path: Path) -> None:
    with Store.open(path, kind="demo") as store:
        assert store.kind() == "demo"
    with pytest.raises(DiaryError, match="never mix"):
        Store.open(path)
    with Store.read_only(path) as reader:
        assert reader.kind() == "demo"


def test_there_is_no_diary_to_read_yet(path: Path) -> None:
    with pytest.raises(DiaryError, match="no diary at"):
        DiaryReader.open(path)
    assert not path.parent.exists()


def test_the_scanner_finds_what_was_planted(path: Path, scanner) -> None:  # type: ignore[no-untyped-def]
    with Store.open(path) as store:
        fill(writer(store, "planted-canary", each_minute=True), 61)
        in_log = scanner(path.parent, path.parent / "diary.key", b"planted-canary")
        assert any("-wal" in where for where in in_log)
    (path.parent / "notes.txt").write_bytes(b"a planted-canary sings")
    found = scanner(path.parent, path.parent / "diary.key", b"planted-canary")
    assert "notes.txt" in found
    assert any(where.startswith("diary.db page") for where in found)


def test_no_bout_number_and_no_time_of_a_cycle_is_anywhere(path: Path, scanner) -> None:  # type: ignore[no-untyped-def]
    first_cycle_s = H * 60 + 10
    with Store.open(path) as store:
        fill(writer(store, each_minute=True), 75)
        for number in (CANARY_BOUT + H, first_cycle_s, first_cycle_s + 1):
            for canary in (str(number).encode(), number.to_bytes(8, "big"), number.to_bytes(4, "big", signed=False)
                           if number < 2**32 else number.to_bytes(8, "little")):  # fmt: skip
                assert scanner(path.parent, path.parent / "diary.key", canary) == []
        bucket = (H * 60).to_bytes(4, "big")
        assert scanner(path.parent, path.parent / "diary.key", bucket), "the bucket's start itself must be found"


def test_a_closed_bucket_leaves_no_earlier_version_of_itself_in_the_log(path: Path) -> None:
    with Store.open(path) as store:
        diary = writer(store, each_minute=True)
        fill(diary, 59)
        assert path.with_name("diary.db-wal").stat().st_size > 0
        fill(diary, 1, first=H + 59)
        assert path.with_name("diary.db-wal").stat().st_size == 0


def test_erased_is_gone_from_every_page(path: Path, scanner) -> None:  # type: ignore[no-untyped-def]
    with Store.open(path) as store:
        fill(writer(store), 600, CANARY_PLACE)
        key = path.parent / "diary.key"
        assert scanner(path.parent, key, CANARY_PLACE.encode())
        assert store.erase().n_rows == 10
        assert scanner(path.parent, key, CANARY_PLACE.encode()) == []
        assert (store.rows(), store.load()) == ((), ())
        fill(writer(store), 60)
        assert len(store.rows()) == 1


def test_erasing_beside_a_reader_says_that_it_is_not_finished(path: Path) -> None:
    with Store.open(path) as store:
        fill(writer(store), 60)
        with Store.read_only(path) as reader, reader.reading() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM trend").scalar() == 1
            with pytest.raises(DiaryBusyError, match="erase again"):
                store.erase()
        assert store.rows() == ()
        assert store.erase().n_rows == 0


def test_nothing_of_the_key_is_told_by_an_error_or_a_repr(path: Path) -> None:
    with Store.open(path) as store:
        key = read_key(path.parent / "diary.key").hex()
        with pytest.raises(DiaryError) as caught, store.reading() as connection:
            connection.exec_driver_sql("SELECT nonsense")
        assert key not in f"{caught.value!r} {store._engine!r} {store!r}"
        assert caught.value.__cause__ is None


def test_lock_file_of_a_dead_writer_locks_nobody_out(path: Path) -> None:
    path.parent.mkdir(parents=True)
    os.close(os.open(path.with_name("diary.db.lock"), os.O_CREAT, 0o600))
    Store.open(path).close()
