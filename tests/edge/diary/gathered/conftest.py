"""A throw-away PostgreSQL server in a folder of its own, on a unix socket and nothing else.

Promises: it is gone with the test; `kill` ends it as a power cut of its process would. Refuses to run as root, which
PostgreSQL does, too: then it is the user postgres of Debian's package.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

USER = "postgres"
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "16MB",
    "max_connections": "10",
    "autovacuum": "off",
    "logging_collector": "off",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    # Processes are killed here, not the machine, so the system's own memory is as good as a disk.
    "fsync": "off",
}


def binaries() -> Path | None:
    """The newest server's programs, or None where there is none."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda path: int(path.parent.name))
    named = shutil.which("initdb")
    return Path(named).parent if named else None


class Cluster:
    """One server: made, started, killed, started again, removed."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        # The socket's path must stay below 108 letters, and the user postgres must reach it.
        self.folder = Path(tempfile.mkdtemp(prefix="qs-pg-"))
        self._data = self.folder / "data"
        self._user = USER if os.getuid() == 0 else None
        if self._user:
            shutil.chown(self.folder, self._user)
        self._run("initdb", "-D", str(self._data), "-U", USER, "-A", "trust", "--no-sync", "--locale=C", "-E", "UTF8")
        lines = [f"{name} = '{value}'" for name, value in SETTINGS.items()]
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.write("\n".join([*lines, f"unix_socket_directories = '{self.folder}'\n"]))

    def url(self, user: str = USER, password: str = "", database: str = "postgres") -> str:
        secret = f":{password}" if password else ""
        return f"postgresql+psycopg://{user}{secret}@/{database}?host={self.folder}"

    def start(self) -> None:
        self._control("start", "-w")

    def kill(self) -> None:
        """At once, without a checkpoint: the next start recovers from the log."""
        self._control("stop", "-m", "immediate", "-w")

    def reload(self, *rules: str) -> None:
        """Other rules of who may come in."""
        (self._data / "pg_hba.conf").write_text("\n".join([*rules, ""]))
        self._control("reload")

    def remove(self) -> None:
        self._control("stop", "-m", "immediate", "-w", check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _control(self, *arguments: str, check: bool = True) -> None:
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self._data), "-l", log, *arguments, check=check)

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        command = [str(self._programs / program), *arguments]
        subprocess.run(
            command,
            check=check,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self._user,
            cwd=self.folder,
            group=self._user,
            extra_groups=[] if self._user else None,
            timeout=60,
        )


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A running server; a skip where there is none to run."""
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL server here (Debian's package postgresql)")
    cluster = Cluster(programs)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()
