"""``quietstep-train inspect``: what is counted is what was written, everything left out is told, the picture is one."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from edge.affect import CLASSES
from edge.errors import TrainingError
from edge.gait.walker import Walker, skeletons
from edge.recording import write_recording
from trainer.cli import app
from trainer.cycles import Reading
from trainer.inspect_command import run
from trainer.inspect_summary import UNKNOWN, summary_of
from trainer.readers import read_all, read_cycles
from trainer.stick_figure import draw_strips, row_of, rows_of

T_S = np.arange(0, 6, 1 / 30)


def studio(folder: Path) -> str:
    """Two people, one affect each, somebody who stands, a file of rubbish."""
    for name, affect in (("ann_happy_1", "happy"), ("ben_sad_1", "sad")):
        x_TJC = skeletons(Walker(len(name), affect), T_S)
        write_recording(folder / f"{name}.npz", T_S, x_TJC, np.ones(x_TJC.shape[:2]))
    still = np.repeat(skeletons(Walker(), T_S[:1]), len(T_S), axis=0)
    write_recording(folder / "cat_sad_1.npz", T_S, still, np.ones(still.shape[:2]))
    (folder / "dan_sad_1.npz").write_bytes(b"rubbish")
    return f"recording:{folder}?pattern={{subject}}_{{affect}}_{{take}}.npz"


def command(*words: str) -> subprocess.CompletedProcess[str]:
    ran = CliRunner().invoke(app, ["inspect", *words], env={"COLUMNS": "160"})
    return subprocess.CompletedProcess(["inspect", *words], ran.exit_code, ran.stdout, ran.stderr)


def test_the_counts_are_those_of_the_cycles(tmp_path: Path) -> None:
    reading = read_all(studio(tmp_path))
    summary = summary_of("studio", reading)
    assert summary.everything.n_cycles == len(reading.cycles) == sum(row.n_cycles for row in summary.subjects)
    assert {row.name for row in summary.subjects} == {"ann", "ben"}
    ann = next(row for row in summary.subjects if row.name == "ann")
    assert ann.acted["happy"] == ann.n_cycles == ann.perceived[UNKNOWN] > 0
    assert summary.everything.cycle_s.max == pytest.approx(float(reading.cycles.duration_s_N.max()), abs=1e-3)
    assert (summary.n_read, summary.n_refused_recordings) == (2, 2)
    assert {reason.example for reason in summary.reasons} == {"cat_sad_1.npz", "dan_sad_1.npz"}
    assert summary.rate_hz is not None
    assert summary.rate_hz.median == pytest.approx(30.0, abs=0.01)


def test_reasons_that_differ_by_figures_only_are_counted_together(tmp_path: Path) -> None:
    for name, n_frames in (("a", 90), ("b", 120)):
        still = np.repeat(skeletons(Walker(), T_S[:1]), n_frames, axis=0)
        write_recording(tmp_path / f"{name}.npz", T_S[:n_frames], still, np.ones(still.shape[:2]))
    reasons = summary_of("stills", read_all(f"recording:{tmp_path}")).reasons
    assert [(reason.n, reason.reason) for reason in reasons] == [(2, "no gait cycle in … s")]


def test_people_nobody_names_are_not_counted_as_people(tmp_path: Path) -> None:
    studio(tmp_path)
    summary = summary_of("studio", read_all(f"recording:{tmp_path}"))
    assert summary.everything.n_people == 0
    assert [row.name for row in summary.subjects] == ["(not known)"]


def test_the_command_shows_tables_and_writes_json_and_png(tmp_path: Path) -> None:
    spec, png, out = studio(tmp_path), tmp_path / "strip.png", tmp_path / "counts.json"
    done = command(spec, "--json", str(out), "--png", str(png))
    assert done.returncode == 0, done.stderr
    for word in ("ann", "ben", "happy", "no gait cycle", "dan_sad_1.npz", "2 refused"):
        assert word in done.stdout
    assert "reading" in done.stderr
    summary = json.loads(out.read_text())
    assert {row["key"] for row in summary["refused"]} == {"cat_sad_1.npz", "dan_sad_1.npz"}
    assert png.read_bytes().startswith(b"\x89PNG")


def test_json_alone_may_go_to_standard_output(tmp_path: Path) -> None:
    done = command(studio(tmp_path), "--json", "-")
    assert json.loads(done.stdout)["everything"]["n_people"] == 2


def test_where_nothing_can_be_used_the_reasons_are_shown_and_the_exit_tells(tmp_path: Path) -> None:
    (tmp_path / "dan.npz").write_bytes(b"rubbish")
    done = command(f"recording:{tmp_path}")
    assert done.returncode == 1
    assert "dan.npz" in done.stdout
    assert "no usable cycle" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    done = command(f"bvh:{tmp_path}/gone")
    assert done.returncode == 1
    assert "no folder" in done.stderr


@pytest.mark.parametrize("suffix", ["json", "png"])
def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path, suffix: str) -> None:
    where = {"json": None, "png": None, suffix: tmp_path / "gone" / f"out.{suffix}"}
    with pytest.raises(TrainingError, match="no way to write"):
        run(studio(tmp_path), where["json"], where["png"], None)


def test_a_strip_needs_a_picture_and_a_key_there_is(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="--png"):
        run(studio(tmp_path), None, None, "ann_happy_1.npz#1")
    with pytest.raises(TrainingError, match=r"no cycle 'eve'"):
        run(studio(tmp_path), None, tmp_path / "strip.png", "eve")


def test_each_affect_is_drawn_by_its_most_typical_cycle() -> None:
    cycles = read_cycles("walkers:4x4x1x2").cycles
    rows = rows_of(cycles)
    assert [row.title for row in rows] == [f"acted {name}" for name in CLASSES]
    for at, row in enumerate(rows):
        mine_NTJC = cycles.x_NTJC[cycles.acted_N == at]
        away_N = np.square(mine_NTJC - mine_NTJC.mean(axis=0)).mean(axis=(1, 2, 3))
        np.testing.assert_array_equal(row.x_TJC, mine_NTJC[away_N.argmin()])


def test_one_cycle_may_be_drawn_by_its_key() -> None:
    cycles = read_cycles("walkers:2x4x1x2").cycles
    row = row_of(cycles, "walker1-sad-0#2")
    assert (row.title, "walker1-sad-0#2" in row.caption) == ("sad", True)
    np.testing.assert_array_equal(row.x_TJC, cycles.x_NTJC[cycles.key_N == "walker1-sad-0#2"][0])


def test_the_picture_holds_both_sides_in_every_row_and_is_the_same_again(tmp_path: Path) -> None:
    from_matplotlib = pytest.importorskip("matplotlib.image")
    rows = rows_of(read_cycles("walkers:2x4x1x1").cycles)
    for name in ("one.png", "two.png"):
        draw_strips(rows, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    picture_HWC = from_matplotlib.imread(tmp_path / "one.png")[..., :3]
    below_header = picture_HWC[60:]
    for band in np.array_split(below_header, len(rows)):
        for half in np.array_split(band, 2, axis=1):
            for colour in ((0.0, 0.447, 0.698), (0.835, 0.369, 0.0)):
                assert (np.abs(half - colour).max(axis=-1) < 0.02).sum() > 200


def test_nothing_to_draw_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no usable cycle"):
        draw_strips((), tmp_path / "strip.png")


def test_an_empty_reading_has_a_summary() -> None:
    nobody = read_cycles("walkers:1x1x1x1").cycles.take(np.array([False]))
    assert summary_of("nobody", Reading(nobody, (), "")).everything.n_cycles == 0
