"""Ten years of a home with three places: `python -m tests.bench.diary [--years 10] [--rounds 5] [--folder PATH]`.

Hourly rows (a third of them held back, as at night), each with its own numbers, in a real encrypted diary: time of an
hour's insert as it happens (three rows and three checkpoints in one commit, the log taken into the file), of a week's
and a year's query, of erasing a day (with the backup removed, the file rewritten and the scan), of the scan alone, of
backup, restore, check and a new key; and how large the file is. Promises medians with the least and the most of the
rounds, and the CPU's median beside the wall's, in one process and one thread; every answer is checked to be the
right one. Refuses to judge.
"""

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC
from pathlib import Path

from rich.console import Console
from rich.table import Table

from edge.diary.booking import OpenBucket
from edge.diary.day_rows import known_days
from edge.diary.erase import erase_span
from edge.diary.keeping import backup_diary, restore_diary, rotate_key
from edge.diary.key import read_key
from edge.diary.rolling import roll_up
from edge.diary.soundness import check_diary
from edge.diary.span import Span
from edge.diary.store import DiaryReader, Store
from edge.diary.traces import look
from edge.diary.trend import Minutes, MoodSums, TrendRow
from edge.retention import Retention

PLACES = ("hall", "kitchen", "stairs")
START_S = 1_800_000_000 // 3600 * 3600
HOUR_S, DAY_S = 3600, 86_400
ALL = Retention(10**6, 10**3)
AT_ONCE = 8760


def rows_of(n_hours: int, rng: random.Random, start_s: int = START_S) -> Iterator[TrendRow]:
    """Each hour of each place."""
    for hour in range(n_hours):
        for place in PLACES:
            yield _row(start_s + hour * HOUR_S, place, rng)


def _row(start_s: int, place: str, rng: random.Random) -> TrendRow:
    observed = rng.randrange(61)
    minutes = {
        "observed": observed,
        "nobody": 60 - observed,
        "several_people": 0,
        "unusable": 0,
        "paused": 0,
        "fault": 0,
    }
    mood = _held_back() if rng.random() < 0.33 else _mood(rng)
    booked = {f"minutes_{kind}": n for kind, n in minutes.items()}
    head = {"bucket_start_s": start_s, "bucket_length_s": HOUR_S, "place": place}
    return TrendRow(**head, **booked, **mood, model_id="reference-1", rung="cpu")  # type: ignore[arg-type]


def _held_back() -> dict[str, object]:
    told = ("share_abstained", "p_angry", "p_happy", "p_neutral", "p_sad")
    spreads = [f"{name}{end}" for name in ("valence", "arousal") for end in ("", "_low", "_high")]
    return {"n_walks": "<10", "n_cycles": "<10"} | dict.fromkeys((*told, *spreads))


def _mood(rng: random.Random) -> dict[str, object]:
    shares = {name: round(rng.random(), 2) for name in ("share_abstained", "p_angry", "p_happy", "p_neutral", "p_sad")}
    mood: dict[str, object] = {"n_walks": 5 * rng.randrange(1, 9), "n_cycles": 5 * rng.randrange(2, 60), **shares}
    for name in ("valence", "arousal"):
        low, mean, high = sorted(round(rng.uniform(-0.6, 0.6), 2) for _ in range(3))
        mood |= {name: mean, f"{name}_low": low, f"{name}_high": high}
    return mood


Taken = tuple[float, float]
"""Seconds on the wall, and of this process's CPU (which other programs on the machine disturb less)."""


def now() -> Taken:
    """Both clocks."""
    return time.perf_counter(), time.process_time()


def since(begin: Taken) -> Taken:
    """Both clocks, from then on."""
    end = now()
    return end[0] - begin[0], end[1] - begin[1]


