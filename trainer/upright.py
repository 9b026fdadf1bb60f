"""Axes nobody wrote down: which one is up, told by the body.

Promises: only proper rotations, so left stays left. Refuses (ValueError) a body without legs or without extent.

Marker and BVH files are y up or z up as the laboratory liked. Hips are above ankles in any walk, so the axis along
which they are farthest apart on average is the vertical.

Shape letters: T time, J landmark, C coordinate.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from edge.gait.skeleton import LEFT_ANKLE, LEFT_HIP, LEFT_KNEE, RIGHT_ANKLE, RIGHT_HIP, RIGHT_KNEE

Floats = npt.NDArray[Any]
_TURN_OVER = np.array([1.0, -1.0, -1.0])


def y_up(x_TJC: Floats) -> Floats:
    """The same motion (T, 20, 3), y up; NaN are left out of the judgement."""
    over_C = _mean(x_TJC[:, [LEFT_HIP, RIGHT_HIP]]) - _mean(x_TJC[:, [LEFT_ANKLE, RIGHT_ANKLE]])
    up = int(np.argmax(np.abs(over_C)))
    # Cyclic permutations are rotations.
    turned = x_TJC[..., [(up - 1) % 3, up, (up + 1) % 3]]
    return turned if over_C[up] > 0.0 else turned * _TURN_OVER


def leg_length(x_TJC: Floats) -> float:
    """Median over frames and sides of thigh and shank together, in the file's unit."""
    sides = ((LEFT_HIP, LEFT_KNEE, LEFT_ANKLE), (RIGHT_HIP, RIGHT_KNEE, RIGHT_ANKLE))
    lengths = [
        np.linalg.norm(x_TJC[:, hip] - x_TJC[:, knee], axis=-1)
        + np.linalg.norm(x_TJC[:, knee] - x_TJC[:, ankle], axis=-1)
        for hip, knee, ankle in sides
    ]
    length = float(np.nanmedian(lengths)) if np.isfinite(lengths).any() else 0.0
    if not length > 0.0:
        raise ValueError("a body without legs")
    return length


def _mean(x_TJC: Floats) -> Floats:
    if not np.isfinite(x_TJC).any():
        raise ValueError("hips or ankles are missing throughout")
    return np.asarray(np.nanmean(x_TJC, axis=(0, 1)))
