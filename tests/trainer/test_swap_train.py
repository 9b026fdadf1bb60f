"""The network on exchanged people: seeded, mirror-blind, no better for knowing who, and the same after a kill."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from edge.encoder import open_encoder
from edge.errors import TrainingError
from edge.gait.skeleton import mirror
from trainer.augment import mirrored
from trainer.bench_encoder import rebuilt
from trainer.cycles import Reading
from trainer.loss_log import LossLog
from trainer.recipes import fit_model
from trainer.release import Plan, export, make
from trainer.resume import Kept
from trainer.swap_logistic import SwapLogistic
from trainer.swap_net import mirror_image
from trainer.swap_settings import SwapSettings
from trainer.swap_train import fit_swaps
from trainer.train import Fitted, Settings, settings_of
from trainer.walkers import walker_cycles
from trainer.weights import read_fitted, write_fitted

CYCLES = walker_cycles(n_people=6, n_cycles=1)
STRANGERS = walker_cycles(n_people=4, n_cycles=1, first=300)
TINY = SwapSettings(n_members=2, epochs=6, steps=10, n_camera_takes=0, n_walkers=0, batch_size=48)
pytestmark = pytest.mark.usefixtures("few_attackers")


@pytest.fixture(scope="module")
def fitted():
    torch.set_num_threads(1)
    return fit_swaps(CYCLES, TINY)


def test_the_same_seed_gives_the_same_answers_and_another_does_not(fitted) -> None:
    np.testing.assert_array_equal(fit_swaps(CYCLES, TINY).logits(STRANGERS), fitted.logits(STRANGERS))
    assert not np.array_equal(fit_swaps(CYCLES, TINY, seed=1).logits(STRANGERS), fitted.logits(STRANGERS))


def test_it_knows_the_moods_of_walkers_it_has_never_seen(fitted) -> None:
    assert (fitted.logits(STRANGERS).argmax(axis=1) == STRANGERS.acted_N).mean() >= 0.8
    linear = SwapLogistic().fit(CYCLES).logits(STRANGERS)
    assert (linear.argmax(axis=1) == STRANGERS.acted_N).mean() >= 0.8


def test_the_mirror_image_is_the_shared_rule() -> None:
    x_NTJC = np.random.default_rng(0).normal(size=(2, 5, 16, 3)).astype(np.float32)
    np.testing.assert_array_equal(mirror_image(torch.as_tensor(x_NTJC)).numpy(), mirror(x_NTJC))


def test_a_walk_and_its_mirror_image_get_the_same_answer(fitted) -> None:
    other = STRANGERS.with_landmarks(mirrored(STRANGERS.x_NTJC), STRANGERS.duration_s_N)
    np.testing.assert_allclose(fitted.logits(other), fitted.logits(STRANGERS), atol=1e-3)


def test_what_was_kept_answers_the_same(fitted, tmp_path: Path) -> None:
    settings = Settings("swaps", swaps=TINY)
    write_fitted(tmp_path, fitted, settings)
    back = read_fitted(tmp_path)
    np.testing.assert_array_equal(back.fitted.logits(STRANGERS), fitted.logits(STRANGERS))
    with pytest.raises(TrainingError, match="paper-a"):
        back.paper_a()


class Stopped(Exception):
    """A kill between two epochs."""


def test_a_stopped_run_goes_on_to_the_same_weights(fitted, tmp_path: Path) -> None:
    def stop(epoch: int, losses: object) -> None:
        if epoch == TINY.epochs + 2:
            raise Stopped

    log = LossLog(tmp_path / "losses.csv")
    with pytest.raises(Stopped):
        fit_swaps(CYCLES, TINY, report=stop, kept=Kept(tmp_path / "fit", log))
    went_on = fit_swaps(CYCLES, TINY, kept=Kept(tmp_path / "fit", log))
    np.testing.assert_array_equal(went_on.logits(STRANGERS), fitted.logits(STRANGERS))
    rows = (tmp_path / "losses.csv").read_text().splitlines()
    assert len(rows) == 1 + TINY.n_members * TINY.epochs


def test_a_missing_affect_is_refused_by_name() -> None:
    with pytest.raises(TrainingError, match="sad"):
        fit_swaps(CYCLES.take(CYCLES.acted_N != 3), TINY)


def test_the_method_decides_what_is_trained() -> None:
    little = replace(settings_of("paper-a", 0, 1), classifier_epochs=1, n_takes=2)
    assert isinstance(fit_model(CYCLES, little), Fitted)
    assert settings_of("swaps", 3, 7).n_epochs == 7 * SwapSettings().n_members
    assert settings_of("swaps", 3, None).swaps == SwapSettings()


def test_a_release_is_proven_exported_again_and_rebuilt(tmp_path: Path) -> None:
    few = replace(TINY, epochs=3)
    plan = Plan(tmp_path / "bundle", Settings("swaps", swaps=few), n_folds=2, work=tmp_path / "work")
    made = make(Reading(CYCLES.take(np.arange(16)), (), "synthetic walkers", ()), plan, lambda *told: None)
    names = [figure.name for figure in made.evaluation]
    assert "strangers through a camera macro_f1" in names
    assert sum("affect code" in figure.name for figure in made.privacy) == 2
    assert any("never seen these 2 people" in figure.note for figure in made.privacy)
    export(tmp_path / "work", tmp_path / "again")
    for file in ("encoder.onnx", "golden.npz"):
        assert (tmp_path / "again" / file).read_bytes() == (tmp_path / "bundle" / file).read_bytes()
    encoder = open_encoder(tmp_path / "bundle")
    network = rebuilt(tmp_path / "bundle" / "encoder.onnx", encoder.manifest)
    with torch.inference_mode():
        logits_NK, _ = network(torch.tensor(STRANGERS.x_NTJC), torch.tensor(STRANGERS.duration_s_N))
    told = encoder.encode(STRANGERS.x_NTJC, STRANGERS.duration_s_N)
    encoder.close()
    np.testing.assert_allclose(logits_NK.softmax(dim=1).numpy(), told.posterior_NK, atol=1e-4)
