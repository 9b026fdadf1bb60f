"""The loop: seeded, whole, and refusing labels that lack an affect."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from edge.errors import TrainingError
from trainer.augment import Disturbance
from trainer.cycles import Cycles
from trainer.disentangle import Losses
from trainer.train import Fitted, Settings, fit, standardiser_of, takes_of
from trainer.walkers import walker_cycles

CYCLES = walker_cycles(n_people=4, n_cycles=1)
TINY = Settings(epochs=2, classifier_epochs=2, batch_size=8, n_takes=2)


def weights(model: Fitted) -> torch.Tensor:
    parts = (model.autoencoder, model.classifier)
    return torch.cat([value.flatten().double() for part in parts for value in part.state_dict().values()])


def test_the_same_seed_gives_the_same_weights_and_another_does_not() -> None:
    torch.set_num_threads(1)
    once, again, other = fit(CYCLES, TINY), fit(CYCLES, TINY), fit(CYCLES, replace(TINY, seed=1))
    assert torch.equal(weights(once), weights(again))
    assert not torch.equal(weights(once), weights(other))
    np.testing.assert_array_equal(once.logits(CYCLES), again.logits(CYCLES))


def test_training_lowers_each_reconstruction_loss() -> None:
    told: list[Losses] = []
    fit(CYCLES, replace(TINY, epochs=12, disturbance=None), lambda epoch, loss: told.append(loss))
    first, last = told[0], told[-1]
    assert len(told) == 12
    assert float(last.reconstruction.detach()) < 0.7 * float(first.reconstruction.detach())
    assert float(last.cross.detach()) < 0.7 * float(first.cross.detach())


def test_it_learns_the_moods_of_walkers_it_has_never_seen() -> None:
    model = fit(CYCLES, replace(TINY, epochs=10, classifier_epochs=30))
    strangers = walker_cycles(n_people=3, n_cycles=1, first=30)
    accuracy = (model.logits(strangers).argmax(axis=1) == strangers.acted_N).mean()
    assert accuracy >= 0.75


def test_standardised_training_cycles_have_no_mean_and_unit_spread() -> None:
    features = standardiser_of(CYCLES).features(torch.tensor(CYCLES.x_NTJC), torch.tensor(CYCLES.duration_s_N))
    assert features.shape == (len(CYCLES), 49, 64)
    assert bool((features.mean(dim=(0, 2)).abs() < 1e-3).all())
    assert float(features[:, -1, 0].std(correction=0)) == pytest.approx(1.0, abs=1e-3)
    assert bool((features.std(dim=(0, 2)) < 1.01).all())


def test_takes_keep_clean_targets_and_mirror_every_second() -> None:
    nothing = replace(TINY, disturbance=Disturbance(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    takes = takes_of(CYCLES, standardiser_of(CYCLES), nothing, np.random.default_rng(0))
    for at, x_NFT in enumerate(takes.x_VNFT):
        assert torch.allclose(x_NFT, takes.clean_2NFT[at % 2], atol=0.05)
    assert not torch.allclose(takes.clean_2NFT[0], takes.clean_2NFT[1], atol=0.05)


def without_sad(cycles: Cycles) -> Cycles:
    return cycles.take(cycles.acted_N != 3)


def test_a_missing_affect_is_refused_by_name() -> None:
    with pytest.raises(TrainingError, match="sad"):
        fit(without_sad(CYCLES), TINY)


def test_unlabelled_cycles_are_refused() -> None:
    unknown = replace(CYCLES, acted_N=np.full(len(CYCLES), -1))
    with pytest.raises(TrainingError, match="without a label"):
        fit(unknown, TINY)
