"""Accounts and sessions of the page: ``review.db`` behind one door. All input and output of them is in this file.

Promises: a password is kept as argon2id only, a session as the SHA-256 of its secret, so whoever reads the file can
sign in with neither; the file is this user's alone (0600) and holds the whitelisted tables and nothing else. It is not
`state.db`, whose readers must not fail because of an account, and not the diary, which erasing empties.
Refuses, with ConfigError, a file that is not its own, a short password and a name that cannot be kept. An unknown name
takes as long as a wrong password.
"""

import hashlib
import os
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import sqlcipher3.dbapi2 as sqlite
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from edge.errors import ConfigError
from edge.review.guard import RIGHTS, Role

LIVES_S: Final = 12 * 3600
IDLE_S: Final = 3600
LEAST_PASSWORD: Final = 10
LONGEST_PASSWORD: Final = 200
APPLICATION_ID: Final = 0x51535257
"""Marks the file as accounts of a Quietstep page ("QSRW")."""
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_TABLES: Final = (
    "CREATE TABLE account (name TEXT PRIMARY KEY, role TEXT NOT NULL, hash TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE session (secret_sha256 TEXT PRIMARY KEY, name TEXT NOT NULL, begun_s INTEGER NOT NULL, "
    "seen_s INTEGER NOT NULL) STRICT, WITHOUT ROWID",
)
_hasher: Final = PasswordHasher()
_one_at_a_time: Final = threading.Lock()
"""Each look at a password takes 64 MiB; a home's device has not many of them."""


class Account(msgspec.Struct, frozen=True):
    """Who may sign in, as what."""

    name: str
    role: Role


class Accounts:
    """The file at ``path``; it is made with the first account."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._nobody = _hasher.hash(secrets.token_hex())

    def all(self) -> tuple[Account, ...]:
        """Every account, by name."""
        if not self._path.exists():
            return ()
        with self._opened() as connection:
            rows = connection.execute("SELECT name, role FROM account ORDER BY name").fetchall()
        return tuple(Account(str(name), _role(role, self._path)) for name, role in rows)

    def put(self, name: str, role: Role, password: str) -> None:
        """A new account, or a new password and role of an old one, whose sessions end."""
        refuse_name(name)
        refuse_password(password)
        hashed = _hasher.hash(password)
        with self._opened() as connection:
            connection.execute("INSERT OR REPLACE INTO account VALUES (?, ?, ?)", (name, role, hashed))
            connection.execute("DELETE FROM session WHERE name = ?", (name,))

    def remove(self, name: str) -> bool:
        """Take an account and its sessions away; whether there was one."""
        with self._opened() as connection:
            connection.execute("DELETE FROM session WHERE name = ?", (name,))
            return bool(connection.execute("DELETE FROM account WHERE name = ?", (name,)).rowcount)

    def proven(self, name: str, password: str) -> Account | None:
        """The account of that name and password, or None."""
        row = None
        if self._path.exists():
            with self._opened() as connection:
                row = connection.execute("SELECT name, role, hash FROM account WHERE name = ?", (name,)).fetchone()
        with _one_at_a_time:
            try:
                _hasher.verify(row[2] if row else self._nobody, password[:LONGEST_PASSWORD])
            except (Argon2Error, InvalidHashError):
                return None
        return Account(str(row[0]), _role(row[1], self._path)) if row else None

    def begin(self, account: Account, now_s: int) -> str:
        """A new session's secret; sessions that are over go."""
        secret = secrets.token_urlsafe(32)
        with self._opened() as connection:
            connection.execute("DELETE FROM session WHERE begun_s < ? OR seen_s < ?", (now_s - LIVES_S, now_s - IDLE_S))
            connection.execute("INSERT INTO session VALUES (?, ?, ?, ?)", (_digest(secret), account.name, now_s, now_s))
        return secret

    def of_session(self, secret: str, now_s: int) -> Account | None:
        """Whose session this is; None for none, or one that is over."""
        if not secret or not self._path.exists():
            return None
        query = (
            "SELECT account.name, role, begun_s, seen_s FROM session JOIN account USING (name) WHERE secret_sha256 = ?"
        )
        with self._opened() as connection:
            row = connection.execute(query, (_digest(secret),)).fetchone()
            if row is None or not (now_s - LIVES_S <= row[2] <= now_s and now_s - IDLE_S <= row[3]):
                return None
            if now_s - row[3] > IDLE_S // 10:
                connection.execute("UPDATE session SET seen_s = ? WHERE secret_sha256 = ?", (now_s, _digest(secret)))
        return Account(str(row[0]), _role(row[1], self._path))

    def end(self, secret: str) -> None:
        """Sign out."""
        if self._path.exists():
            with self._opened() as connection:
                connection.execute("DELETE FROM session WHERE secret_sha256 = ?", (_digest(secret),))

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            connection = sqlite.connect(str(self._path), timeout=2.0, isolation_level=None)
        except (OSError, sqlite.Error) as error:
            raise _unusable(self._path, str(error)) from None
        try:
            _make_or_check(connection, self._path)
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except sqlite.Error as error:
            raise _unusable(self._path, str(error)) from None
        finally:
            connection.close()


def refuse_name(name: str) -> None:
    """Raises ConfigError for a name that is not kept."""
    if not _NAME.fullmatch(name):
        raise ConfigError(f"the name {name[:40]!r}", "1 to 32 of a-z, 0-9, dot, dash, underscore", "Choose another.")


def refuse_password(password: str) -> None:
    """Raises ConfigError for a password that is too short or too long."""
    if not LEAST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise ConfigError(
            f"a password of {len(password)} characters", f"{LEAST_PASSWORD} to {LONGEST_PASSWORD}", "Choose another."
        )


def _make_or_check(connection: Any, path: Path) -> None:
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA secure_delete = ON")
    listed = {sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
    if not listed and connection.execute("PRAGMA application_id").fetchone()[0] == 0:
        connection.execute("BEGIN IMMEDIATE")
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            for table in _TABLES:
                connection.execute(table)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
        listed = set(_TABLES)
    mark = connection.execute("PRAGMA application_id").fetchone()[0]
    if mark != APPLICATION_ID or listed != set(_TABLES):
        raise _unusable(path, "another program's file, or one with other tables")


def _role(role: str, path: Path) -> Role:
    if role not in RIGHTS:
        raise _unusable(path, f"the role {role!r}")
    return cast(Role, role)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _unusable(path: Path, what: str) -> ConfigError:
    return ConfigError(
        f"no usable accounts at {path} ({what})", "the page's own file", "Move it away and add accounts."
    )
