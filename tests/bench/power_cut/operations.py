"""The operations that are cut: what they begin with, what they do, and what must hold of whatever is left.

Promises: each judge opens what is left as the next start would, and says "corrupt" (it does not open, or pages are
damaged), "lost" (something that was acknowledged is not there), "half" (neither before nor after), or "". Refuses
nothing: an error that is no sentence ends the run.
"""

import contextlib
import os
import shutil
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.affect import Affect
from edge.diary.diary import CycleNote, Diary, Ledger, MemoryLedger, MinuteNote
from edge.diary.engine import writer_engine
from edge.diary.erase import erase_all, erase_span
from edge.diary.keeping import backup_diary, restore_diary, rotate_key
from edge.diary.key import read_key
from edge.diary.migrate import MIGRATIONS, revision_of, upgrade
from edge.diary.minutes import MinuteKind
from edge.diary.pages import FileState, examine
from edge.diary.span import Span
from edge.diary.store import DiaryReader, Store
from edge.diary.traces import Traces, look
from edge.diary.trend import TrendRow
from edge.errors import DiaryError, DiaryKeyError

H: Final = 1_800_000_000 // 3600 * 60
S: Final = H * 60
BUCKET_S: Final = 300
NOW: Final = S + 86_400
SPAN: Final = Span(S + 2 * BUCKET_S, S + 4 * BUCKET_S)
Judge = Callable[[Path, list[bytes]], str]

SECOND: Final = """
from alembic import op
revision, down_revision, branch_labels, depends_on = "0004", "0003", None, None


def upgrade():
    op.execute("CREATE TABLE more (a INTEGER) STRICT")
    op.execute("ALTER TABLE trend ADD COLUMN extra INTEGER")
"""
HEAD: Final = """
import sys
from pathlib import Path
from tests.bench.power_cut import operations as o
path = Path(sys.argv[1]) / "diary.db"
"""


@dataclass(frozen=True, slots=True)
class Operation:
    """``prepare`` fills a folder, ``code`` is traced in it, ``judge`` gets what is left and what was said."""

    name: str
    prepare: Callable[[Path], None]
    code: str
    judge: Judge

    @property
    def program(self) -> str:
        """The traced program."""
        return HEAD + textwrap.dedent(self.code)


def book(ledger: Ledger, n_minutes: int, first: int = H, say: Callable[[str], None] | None = None) -> list[TrendRow]:
    """Minutes with walks; says each minute's end and the rows kept so far."""
    diary, rows = Diary(ledger, "m", "cpu", bucket_s=BUCKET_S), []
    for minute in range(first, first + n_minutes):
        for n in range(4):
            diary.update(CycleNote("hall", minute * 60.0 + n, minute, Affect((0.4, 0.3, 0.2, 0.1))))
        rows += diary.update(MinuteNote("hall", minute, MinuteKind.OBSERVED))
        if say is not None:
            say(f"{minute + 1} {len(rows)}")
    return rows


def say(text: str) -> None:
    """Acknowledge, at once."""
    os.write(1, text.encode())


ROWS: Final = tuple(book(MemoryLedger(), 40))
BEFORE: Final = ROWS[:6]


def _later() -> tuple[TrendRow, ...]:
    """After a restart: the minute in which it came back is a fault."""
    ledger = MemoryLedger()
    book(ledger, 32)
    book(ledger, 8, H + 32)
    return ledger.rows


LATER: Final = _later()
ERASED: Final = (*LATER[:2], *LATER[4:])


def written(folder: Path) -> None:
    """Six closed buckets and an open one."""
    with Store.open(folder / "diary.db") as store:
        book(store, 32)


def written_and_backed_up(folder: Path) -> None:
    """The same and a backup of it, then two more buckets."""
    written(folder)
    backup_diary(folder / "diary.db", None, folder / "b.quietstep")
    with Store.open(folder / "diary.db") as store:
        book(store, 8, H + 32)


