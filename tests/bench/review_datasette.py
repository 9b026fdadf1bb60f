"""The same hours in datasette, for `tests.bench.review_page`: what another program takes to show the same rows.

datasette cannot open an encrypted diary, so the rows stand in a plain SQLite file of a temporary folder (the same
columns, an index on the beginning), which goes with the folder. Both are asked in turn within each round, so that both
meet the same machine. Promises the path that QUIETSTEP_DATASETTE names, else `datasette` on PATH, and a sentence where
neither is there. Refuses to be a dependency: install it in an environment of its own.
"""

import contextlib
import os
import shutil
import socket
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
from rich.table import Table

from edge.diary.store import DiaryReader
from edge.diary.trend import TrendRow
from edge.review.figures import forget_charts
from edge.review.home import Home
from tests.bench.diary import DAY_S, HOUR_S, PLACES, START_S

STRETCHES = {"a week": 7, "a year": 365}
QUERY = (
    "select * from trend where bucket_start_s >= {from_s} and bucket_start_s < {to_s} order by bucket_start_s, place"
)
SETTINGS = {"max_returned_rows": 40_000, "sql_time_limit_ms": 20_000, "max_csv_mb": 0}
NOT_HERE = "datasette is not here (QUIETSTEP_DATASETTE names none, PATH has none): nothing to compare with."


def datasette_program() -> str | None:
    """Where it is."""
    return os.environ.get("QUIETSTEP_DATASETTE") or shutil.which("datasette")


def plain_copy(home: Home, path: Path) -> int:
    """The diary's hours in a plain file; how many."""
    names = TrendRow.__struct_fields__
    with DiaryReader.open(home.diary, home.key) as reader:
        rows = [tuple(msgspec.structs.asdict(row).values()) for row in reader.rows()]
    with contextlib.closing(sqlite3.connect(path)) as plain, plain:
        plain.execute(f"create table trend ({', '.join(names)}, primary key (bucket_start_s, place))")
        plain.executemany(f"insert into trend values ({', '.join('?' * len(names))})", rows)
    return len(rows)


@contextlib.contextmanager
def datasette_of(program: str, path: Path) -> Iterator[str]:
    """A running datasette of that file; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = [word for name, value in SETTINGS.items() for word in ("--setting", name, str(value))]
    command = [program, "serve", str(path), "--host", "127.0.0.1", "--port", str(port), *settings]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, running)
        yield url
    finally:
        running.kill()
        running.wait()


def _wait(url: str, running: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert running.poll() is None, "datasette went away"
        with contextlib.suppress(httpx.TransportError):
            httpx.get(url, timeout=5)
            return
        time.sleep(0.1)
    raise TimeoutError(url)


def compare(page_url: str, home: Home, n_hours: int, rounds: int) -> Table | str:
    """Both, stretch by stretch; or why not."""
    if (program := datasette_program()) is None:
        return NOT_HERE
    table = Table(title="beside datasette, in turn: ms median (least to most)", title_justify="left")
    for column in ("what", "kB", "ms", "times the page's"):
        table.add_column(column, justify="left" if column == "what" else "right")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plain.db"
        assert plain_copy(home, path) == n_hours * len(PLACES)
        with datasette_of(program, path) as url, httpx.Client(timeout=120) as client:
            for name, n_days in STRETCHES.items():
                _stretch(client, (page_url, url), n_hours, (name, n_days), rounds, table)
    return table


def _stretch(
    client: httpx.Client, urls: tuple[str, str], n_hours: int, stretch: tuple[str, int], rounds: int, table: Table
) -> None:
    page_url, url = urls
    name, n_days = stretch
    to_s = (START_S + n_hours * HOUR_S) // DAY_S * DAY_S
    first, last = (datetime.fromtimestamp(t_s, UTC).date() for t_s in (to_s - n_days * DAY_S, to_s - DAY_S))
    query = {"sql": QUERY.format(from_s=to_s - n_days * DAY_S, to_s=to_s)}
    rows = str(httpx.QueryParams(query))
    view = "/" if n_days == timedelta(weeks=1).days else "/days?weeks=52"
    asked = {
        "the page's view, drawn anew": f"{page_url}{view}",
        "the page's view, again": f"{page_url}{view}",
        "the page's rows as CSV": f"{page_url}/export/file?first={first}&last={last}",
        "datasette's rows as CSV": f"{url}/plain.csv?{rows}",
        "datasette's rows as JSON": f"{url}/plain.json?{rows}&_shape=array",
        "datasette's page of the rows": f"{url}/plain?{rows}",
    }
    took = _in_turn(client, asked, rounds)
    _same_rows(client, asked, n_days)
    of_views, of_rows = (statistics.median(took[what][0]) for what in list(asked)[1:3])
    for what, (times, n_bytes) in took.items():
        middle, ends = statistics.median(times), f"({1000 * min(times):,.0f} to {1000 * max(times):,.0f})"
        than = of_rows if what.endswith(("CSV", "JSON")) else of_views
        ratio = f"{middle / than:.1f}" if what.startswith("datasette") else ""
        table.add_row(f"{name}: {what}", f"{n_bytes / 1000:,.0f}", f"{1000 * middle:,.0f} {ends}", ratio)


def _in_turn(client: httpx.Client, asked: dict[str, str], rounds: int) -> dict[str, tuple[list[float], int]]:
    took: dict[str, tuple[list[float], int]] = {what: ([], 0) for what in asked}
    before: dict[str, Callable[[], None]] = {"the page's view, drawn anew": forget_charts}
    for n in range(rounds + 1):
        for what, address in asked.items():
            before.get(what, lambda: None)()
            begin_s = time.perf_counter()
            answer = client.get(address).raise_for_status()
            seconds = time.perf_counter() - begin_s
            if n:  # the first one warms both up
                took[what] = ([*took[what][0], seconds], len(answer.content))
    return took


def _same_rows(client: httpx.Client, asked: dict[str, str], n_days: int) -> None:
    """Both gave all of them."""
    n_rows = n_days * 24 * len(PLACES)
    assert len(client.get(asked["datasette's rows as JSON"]).json()) == n_rows
    for what in ("the page's rows as CSV", "datasette's rows as CSV"):
        n_lines = client.get(asked[what]).text.count("\n")
        assert n_lines == n_rows + 1, (what, n_lines, n_rows)
