"""How far, and how much against each other, the feet swing over one window.

Promises: what the walking gate and the contact finder both need, worked out once. Refuses nothing.

Shapes: D side (left, right), T time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edge.gait.skeleton import FloatArray

_LOW, _HIGH = 0.05, 0.95


@dataclass(frozen=True, slots=True)
class Swing:
    """Per foot the mean and the 5-to-95 percentile range (leg lengths), and the correlation of the two feet."""

    mean_D: tuple[float, float]
    range_D: tuple[float, float]
    correlation: float


def swing_of(forward_DT: FloatArray) -> Swing:
    """Measure one window of forward positions (2, T); the correlation of a foot at rest is 0."""
    n = forward_DT.shape[1]
    ranked_DT = np.sort(forward_DT, axis=1)
    (low_left, high_left), (low_right, high_right) = ranked_DT[
        :, [round(_LOW * (n - 1)), round(_HIGH * (n - 1))]
    ].tolist()
    mean_D = np.add.reduce(forward_DT, axis=1) / n
    centred_DT = forward_DT - mean_D[:, None]
    (left, both), (_, right) = (centred_DT @ centred_DT.T).tolist()
    spread = math.sqrt(left * right)
    left_mean, right_mean = mean_D.tolist()
    return Swing(
        mean_D=(left_mean, right_mean),
        range_D=(high_left - low_left, high_right - low_right),
        correlation=both / spread if spread > 0.0 else 0.0,
    )