def written_and_to_migrate(folder: Path) -> None:
    """The first, and beside the folder a second migration."""
    written(folder)
    migrations = folder.parent / "migrations"
    shutil.copytree(MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    (migrations / "versions" / "r0004_more.py").write_text(SECOND)


def erase(path: Path) -> None:
    """Erase two buckets from the middle."""
    erase_span(path, None, SPAN, NOW, frozenset())


def migrate(path: Path) -> None:
    """Upgrade to the second migration."""
    key = read_key(path.with_name("diary.key"))
    engine = writer_engine(path, key)
    upgrade(engine, path, key, path.parent.parent / "migrations")
    engine.dispose()


def nothing(_folder: Path) -> None:
    """An empty folder."""


def opened(folder: Path, key: Path | None = None, name: str = "diary.db") -> tuple[tuple[TrendRow, ...], int | None]:
    """Rows and how far is booked, opened as the next start would; raises DiaryError, also for a damaged page."""
    with Store.open(folder / name, key) as store:
        if said := store.damage():
            raise DiaryError(said[0], "", "")
        buckets = store.load()
        return store.rows(), buckets[0].booked_until_minute if buckets else None


def judge_insert(folder: Path, said: list[bytes]) -> str:
    """A prefix of what was booked, and at least what was acknowledged."""
    try:
        rows, until = opened(folder)
    except DiaryError:
        return "corrupt"
    minute, n_rows = map(int, said[-1].split()) if said else (0, 0)
    if rows != ROWS[: len(rows)] or (until is not None and (until - H) // 5 != len(rows)):
        return "half"
    return "lost" if len(rows) < n_rows or (until or 0) < minute else ""


def judge_first_start(folder: Path, said: list[bytes]) -> str:
    """Opens, and is not begun a second time once it was there."""
    there = (folder / "diary.db").exists() and (folder / "diary.key").exists()
    if said and not there:
        return "lost"
    try:
        return "" if opened(folder) == ((), None) else "half"
    except DiaryError:
        return "corrupt"


def one_of(folder: Path, said: list[bytes], before: Sequence[TrendRow], after: Sequence[TrendRow]) -> str:
    """The rows before or the rows after; once acknowledged, those after."""
    try:
        rows, _until = opened(folder)
    except DiaryError:
        return "corrupt"
    if rows not in (tuple(before), tuple(after)):
        return "half"
    return "lost" if said and rows != tuple(after) else ""


def judge_erase(folder: Path, said: list[bytes]) -> str:
    """All of it there or all of it gone; once acknowledged, gone from every page, and the backup with it."""
    traces = Traces(SPAN, frozenset({"hall"}), frozenset({BUCKET_S}), frozenset())
    if said and (not look(folder, read_key(folder / "diary.key"), traces).clean or (folder / "b.quietstep").exists()):
        return "lost"
    return one_of(folder, said, LATER, ERASED)


def judge_erase_all(folder: Path, said: list[bytes]) -> str:
    """Whole, or a sentence about the key; asking again finishes it. Once acknowledged neither key nor diary."""
    left = {file.name for file in folder.iterdir()} - {"erased.jsonl", "diary.db.lock", "diary.db.door"}
    if said:
        return "lost" if left else ""
    try:
        rows, _until = opened(folder) if "diary.db" in left else (LATER, None)
        if rows != LATER:
            return "half"
    except DiaryKeyError:
        pass
    except DiaryError:
        return "corrupt"
    with contextlib.suppress(DiaryError):
        erase_all(folder / "diary.db", None, NOW, frozenset())
    again = {file.name for file in folder.iterdir()} - {"erased.jsonl", "diary.db.lock", "diary.db.door"}
    return "half" if again - {"b.quietstep"} else ""  # a backup that nothing opens any more is not known for one


def judge_rotate(folder: Path, said: list[bytes]) -> str:
    """All rows, with the old or the new key; once acknowledged the old one opens nothing."""
    verdict = one_of(folder, said, LATER, LATER)
    old = read_key(folder.parent / "old.key")
    opens = examine(folder / "diary.db", old) is FileState.KEY_FITS
    return verdict or ("lost" if said and opens else "")


def judge_backup(folder: Path, said: list[bytes]) -> str:
    """The diary as it was; no backup, or a whole one."""
    verdict = one_of(folder, [], BEFORE, BEFORE)
    if verdict or not (folder / "b.quietstep").exists():
        return verdict or ("lost" if said else "")
    try:
        with DiaryReader.open(folder / "b.quietstep", folder / "diary.key") as reader:
            return "half" if reader.rows() != BEFORE or reader.damage() else ""
    except DiaryError:
        return "half"


def judge_restore(folder: Path, said: list[bytes]) -> str:
    """The old rows or those of the backup."""
    return one_of(folder, said, LATER, BEFORE)


def judge_migrate(folder: Path, said: list[bytes]) -> str:
    """The old schema or the new one with every row, and the upgrade can be done again; a backup is whole."""
    key, path = read_key(folder / "diary.key"), folder / "diary.db"
    engine = writer_engine(path, key)
    try:
        with engine.begin() as connection:
            revision = revision_of(connection)
            columns = {row[1] for row in connection.exec_driver_sql("PRAGMA table_info(trend)")}
            whole = connection.exec_driver_sql("SELECT count(*) FROM trend").scalar() == len(BEFORE)
        if not whole or ("extra" in columns) != (revision == "0004"):
            return "half"
        upgrade(engine, path, key, folder.parent / "migrations")
    except Exception:
        return "corrupt"
    finally:
        engine.dispose()
    backup = folder / "diary.db.before-0004"
    if backup.exists() and examine(backup, key) is not FileState.KEY_FITS:
        return "half"
    return "lost" if said and revision != "0004" else ""


ALL: Final = (
    Operation("insert", nothing, "with o.Store.open(path) as s: o.book(s, 22, say=o.say)", judge_insert),
    Operation("first start", nothing, "s = o.Store.open(path); o.say('open')", judge_first_start),
    Operation("erase", written_and_backed_up, "o.erase(path); o.say('gone')", judge_erase),
    Operation("erase --all", written_and_backed_up, "o.erase_all(path, None, o.NOW, frozenset()); o.say('gone')",
              judge_erase_all),
    Operation("migrate", written_and_to_migrate, "o.migrate(path); o.say('new')", judge_migrate),
    Operation("rotate", written_and_backed_up, "o.rotate_key(path, None); o.say('new')", judge_rotate),
    Operation("backup", written,
              "o.backup_diary(path, None, path.with_name('b.quietstep')); o.say('there')", judge_backup),
    Operation("restore", written_and_backed_up,
              "o.restore_diary(path, None, path.with_name('b.quietstep')); o.say('back')", judge_restore),
)  # fmt: skip

WEAKER = """
from edge.diary import engine
engine._WRITER = tuple(p if "synchronous" not in p else "synchronous = {how}" for p in engine._WRITER)
with o.Store.open(path) as s: o.book(s, 22, say=o.say)
"""
CONTROLS: Final = tuple(
    Operation(f"insert, synchronous={how} (control)", nothing, WEAKER.format(how=how), judge_insert)
    for how in ("NORMAL", "OFF")
)
__all__ = ["ALL", "CONTROLS", "Operation", "backup_diary", "erase_all", "restore_diary", "rotate_key"]
