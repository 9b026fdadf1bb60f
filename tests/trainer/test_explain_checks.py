"""Checks that can fail: a network whose truth is known, a map that is not about it, a model that learned nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edge.gait.skeleton import HEAD, LEFT_WRIST, N_BODY
from trainer.explain_checks import Rival, checks_of, similarity
from trainer.explain_deletion import curves, without
from trainer.explain_map import CycleMaps, Effort, Sample, cycle_maps
from trainer.explain_network import Explained
from trainer.walkers import walker_cycles

EFFORT = Effort(n_draws=3, n_resamples=40, n_orders=20)
CYCLES = walker_cycles(n_people=5, n_cycles=1)
LABEL_N = torch.as_tensor(CYCLES.acted_N)


class LooksAtTheHead(nn.Module):
    """Logit k is the mean of the head's first coordinate where it is k; deaf to everything else."""

    def forward(self, x_NFT: Tensor) -> Tensor:
        seen_N1 = x_NFT[:, 3 * HEAD].mean(dim=1, keepdim=True)
        return -(seen_N1 - torch.arange(4.0)).square()


class Convolved(nn.Module):
    """A small network with an encoder, for maps."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.encoder = nn.Sequential(nn.Conv1d(49, 16, 8, 8), nn.LeakyReLU(0.2))
        self.head = nn.Linear(16, 4)

    def forward(self, x_NFT: Tensor) -> Tensor:
        return self.head(self.encoder(x_NFT).mean(dim=2))


def truth_in_the_head() -> Sample:
    """Chance everywhere, the true affect in the head's first coordinate."""
    x_NFT = torch.randn(len(CYCLES), 49, 64, generator=torch.Generator().manual_seed(0))
    x_NFT[:, 3 * HEAD] = LABEL_N[:, None].float()
    return Sample(CYCLES, x_NFT, LABEL_N, x_NFT.std(dim=0))


def model(network: nn.Module) -> Explained:
    return Explained(network.eval().requires_grad_(False), "encoder.0", lambda cycles: truth_in_the_head().x_NFT)


def shares(first: int) -> np.ndarray:
    """A map's shares with one landmark above all others."""
    share_NJ = np.full((len(CYCLES), N_BODY), 0.01)
    share_NJ[:, first] = 1.0
    return share_NJ


def test_removing_what_the_network_looks_at_first_hurts_at_once() -> None:
    sample = truth_in_the_head()
    deletion, insertion = curves(model(LooksAtTheHead()), sample, shares(HEAD), EFFORT)
    assert deletion.by_map.accuracy[0] == 1.0
    assert deletion.by_map.accuracy[1] == 0.25  # all look like the first affect
    assert insertion.by_map.accuracy[:2] == [0.25, 1.0]
    assert deletion.passed
    assert insertion.passed
    assert deletion.beaten_logit == pytest.approx(1.0, abs=0.2)  # a random order may begin with the head, too
    assert deletion.area_accuracy.value > 0.2


def test_a_map_that_names_the_wrong_landmarks_fails() -> None:
    share_NJ = 1.0 - shares(HEAD)
    deletion, insertion = curves(model(LooksAtTheHead()), truth_in_the_head(), share_NJ, EFFORT)
    assert deletion.by_map.accuracy[-2] == 1.0
    assert not deletion.passed
    assert not insertion.passed
    assert deletion.area_logit.value < 0
    assert deletion.beaten_logit == 0.0


def test_both_curves_have_the_same_two_ends_and_every_step_between() -> None:
    deletion, insertion = curves(model(LooksAtTheHead()), truth_in_the_head(), shares(LEFT_WRIST), EFFORT)
    for one, other in ((deletion, insertion), (insertion, deletion)):
        assert len(one.by_map.logit) == N_BODY + 1
        assert one.by_map.logit[0] == pytest.approx(other.by_map.logit[-1])
        assert one.random.logit[0] == pytest.approx(one.by_map.logit[0])
        assert one.random_low.logit[3] <= one.random.logit[3] <= one.random_high.logit[3]


