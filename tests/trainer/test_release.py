"""A small training run from the command to a bundle that a device opens."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from edge.bundle import read_bundle
from edge.encoder import open_encoder
from edge.errors import TrainingError
from trainer import cli
from trainer.cycles import Reading
from trainer.disentangle import Losses
from trainer.export import Deployed, Release, answers, write_bundle
from trainer.held_out import strangeness_of
from trainer.release import Plan, make
from trainer.strangeness import Strangeness
from trainer.train import Fitted, Settings, fit
from trainer.walkers import walker_cycles

READING = Reading(walker_cycles(n_people=4, n_cycles=1), (), "synthetic walkers")
TINY = Settings(epochs=1, classifier_epochs=4, n_takes=2)
PARITY = 1e-4
RUNNER = CliRunner()
pytestmark = pytest.mark.usefixtures("few_attackers")


def quiet(stage: str, done: int, total: int, losses: Losses | None) -> None:
    assert 0 < done <= total


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Release]:
    torch.set_num_threads(1)
    out = tmp_path_factory.mktemp("release") / "bundle"
    return out, make(READING, Plan(out, TINY, model_id="tiny", n_folds=2), quiet)


@pytest.fixture(scope="module")
def trained() -> tuple[Fitted, Strangeness]:
    return fit(READING.cycles, TINY), strangeness_of(READING.cycles, 0)


def test_the_bundle_is_whole_and_says_what_was_measured(made: tuple[Path, Release]) -> None:
    out, release = made
    manifest = read_bundle(out).manifest
    assert manifest.id == "tiny"
    assert manifest.temperature == release.temperature
    assert manifest.ood_threshold >= 1.0
    assert manifest.evaluation == release.evaluation
    for figure in manifest.evaluation + manifest.privacy:
        assert np.isfinite(figure.value)
    has_mixed = (out / "encoder.mixed.onnx").is_file()
    assert has_mixed == ("mixed" in manifest.tolerance)
    assert has_mixed or any("no mixed-precision graph" in line for line in manifest.provenance)
    card = (out / "MODEL_CARD.md").read_text()
    assert "synthetic walkers" in " ".join(manifest.provenance)
    assert all(figure.name in card for figure in manifest.evaluation + manifest.privacy)


def test_the_same_plan_makes_the_same_answers(made: tuple[Path, Release], tmp_path: Path) -> None:
    out, _ = made
    make(READING, Plan(tmp_path / "again", TINY, model_id="tiny", n_folds=2), quiet)
    with np.load(out / "golden.npz") as once, np.load(tmp_path / "again" / "golden.npz") as again:
        for name in once.files:
            np.testing.assert_allclose(once[name], again[name], atol=1e-6)


def test_torch_and_the_device_agree_on_a_thousand_cycles(trained: tuple[Fitted, Strangeness], tmp_path: Path) -> None:
    model, strangeness = trained
    release = Release("parity", "0", 1.7, 1.0, (), (), (), "card")
    encoder = open_encoder(write_bundle(tmp_path / "b", model, strangeness, release))
    rng = np.random.default_rng(0)
    x = np.concatenate([READING.cycles.x_NTJC] * 63)[:1000]
    x = (x + rng.normal(0.0, 0.02, x.shape)).astype(np.float32)
    duration_s = rng.uniform(0.6, 2.0, len(x)).astype(np.float32)
    logits_NK, score_N = answers(Deployed(model, strangeness, 1.7).eval(), x, duration_s)
    encoded = encoder.encode(x, duration_s)
    np.testing.assert_allclose(np.log(encoded.posterior_NK), torch.tensor(logits_NK).log_softmax(1), atol=PARITY)
    np.testing.assert_allclose(encoded.ood_score_N, score_N, atol=PARITY, rtol=PARITY)
    np.testing.assert_array_equal(encoded.posterior_NK.argmax(axis=1), logits_NK.argmax(axis=1))


def test_a_folder_with_something_in_it_is_left_alone(trained: tuple[Fitted, Strangeness], tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(TrainingError, match="not empty"):
        write_bundle(tmp_path, *trained, Release("x", "0", 1.0, 1.0, (), (), (), ""))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_bad_path_is_one_sentence_and_an_exit_code(tmp_path: Path) -> None:
    result = RUNNER.invoke(cli.app, ["train", "--data", f"egait:{tmp_path}", "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "index.csv" in result.stderr
    assert "Wanted" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()


def test_debug_shows_where_it_came_from(tmp_path: Path) -> None:
    arguments = ["train", "--data", f"egait:{tmp_path}", "--out", str(tmp_path / "out"), "--debug"]
    assert isinstance(RUNNER.invoke(cli.app, arguments).exception, TrainingError)


def test_the_command_trains_on_five_real_people(tmp_path: Path) -> None:
    data = os.environ.get("QUIETSTEP_DATA")
    if not data:
        pytest.skip("QUIETSTEP_DATA does not name the data folder")
    for name in ("features.h5", "labels.h5"):
        (tmp_path / name).symlink_to(Path(data, "egait", name).resolve())
    header, *rows = Path(data, "egait", "index.csv").read_text().splitlines()
    acted = [row for row in rows if ",BML," in row][:20]
    (tmp_path / "index.csv").write_text("\n".join([header, *acted]) + "\n")
    out = tmp_path / "bundle"
    quick = ["--method", "paper-a", "--epochs", "1", "--folds", "2"]
    arguments = ["train", "--data", f"egait:{tmp_path}", "--out", str(out), *quick]
    result = RUNNER.invoke(cli.app, arguments)
    assert result.exit_code == 0, result.stderr
    assert "strangers macro_f1" in result.stdout
    assert open_encoder(out).rung == "cpu"
