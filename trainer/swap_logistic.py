"""Exchanged people without a network: the mean of many linear classifiers on harmonics, nothing chosen.

Features are means and harmonic strengths (``spectrum``) of segment angles or of coordinates with the trunk upright,
up to the third, fifth or seventh harmonic; each classifier is a logistic regression with one of three penalties on the
training cycles, their mirror images, and both with exchanged people (``swap_pool``). All eighteen answers are averaged,
so there is no choice to make and none to be optimistic about; that harmonics and angles were tried at all was decided
with BML in view (LOG.md).

Promises: only the training cycles are looked at; the same seed gives the same answers. Refuses nothing.

Shape letters: N cycle, F feature, K class.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from trainer.cycles import Cycles
from trainer.posture import upright_trunk
from trainer.segment_angles import segment_angles
from trainer.spectrum import Harmonics, with_duration
from trainer.swap_pool import Featured, Set, clean_takes, set_of

Floats = npt.NDArray[np.float64]
_UP_TO: Final = (3, 5, 7)
_PENALTIES: Final = (0.001, 0.003, 0.01)
_N_SWAPS: Final = 8
_NEVER_CHANGES: Final = 1e-6


class SwapLogistic:
    """``fit`` on training cycles, ``logits`` (N, K) of others."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self._fitted: list[tuple[Featured, StandardScaler, LogisticRegression]] = []

    def fit(self, cycles: Cycles) -> "SwapLogistic":
        """Train all eighteen."""
        self._fitted = []
        for channels in (segment_angles, _coordinates):
            for n_harmonics in _UP_TO:
                self._fit_one(cycles, _featured(channels, n_harmonics))
        return self

    def logits(self, cycles: Cycles) -> Floats:
        """Mean over classifiers and over each walk and its mirror image."""
        answers = [
            learner.decision_function(scale.transform(featured(*take).numpy()))
            for featured, scale, learner in self._fitted
            for take in clean_takes(cycles)
        ]
        return np.asarray(np.mean(answers, axis=0))

    def _fit_one(self, cycles: Cycles, raw: Featured) -> None:
        raw_NF = torch.cat([raw(*take) for take in clean_takes(cycles)])
        kept_F = raw_NF.std(dim=0) > _NEVER_CHANGES
        scale = StandardScaler().fit(raw_NF[:, kept_F].numpy())

        def featured(x_NTJC: npt.NDArray[np.float32], duration_s_N: npt.NDArray[np.float32]) -> Tensor:
            return raw(x_NTJC, duration_s_N)[:, kept_F]

        def standard(x_NTJC: npt.NDArray[np.float32], duration_s_N: npt.NDArray[np.float32]) -> Tensor:
            return torch.from_numpy(scale.transform(featured(x_NTJC, duration_s_N).numpy())).float()

        x_NF, label_N = self._drawn(set_of(clean_takes(cycles), cycles, standard, 1.0))
        for penalty in _PENALTIES:
            weight = penalty * 2 * len(cycles) / len(x_NF)
            learner = LogisticRegression(C=weight, max_iter=2000, tol=1e-3).fit(x_NF, label_N)
            self._fitted.append((featured, scale, learner))

    def _drawn(self, clean: Set) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Every cycle as it is, and ``_N_SWAPS`` times as many with people exchanged."""
        rng = np.random.default_rng((self.seed, 11))
        n_takes, n_cycles = clean.features_VNF.shape[:2]
        swapped_NF, swapped_N = clean.drawn(_N_SWAPS * n_cycles, 1.0, rng)
        x_NF = torch.cat([clean.features_VNF.flatten(0, 1), swapped_NF])
        label_N = torch.cat([clean.label_N.repeat(n_takes), swapped_N])
        return x_NF.double().numpy(), label_N.numpy()


def _coordinates(x_NTJC: Tensor) -> Tensor:
    return upright_trunk(x_NTJC).flatten(2)


def _featured(channels: Callable[[Tensor], Tensor], n_harmonics: int) -> Featured:
    harmonics = Harmonics(n_harmonics)

    @torch.no_grad()
    def featured(x_NTJC: npt.NDArray[np.float32], duration_s_N: npt.NDArray[np.float32]) -> Tensor:
        return with_duration(harmonics(channels(torch.tensor(x_NTJC))), torch.tensor(duration_s_N))

    return featured