def test_removing_leaves_the_sample_and_the_duration_alone() -> None:
    sample = truth_in_the_head()
    before = sample.x_NFT.clone()
    answers = without(model(LooksAtTheHead()), sample, np.tile(np.arange(N_BODY), (len(CYCLES), 1)))
    assert torch.equal(sample.x_NFT, before)
    assert answers.right_SN.shape == (N_BODY + 1, len(CYCLES))


def test_a_landmark_that_never_differs_stands_in_no_order() -> None:
    sample = truth_in_the_head()
    spread_FT = sample.spread_FT.clone()
    spread_FT[:3] = 0.0
    deletion, _ = curves(model(LooksAtTheHead()), replace(sample, spread_FT=spread_FT), shares(HEAD), EFFORT)
    assert len(deletion.by_map.accuracy) == N_BODY


def test_the_interval_needs_two_people() -> None:
    sample = truth_in_the_head().take(np.flatnonzero(CYCLES.subject_N == CYCLES.subject_N[0]))
    deletion, _ = curves(model(LooksAtTheHead()), sample, shares(HEAD)[: len(sample.label_N)], EFFORT)
    assert (deletion.area_logit.low, deletion.passed) == (None, None)


def test_a_map_that_forgetting_does_not_change_fails_its_check() -> None:
    """Every forgotten map is put in place of by the real one: what Adebayo et al. found of edge detectors."""
    small, sample = model(Convolved()), truth_in_the_head()
    maps, rival = cycle_maps(small, sample), Rival(small, sample, None, EFFORT)
    rival.forgot = [[maps for _ in draws] for draws in rival.forgot]
    found = checks_of(maps, rival, np.arange(len(CYCLES)))
    assert found.stages[-1].map.rho == pytest.approx(1.0)
    assert found.stages[-1].map.changed is False
    assert found.passed is False


def test_another_run_agrees_only_if_it_is_more_alike_than_forgetting() -> None:
    small, sample = model(Convolved()), truth_in_the_head()
    maps, rival = cycle_maps(small, sample), Rival(small, sample, small, EFFORT)
    every = np.arange(len(CYCLES))
    assert checks_of(maps, rival, every).repeatable is True  # the same run is given as the other
    rival.other = rival.forgot[-1][0]
    assert checks_of(maps, rival, every).repeatable is False


def test_two_people_are_no_control() -> None:
    small, sample = model(Convolved()), truth_in_the_head()
    two = np.flatnonzero(np.isin(CYCLES.subject_N, np.unique(CYCLES.subject_N)[:2]))
    found = checks_of(cycle_maps(small, sample), Rival(small, sample, None, EFFORT), two)
    assert found.control is None
    assert found.passed is None
    assert found.stages[-1].map.changed is None


def test_likeness_is_of_ranks_and_leaves_out_what_never_moves() -> None:
    rng = np.random.default_rng(0)
    one_JT, moving_J = rng.random((4, 6)), np.array([False, True, True, True])
    other_JT = np.exp(5 * one_JT)
    other_JT[0] = -other_JT[0]
    rho = similarity(one_JT, other_JT, moving_J)
    assert rho is not None
    assert rho.map == pytest.approx(1.0)
    assert similarity(one_JT, None, moving_J) is None


def test_a_network_without_any_activation_has_changed_and_has_no_likeness() -> None:
    small, sample = model(Convolved()), truth_in_the_head()
    maps, rival = cycle_maps(small, sample), Rival(small, sample, None, EFFORT)
    rival.forgot[-1] = [CycleMaps(0.0 * each.body_NJT, each.rest_N) for each in rival.forgot[-1]]
    every = np.arange(len(CYCLES))
    last = checks_of(maps, rival, every).stages[-1]
    assert (last.n_without_map, last.map.rho, last.map.changed) == (3, None, True)
    assert rival.untrained_J(every) is None


def test_no_cycle_makes_no_map() -> None:
    maps = CycleMaps(np.zeros((2, 3, 4)), np.zeros(2))
    assert maps.mean(np.arange(2)) is None
    assert maps.mean(np.arange(0)) is None
