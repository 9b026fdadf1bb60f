"""Random series with memory: what `pose_error` is drawn from.

Promises: only numpy's generator decides; series have unit variance. Refuses nothing: the sizes are measured ones.

Legend: T time; rate_hz frames a second.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def keep_of(memory_s: float | Array, rate_hz: float) -> Array:
    """How much of a series is left after one frame, for a correlation time."""
    return np.asarray(np.exp(-1 / np.maximum(np.asarray(memory_s) * rate_hz, 1e-3)))


def remembering(white: Array, keep: Array) -> Array:
    """First-order autoregression (T, ...) of unit variance from white noise of unit variance.

    Summed by doubling the distance back, which needs log2 T passes over the whole array: training draws thousands.
    """
    out = np.sqrt(1 - keep**2) * white
    out[:1] = white[:1]
    back = 1
    while back < len(out):
        out[back:] += keep**back * out[:-back].copy()
        back *= 2
    return out


def following(white: Array, keep: Array, share: Array, leader: Array, leader_keep: Array) -> Array:
    """Unit variance, correlation `share` with the leader, and (where that can be) the memory `keep` as a whole."""
    rest = np.maximum(1 - share**2, 1e-6)
    own = np.clip((keep - share**2 * leader_keep) / rest, 0.0, 0.995)
    return np.asarray(share * leader + np.sqrt(rest) * remembering(white, own))


def runs(n: int, share: float, run_frames: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which of n frames (n,): runs of geometric length, apart by geometric pauses, `share` of the frames in all."""
    out = np.zeros(n, dtype=bool)
    if share <= 0:
        return out
    end = min(1.0, 1 / max(run_frames, 1.0))
    begin = min(1.0, end * share / max(1 - share, 1e-6))
    draws, on = rng.random(n), bool(rng.random() < share)
    for i in range(n):
        out[i] = on
        on = bool(draws[i] >= end if on else draws[i] < begin)
    return out
