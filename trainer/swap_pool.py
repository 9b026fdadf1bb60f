"""Cycles with the walker exchanged: what ``swap_net`` is trained on.

Equation 1 of Malek-Podjaski & Deligianni 2021, x_kj from x_kl and x_ij, without a decoder: in one set of takes, u_i is
how person i's cycles deviate on average from the mean of their affects, and x_ij - u_i + u_k is x_ij walked by k.
Over a pool in which everybody walks like everybody, knowing the walker tells nothing about the affect, also where a
fold lacks a person's cell (with one cycle per cell, what is missing would otherwise tell: pitfall of stratified folds).

Sets: the training people's clean cycles; these through the camera (``camera_takes``: MediaPipe's measured error from
every side); synthetic walkers, clean and through the camera. Each comes twice, as walked and mirrored; every set has
its own means and deviations.

Promises: people who are not in the training cycles are never looked at; synthetic people have identities below
``FIRST_UNSEEN``. The same generator gives the same pool and batches. Refuses nothing.

Shape letters: V take, N cycle, F feature, P person, B batch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from edge.gait.normalise import N_SAMPLES
from edge.gait.skeleton import N_BODY
from trainer.augment import mirrored
from trainer.camera_takes import seen_by_camera
from trainer.cycles import Cycles
from trainer.disentangle import N_AFFECTS
from trainer.swap_settings import SwapSettings
from trainer.walkers_factorial import Factorial, factorial_cycles

FIRST_UNSEEN: Final = 200
"""Synthetic people from this identity on are for tests of the camera, never for training."""
_WALKERS_SEED: Final = 2
_N_REMEMBERED: Final = 4096
Floats = npt.NDArray[np.float32]
Take = tuple[Floats, Floats]
Featured = Callable[[Floats, Floats], Tensor]
"""(N, T, J, C) metres and (N,) seconds to features (N, F)."""


@dataclass(frozen=True, slots=True)
class Set:
    """Takes of the same cycles: features (V, N, F), labels, persons, each take's deviations (V, P, F), and weight."""

    features_VNF: Tensor
    label_N: Tensor
    person_N: Tensor
    deviation_VPF: Tensor
    weight: float

    def drawn(self, n: int, swap_share: float, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """``n`` cycles and their labels, most with another person's deviation instead of their own."""
        n_takes, n_cycles = self.features_VNF.shape[:2]
        take_B, at_B = (torch.as_tensor(rng.integers(size, size=n)) for size in (n_takes, n_cycles))
        other_B = torch.as_tensor(rng.integers(self.deviation_VPF.shape[1], size=n))
        swapped_B1 = torch.as_tensor(rng.random(n) < swap_share, dtype=torch.float32)[:, None]
        change_BF = self.deviation_VPF[take_B, other_B] - self.deviation_VPF[take_B, self.person_N[at_B]]
        return self.features_VNF[take_B, at_B] + swapped_B1 * change_BF, self.label_N[at_B]


@dataclass(frozen=True, slots=True)
class Pool:
    """All sets."""

    sets: tuple[Set, ...]

    def batch(self, settings: SwapSettings, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Features (B, F) and labels (B,), from each set by its weight."""
        whole = sum(each.weight for each in self.sets)
        sizes = [max(2, round(settings.batch_size * each.weight / whole)) for each in self.sets]
        parts = [each.drawn(n, settings.swap_share, rng) for each, n in zip(self.sets, sizes, strict=True)]
        features, labels = zip(*parts, strict=True)
        return torch.cat(features), torch.cat(labels)


def pool_of(cycles: Cycles, settings: SwapSettings, featured: Featured, seed: int) -> Pool:
    """The pool of the training ``cycles``; ``featured`` standardises by them."""
    clean, camera = clean_takes(cycles), camera_takes(cycles, settings.n_camera_takes, seed)
    sets = [set_of(clean, cycles, featured, 1.0)]
    if camera:
        sets.append(set_of(camera, cycles, featured, settings.camera_share))
    if settings.n_walkers:
        walkers, seen = _walkers(settings.n_walkers, settings.n_walker_takes)
        sets.append(set_of(clean_takes(walkers), walkers, featured, settings.walker_share / 3))
        sets.append(set_of(seen, walkers, featured, settings.walker_share))
    return Pool(tuple(sets))


def set_of(takes: list[Take], cycles: Cycles, featured: Featured, weight: float) -> Set:
    """Takes of ``cycles`` with what each person deviates by in each."""
    features_VNF = torch.stack([featured(*take) for take in takes])
    people, number_N = np.unique(cycles.subject_N, return_inverse=True)
    label_N, person_N = torch.as_tensor(cycles.acted_N), torch.as_tensor(number_N)
    deviations = torch.stack([deviation_of(x_NF, label_N, person_N, len(people)) for x_NF in features_VNF])
    return Set(features_VNF, label_N, person_N, deviations, weight)


def deviation_of(features_NF: Tensor, label_N: Tensor, person_N: Tensor, n_people: int) -> Tensor:
    """(P, F): how each person's cycles deviate, on average, from the mean of their affects."""
    rest_NF = features_NF - _means(features_NF, label_N, N_AFFECTS)[label_N]
    return _means(rest_NF, person_N, n_people)


def clean_takes(cycles: Cycles) -> list[Take]:
    """As walked, and mirrored."""
    return [(cycles.x_NTJC, cycles.duration_s_N), (mirrored(cycles.x_NTJC), cycles.duration_s_N)]


def camera_takes(cycles: Cycles, n_takes: int, seed: int) -> list[Take]:
    """``n_takes`` of each side through a camera that stands anywhere."""
    return [_seen(side, (seed, number)) for side in clean_takes(cycles) for number in range(n_takes)]


def _seen(side: Take, seed: tuple[int, int]) -> Take:
    """A cycle's take is its own: the same in every fold that holds it."""
    takes = [_seen_once(x_TJC.tobytes(), float(duration_s), seed) for x_TJC, duration_s in zip(*side, strict=True)]
    x, duration_s = zip(*takes, strict=True)
    return np.concatenate(x), np.concatenate(duration_s)


@lru_cache(maxsize=_N_REMEMBERED)
def _seen_once(x_TJC: bytes, duration_s: float, seed: tuple[int, int]) -> Take:
    x_1TJC = np.frombuffer(x_TJC, dtype=np.float32).reshape(1, N_SAMPLES, N_BODY, 3)
    rng = np.random.default_rng((*seed, crc32(x_TJC)))
    return seen_by_camera(x_1TJC, np.array([duration_s], dtype=np.float32), rng)


@lru_cache(maxsize=1)
def _walkers(n_people: int, n_takes: int) -> tuple[Cycles, list[Take]]:
    """The same for every fold, for no person of the data is among them."""
    if n_people > FIRST_UNSEEN:
        raise ValueError(f"{n_people} synthetic people; those from {FIRST_UNSEEN} on are for tests")
    walkers = factorial_cycles(Factorial(n_people=n_people, n_recordings=1, n_cycles=1))
    return walkers, camera_takes(walkers, n_takes, _WALKERS_SEED)


def _means(values_NF: Tensor, group_N: Tensor, n_groups: int) -> Tensor:
    sums = torch.zeros(n_groups, values_NF.shape[1]).index_add(0, group_N, values_NF)
    return sums / torch.bincount(group_N, minlength=n_groups).clamp(min=1)[:, None]
