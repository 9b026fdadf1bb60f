"""``quietstep log``: the rows as they are kept, in the household's zone."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from edge.affect import Affect
from edge.cli import app
from edge.diary.diary import CycleNote, Diary, MinuteNote
from edge.diary.minutes import MinuteKind
from edge.diary.store import DiaryReader, Store
from edge.review.log_table import log_json

BERLIN = "Europe/Berlin"
AUTUMN_S = 1_792_882_800
"""2026-10-25, one in the morning in Berlin; two hours later the clocks go back."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four hours about the end of summer time: two with walks, two with nobody; and an older day."""
    first = AUTUMN_S // 60
    with Store.open(tmp_path / "diary.db") as store:
        diary = Diary(store, "m", "cpu", checkpoint_each_minute=False)
        for minute in range(first - 48 * 60, first + 240):
            walking = first <= minute < first + 120
            for n in range(4 * walking):
                diary.update(CycleNote("hall", minute * 60 + 10 + n, minute, Affect((0.1, 0.2, 0.3, 0.4))))
            diary.update(MinuteNote("hall", minute, MinuteKind.OBSERVED if walking else MinuteKind.NOBODY))
    return tmp_path


def log(folder: Path, *options: str) -> str:
    done = CliRunner().invoke(app, ["log", "--data-dir", str(folder), "--zone", BERLIN, *options])
    assert done.exit_code == 0, done.output
    return done.output


def test_every_row_and_the_hour_that_comes_twice_is_told_apart(folder: Path) -> None:
    logged = json.loads(log(folder, "--days", "1", "--json"))
    starts = [row["local_start"] for row in logged]
    assert starts[-4:] == [
        f"2026-10-25 {when}" for when in ("01:00+02:00", "02:00+02:00", "02:00+01:00", "03:00+01:00")
    ]
    with DiaryReader.open(folder / "diary.db") as reader:
        rows = reader.rows()
    assert len(rows) == 52
    assert len(logged) == 24
    assert json.loads(log_json(rows, ZoneInfo(BERLIN)))[-24:] == logged
    assert len(json.loads(log(folder, "--json", "--days", "30"))) == 52


def test_the_table_holds_counts_as_they_are_kept_and_minutes_that_add_up(folder: Path) -> None:
    lines = [line.split() for line in log(folder, "--days", "1").splitlines() if "2026-10-" in line]
    assert len(lines) == 24
    assert all(sum(map(int, line[4:10])) == int(line[3]) == 60 for line in lines)
    told, held = lines[-4], lines[-1]
    assert told[10:16] == ["60", "240", "0.00", "0.10", "0.20", "0.30"]
    assert held[10:] == ["<10", "<10", *["·"] * 7]


def test_a_place_or_zone_nobody_knows_is_a_sentence(folder: Path) -> None:
    for options in (("--place", "attic"), ("--zone", "Mars/Olympus")):
        done = CliRunner().invoke(app, ["log", "--data-dir", str(folder), *options])
        assert done.exit_code == 1