class Bench:
    """Times what it is told to, in turn."""

    def __init__(self, path: Path, n_hours: int, n_rounds: int) -> None:
        self.path, self.n_hours, self.n_rounds = path, n_hours, n_rounds
        self.rng = random.Random(1)
        self.results: list[tuple[str, list[Taken]]] = []

    def timed(self, name: str, act: Callable[[int], object], n_rounds: int | None = None) -> None:
        """Median and spread of so many rounds."""
        times: list[Taken] = []
        for n in range(n_rounds or self.n_rounds):
            begin = now()
            act(n)
            times.append(since(begin))
        self.results.append((name, times))

    def fill(self) -> None:
        """All rows, a year of a place at a time, in commits of their own."""
        rows = list(rows_of(self.n_hours, self.rng))
        with Store.open(self.path) as store:
            begin = now()
            for first in range(0, len(rows), AT_ONCE):
                store.save(rows[first : first + AT_ONCE], [])
            name = f"insert of all {len(rows):,} rows, {AT_ONCE:,} a commit"
            self.results.append((name, [since(begin)]))

    def hours(self) -> None:
        """Hours as they happen, at the end of it all."""
        end_s = START_S + self.n_hours * HOUR_S
        with Store.open(self.path) as store:

            def hour(n: int) -> None:
                start_s = end_s + n * HOUR_S
                buckets = [_bucket(place, start_s + HOUR_S) for place in PLACES]
                store.save([_row(start_s, place, self.rng) for place in PLACES], buckets)

            self.timed("insert of an hour (3 rows, 3 checkpoints, synced)", hour, 20 * self.n_rounds)

    def queries(self) -> None:
        """A week and a year, from the middle."""
        middle_s = START_S + self.n_hours // 2 * HOUR_S
        with DiaryReader.open(self.path) as reader:

            def query(n_days: int) -> Callable[[int], None]:
                def ask(n: int) -> None:
                    from_s = middle_s + n * DAY_S
                    assert len(reader.rows(from_s, from_s + n_days * DAY_S)) == 24 * 3 * n_days

                return ask

            self.timed("week query (504 rows)", query(7), 4 * self.n_rounds)
            self.timed("year query (26,280 rows)", query(365))

    def roll(self) -> None:
        """Days of all of it, a part at a time as at home; then a week and a year of them, from the middle."""
        now_s = START_S + self.n_hours * HOUR_S
        with Store.open(self.path) as store:
            self.parts("rollup of all, a part (5,000 hours)", store, ALL, now_s)
            n_days = len(store.days())
            self.timed("the job on a day when nothing is due", lambda _n: roll_up(store, UTC, ALL, now_s))
        middle_s = START_S + self.n_hours // 2 * HOUR_S // DAY_S * DAY_S
        with DiaryReader.open(self.path) as reader:

            def query(n_asked: int) -> Callable[[int], None]:
                def ask(n: int) -> None:
                    from_s = middle_s + n * DAY_S
                    assert len(reader.days(from_s, from_s + n_asked * DAY_S)) == 3 * n_asked

                return ask

            self.timed("week query from day rows (21 rows)", query(7), 4 * self.n_rounds)
            self.timed("year query from day rows (1,095 rows)", query(365))
        assert n_days >= 3 * (self.n_hours // 24 - 1)

    def parts(self, name: str, store: Store, retention: Retention, now_s: int) -> None:
        """The job until all is done; a line for its parts and one for the whole."""
        times: list[Taken] = []
        is_all = False
        while not is_all:
            begin = now()
            is_all = roll_up(store, UTC, retention, now_s).is_all
            times.append(since(begin))
        walls, cpus = zip(*times, strict=True)
        self.results += [(name, times), (f"{name.split(',')[0]}, together", [(sum(walls), sum(cpus))])]

    def retire(self) -> None:
        """Hours older than 400 days go, a part at a time; what is told of days stays the same."""
        now_s = START_S + self.n_hours * HOUR_S
        with Store.open(self.path) as store:
            before = [day.stretch for day in known_days(store.rows(), store.days(), UTC)]
            self.parts("retiring hours, a part (5,000)", store, Retention(), now_s)
            assert [day.stretch for day in known_days(store.rows(), store.days(), UTC)] == before
            self.results.append((f"({len(store.rows()):,} hours and {len(store.days()):,} days are left)", [(0, 0)]))
        self.timed("check of what is left", lambda _n: check_diary(self.path, None))

    def keep(self) -> None:
        """Backup, erasure, scan, restore, new key and check."""
        folder = self.path.parent
        middle_s = START_S + self.n_hours // 3 * HOUR_S // DAY_S * DAY_S
        self.timed("backup (copied, proven)", lambda n: backup_diary(self.path, None, folder / f"{n}.backup"))

        def erase(n: int) -> None:
            span = Span(middle_s + n * DAY_S, middle_s + (n + 1) * DAY_S)
            erased = erase_span(self.path, None, span, int(time.time()), frozenset())
            assert erased.found.clean
            assert erased.receipt.n_rows == 24 * 3

        self.timed("erase of a day (rewritten, scanned)", erase)
        with DiaryReader.open(self.path) as reader:
            traces = reader.traces(Span(middle_s, middle_s + DAY_S))
        key = read_key(folder / "diary.key")
        self.timed("of which the scan", lambda _n: look(folder, key, traces))
        self.timed("check (every page, every row)", lambda _n: check_diary(self.path, None))
        backup_diary(self.path, None, folder / "b")
        self.timed("restore (proven twice)", lambda _n: restore_diary(self.path, None, folder / "b"))
        self.timed("new key (written anew, proven)", lambda _n: rotate_key(self.path, None))


def _bucket(place: str, start_s: int) -> OpenBucket:
    return OpenBucket(place, start_s, HOUR_S, start_s // 60, True, Minutes(), MoodSums(), "reference-1", "cpu")


def table(bench: Bench, n_bytes: int) -> Table:
    """One line a thing."""
    title = f"{bench.n_hours / 8766:.0f} years, {len(PLACES)} places, {n_bytes / 1e6:.1f} MB"
    shown = Table(title=title, title_justify="left")
    shown.add_column("what")
    for column in ("median ms", "least", "most", "CPU ms", "rounds"):
        shown.add_column(column, justify="right")
    for name, times in bench.results:
        walls, cpus = zip(*times, strict=True)
        figures = (statistics.median(walls), min(walls), max(walls), statistics.median(cpus))
        shown.add_row(name, *(f"{1000 * figure:,.1f}" for figure in figures), str(len(times)))
    return shown


def free_mb(path: Path) -> str:
    """What of the file is pages that the next rows will take."""
    with Store.open(path) as store, store.writing() as connection:
        n_free = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
    return f"{n_free * 4096 / 1e6:.1f} MB"


def main() -> None:
    """Fill, time, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="On the disk to measure; else where temporary files go.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        bench = Bench(Path(folder) / "diary.db", int(options.years * 8766), options.rounds)
        bench.fill()
        n_bytes = os.path.getsize(bench.path)
        bench.hours()
        bench.queries()
        bench.roll()
        n_with_days = os.path.getsize(bench.path)
        bench.keep()
        bench.retire()
        Console(width=120).print(table(bench, n_bytes))
        left = os.path.getsize(bench.path)
        print(
            f"with day rows {n_with_days / 1e6:.1f} MB; after retiring {left / 1e6:.1f} MB, {free_mb(bench.path)} free"
        )


if __name__ == "__main__":
    main()
