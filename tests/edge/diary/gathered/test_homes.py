"""A whole diary on a real PostgreSQL server: the same rows, all or none, one home apart from the other."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from click.testing import Result
from typer.testing import CliRunner

from edge.cli import app
from edge.diary.backup import write_backup
from edge.diary.day_rows import day_row
from edge.diary.export.lines import lines_of
from edge.diary.gathered.homes import Homes, schema_of
from edge.diary.gathered.server import Server
from edge.diary.key import read_key
from edge.diary.span import Span
from edge.diary.store import Store
from edge.diary.trend import FEW, KINDS, TrendRow
from edge.errors import (
    DiaryBusyError,
    DiaryDamagedError,
    DiaryError,
    DiaryFullError,
    DiaryReadOnlyError,
    DiaryVersionError,
)

MONDAY_S = 1_792_972_800  # 2026-10-26T00:00Z
HOUR_S = 3600
HOME = "7f3a09c2"
OTHER = "other_home"


def row(hour: int, place: str = "hall", *, told: bool = True, **other: object) -> TrendRow:
    mood: dict[str, object] = {"p_angry": 0.07, "p_happy": 0.57, "p_neutral": 0.29, "p_sad": 0.07}
    mood |= {"share_abstained": 0.13, "valence": 0.29, "valence_low": -0.58, "valence_high": 0.57}
    mood |= {"arousal": 0.28, "arousal_low": 0.14, "arousal_high": 0.55, "n_walks": 10, "n_cycles": 105}
    if not told:
        mood = dict.fromkeys(mood) | {"n_walks": FEW, "n_cycles": FEW}
    minutes = dict.fromkeys((f"minutes_{kind}" for kind in KINDS), 10)
    head = {"bucket_start_s": MONDAY_S + HOUR_S * hour, "bucket_length_s": HOUR_S, "place": place}
    return TrendRow(**(head | minutes | mood | {"model_id": "reference-2", "rung": "cpu"} | other))  # type: ignore[arg-type]


ROWS = tuple(row(n, place, told=n % 3 > 0) for n in range(24 * 8) for place in ("hall", "stairs"))


DAYS = tuple(
    day_row(MONDAY_S + 24 * HOUR_S * n, 24 * HOUR_S, [r for r in ROWS[48 * n : 48 * n + 48] if r.place == "hall"])
    for n in range(8)
)


@pytest.fixture
def homes(cluster) -> Iterator[Homes]:  # type: ignore[no-untyped-def]
    yield Homes(Server.at(cluster.url()))
    engine = sa.create_engine(cluster.url())
    with engine.begin() as connection:
        for name in (HOME, OTHER):
            connection.exec_driver_sql(f'DROP SCHEMA IF EXISTS "{schema_of(name)}" CASCADE')
    engine.dispose()


@pytest.fixture
def admin(cluster) -> Iterator[sa.Connection]:  # type: ignore[no-untyped-def]
    engine = sa.create_engine(cluster.url(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_rows_read_back_equal_and_a_second_time_changes_nothing(homes: Homes) -> None:
    assert homes.take(HOME, ROWS, "home") == (len(ROWS), 0)
    assert homes.rows(HOME) == ROWS
    assert homes.take(HOME, ROWS, "home") == (0, len(ROWS))
    later = row(24 * 8)
    assert homes.take(HOME, (*ROWS, later), "home") == (1, len(ROWS))
    assert homes.rows(HOME) == (*ROWS, later)


def test_days_read_back_equal_grow_with_late_hours_and_are_not_exchanged(homes: Homes) -> None:
    early = day_row(MONDAY_S, 24 * HOUR_S, [r for r in ROWS[:40] if r.place == "hall"])
    assert homes.take(HOME, (), "home", (early, *DAYS[1:])) == (8, 0)
    assert homes.take(HOME, ROWS[:48], "home", DAYS) == (49, 7)
    assert homes.days(HOME) == DAYS
    assert homes.days(HOME, Span(MONDAY_S, MONDAY_S + 60)) == DAYS[:1]
    for other in (early, msgspec.structs.replace(DAYS[0], rung="tensorrt")):
        with pytest.raises(DiaryError, match="another day of 'hall'"):
            homes.take(HOME, ROWS, "home", (other,))
    assert homes.rows(HOME) == ROWS[:48]
    assert homes.days(HOME) == DAYS


def test_a_row_that_differs_is_refused_and_nothing_of_that_diary_is_kept(homes: Homes) -> None:
    homes.take(HOME, ROWS, "home")
    other = msgspec.structs.replace(ROWS[5], rung="tensorrt")
    with pytest.raises(DiaryError, match="another row of 'stairs'"):
        homes.take(HOME, (row(999), other), "home")
    assert homes.rows(HOME) == ROWS


def test_the_tables_hold_the_contract_of_the_home(homes: Homes, admin: sa.Connection) -> None:
    homes.take(HOME, ROWS[:4], "home")
    for wrong in (
        {"minutes_fault": 11},
        {"valence": 0.291},
        {"n_cycles": 7},
        {"n_cycles": FEW},
        {"valence": None},
        {"bucket_start_s": MONDAY_S + 7},
        {"place": ""},
    ):
        with pytest.raises(DiaryError, match="violates check constraint"):
            homes.take(HOME, [row(500, **wrong)], "home")
    assert homes.rows(HOME) == ROWS[:4]


def test_homes_are_apart_and_a_forgotten_one_is_gone(homes: Homes, admin: sa.Connection) -> None:
    homes.take(HOME, ROWS, "home")
    homes.take(OTHER, ROWS[:2], "demo")
    assert homes.rows(OTHER) == ROWS[:2]
    with pytest.raises(DiaryError, match="kind 'home'"):
        homes.take(OTHER, ROWS[:2], "home")
    homes.forget(HOME)
    assert homes.rows(OTHER) == ROWS[:2]
    for what in (homes.rows, homes.forget):
        with pytest.raises(DiaryError, match="no home '7f3a09c2'"):
            what(HOME)
    left = admin.exec_driver_sql("SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'home_%%'")
    assert left.scalars().all() == [schema_of(OTHER)]


def test_tables_of_an_older_version_are_brought_up_to_date_with_their_rows(homes: Homes, admin: sa.Connection) -> None:
    homes.take(HOME, ROWS[:4], "home")
    for table in ("day", "annotation"):
        admin.exec_driver_sql(f"DROP TABLE {schema_of(HOME)}.{table}")
    admin.exec_driver_sql(f"UPDATE {schema_of(HOME)}.alembic_version SET version_num = '0001'")
    with pytest.raises(DiaryVersionError, match="up to date"):
        homes.rows(HOME)
    assert homes.take(HOME, ROWS[:6], "home", DAYS) == (10, 4)
    assert (homes.rows(HOME), homes.days(HOME)) == (ROWS[:6], DAYS)


def test_several_at_once_keep_each_row_once(cluster, homes: Homes) -> None:  # type: ignore[no-untyped-def]
    with ThreadPoolExecutor(3) as pool:
        parts = [ROWS[:20], ROWS[:20], ROWS[10:30]]
        taken = list(pool.map(lambda rows: Homes(Server.at(cluster.url())).take(HOME, rows, "home"), parts))
    assert sum(one.n_new for one in taken) == 30
    assert homes.rows(HOME) == ROWS[:30]


def test_a_week_is_queried_and_equals_the_home_s_own(homes: Homes) -> None:
    homes.take(HOME, ROWS, "home")
    week = homes.rows(HOME, Span(MONDAY_S, MONDAY_S + 7 * 24 * HOUR_S, "hall"))
    assert week == tuple(r for r in ROWS if r.place == "hall" and r.bucket_start_s < MONDAY_S + 7 * 24 * HOUR_S)
    assert len(lines_of(week, "week", None)) in (1, 2)  # the machine's zone decides where its Monday begins


def test_a_stretch_is_erased_also_from_the_table_s_file(homes: Homes, admin: sa.Connection) -> None:
    homes.take(HOME, ROWS, "home", DAYS)
    where = admin.exec_driver_sql(f"SELECT pg_relation_filepath('{schema_of(HOME)}.trend')").scalar()
    day = Span(MONDAY_S + 1800, MONDAY_S + 24 * HOUR_S, "hall")
    assert homes.erase(HOME, day) == (24, 1)
    assert len(homes.rows(HOME)) == len(ROWS) - 24
    assert not homes.rows(HOME, day)
    assert homes.days(HOME) == DAYS[1:]
    assert admin.exec_driver_sql(f"SELECT pg_relation_filepath('{schema_of(HOME)}.trend')").scalar() != where
    with pytest.raises(DiaryError, match="no home"):
        homes.erase(OTHER, day)
    with pytest.raises(DiaryError, match="no home"):
        homes.rows(OTHER)


def test_a_server_killed_in_the_middle_keeps_nothing_half_done(homes: Homes, cluster) -> None:  # type: ignore[no-untyped-def]
    homes.take(HOME, ROWS[:10], "home")
    killed = []

    def kill(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("INSERT INTO trend") and not killed:
            killed.append(statement)
            cluster.kill()

    sa.event.listen(homes._server._engine, "after_cursor_execute", kill)
    with pytest.raises(DiaryError, match=r"no answer from postgresql\+psycopg:///postgres"):
        homes.take(HOME, ROWS, "home")
    assert killed
    with pytest.raises(DiaryError, match="no answer"):
        homes.rows(HOME)
    cluster.start()
    assert homes.rows(HOME) == ROWS[:10]
    assert homes.take(HOME, ROWS, "home") == (len(ROWS) - 10, 10)
    cluster.kill()  # what was acknowledged is there after a crash, too
    cluster.start()
    assert homes.rows(HOME) == ROWS


def test_a_server_killed_while_the_tables_are_made_leaves_none(homes: Homes, cluster, admin: sa.Connection) -> None:  # type: ignore[no-untyped-def]
    def kill(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "CREATE TABLE trend" in statement:
            cluster.kill()

    engine = homes._server._engine
    sa.event.listen(engine, "after_cursor_execute", kill)
    with pytest.raises(DiaryError, match="no answer"):
        homes.take(OTHER, ROWS[:2], "home")
    sa.event.remove(engine, "after_cursor_execute", kill)
    cluster.start()
    with pytest.raises(DiaryError, match="no home"):
        homes.rows(OTHER)
    assert homes.take(OTHER, ROWS[:2], "home") == (2, 0)


SAID = (
    ("53100", DiaryFullError, "no room left"),
    ("40P01", DiaryBusyError, "busy"),
    ("42501", DiaryReadOnlyError, "no permission"),
    ("57P01", DiaryError, "no answer"),
    ("XX000", DiaryError, "an error of"),
)


def test_what_the_server_says_is_one_sentence(homes: Homes, admin: sa.Connection) -> None:
    """The server raises its own error in the middle of an insert; the disk itself is not filled."""
    homes.take(HOME, ROWS[:2], "home")
    for state, error, said in SAID:
        admin.exec_driver_sql(
            f"CREATE OR REPLACE FUNCTION {schema_of(HOME)}.fail() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$BEGIN RAISE EXCEPTION 'made to fail' USING ERRCODE = '{state}'; END$$"
        )
        admin.exec_driver_sql(
            f"CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON {schema_of(HOME)}.trend FOR EACH ROW "
            f"WHEN (NEW.place = 'stairs') EXECUTE FUNCTION {schema_of(HOME)}.fail()"
        )
        with pytest.raises(error, match=said):
            homes.take(HOME, ROWS, "home")
        assert homes.rows(HOME) == ROWS[:2]


def test_other_tables_and_other_schemas_are_refused(homes: Homes, admin: sa.Connection) -> None:
    homes.take(HOME, ROWS[:2], "home")
    admin.exec_driver_sql(f"ALTER TABLE {schema_of(HOME)}.trend ADD COLUMN who text")
    with pytest.raises(DiaryDamagedError, match=r"trend\.who"):
        homes.take(HOME, ROWS, "home")
    admin.exec_driver_sql(f"ALTER TABLE {schema_of(HOME)}.trend DROP COLUMN who")
    admin.exec_driver_sql(f"UPDATE {schema_of(HOME)}.alembic_version SET version_num = '9999'")
    for what in (lambda: homes.take(HOME, ROWS, "home"), lambda: homes.rows(HOME)):
        with pytest.raises(DiaryVersionError, match=r"9999.*Update Quietstep"):
            what()


@pytest.mark.parametrize("name", ["", "abc", "Home", "7f3a; drop", '7f3a"x', "home-1", "x" * 49, "müller"])
def test_an_id_that_could_be_more_than_a_name_is_refused(name: str) -> None:
    with pytest.raises(DiaryError, match="opaque id"):
        schema_of(name)


@pytest.mark.parametrize(
    "url", ["", "sqlite:///x", "mysql://u:geheim@h/d", "postgresql+psycopg://u:geheim@h", "postgresql+psycopg2://h/d"]
)
def test_a_url_of_something_else_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(DiaryError, match="no URL") as raised:
        Server.at(url)
    assert "geheim" not in str(raised.value)


def test_a_wrong_password_is_a_sentence_without_it(homes: Homes, cluster, admin: sa.Connection) -> None:  # type: ignore[no-untyped-def]
    admin.exec_driver_sql("CREATE ROLE study LOGIN PASSWORD 'right'")
    cluster.reload("local all study scram-sha-256", "local all all trust")
    for url in (cluster.url("study", "geheim"), cluster.url("nobody_here"), cluster.url(database="nowhere")):
        with pytest.raises(DiaryError, match="does not let this user in") as raised:
            Homes(Server.at(url)).rows(HOME)
        assert "geheim" not in str(raised.value)
        assert "study" not in str(raised.value)
    with pytest.raises(DiaryError, match="no permission"):
        Homes(Server.at(cluster.url("study", "right"))).take(HOME, ROWS, "home")
    with pytest.raises(DiaryError, match="no answer"):
        Homes(Server.at(f"postgresql+psycopg://u:geheim@/d?host={cluster.folder}/nowhere")).rows(HOME)


def gather(cluster, *arguments: object) -> Result:  # type: ignore[no-untyped-def]
    return CliRunner().invoke(app, ["gather", "--url", cluster.url(), *map(str, arguments)])


def test_a_participant_hands_over_a_backup(homes: Homes, cluster, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    diary, key, backup = (tmp_path / name for name in ("diary.db", "diary.key", "study.backup"))
    with Store.open(diary) as store:
        store.save(ROWS, [])
    write_backup(diary, read_key(key), backup)
    handed = gather(cluster, "--diary", backup, "--key-file", key, "--home", HOME)
    assert handed.exit_code == 0, handed.output
    assert f"{len(ROWS)} hours and days are new" in handed.stdout
    assert homes.rows(HOME) == ROWS
    weeks = gather(cluster, "--weeks", "--home", HOME, "--zone", "UTC")
    assert len(weeks.stdout.splitlines()) == 1 + 2 * 2
    erased = gather(cluster, "--erase", "--home", HOME, "--to", "2026-10-27", "--zone", "UTC", "--yes")
    assert "Erased 48 hours" in erased.stdout
    assert gather(cluster, "--forget", HOME, "--yes").exit_code == 0
    assert "no home" in gather(cluster, "--weeks", "--home", HOME).stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "0 things to do"),
        (("--summary", "--weeks"), "2 things to do"),
        (("--weeks",), "no home named"),
        (("--diary", "x", "--home", HOME), "no key for that diary"),
        (("--diary", "/nowhere/x", "--key-file", "/nowhere/k", "--home", HOME), "no diary at"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(cluster, arguments: tuple[str, ...], said: str) -> None:  # type: ignore[no-untyped-def]
    done = gather(cluster, *arguments)
    assert done.exit_code == 1
    assert said in done.stderr
