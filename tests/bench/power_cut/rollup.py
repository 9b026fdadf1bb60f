"""Two more operations that are cut: rolling up days and retiring hours; and the step from the first schema to the next.

Promises and refuses as `tests.bench.power_cut.operations`, of which they are kept apart for length.
"""

import shutil
from datetime import UTC
from pathlib import Path
from typing import Final

import msgspec
import sqlalchemy as sa

from edge.diary import schema
from edge.diary.day_rows import known_days
from edge.diary.engine import writer_engine
from edge.diary.key import create_key, read_key
from edge.diary.migrate import MIGRATIONS, upgrade
from edge.diary.pages import FileState, examine
from edge.diary.records import record_of_row
from edge.diary.retiring import new_days
from edge.diary.rolling import roll_up
from edge.diary.store import DiaryReader, Store
from edge.errors import DiaryError
from edge.retention import Retention
from tests.bench.power_cut.operations import BEFORE, ROWS, Operation, S, one_of, opened

HOURS: Final = tuple(
    msgspec.structs.replace(row, bucket_start_s=S + n * 3600, bucket_length_s=3600, minutes_nobody=55)
    for n, row in enumerate(ROWS[k % len(ROWS)] for k in range(24 * 9 + 3))
)
KEEP: Final = Retention(keep_hours_days=2)
HOURS_END: Final = HOURS[-1].bucket_start_s + 3600
DAYS: Final = tuple(day.stretch for day in known_days(HOURS, (), UTC))
ROLLED: Final = new_days(HOURS, (), UTC, HOURS_END)
KEPT: Final = tuple(row for row in HOURS if not any(
    day.day_start_s <= row.bucket_start_s < day.day_end_s <= HOURS_END - KEEP.keep_hours_days * 86_400 for day in ROLLED
))  # fmt: skip


def written_to_roll_up(folder: Path) -> None:
    """Nine days of hours and a few hours more, of which nothing is rolled up yet."""
    with Store.open(folder / "diary.db") as store:
        store.save(HOURS, [])


def written_by_the_first_schema(folder: Path) -> None:
    """Six closed buckets in a diary as the first version left it."""
    migrations = folder.parent / "first"
    shutil.copytree(MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__", "r0002*", "r0003*"))
    path = folder / "diary.db"
    key = create_key(path.with_name("diary.key"))
    engine = writer_engine(path, key)
    upgrade(engine, path, key, migrations)
    with engine.begin() as connection:
        connection.execute(sa.insert(schema.META).values(id=1, kind="home"))
        connection.execute(sa.insert(schema.TREND), [record_of_row(row) for row in BEFORE])
    engine.dispose()


def rolled_up(path: Path) -> None:
    """Write the days, retire the hours of the old ones."""
    with Store.open(path) as store:
        roll_up(store, UTC, KEEP, HOURS_END)


def judge_rollup(folder: Path, said: list[bytes]) -> str:
    """Every day is told as before, of hours or as a day row; once acknowledged, the old hours are gone.

    What stands is all the hours, or these and all the days, or the days and the hours that stay; doing it again
    finishes it.
    """
    path = folder / "diary.db"
    try:
        opened(folder)
        with DiaryReader.open(path) as reader:
            hours, days = reader.rows(), reader.days()
        rolled_up(path)
        with DiaryReader.open(path) as reader:
            finished = (reader.rows(), reader.days()) == (KEPT, ROLLED)
    except DiaryError:
        return "corrupt"
    if tuple(day.stretch for day in known_days(hours, days, UTC)) != DAYS:
        return "lost"
    if not finished or (hours, days) not in ((HOURS, ()), (HOURS, ROLLED), (KEPT, ROLLED)):
        return "half"
    return "lost" if said and (hours, days) != (KEPT, ROLLED) else ""


def judge_upgrade(folder: Path, said: list[bytes]) -> str:
    """Every row, before and after; the backup is whole or not there."""
    key = read_key(folder / "diary.key")
    backup = folder / "diary.db.before-0003"
    if backup.exists() and examine(backup, key) is not FileState.KEY_FITS:
        return "half"
    if said and not backup.exists():
        return "lost"
    return one_of(folder, said, BEFORE, BEFORE)


IMPORT: Final = "from tests.bench.power_cut import rollup as r"
ROLLUP: Final = (
    Operation("rollup", written_to_roll_up, f"{IMPORT}; r.rolled_up(path); o.say('rolled')", judge_rollup),
    Operation("migrate 1 to 2", written_by_the_first_schema, "o.Store.open(path).close(); o.say('new')", judge_upgrade),
)
