"""What was erased is nowhere: rows, open hours, log, free pages, backups; and the scan that says so can find it."""

import os
import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from click.testing import Result
from typer.testing import CliRunner

from edge.affect import Affect
from edge.cli import app
from edge.diary import receipts
from edge.diary.diary import CycleNote, Diary, MinuteNote
from edge.diary.erase import LIMITS, count, erase_all, erase_span
from edge.diary.key import create_key, read_key
from edge.diary.minutes import MinuteKind
from edge.diary.span import EVERYTHING, Span, span_of
from edge.diary.store import DiaryReader, Store
from edge.diary.traces import Traces, look
from edge.errors import DiaryBusyError, DiaryError, DiaryKeyError

H = 1_800_000_000 // 3600 * 60
S = H * 60
NOW = S + 10 * 86_400
PLACES = ("hall", "big hall")


def fill(diary: Diary, n_minutes: int, place: str = "hall", first: int = H) -> None:
    for minute in range(first, first + n_minutes):
        for n in range(4):
            diary.update(CycleNote(place, minute * 60 + 10 + n, minute, Affect((0.1, 0.2, 0.3, 0.4))))
        diary.update(MinuteNote(place, minute, MinuteKind.OBSERVED))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six closed hours and an open one at two places of which one's name ends like the other."""
    path = tmp_path_factory.mktemp("written") / "diary.db"
    with Store.open(path) as store:
        for place in PLACES:
            fill(Diary(store, "m", "cpu", checkpoint_each_minute=False), 360, place)
            fill(Diary(store, "m", "cpu"), 30, place, H + 360)
    return path.parent


@pytest.fixture
def path(written: Path, tmp_path: Path) -> Path:
    return shutil.copytree(written, tmp_path / "home") / "diary.db"


