"""Is this walking? Both feet swing far enough, and against each other.

Promises: open only after n_open good samples on end, closed after n_close bad ones (gait.md, step 4). Standing,
squats and jumps never open it. There is no condition on the speed of the hips: people walk on treadmills.

Shapes: D channel (left foot, right foot), T time.
"""

from __future__ import annotations

import math

import numpy as np

from edge.gait.settings import GaitSettings
from edge.gait.skeleton import FloatArray


class WalkingGate:
    """Hysteresis over the excursion of both feet and their correlation."""

    def __init__(self, settings: GaitSettings) -> None:
        self._settings = settings
        self.reset()

    def reset(self) -> None:
        """Close, and forget."""
        self.is_open = False
        self._n_good = 0
        self._n_bad = 0

    def update(self, forward_DT: FloatArray) -> bool:
        """Take the forward signals of the window; return whether this is walking."""
        if looks_like_walking(forward_DT, self._settings):
            self._n_good, self._n_bad = self._n_good + 1, 0
        else:
            self._n_good, self._n_bad = 0, self._n_bad + 1
        if self._n_good >= self._settings.n_open:
            self.is_open = True
        elif self._n_bad >= self._settings.n_close:
            self.is_open = False
        return self.is_open


def looks_like_walking(forward_DT: FloatArray, settings: GaitSettings) -> bool:
    """Excursion of both feet (5 to 95 percent of the samples) and their correlation over one window."""
    n = forward_DT.shape[1]
    ranked = np.sort(forward_DT, axis=1)
    low, high = round(0.05 * (n - 1)), round(0.95 * (n - 1))
    if float((ranked[:, high] - ranked[:, low]).min()) <= settings.min_excursion:
        return False
    left, right = forward_DT - forward_DT.sum(axis=1, keepdims=True) / n
    spread = math.sqrt(float(left @ left) * float(right @ right))
    return spread > 0.0 and float(left @ right) / spread < settings.max_correlation
