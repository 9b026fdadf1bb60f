"""kill -9 of a real writer, again and again: every acknowledged row and minute is still there."""

import json
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import msgspec

from edge.diary.store import Store
from edge.diary.trend import TrendRow
from tests.edge.mortal import mortal

WRITER = """
    import sys
    from pathlib import Path
    import msgspec
    from edge.affect import Affect
    from edge.diary.diary import CycleNote, Diary, MinuteNote
    from edge.diary.minutes import MinuteKind
    from edge.diary.store import Store

    minute = int(sys.argv[2])
    store = Store.open(Path(sys.argv[1]))
    print("open", flush=True)
    diary = Diary(store, "m", "cpu", bucket_s=300)
    while True:
        for n in range(4):
            diary.update(CycleNote("hall", minute * 60.0 + n, minute, Affect((0.4, 0.3, 0.2, 0.1))))
        rows = diary.update(MinuteNote("hall", minute, MinuteKind.OBSERVED))
        print(msgspec.json.encode([minute, rows]).decode(), flush=True)
        minute += 1
"""
H = 1_800_000_000 // 3600 * 60


def run_and_kill(path: Path, minute: int, after_s: float) -> tuple[list[TrendRow], int | None]:
    """Write from ``minute`` on and kill some time after the start; acknowledged rows and the last minute if any."""
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(path), str(minute)]
    with mortal(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        time.sleep(after_s)
        child.send_signal(signal.SIGKILL)
        lines = [line for line in child.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    said = [json.loads(line) for line in lines]
    rows = [msgspec.convert(row, TrendRow) for _, rows in said for row in rows]
    return rows, said[-1][0] if said else None


def test_acknowledged_is_kept(tmp_path: Path) -> None:
    path, rng, minute = tmp_path / "diary.db", random.Random(3), H
    acknowledged: list[TrendRow] = []
    for _ in range(5):
        rows, last = run_and_kill(path, minute, rng.uniform(0.0, 0.25))
        acknowledged += rows
        with Store.open(path) as store:
            kept = {row.bucket_start_s: row for row in store.rows()}
            assert all(kept[row.bucket_start_s] == row for row in acknowledged)
            booked = [bucket.booked_until_minute for bucket in store.load()]
            assert last is None or booked[0] > last
            minute = (booked[0] if booked else minute) + 3
    assert len(acknowledged) >= 3
    assert sum(row.minutes_fault for row in kept.values()) >= 3 * 3


def test_a_kill_during_the_very_first_start_leaves_a_diary_that_opens(tmp_path: Path) -> None:
    rng = random.Random(4)
    for n in range(4):
        path = tmp_path / str(n) / "diary.db"
        command = [sys.executable, "-c", textwrap.dedent(WRITER), str(path), str(H)]
        with mortal(command, stdout=subprocess.DEVNULL) as child:
            deadline = time.monotonic() + 20
            while not path.parent.exists() and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(rng.uniform(0.0, 0.06))
            child.send_signal(signal.SIGKILL)
        with Store.open(path) as store:
            assert store.differences() == ()
