"""Bring a diary to the newest schema, all of it or nothing, with a verified backup first.

Promises: the whole upgrade is one IMMEDIATE transaction; before a diary that already holds something is changed, a
copy under the same key is made, checked page by page, and compared row by row. Refuses a newer schema.
"""

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from edge.diary.backup import back_up
from edge.diary.schema import APPLICATION_ID
from edge.errors import DiaryVersionError

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


def _prepare(connection: sa.Connection) -> None:
    # Alembic would make its own table without STRICT.
    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.exec_driver_sql(
        "CREATE TABLE IF NOT EXISTS alembic_version (version_num TEXT NOT NULL PRIMARY KEY) STRICT"
    )
