"""A PostgreSQL server by URL: its schemas, their migrations, and each of its errors as a sentence.

Promises: whatever is done in one `Server.working` is there as a whole or not at all, also when the server dies; one
writer to a schema at a time; a commit that was acknowledged is on the server's disk. Refuses another database than
PostgreSQL, a newer schema, and to let a password into a message: of what the driver says only the server's own words
are kept.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.pool import NullPool

from edge.errors import DiaryBusyError, DiaryError, DiaryFullError, DiaryReadOnlyError, DiaryVersionError

DRIVER: Final = "postgresql+psycopg"
CONNECT_S: Final = 10
NOTHING_KEPT: Final = "Nothing of this run was kept; run it again."
_GONE: Final = ("08", "57P01", "57P02", "57P03")
_FULL: Final = ("53100",)
_BUSY: Final = ("40", "55P03", "55006", "53300", "57014")
_REFUSED: Final = ("42501", "25006")
_LOGIN: Final = ("28", "3D000")


class Server:
    """Connections to one database; each use has its own and closes it."""

    def __init__(self, url: sa.URL) -> None:
        limits = {"connect_timeout": CONNECT_S, "application_name": "quietstep gather"}
        self._engine = sa.create_engine(url, hide_parameters=True, poolclass=NullPool, connect_args=limits)
        shown = sa.URL.create(url.drivername, host=url.host, port=url.port, database=url.database)
        self.name = shown.render_as_string()

    @classmethod
    def at(cls, url: str) -> Self:
        """The server of a URL; opens nothing yet. Raises DiaryError for a URL that is none, or of another database."""
        try:
            parsed = sa.make_url(url)
        except (sa.exc.ArgumentError, ValueError):
            parsed = None
        if parsed is None or parsed.drivername not in (DRIVER, "postgresql") or not parsed.database:
            raise DiaryError(
                "no URL of a PostgreSQL database (it is not shown: it may hold a password)",
                f"{DRIVER}://USER@HOST/DATABASE",
                "Leave the password out of it: the driver takes it from PGPASSWORD or ~/.pgpass.",
            )
        return cls(parsed.set(drivername=DRIVER))

    @contextmanager
    def working(self, schema: str, migrations: Path) -> Iterator[sa.Connection]:
        """One transaction in a schema that is there and of the newest revision, as its only writer."""
        with self._explained(), self._engine.begin() as connection:
            _lock(connection, schema)
            connection.exec_driver_sql("SET LOCAL synchronous_commit = on")
            connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
            _enter(connection, schema)
            self._upgrade(connection, schema, migrations)
            yield connection

    @contextmanager
    def reading(self, schema: str, migrations: Path) -> Iterator[sa.Connection | None]:
        """One read-only moment of a schema; None where it is not there."""
        with self._explained(), self._engine.begin() as connection:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            if not sa.inspect(connection).has_schema(schema):
                yield None
                return
            _enter(connection, schema)
            script = _script(migrations)
            revision = _revision(connection)
            if revision != script.get_current_head():
                raise self._other_revision(schema, revision, script)
            yield connection

    def drop(self, schema: str) -> bool:
        """Take a schema away with all that is in it; whether it was there."""
        with self._explained(), self._engine.begin() as connection:
            _lock(connection, schema)
            there = sa.inspect(connection).has_schema(schema)
            connection.exec_driver_sql(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
        return there

    def rewrite(self, schema: str, table: str) -> None:
        """Write a table's file anew, so that no deleted row stays in it."""
        with self._explained(), self._engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql(f'VACUUM (FULL, ANALYZE) "{schema}"."{table}"')

    def _upgrade(self, connection: sa.Connection, schema: str, migrations: Path) -> None:
        script = _script(migrations)
        revision = _revision(connection)
        if revision == script.get_current_head():
            return
        if revision is not None and revision not in {known.revision for known in script.walk_revisions()}:
            raise self._other_revision(schema, revision, script)
        config = _config(migrations)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    def _other_revision(self, schema: str, revision: str | None, script: ScriptDirectory) -> DiaryVersionError:
        older = revision in {known.revision for known in script.walk_revisions()} or revision is None
        return DiaryVersionError(
            f"tables of schema {revision} in {schema} at {self.name}",
            f"schema {script.get_current_head()}",
            "Gather something into it once, which brings it up to date." if older else "Update Quietstep.",
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise explain(error.orig, self.name) from None
        except psycopg.Error as error:
            raise explain(error, self.name) from None


def explain(error: BaseException | None, name: str) -> DiaryError:
    """The DiaryError for what the driver raised; ``name`` is the URL without user and password."""
    state = getattr(error, "sqlstate", None) or ""
    if state.startswith(_FULL):
        return DiaryFullError(f"no room left on {name}", "room on the server", f"Make some. {NOTHING_KEPT}")
    if state.startswith(_REFUSED):
        return DiaryReadOnlyError(f"no permission on {name}", "a user who may write and make schemas", NOTHING_KEPT)
    if state.startswith(_BUSY):
        return DiaryBusyError(f"{name} busy with others", "a free moment", NOTHING_KEPT)
    if state.startswith(_LOGIN) or (not state and _is_login(str(error))):
        return DiaryError(
            f"{name} that does not let this user in", "user, password and database that go together", "Check them."
        )
    if isinstance(error, psycopg.OperationalError) and (not state or state.startswith(_GONE)):
        return DiaryError(f"no answer from {name}", "a running PostgreSQL server", f"Start it. {NOTHING_KEPT}")
    said = getattr(getattr(error, "diag", None), "message_primary", None) or type(error).__name__
    return DiaryError(f"an error of {name} ({state}: {said})", "what the tables take", NOTHING_KEPT)


def _is_login(said: str) -> bool:
    # A refused login has no code in this driver, and the server says it in its own language.
    return any(word in said for word in ("password", "authentication", "pg_hba", "role ", "does not exist"))


def _lock(connection: sa.Connection, schema: str) -> None:
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": schema})


def _enter(connection: sa.Connection, schema: str) -> None:
    # Nothing but this schema, so that no table of another home can be meant.
    connection.exec_driver_sql(f'SET LOCAL search_path TO "{schema}"')


def _revision(connection: sa.Connection) -> str | None:
    if connection.exec_driver_sql("SELECT to_regclass('alembic_version')").scalar() is None:
        return None
    version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if version is None else str(version)


def _config(migrations: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    return config


def _script(migrations: Path) -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(migrations))
