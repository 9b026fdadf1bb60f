"""Small databases of a home whose every page carries an HMAC: state.db, models.db and update.db are opened here.

The key is no secret (each of them says which and why); it makes a changed byte be found out. Promises: SQLCipher's own
log is off, the connection is in autocommit and is closed whatever happens. Refuses nothing itself: what the database
says passes through as sqlcipher3's ``Error``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import sqlcipher3.dbapi2 as sqlite


@contextmanager
def opened_sealed(path: Path, mode: Literal["ro", "rw"], key: str, wait_s: float) -> Iterator[Any]:
    """A connection to ``path`` under ``key`` (64 hexadecimal digits); waits ``wait_s`` seconds for another writer."""
    quoted = str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    connection = sqlite.connect(f"file:{quoted}?mode={mode}", uri=True, timeout=wait_s, isolation_level=None)
    try:
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{key}'\"")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        yield connection
    finally:
        connection.close()
