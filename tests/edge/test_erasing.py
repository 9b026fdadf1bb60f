"""Erasing beside a home that really runs, by the page's form and by the command: watching goes on."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from edge.diary import receipts
from edge.diary.store import DiaryReader, Store
from edge.running_note import read_note
from tests.bench.diary import rows_of
from tests.edge.mortal import mortal
from tests.edge.review.page_home import home_in, served, token

WALKER = "synthetic:identity=1,affect=neutral,view=side,path=treadmill,rate=10,live=yes"


def _wait(done: Callable[[], object], within_s: float = 90.0) -> None:
    begin_s = time.monotonic()
    while not done():
        assert time.monotonic() - begin_s < within_s
        time.sleep(0.1)


def _quietstep(data: Path, *words: str) -> str:
    command = [sys.executable, "-m", "edge.cli", *words, "--data-dir", str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _n_checkpoints(data: Path) -> int:
    with DiaryReader.open(data / "diary.db", data / "diary.key") as reader, reader.reading() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM open_bucket").scalar_one())


def _seed(data: Path) -> date:
    """Two days as a monitor that ran then would have left them; the later one, which is yesterday."""
    data.mkdir()
    midnight_s = int(time.time()) // 86_400 * 86_400
    rows = [row for row in rows_of(48, random.Random(4), midnight_s - 2 * 86_400) if row.place == "hall"]
    with Store.open(data / "diary.db") as store:
        store.save(rows, ())
    return datetime.fromtimestamp(midnight_s - 1, UTC).date()


def _erase_by_page(data: Path, day: date) -> None:
    """As a household does it: the page says how much it is, then that it is gone; the rest is as it was."""
    home, chosen = home_in(data), {"first": str(day), "last": str(day)}
    with served(home) as page, page.client() as client:
        assert "24 hourly rows" in client.get("/erase", params=chosen).text
        done = client.post("/erase", data=chosen | {"csrf": token(client), "place": ""})
        assert done.status_code == 200, done.text
        assert "It is gone." in done.text
        assert "24 hourly rows" in done.text
        assert "not running" not in client.get("/").text
    with DiaryReader.open(home.diary, home.key) as reader:
        begun = [datetime.fromtimestamp(row.bucket_start_s, UTC).date() for row in reader.rows()]
    assert begun == [day - timedelta(days=1)] * 24
    assert _n_checkpoints(data) == 1, "the hour that runs is gone"


@pytest.mark.chain
def test_a_home_erases_everything_up_to_now_while_it_is_watched(tmp_path: Path, pose_model: Path) -> None:
    data = tmp_path / "data"
    yesterday = _seed(data)
    run = [sys.executable, "-m", "edge.cli", "run", "--source", WALKER, "--data-dir", data, "--pose-model", pose_model]
    with mortal(run, stderr=subprocess.PIPE, text=True) as service:
        _wait(lambda: (note := read_note(data / "running.json")) and note.cameras["hall"] == "watching")
        _wait(lambda: _n_checkpoints(data))
        _erase_by_page(data, yesterday)
        said = _quietstep(data, "erase", "--from", "2020-01-01", "--yes")
        assert "1 open bucket" in said
        assert receipts.unfinished(receipts.read(data / "diary.db")) == ()
        assert _quietstep(data, "rotate-key", "--yes")
        assert read_note(data / "running.json"), "the service went away"
        service.terminate()
        _, told = service.communicate(timeout=60)
    assert service.returncode == 0, told
    assert "could not be written" not in told
    assert "whole" in _quietstep(data, "check")
