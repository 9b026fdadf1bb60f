"""A training run that is killed goes on to the same bits, and nothing else is mixed in."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from edge.errors import TrainingError
from trainer import cli
from trainer.cycles import Reading
from trainer.disentangle import Losses, Shape
from trainer.loss_log import COLUMNS, LossLog
from trainer.release import Plan, export, make
from trainer.resume import Kept
from trainer.train import Fitted, Settings, fit
from trainer.walkers_factorial import Factorial, factorial_cycles

ROOT = Path(__file__).parents[2]
FACTORIAL = Factorial(n_people=4, n_affects=4, n_recordings=1, n_cycles=1)
CYCLES = factorial_cycles(FACTORIAL)
SMALL = Shape(affect_channels=(8, 8, 8), subject_channels=(8, 8, 8), decoder_channels=(8, 8))
TINY = Settings(epochs=4, classifier_epochs=3, batch_size=4, n_takes=2, shape=SMALL)
RUN = """
import sys, torch
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from test_resume import plan, reading
from trainer.release import make
torch.set_num_threads(1)
make(reading(), plan(Path(sys.argv[1]), Path(sys.argv[2])), lambda *told: None)
"""


class Stopped(Exception):
    """Instead of a kill, within a process."""


def reading() -> Reading:
    return Reading(CYCLES, (), "synthetic walkers")


def plan(out: Path, work: Path) -> Plan:
    return Plan(out, TINY, model_id="tiny", n_folds=2, work=work)


def quiet(stage: str, done: int, total: int, losses: Losses | None) -> None:
    assert 0 < done <= total


pytestmark = pytest.mark.usefixtures("few_attackers")


def weights(model: Fitted) -> torch.Tensor:
    parts = (model.autoencoder, model.classifier)
    return torch.cat([value.flatten().double() for part in parts for value in part.state_dict().values()])


def rows(path: Path) -> list[list[str]]:
    return list(csv.reader(path.read_text().splitlines()))[1:] if path.exists() else []


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run nobody stopped: ``bundle`` and ``work``."""
    folder = tmp_path_factory.mktemp("whole")
    make(reading(), plan(folder / "bundle", folder / "work"), quiet)
    return folder


@pytest.fixture(scope="module")
def unkept() -> torch.Tensor:
    return weights(fit(CYCLES, TINY))


N_FITS = 6
"""Everyone, two folds of either protocol, half of the people."""


def test_a_run_killed_in_the_middle_ends_with_the_same_bundle(whole: Path, tmp_path: Path) -> None:
    out, work = tmp_path / "bundle", tmp_path / "work"
    command = [sys.executable, "-c", RUN, str(out), str(work), str(Path(__file__).parent)]
    run = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"})
    while len(rows(work / "losses.csv")) < TINY.epochs + 2:  # in the second of the fits
        assert run.poll() is None
        time.sleep(0.001)
    run.send_signal(signal.SIGKILL)
    run.wait()
    done_before = len(rows(work / "losses.csv"))
    assert not out.exists()
    assert done_before < N_FITS * TINY.epochs
    trained: list[int] = []
    make(reading(), plan(out, work), lambda stage, done, total, losses: trained.append(done))
    assert len(trained) <= N_FITS * TINY.epochs - (done_before - 1)  # at most one epoch was run twice
    assert files(out) == files(whole / "bundle")
    assert [row[:6] for row in rows(work / "losses.csv")] == [row[:6] for row in rows(whole / "work" / "losses.csv")]


@pytest.mark.parametrize("stopped_at", range(TINY.epochs))
def test_wherever_the_loop_is_stopped_the_weights_are_the_same(
    stopped_at: int, unkept: torch.Tensor, tmp_path: Path
) -> None:
    def stop(epoch: int, losses: Losses) -> None:
        if epoch == stopped_at:
            raise Stopped

    log = LossLog(tmp_path / "losses.csv")
    with pytest.raises(Stopped):
        fit(CYCLES, TINY, stop, Kept(tmp_path / "fit", log))
    told: list[int] = []
    again = fit(CYCLES, TINY, lambda epoch, losses: told.append(epoch), Kept(tmp_path / "fit", log))
    assert told == list(range(stopped_at, TINY.epochs))
    assert torch.equal(weights(again), unkept)
    assert [int(row[2]) for row in rows(tmp_path / "losses.csv")] == [1, 2, 3, 4]


def states(folder: Path) -> list[Path]:
    return sorted((folder / "states").glob("*.npz"))


@pytest.mark.parametrize("left", [0, 1, 2, 3], ids=["none", "classifier", "autoencoder too", "all but two"])
def test_torn_and_missing_states_cost_epochs_but_never_the_result(
    left: int, unkept: torch.Tensor, tmp_path: Path
) -> None:
    log = LossLog(tmp_path / "losses.csv")
    fit(CYCLES, TINY, None, Kept(tmp_path / "fit", log))
    names = [path.name for path in states(tmp_path / "fit")]
    assert names == ["autoencoder-00003.npz", "autoencoder-00004.npz", "classifier-00002.npz", "classifier-00003.npz"]
    newest = [states(tmp_path / "fit")[at] for at in (3, 1, 0)][:left]
    for path, content in zip(newest, (b"", b"PK torn", b"\x00" * 9000), strict=False):
        path.write_bytes(content)
    assert torch.equal(weights(fit(CYCLES, TINY, None, Kept(tmp_path / "fit", log))), unkept)
    assert [int(row[2]) for row in rows(tmp_path / "losses.csv")] == [1, 2, 3, 4]


