"""A home with day rows: erased, restored, migrated, read across the border where hours end."""

import json
import shutil
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from click.testing import Result
from typer.testing import CliRunner

from edge.cli import app
from edge.diary import schema
from edge.diary.change import verdicts_of
from edge.diary.day_rows import known_days
from edge.diary.engine import writer_engine
from edge.diary.erase import count, erase_span
from edge.diary.keeping import backup_diary, look_at_backup, restore_diary
from edge.diary.key import create_key, read_key
from edge.diary.migrate import MIGRATIONS, upgrade
from edge.diary.records import record_of_row
from edge.diary.retiring import new_days
from edge.diary.rolling import roll_up
from edge.diary.soundness import check_diary
from edge.diary.span import Span
from edge.diary.store import DiaryReader, Store
from edge.diary.traces import Traces, look
from edge.retention import Retention
from edge.review.report import build_report
from tests.edge.diary.rolled_homes import DAY_S, HOUR_S, PLACES, at, hours_of

BERLIN = ZoneInfo("Europe/Berlin")
START_S = at(2026, 11, 2, 23)
N_DAYS = 12
END_S = START_S + N_DAYS * DAY_S
NOW = END_S + HOUR_S
SHORT = Retention(keep_hours_days=5)
ROWS = tuple(hours_of(START_S, N_DAYS * 24))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven days of which only the day is left, five whose hours are there."""
    path = tmp_path_factory.mktemp("written") / "diary.db"
    with Store.open(path) as store:
        store.save(ROWS, [])
        roll_up(store, BERLIN, SHORT, END_S)
    return path.parent


@pytest.fixture
def path(written: Path, tmp_path: Path) -> Path:
    return shutil.copytree(written, tmp_path / "home") / "diary.db"


def day_span(first: int, end: int, place: str | None = None, plus_s: int = 0) -> Span:
    return Span(START_S + first * DAY_S + plus_s, START_S + end * DAY_S + plus_s, place)


def found(path: Path, span: Span) -> tuple[str, ...]:
    with DiaryReader.open(path) as reader:
        traces = reader.traces(span)
    return look(path.parent, read_key(path.with_name("diary.key")), traces).where


def stands(path: Path) -> set[tuple[int, str]]:
    with DiaryReader.open(path) as reader:
        return {((day.day_start_s - START_S) // DAY_S, day.place) for day in reader.days()}


@pytest.mark.parametrize("known", [frozenset(PLACES), frozenset[str]()])
def test_the_look_finds_a_planted_day_row_wherever_it_is(path: Path, known: frozenset[str]) -> None:
    """In the table, in the log, in a page that is free, in a plain file; also of a place that nobody knows any more."""
    key = read_key(path.with_name("diary.key"))
    traces = Traces(day_span(2, 3), known, frozenset({HOUR_S}), frozenset())
    assert any(where.startswith("diary.db page") for where in look(path.parent, key, traces).where)
    row = (START_S + 2 * DAY_S).to_bytes(4, "big") + b"hall" + (DAY_S).to_bytes(3, "big")
    path.with_name("record.bin").write_bytes(b"\1\2" + row)
    with Store.open(path) as store:
        with store.writing() as connection:
            connection.exec_driver_sql("UPDATE day SET rung = 'other'")
        shutil.copy(path.with_name("diary.db-wal"), path.with_name("planted.db-wal"))
        shutil.copy(path, path.with_name("planted.db"))
        with store._engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA secure_delete = OFF")
        with store._engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM day")
    where = look(path.parent, key, traces).where
    for name in ("diary.db page", "planted.db page", "planted.db-wal page", "record.bin"):
        assert any(one.startswith(name) for one in where), (name, where)
    assert not look(path.parent, key, Traces(day_span(-3, -1), known, frozenset({HOUR_S}), frozenset())).where


def test_an_erased_day_of_which_only_the_day_was_left_is_gone_from_every_page(path: Path, scanner) -> None:  # type: ignore[no-untyped-def]
    span = day_span(2, 4, "hall")
    canary = (START_S + 2 * DAY_S).to_bytes(4, "big") + b"hall"
    assert scanner(path.parent, path.with_name("diary.key"), canary)
    erased = erase_span(path, None, span, NOW, frozenset())
    assert erased.found.clean
    assert (erased.receipt.n_days, erased.receipt.n_rows, erased.receipt.n_partly) == (2, 0, 0)
    assert scanner(path.parent, path.with_name("diary.key"), canary) == []
    assert {n for n, place in stands(path) if place == "hall"} == {0, 1, *range(4, N_DAYS)}
    assert {n for n, place in stands(path) if place == "big hall"} == set(range(N_DAYS))


def test_a_day_partly_inside_goes_whole_where_its_hours_are_gone_and_is_counted(path: Path) -> None:
    span = day_span(2, 4, "hall", plus_s=7200)
    assert count(path, None, span).n_days == 3
    receipt = erase_span(path, None, span, NOW, frozenset()).receipt
    assert (receipt.n_days, receipt.n_partly) == (3, 2)
    assert {n for n, place in stands(path) if place == "hall"} == {0, 1, *range(5, N_DAYS)}
    assert found(path, span) == ()


def test_a_day_whose_hours_are_there_is_made_anew_of_those_that_are_left(path: Path) -> None:
    span = Span(START_S + 9 * DAY_S + 5 * HOUR_S, START_S + 9 * DAY_S + 8 * HOUR_S, "hall")
    receipt = erase_span(path, None, span, NOW, frozenset()).receipt
    assert (receipt.n_rows, receipt.n_days, receipt.n_partly) == (3, 0, 0)
    assert found(path, span) == ()
    assert (9, "hall") not in stands(path)
    with Store.open(path) as store:
        told = {(d.place, d.day): d for d in known_days(store.rows(), store.days(), BERLIN)}
        assert told["hall", date(2026, 11, 12)].stretch.minutes.total == 21 * 60
        roll_up(store, BERLIN, SHORT, END_S)
        assert [d.n_minutes for d in store.days(START_S + 9 * DAY_S) if d.place == "hall"] == [1260, 1440, 1440]
    assert check_diary(path, None).problems == ()


def test_a_restored_backup_has_its_days_but_those_that_were_erased(path: Path, tmp_path: Path) -> None:
    backup_diary(path, None, tmp_path / "b")
    erase_span(path, None, day_span(2, 3, "hall"), NOW, frozenset())
    assert look_at_backup(path, None, tmp_path / "b").n_lost == 0
    restore_diary(path, None, tmp_path / "b")
    assert stands(path) == {(n, place) for n in range(N_DAYS) for place in PLACES} - {(2, "hall")}
    assert found(path, day_span(2, 3, "hall")) == ()


def test_restoring_says_how_many_days_would_be_lost(path: Path, tmp_path: Path) -> None:
    shutil.copytree(path.parent, tmp_path / "full")
    with Store.open(tmp_path / "full" / "diary.db") as store, store.writing() as connection:
        connection.execute(sa.delete(schema.DAY).where(schema.DAY.c.day_start_s < START_S + 3 * DAY_S))
    backup_diary(tmp_path / "full" / "diary.db", None, tmp_path / "b")
    assert look_at_backup(path, None, tmp_path / "b").n_lost == 6


def old_diary(folder: Path) -> Path:
    """A diary of the first schema with rows, as an earlier version left it."""
    migrations = folder / "migrations"
    shutil.copytree(MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__", "r0002*", "r0003*"))
    path = folder / "home" / "diary.db"
    path.parent.mkdir()
    key = create_key(path.with_name("diary.key"))
    engine = writer_engine(path, key)
    upgrade(engine, path, key, migrations)
    with engine.begin() as connection:
        connection.execute(sa.insert(schema.META).values(id=1, kind="home"))
        connection.execute(sa.insert(schema.TREND), [record_of_row(row) for row in ROWS])
    engine.dispose()
    return path


def test_a_diary_of_the_first_schema_gets_days_with_a_proven_backup_first(tmp_path: Path) -> None:
    path = old_diary(tmp_path)
    with Store.open(path) as store:
        assert (store.rows(), store.days(), store.differences()) == (by_time(ROWS), (), ())
        assert roll_up(store, BERLIN, SHORT, END_S).n_days == 2 * N_DAYS
    assert look_at_backup(path, None, path.with_name("diary.db.before-0003")).n_rows == len(ROWS)
    assert check_diary(path, None).problems == ()


def test_a_backup_of_the_first_schema_is_restored_erased_again_and_upgraded(tmp_path: Path) -> None:
    path = old_diary(tmp_path)
    Store.open(path).close()
    shutil.move(path.with_name("diary.db.before-0003"), tmp_path / "b")
    erase_span(path, None, day_span(0, 1), NOW, frozenset())
    assert restore_diary(path, None, tmp_path / "b") == 48
    with Store.open(path) as store:
        assert len(store.rows()) == len(ROWS) - 48


def by_time(rows: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(sorted(rows, key=lambda row: (row.bucket_start_s, row.place)))  # type: ignore[attr-defined]


def quietstep(path: Path, *arguments: object) -> Result:
    done = CliRunner().invoke(app, [*map(str, arguments), "--data-dir", str(path.parent)])
    assert done.exit_code == 0, done.output
    return done


@pytest.mark.parametrize("by", ["day", "week"])
def test_the_log_by_day_and_week_says_the_same_before_and_after_hours_went(path: Path, tmp_path: Path, by: str) -> None:
    whole = tmp_path / "whole" / "diary.db"
    with Store.open(whole) as store:
        store.save(ROWS, [])
    asked = ("log", "--by", by, "--days", 30, "--zone", "Europe/Berlin")
    before, after = (json.loads(quietstep(p, *asked, "--json").output) for p in (whole, path))
    assert {one.pop("made_of") for one in before} == {"hours"}
    assert {one.pop("made_of") for one in after} == ({"hours", "day"} if by == "day" else {"day"})
    assert before == after
    assert sum(sum(one["stretch"]["minutes"].values()) for one in after) == 60 * len(ROWS)
    table = quietstep(path, *asked).output
    assert len([line for line in table.splitlines() if "hall" in line]) == len(after)
    assert "Of what was before 2026-11-10 00:00+01:00 only days are left" in table
    assert "Hours are kept for 400 days, days for 10 years" in table
    assert "only days" not in quietstep(whole, *asked).output


def test_the_log_of_the_last_days_and_of_a_place(path: Path) -> None:
    asked = ("log", "--by", "day", "--days", 2, "--zone", "Europe/Berlin", "--place", "hall", "--json")
    assert [one["first"] for one in json.loads(quietstep(path, *asked).output)] == ["2026-11-13", "2026-11-14"]


def test_across_the_border_the_report_and_the_usual_say_the_same() -> None:
    """Hours go after 110 days: verdicts of the last weeks need 35 of them, and what they deviate by 56."""
    rows = tuple(hours_of(START_S, 170 * 24, ("hall",), seed=4))
    end_s = START_S + 170 * DAY_S
    border_s = end_s - 110 * DAY_S
    kept = new_days(rows, (), BERLIN, end_s)
    left = [row for row in rows if row.bucket_start_s >= border_s]
    days, cut = known_days(rows, (), BERLIN), known_days(left, kept, BERLIN)
    assert [day.stretch for day in days] == [day.stretch for day in cut]
    assert sum(day.kept for day in cut) == 60
    verdicts, after = verdicts_of(days), verdicts_of(cut)
    assert [v.deviations for v in verdicts[-14:]] == [v.deviations for v in after[-14:]]
    assert any(d.z is not None for v in after[-14:] for d in v.deviations)
    assert {d.reason for v in after[20:50] for d in v.deviations if d.estimate is None} >= {
        "only the day is kept of it, its hours are gone"
    }
    report, short = build_report(rows, 20, BERLIN), build_report(left, 20, BERLIN, kept=kept)
    assert [d.stretch for d in report.places[0].days] == [d.stretch for d in short.places[0].days]
    assert report.places[0].weeks == short.places[0].weeks
    assert report.places[0].changes == short.places[0].changes
    assert report.places[0].this_week == short.places[0].this_week
