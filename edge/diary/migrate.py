"""Bring a diary to the newest schema, all of it or nothing, with a verified backup first.

Promises: the whole upgrade is one IMMEDIATE transaction; before a diary that already holds something is changed, a
copy under the same key is made, checked page by page, and compared row by row count. Refuses a newer schema.
"""

import os
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
import sqlcipher3.dbapi2 as sqlcipher
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from edge.diary.key import sync_folder
from edge.diary.schema import APPLICATION_ID
from edge.errors import DiaryDamagedError, DiaryVersionError

MIGRATIONS: Final = Path(__file__).with_name("migrations")


def revision_of(connection: sa.Connection) -> str | None:
    """The schema's revision; None when the file has none."""
    listed = connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")
    if listed.first() is None:
        return None
    version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return str(version) if version is not None else None


def upgrade(engine: sa.Engine, path: Path, key: bytes, migrations: Path = MIGRATIONS) -> Path | None:
    """Run what is missing; the backup's path if one was made. Raises DiaryVersionError for a newer diary."""
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    with engine.begin() as connection:
        revision = revision_of(connection)
    if revision == script.get_current_head():
        return None
    if revision is not None and revision not in {known.revision for known in script.walk_revisions()}:
        raise newer(path, revision)
    backup = None if revision is None else back_up(engine, path, key, f"before-{script.get_current_head()}")
    with engine.begin() as connection:
        _prepare(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return backup


def newer(path: Path, revision: str) -> DiaryVersionError:
    """The diary has a schema that this version does not know."""
    return DiaryVersionError(
        f"a diary at {path} written by a newer Quietstep (schema {revision})",
        "a schema that this version knows",
        "Update Quietstep; nothing was changed.",
    )


def back_up(engine: sa.Engine, path: Path, key: bytes, label: str) -> Path:
    """A checked copy beside the diary, under the same key."""
    target = path.with_name(f"{path.name}.{label}")
    half = target.with_name(target.name + ".new")
    half.unlink(missing_ok=True)
    os.close(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    copy = sqlcipher.connect(str(half))
    try:
        copy.execute("PRAGMA cipher_log_level = NONE")
        copy.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        pooled = engine.raw_connection()
        try:
            original: Any = pooled.driver_connection
            original.backup(copy)
            _verify(original, copy, target)
        finally:
            pooled.close()
    finally:
        copy.close()
    with half.open("rb") as file:
        os.fsync(file.fileno())
    half.rename(target)
    sync_folder(target.parent)
    return target


def _verify(original: Any, copy: Any, target: Path) -> None:
    bad_pages = copy.execute("PRAGMA cipher_integrity_check").fetchall()
    structure = copy.execute("PRAGMA integrity_check").fetchall()
    names = [n for (n,) in original.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    counts = [[db.execute(f'SELECT count(*) FROM "{n}"').fetchone() for n in names] for db in (original, copy)]
    if bad_pages or structure != [("ok",)] or counts[0] != counts[1]:
        raise DiaryDamagedError(
            f"a backup at {target} that is not equal to the diary",
            "a verified backup before the diary is changed",
            "Nothing was changed. Check the disk.",
        )


def _prepare(connection: sa.Connection) -> None:
    # Alembic would make its own table without STRICT.
    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.exec_driver_sql(
        "CREATE TABLE IF NOT EXISTS alembic_version (version_num TEXT NOT NULL PRIMARY KEY) STRICT"
    )
