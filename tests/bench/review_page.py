"""The page with ten years of hours: `python -m tests.bench.review_page [--years 10] [--rounds 5] [--folder PATH]`.

Three places, hourly rows of `tests.bench.diary` in a real encrypted diary, none retired; the real server on a real
socket. For each view: how long until the whole page is there with its charts drawn anew (their cache emptied before
each round), and again from the cache; beside them how long the page reads when it starts, and how long the first view
takes after a new hour; and a week's and a year's rows in turn with datasette (`tests.bench.review_datasette`), which
QUIETSTEP_DATASETTE names. Promises medians with the least and the most, and the size of each page. Refuses to judge.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from edge.diary.store import Store
from edge.review.figures import forget_charts
from tests.bench.diary import AT_ONCE, HOUR_S, PLACES, START_S, rows_of
from tests.bench.review_datasette import compare
from tests.edge.review.page_home import home_in, served

Took = list[tuple[float, float]]
VIEWS = ("/", "/days", "/day", "/day?day={old}", "/hours", "/moods", "/minutes", "/alerts", "/notes", "/data", "/erase")
VIEWS += ("/erase?first={old}", "/export/file?first={old}&last={old}", "/sure", "/pause")


def fill(path: Path, n_hours: int) -> None:
    """Every hour of every place."""
    rng = random.Random(1)
    with Store.open(path) as store:
        for done in range(0, n_hours, AT_ONCE):
            n = min(AT_ONCE, n_hours - done)
            store.save(tuple(rows_of(n, rng, START_S + done * HOUR_S)), ())


def seconds(what: Callable[[], object], rounds: int, before: Callable[[], None] = lambda: None) -> Took:
    """Wall and CPU of each round."""
    took = []
    for _ in range(rounds):
        before()
        begin_s, begin_cpu_s = time.perf_counter(), time.process_time()
        what()
        took.append((time.perf_counter() - begin_s, time.process_time() - begin_cpu_s))
    return took


def told(took: Took) -> str:
    """Median (least to most) of the wall, and the CPU's median, in ms."""
    walls, cpus = ([1000 * t_s for t_s in column] for column in zip(*took, strict=True))
    return f"{statistics.median(walls):,.0f} ({min(walls):,.0f} to {max(walls):,.0f}), {statistics.median(cpus):,.0f}"


def main() -> None:
    """Fill, serve, time, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="On the disk to measure; else where temporary files go.")
    options = parser.parse_args()
    n_hours = int(options.years * 8766)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        home = home_in(Path(folder))
        fill(home.diary, n_hours)
        size = home.diary.stat().st_size / 1e6
        table = Table(title=f"{options.years:g} years, {len(PLACES)} places, {size:.1f} MB", title_justify="left")
        for column in ("view", "ms wall, CPU: drawn anew", "again", "kB"):
            table.add_column(column, justify="left" if column == "view" else "right")
        with served(home) as page:
            measure(page.url, page.app.state.site.reading, options.rounds, n_hours, table)
            Console(width=100).print(table)
            Console(width=100).print(compare(page.url, home, n_hours, options.rounds))
            last_s = START_S + n_hours * HOUR_S
            with Store.open(home.diary) as store:
                client = httpx.Client(timeout=60)
                store.save(tuple(rows_of(1, random.Random(2), last_s)), ())
            print(f"first view after a new hour: {told(seconds(lambda: client.get(page.url), 1))} ms")


def measure(url: str, reading, rounds: int, n_hours: int, table: Table) -> None:  # type: ignore[no-untyped-def]
    """Each view in turn."""
    cold = seconds(reading.look, rounds, reading.forget)
    table.add_row(
        "(reading all that the page needs, when it starts)", told(cold), told(seconds(reading.look, rounds)), ""
    )
    old = datetime.fromtimestamp(START_S + n_hours * HOUR_S // 3, UTC).date() + timedelta(days=1)
    client = httpx.Client(timeout=60)
    for view in VIEWS:
        address = url + view.format(old=old)

        def get(address: str = address) -> httpx.Response:
            return client.get(address).raise_for_status()

        n_bytes = len(get().content)
        anew, again = seconds(get, rounds, forget_charts), seconds(get, rounds)
        table.add_row(view.format(old="…"), told(anew), told(again), f"{n_bytes / 1000:,.0f}")


if __name__ == "__main__":
    main()
