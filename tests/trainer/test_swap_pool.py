"""Exchanged people: the exchange is equation 1 where people and affects add up, and nothing is left to know."""

from dataclasses import replace

import numpy as np
import torch

from trainer.swap_pool import Set, clean_takes, deviation_of, pool_of, set_of
from trainer.swap_settings import SwapSettings
from trainer.swap_train import spectrum_of
from trainer.walkers import walker_cycles

RNG = np.random.default_rng(0)
N_PEOPLE, N_AFFECTS, N_FEATURES = 6, 4, 9
WHO = RNG.normal(size=(N_PEOPLE, N_FEATURES)).astype(np.float32)
HOW = RNG.normal(size=(N_AFFECTS, N_FEATURES)).astype(np.float32)
PERSON_N = torch.arange(N_PEOPLE).repeat_interleave(N_AFFECTS)
LABEL_N = torch.arange(N_AFFECTS).repeat(N_PEOPLE)
ADDED = torch.tensor(WHO)[PERSON_N] + torch.tensor(HOW)[LABEL_N]


def added_set() -> Set:
    deviation_PF = deviation_of(ADDED, LABEL_N, PERSON_N, N_PEOPLE)
    return Set(ADDED[None], LABEL_N, PERSON_N, deviation_PF[None], 1.0)


def test_a_deviation_is_the_persons_own() -> None:
    centred = WHO - WHO.mean(axis=0)
    np.testing.assert_allclose(deviation_of(ADDED, LABEL_N, PERSON_N, N_PEOPLE).numpy(), centred, atol=1e-5)


def test_an_exchanged_cycle_is_the_other_persons_recorded_one() -> None:
    """Equation 1, exactly, where a cycle is person plus affect."""
    features_BF, label_B = added_set().drawn(200, 1.0, np.random.default_rng(1))
    distance_BN = torch.cdist(features_BF, ADDED, compute_mode="donot_use_mm_for_euclid_dist")
    nearest_B = distance_BN.argmin(dim=1)
    assert float(distance_BN.min(dim=1).values.max()) < 1e-5
    assert bool((LABEL_N[nearest_B] == label_B).all())
    assert len(set(PERSON_N[nearest_B].tolist())) == N_PEOPLE


def test_without_exchange_the_cycles_are_as_recorded() -> None:
    features_BF, label_B = added_set().drawn(50, 0.0, np.random.default_rng(1))
    distance_BN = torch.cdist(features_BF, ADDED, compute_mode="donot_use_mm_for_euclid_dist")
    assert float(distance_BN.min(dim=1).values.max()) == 0.0
    assert bool((LABEL_N[distance_BN.argmin(dim=1)] == label_B).all())


def test_a_missing_cell_does_not_tell_the_affect_of_its_person() -> None:
    """Each person lacks one affect; among exchanged cycles of every person all affects are as frequent."""
    keep = [at for at in range(len(ADDED)) if int(LABEL_N[at]) != int(PERSON_N[at]) % N_AFFECTS]
    x_NF, label_N, person_N = ADDED[keep], LABEL_N[keep], PERSON_N[keep]
    deviation_PF = deviation_of(x_NF, label_N, person_N, N_PEOPLE)
    missing = Set(x_NF[None], label_N, person_N, deviation_PF[None], 1.0)
    features_BF, label_B = missing.drawn(6000, 1.0, np.random.default_rng(2))
    how = torch.tensor(HOW) - torch.tensor(HOW).mean(dim=0)
    across, *_ = torch.linalg.qr(how[:3].T)
    first = torch.tensor(WHO)[0] - torch.tensor(WHO).mean(dim=0)
    first = first - across @ (across.T @ first)
    looks_like_the_first_B = (features_BF - features_BF.mean(dim=0)) @ first > 0.5 * first @ first
    shares = torch.bincount(label_B[looks_like_the_first_B], minlength=N_AFFECTS) / looks_like_the_first_B.sum()
    recorded = ((x_NF - x_NF.mean(dim=0)) @ first > 0.5 * first @ first) & (person_N == 0)
    assert set(label_N[recorded].tolist()) == {1, 2, 3}
    assert float(shares.min()) > 0.15


def test_the_pool_holds_camera_and_walkers_by_their_shares() -> None:
    cycles = walker_cycles(n_people=3, n_cycles=1, first=300)
    little = SwapSettings(n_walkers=2, n_walker_takes=1, n_camera_takes=1, batch_size=30)
    spectrum = spectrum_of(cycles)

    def featured(x_NTJC: np.ndarray, duration_s_N: np.ndarray) -> torch.Tensor:
        return spectrum(torch.tensor(x_NTJC), torch.tensor(duration_s_N))

    pool = pool_of(cycles, little, featured, 0)
    assert [len(each.features_VNF) for each in pool.sets] == [2, 2, 2, 2]
    features_BF, label_B = pool.batch(little, np.random.default_rng(0))
    assert features_BF.shape == (len(label_B), pool.sets[0].features_VNF.shape[2])
    assert bool(torch.isfinite(features_BF).all())
    again = pool_of(cycles, little, featured, 0)
    assert torch.equal(again.sets[1].features_VNF, pool.sets[1].features_VNF)


def test_a_fold_gets_the_same_takes_as_everybody() -> None:
    cycles = walker_cycles(n_people=2, n_cycles=1, first=300)
    settings_ = SwapSettings(n_walkers=0, n_camera_takes=1)

    def plain(x_NTJC: np.ndarray, duration_s_N: np.ndarray) -> torch.Tensor:
        return torch.tensor(x_NTJC[:, 0, :, 0])

    whole = pool_of(cycles, settings_, plain, 0).sets[1].features_VNF
    part = pool_of(cycles.take(np.arange(4)), settings_, plain, 0).sets[1].features_VNF
    assert torch.equal(part, whole[:, :4])


def test_sets_keep_labels_and_people_of_their_cycles() -> None:
    cycles = walker_cycles(n_people=3, n_cycles=1)
    mixed = cycles.take(np.random.default_rng(3).permutation(len(cycles)))
    found = set_of(clean_takes(mixed), mixed, lambda x, s: torch.tensor(x[:, 0, :, 1]), 1.0)
    assert found.label_N.tolist() == mixed.acted_N.tolist()
    assert found.deviation_VPF.shape[:2] == (2, 3)
    assert replace(found, weight=2.0).weight == 2.0
