"""What the codes know: counted by hand where it can be, before and after training, and drawn."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import silhouette_score
from typer.testing import CliRunner

from edge.errors import TrainingError
from trainer import cli
from trainer.codes import AFFECT, SUBJECT, codes_of, drawn, known, untrained
from trainer.codes_picture import AFTER, BEFORE, flat, person_colours
from trainer.compare import fingerprint
from trainer.readers import read_cycles
from trainer.train import Fitted, Settings
from trainer.weights import write_fitted

SPEC = "walkers:4x4x1x1"
CYCLES = read_cycles(SPEC).cycles
PERSON_N = np.unique(CYCLES.subject_N, return_inverse=True)[1]
RUNNER = CliRunner()


def test_a_code_of_the_person_knows_the_person_and_nothing_else() -> None:
    found = known(np.eye(4)[PERSON_N] + 1e-3 * np.random.default_rng(0).normal(size=(16, 4)), CYCLES)
    assert found.person_across_affects is not None
    assert (found.person_across_affects.value, found.person_across_affects.chance) == (1.0, 0.25)
    assert found.silhouette_person is not None
    assert found.silhouette_person > 0.9
    assert found.silhouette_affect is not None
    assert found.silhouette_affect < 0.0


def test_a_code_of_the_affect_knows_the_affect_of_strangers_and_nobody() -> None:
    code = np.eye(4)[CYCLES.acted_N] + 1e-3 * np.random.default_rng(0).normal(size=(16, 4))
    found = known(code, CYCLES)
    assert found.affect_of_strangers is not None
    assert found.affect_of_strangers.value == 1.0
    assert found.silhouette_affect == pytest.approx(silhouette_score(code, CYCLES.acted_N))
    assert found.person_across_affects is not None
    assert found.person_across_affects.value < 0.6


def test_knowing_the_person_does_not_help_to_tell_the_affect() -> None:
    """Two cycles of each cell lie on one point, cells far apart and without order: strangers tell nothing."""
    twice = CYCLES.take(np.repeat(np.arange(16), 2))
    cells = np.random.default_rng(0).normal(size=(16, 30)).repeat(2, axis=0)
    found = known(cells, twice)
    assert found.affect_of_strangers is not None
    assert found.affect_of_strangers.value < 0.6
    assert found.person_across_affects is not None
    assert found.person_across_affects.value < 0.7


def test_the_interval_holds_the_share() -> None:
    found = known(np.random.default_rng(0).normal(size=(16, 8)), CYCLES).affect_of_strangers
    assert found is not None
    assert found.low <= found.value <= found.high


@pytest.mark.parametrize("kept", ["one person", "one affect"])
def test_one_of_a_kind_is_refused(kept: str) -> None:
    mine = CYCLES.take(PERSON_N == 0 if kept == "one person" else CYCLES.acted_N == 0)
    with pytest.raises(TrainingError, match="two people and two affects"):
        known(np.zeros((len(mine), 3)), mine)


def test_before_training_is_the_same_network_from_the_same_seed(plain_model: Fitted) -> None:
    once, again, other = (codes_of(untrained(plain_model, seed), CYCLES) for seed in (0, 0, 1))
    for space in (SUBJECT, AFFECT):
        np.testing.assert_array_equal(once[space], again[space])
        assert np.abs(once[space] - other[space]).max() > 0.01
        assert once[space].shape == codes_of(plain_model, CYCLES)[space].shape


def test_training_takes_the_person_out_of_the_affect_code(plain_model: Fitted) -> None:
    before, after = (
        known(codes_of(model, CYCLES)[AFFECT], CYCLES) for model in (untrained(plain_model, 0), plain_model)
    )
    assert before.silhouette_person is not None
    assert after.silhouette_person is not None
    assert after.silhouette_person < before.silhouette_person - 0.1
    subject = known(codes_of(plain_model, CYCLES)[SUBJECT], CYCLES)
    assert subject.person_across_affects is not None
    assert subject.person_across_affects.value > 0.7


def test_a_flat_picture_keeps_neighbours_and_is_the_same_again() -> None:
    code = 20.0 * np.eye(4)[PERSON_N] + np.random.default_rng(0).normal(size=(16, 4))
    at_N2 = flat(code, 0)
    np.testing.assert_array_equal(at_N2, flat(code, 0))
    assert np.abs(at_N2).max() == pytest.approx(1.0)
    apart = np.linalg.norm(at_N2[:, None] - at_N2[None, :], axis=-1) + 9 * np.eye(16)
    assert (PERSON_N[apart.argmin(axis=1)] == PERSON_N).mean() > 0.8


def test_thirty_people_have_thirty_colours() -> None:
    pytest.importorskip("matplotlib")
    colours = np.array(person_colours(30))
    apart = np.abs(colours[:, None] - colours[None, :]).max(axis=-1) + np.eye(30)
    assert apart.min() > 0.03


def test_at_most_so_many_cycles_are_drawn() -> None:
    some = drawn(CYCLES, 10, seed=0)
    assert len(some) == len(set(some.key_N)) == 10
    assert drawn(CYCLES, 100, seed=0) is CYCLES


def test_the_command_writes_figures_and_a_picture(
    plain_model: Fitted, plain_settings: Settings, tmp_path: Path
) -> None:
    image = pytest.importorskip("matplotlib.image")
    write_fitted(tmp_path / "work", plain_model, plain_settings, fingerprint(CYCLES))
    result = RUNNER.invoke(
        cli.app, ["codes", "--work", str(tmp_path / "work"), "--data", SPEC, "--out", str(tmp_path / "out")]
    )
    assert result.exit_code == 0, result.stderr
    report = json.loads((tmp_path / "out" / "codes.json").read_text())
    assert (report["n"], report["n_people"], report["trained_on_these"]) == (16, 4, True)
    assert {name: set(when) for name, when in report["spaces"].items()} == {
        "input": {"as seen"},
        SUBJECT: {BEFORE, AFTER},
        AFFECT: {BEFORE, AFTER},
    }
    picture_HWC = image.imread(tmp_path / "out" / "codes.png")[..., :3]
    for colour in ((0.0, 0.447, 0.698), (0.835, 0.369, 0.0), (0.902, 0.624, 0.0)):
        assert (np.abs(picture_HWC - colour).max(axis=-1) < 0.02).sum() > 100


def test_data_without_acted_affect_are_refused(
    plain_model: Fitted, plain_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = read_cycles(SPEC)
    unlabelled = replace(reading, cycles=replace(reading.cycles, acted_N=np.full(16, -1)))
    monkeypatch.setattr("trainer.codes_command.read_cycles", lambda words: unlabelled)
    write_fitted(tmp_path / "work", plain_model, plain_settings)
    result = RUNNER.invoke(
        cli.app, ["codes", "--work", str(tmp_path / "work"), "--data", SPEC, "--out", str(tmp_path / "out")]
    )
    assert result.exit_code == 1
    assert "0 cycles of 0 people" in result.stderr
