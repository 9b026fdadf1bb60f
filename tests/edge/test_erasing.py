"""Erasing beside a home that really runs: the monitor lends its diary, and watching goes on."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.diary import receipts
from edge.diary.store import DiaryReader
from edge.running_note import read_note
from tests.edge.mortal import mortal

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


@pytest.mark.chain
def test_a_home_erases_everything_up_to_now_while_it_is_watched(tmp_path: Path, pose_model: Path) -> None:
    data = tmp_path / "data"
    run = [sys.executable, "-m", "edge.cli", "run", "--source", WALKER, "--data-dir", data, "--pose-model", pose_model]
    with mortal(run, stderr=subprocess.PIPE, text=True) as service:
        _wait(lambda: (note := read_note(data / "running.json")) and note.cameras["hall"] == "watching")
        _wait(lambda: (data / "diary.db").exists() and _n_checkpoints(data))
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