def starts(path: Path, place: str) -> list[int]:
    with DiaryReader.open(path) as reader:
        return [(row.bucket_start_s - S) // 3600 for row in reader.rows() if row.place == place]


def hours(first: int, end: int, place: str | None = None) -> Span:
    return Span(S + first * 3600, S + end * 3600, place)


def everything_about(path: Path, span: Span) -> tuple[str, ...]:
    key = read_key(path.with_name("diary.key"))
    return look(path.parent, key, Traces(span, frozenset(PLACES), frozenset({3600}), frozenset())).where


def test_the_scan_finds_a_planted_row_wherever_it_is(path: Path) -> None:
    """In pages in use, in the log, in a page that is free, in a backup, in plain files, as digits."""
    key = path.with_name("diary.key")
    span = hours(2, 3, "hall")
    assert any(where.startswith("diary.db page") for where in everything_about(path, span))
    content = path.read_bytes()
    with Store.open(path) as store:
        traces = store.traces(span)
        with store._engine.begin() as connection:
            connection.exec_driver_sql("UPDATE trend SET rung = 'other'")
        shutil.copy(path.with_name("diary.db-wal"), path.with_name("planted.db-wal"))
    path.with_name("planted.db").write_bytes(content)
    path.with_name("notes.txt").write_text(f"at {S + 2 * 3600} it was sad")
    path.with_name("record.bin").write_bytes(b"\1" + (S + 2 * 3600).to_bytes(4, "big") + b"\x0e\x10hall")
    where = look(path.parent, read_key(key), traces).where
    for name in ("diary.db page", "planted.db page", "planted.db-wal page", "notes.txt", "record.bin"):
        assert any(found.startswith(name) for found in where), (name, where)


def test_a_row_left_in_a_free_page_is_found(path: Path) -> None:
    key = read_key(path.with_name("diary.key"))
    with Store.open(path) as store:
        traces = store.traces(EVERYTHING)
        with store._engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA secure_delete = OFF")
        with store._engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM trend")
            connection.exec_driver_sql("DELETE FROM open_bucket")
    assert any("page" in where for where in look(path.parent, key, traces).where)
    nameless = Traces(EVERYTHING, frozenset(), frozenset({3600}), frozenset())
    assert any("page" in where for where in look(path.parent, key, nameless).where)


def test_the_scan_sees_only_the_stretch_and_the_place_asked_for(path: Path) -> None:
    key = read_key(path.with_name("diary.key"))
    with Store.open(path) as store:
        store.erase(hours(2, 3, "hall"))
        assert look(path.parent, key, store.traces(hours(2, 3, "hall"))).where == ()
        assert look(path.parent, key, store.traces(hours(2, 3, "big hall"))).where
        assert look(path.parent, key, store.traces(hours(1, 2, "hall"))).where


def test_short_buckets_beside_the_stretch_are_no_false_alarm(tmp_path: Path) -> None:
    path = tmp_path / "diary.db"
    with Store.open(path) as store:
        fill(Diary(store, "m", "cpu", bucket_s=300, checkpoint_each_minute=False), 120)
    erased = erase_span(path, None, Span(S + 600, S + 1200), NOW, frozenset())
    assert erased.found.clean
    assert erased.receipt.n_rows == 2


@pytest.mark.parametrize("seed", range(6))
def test_exactly_what_was_asked_for_goes_and_nothing_of_it_is_left(path: Path, seed: int, scanner) -> None:  # type: ignore[no-untyped-def]
    rng = random.Random(seed)
    first = rng.randrange(0, 6)
    end, place = rng.randrange(first + 1, 9), rng.choice([None, *PLACES])
    span = hours(first, end, place)
    erased = erase_span(path, None, span, NOW, frozenset())
    assert erased.found.clean
    for name in PLACES:
        gone = place in (None, name)
        assert starts(path, name) == [hour for hour in range(6) if not (gone and first <= hour < end)]
    assert everything_about(path, span) == ()
    for hour in range(first, min(end, 6)):  # an independent scanner agrees
        canary = (S + hour * 3600).to_bytes(4, "big") + b"\x0e\x10" + (place or "hall").encode()
        assert scanner(path.parent, path.with_name("diary.key"), canary) == []
    with Store.open(path) as store:
        kept = {bucket.place for bucket in store.load()}
        assert kept == {name for name in PLACES if not (place in (None, name) and end > 6)}


def test_backups_go_and_the_demonstration_and_strangers_stay(path: Path) -> None:
    folder = path.parent
    for name in ("diary.db.before-0002", "mine.backup", "below/older.db"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(path, folder / name)
    with Store.open(folder / "demo" / "diary.db", kind="demo"):
        pass
    (folder / "state.db").write_bytes(random.Random(1).randbytes(9000))
    erased = erase_span(path, None, hours(0, 1), NOW, frozenset())
    assert {file.name for file in erased.removed} == {"diary.db.before-0002", "mine.backup", "older.db"}
    assert erased.receipt.n_backups == 3
    assert (folder / "demo" / "diary.db").exists()
    assert (folder / "state.db").stat().st_size == 9000
    assert erased.found.clean


def test_the_receipt_says_what_was_done_and_nothing_of_what_was_there(path: Path) -> None:
    erase_span(path, None, hours(1, 3, "hall"), NOW, frozenset())
    begun, finished = receipts.read(path)
    assert (begun.state, finished.state) == ("begun", "finished")
    assert (finished.begun_s, finished.n_rows, finished.asked) == (NOW, 2, hours(1, 3, "hall"))
    assert finished.scan is not None
    assert finished.scan.n_pages > 3
    assert finished.scan.n_found == 0
    assert receipts.file_of(path).stat().st_mode & 0o777 == 0o600
    assert set(msgspec.to_builtins(finished)) <= {
        *(
            "state",
            "begun_s",
            "asked",
            "n_rows",
            "n_open",
            "n_partly",
            "n_days",
            "n_backups",
            "scan",
            "key",
            "everything",
        )
    }
    assert receipts.unfinished(receipts.read(path)) == ()


def test_an_erasure_that_a_power_cut_ended_is_known_until_it_is_done_again(path: Path) -> None:
    receipts.write(path, receipts.Receipt("begun", NOW, hours(1, 3)))
    with receipts.file_of(path).open("ab") as file:
        file.write(b'{"state":"fini')
    assert len(receipts.unfinished(receipts.read(path))) == 1
    erase_span(path, None, hours(0, 4), NOW + 5, frozenset())
    assert receipts.unfinished(receipts.read(path)) == ()
    assert [receipt.state for receipt in receipts.read(path)] == ["begun", "begun", "finished"]


def test_something_that_is_left_is_told_and_the_erasure_not_called_finished(path: Path) -> None:
    path.with_name("notes.txt").write_text(f"{S + 3600}")
    erased = erase_span(path, None, hours(1, 2), NOW, frozenset())
    assert erased.found.where == ("notes.txt",)
    assert len(receipts.unfinished(receipts.read(path))) == 1


def test_beside_a_writer_that_does_not_lend_nothing_is_erased_and_afterwards_nothing_comes_back(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.diary.door.WAIT_S", 0.1)
    with Store.open(path) as store:
        diary = Diary(store, "m", "cpu")
        fill(diary, 10, first=H + 390)
        with pytest.raises(DiaryBusyError, match="quietstep run"):
            erase_span(path, None, hours(0, 9), NOW, frozenset())
        with pytest.raises(DiaryBusyError, match="quietstep run"):
            erase_all(path, None, NOW, frozenset())
        assert receipts.read(path) == ()
        assert path.with_name("diary.key").exists()
        fill(diary, 20, first=H + 400)
        diary.stop((H + 420) * 60.0)
    assert starts(path, "hall") == list(range(7))
    erase_span(path, None, hours(0, 9), NOW, frozenset())
    with Store.open(path) as store:
        fill(Diary(store, "m", "cpu"), 60, first=H + 600)
    assert starts(path, "hall") == [10]
    assert everything_about(path, hours(0, 9)) == ()


def test_an_open_hour_that_was_erased_in_part_begins_anew_without_what_was_before(path: Path) -> None:
    erase_span(path, None, hours(6, 9), NOW, frozenset())
    with Store.open(path) as store:
        fill(Diary(store, "m", "cpu"), 15, first=H + 405)
        row = store.rows()[-1]
    assert (row.minutes_paused, row.minutes_observed) == (45, 15)


def test_all_destroys_key_and_files_and_a_new_beginning_is_possible(path: Path) -> None:
    key = read_key(path.with_name("diary.key"))
    shutil.copy(path, path.with_name("diary.db.before-0002"))
    erased = erase_all(path, None, NOW, frozenset())
    assert sorted(file.name for file in path.parent.iterdir()) == ["diary.db.door", "diary.db.lock", "erased.jsonl"]
    assert erased.found.clean
    assert (erased.receipt.key, erased.receipt.n_rows, erased.receipt.everything) == ("destroyed", 12, True)
    assert key.hex().encode() not in b"".join(file.read_bytes() for file in path.parent.iterdir())
    with Store.open(path) as store:
        assert store.rows() == ()
    assert read_key(path.with_name("diary.key")) != key


def test_the_keys_bytes_are_written_over_before_its_name_goes(path: Path) -> None:
    twin = path.parent.parent / "twin"
    os.link(path.with_name("diary.key"), twin)  # the same blocks under another name
    before = twin.read_bytes()
    erase_all(path, None, NOW, frozenset())
    assert len(twin.read_bytes()) == len(before)
    assert twin.read_bytes() != before


def test_all_with_a_key_of_the_service_manager_erases_rows_and_says_who_has_the_key(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    key = credentials / "diary.key"
    path.with_name("diary.key").rename(key)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    erased = erase_all(path, key, NOW, frozenset())
    assert erased.receipt.key == "not ours to destroy"
    assert key.exists()
    assert not path.exists()


@pytest.mark.parametrize("damage", ["no key", "wrong key", "garbage", "cut"])
def test_all_works_on_what_does_not_open(path: Path, damage: str) -> None:
    if damage in ("no key", "wrong key"):
        path.with_name("diary.key").unlink()
    if damage == "wrong key":
        create_key(path.with_name("diary.key"))
    if damage == "garbage":
        path.write_bytes(b"garbage" * 5000)
    if damage == "cut":
        os.truncate(path, 5000)
    with pytest.raises(DiaryError):
        erase_span(path, None, hours(0, 1), NOW, frozenset())
    erase_all(path, None, NOW, frozenset())
    assert sorted(file.name for file in path.parent.iterdir()) == ["diary.db.door", "diary.db.lock", "erased.jsonl"]


def test_without_a_diary_nothing_is_made(tmp_path: Path) -> None:
    for erase in (lambda p: erase_span(p, None, EVERYTHING, NOW, frozenset()), lambda p: count(p, None, EVERYTHING)):
        with pytest.raises(DiaryError, match="no diary"):
            erase(tmp_path / "diary.db")
    with pytest.raises(DiaryError, match="no diary"):
        erase_all(tmp_path / "diary.db", None, NOW, frozenset())
    assert list(tmp_path.iterdir()) == []


def test_a_key_destroyed_halfway_is_a_sentence_and_all_can_be_asked_again(path: Path) -> None:
    path.with_name("diary.key").write_bytes(os.urandom(65))
    with pytest.raises(DiaryKeyError):
        Store.open(path)
    erase_all(path, None, NOW, frozenset())
    assert not path.exists()


BERLIN, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")


def test_dates_are_local_and_half_open() -> None:
    span = span_of("2026-11-01", "2026-11-02", "hall", BERLIN)
    assert span == Span(1_793_487_600, 1_793_487_600 + 86_400, "hall")
    spring = span_of("2026-03-29", "2026-03-30", None, BERLIN)
    autumn = span_of("2026-10-25", "2026-10-26", None, BERLIN)
    assert (spring.to_s - spring.from_s, autumn.to_s - autumn.from_s) == (23 * 3600, 25 * 3600)


def test_a_time_that_comes_twice_takes_both_in() -> None:
    span = span_of("2026-10-25T02:30", "2026-10-25T02:45", None, BERLIN)
    assert span.to_s - span.from_s == 3600 + 15 * 60


@pytest.mark.parametrize(
    ("first", "end"),
    [("2026-11-02", "2026-11-02"), ("2026-11-03", "2026-11-02"), ("yesterday", None), (None, "2026-13-01")],
)
def test_no_stretch_is_refused(first: str | None, end: str | None) -> None:
    with pytest.raises(DiaryError, match="Found"):
        span_of(first, end, None, BERLIN)


def test_an_hour_partly_inside_goes_whole_and_is_counted(tmp_path: Path) -> None:
    """Midnight in Kolkata is half past an hour of UTC."""
    path = tmp_path / "diary.db"
    midnight = datetime(2027, 1, 5, tzinfo=KOLKATA)
    first = int((midnight - timedelta(hours=3)).timestamp()) // 3600 * 60
    with Store.open(path) as store:
        fill(Diary(store, "m", "cpu", checkpoint_each_minute=False), 6 * 60, first=first)
    span = span_of("2027-01-05", None, None, KOLKATA)
    erased = erase_span(path, None, span, NOW, frozenset())
    assert (erased.receipt.n_rows, erased.receipt.n_partly) == (3, 1)
    with DiaryReader.open(path) as reader:
        ends = [datetime.fromtimestamp(row.bucket_start_s + 3600, UTC) for row in reader.rows()]
    assert max(ends) <= midnight


def quietstep(*arguments: object, answer: str = "") -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=answer)


def test_the_command_asks_erases_and_says_what_it_cannot_do(path: Path) -> None:
    day = datetime.fromtimestamp(S, BERLIN).date()
    stretch = ("erase", "--data-dir", path.parent, "--zone", BERLIN, "--from", day, "--to", day + timedelta(days=1))
    refused = quietstep(*stretch, answer="n\n")
    assert refused.exit_code == 1
    assert "12 rows" in refused.stdout
    assert starts(path, "hall") == list(range(6))
    done = quietstep(*stretch, "--place", "hall", answer="y\n")
    assert done.exit_code == 0, done.output
    assert "6 rows" in done.stdout
    assert all(limit in done.stdout for limit in LIMITS)
    assert (starts(path, "hall"), starts(path, "big hall")) == ([], list(range(6)))
    gone = quietstep("erase", "--all", "--yes", "--data-dir", path.parent)
    assert "The key is destroyed" in gone.stdout
    assert not path.exists()