def test_a_state_cut_short_or_with_one_changed_bit_is_passed_over(unkept: torch.Tensor, tmp_path: Path) -> None:
    log = LossLog(tmp_path / "losses.csv")
    fit(CYCLES, TINY, None, Kept(tmp_path / "fit", log))
    older, newer = states(tmp_path / "fit")[2:]
    newer.write_bytes(newer.read_bytes()[:-1000])
    content = bytearray(older.read_bytes())
    content[len(content) // 2] ^= 4
    older.write_bytes(content)
    assert torch.equal(weights(fit(CYCLES, TINY, None, Kept(tmp_path / "fit", log))), unkept)


def test_a_finished_run_is_not_trained_again(whole: Path, tmp_path: Path) -> None:
    def never(stage: str, done: int, total: int, losses: Losses | None) -> None:
        raise AssertionError(stage)

    make(reading(), plan(tmp_path / "again", whole / "work"), never)
    assert files(tmp_path / "again") == files(whole / "bundle")
    assert not list((whole / "work").rglob("states"))


def test_the_bundle_is_made_again_from_the_work_folder_alone(whole: Path, tmp_path: Path) -> None:
    export(whole / "work", tmp_path / "again")
    assert files(tmp_path / "again") == files(whole / "bundle")
    export(whole / "work", tmp_path / "named", "other", "2.0.0")
    changed = {name for name, content in files(tmp_path / "named").items() if content != files(whole / "bundle")[name]}
    assert changed == {"manifest.json", "MODEL_CARD.md"}
    assert msgspec.json.decode((tmp_path / "named" / "manifest.json").read_bytes())["id"] == "other"


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (lambda plan: replace(plan, settings=replace(TINY, seed=1, epochs=5)), "seed, epochs"),
        (lambda plan: replace(plan, n_folds=3), "folds"),
        (lambda plan: replace(plan, fold_seed=1), "seed of folds"),
    ],
    ids=["seed", "folds", "fold seed"],
)
def test_a_work_folder_of_another_run_is_refused(whole: Path, tmp_path: Path, other, told: str) -> None:
    before = (whole / "work" / "plan.json").read_bytes()
    with pytest.raises(TrainingError, match=rf"another run \({told}\)"):
        make(reading(), other(plan(tmp_path / "out", whole / "work")), quiet)
    assert (whole / "work" / "plan.json").read_bytes() == before


def test_a_work_folder_of_other_data_is_refused(whole: Path, tmp_path: Path) -> None:
    other = replace(reading(), cycles=factorial_cycles(replace(FACTORIAL, seed=1)))
    with pytest.raises(TrainingError, match=r"another run \(data\)"):
        make(other, plan(tmp_path / "out", whole / "work"), quiet)


def test_a_folder_with_other_things_is_no_work_folder(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.txt").write_text("mine")
    with pytest.raises(TrainingError, match=r"thesis\.txt"):
        make(reading(), plan(tmp_path / "out", tmp_path / "work"), quiet)
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["thesis.txt"]


def test_a_work_folder_inside_the_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="inside the bundle"):
        make(reading(), plan(tmp_path / "out", tmp_path / "out" / "work"), quiet)
    assert not (tmp_path / "out").exists()


def test_two_runs_do_not_share_a_work_folder(tmp_path: Path) -> None:
    def meanwhile(stage: str, done: int, total: int, losses: Losses | None) -> None:
        with pytest.raises(TrainingError, match="another run at work"):
            make(reading(), plan(tmp_path / "two", tmp_path / "work"), quiet)
        raise Stopped

    with pytest.raises(Stopped):
        make(reading(), plan(tmp_path / "one", tmp_path / "work"), meanwhile)


@pytest.mark.parametrize("name", ["plan.json", "measured.json", "strangeness.npz", "fits/final/model.json"])
def test_an_export_of_a_damaged_work_folder_is_refused_by_name(whole: Path, tmp_path: Path, name: str) -> None:
    work = tmp_path / "work"
    for path in (path for path in (whole / "work").rglob("*") if path.is_file()):
        copy = work / path.relative_to(whole / "work")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (work / name).write_bytes((work / name).read_bytes()[:-30])
    with pytest.raises(TrainingError, match=Path(name).name.replace(".", r"\.")):
        export(work, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_export_of_an_unfinished_run_is_one_sentence(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "plan.json").write_bytes((whole / "work" / "plan.json").read_bytes())
    arguments = ["export", "--work", str(tmp_path / "work"), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(cli.app, arguments)
    assert result.exit_code == 1
    assert "not finished" in result.stderr


def test_the_log_drops_rows_that_are_run_again_and_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "losses.csv"
    log = LossLog(path)
    one = Losses(*(torch.tensor(value) for value in (0.5, 0.25, 1.0)))
    log.begin("a", "autoencoder", 0)
    for epoch in (1, 2, 3):
        log.add("a", "autoencoder", epoch, one, 0.5, 100)
    path.write_text(path.read_text() + "b,autoencoder,1,0.5")
    log.begin("a", "autoencoder", 2)
    log.add("a", "autoencoder", 3, one, 0.5, 100)
    assert path.read_text().splitlines()[0] == ",".join(COLUMNS)
    assert rows(path) == [["a", "autoencoder", str(at), "0.5", "0.25", "1", "", "0.5", "200"] for at in (1, 2, 3)]


def test_states_hold_no_pickle(tmp_path: Path) -> None:
    fit(CYCLES, TINY, None, Kept(tmp_path / "fit", LossLog(tmp_path / "losses.csv")))
    for path in states(tmp_path / "fit"):
        with np.load(path, allow_pickle=False) as arrays:
            assert all(arrays[name].dtype != object for name in arrays.files)
