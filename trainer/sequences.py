"""One array for every classifier of cycles: landmarks over the cycle, and its clock as one more channel.

Promises: ``apart(with_clock(...))`` gives back what went in. Refuses nothing.

Shape letters: N cycle, T time, J landmark, C coordinate, P channel (48 coordinates in metres, then log seconds).
"""

import numpy as np
import numpy.typing as npt

from trainer.cycles import Cycles

Floats = npt.NDArray[np.float64]


def with_clock(x_NTJC: npt.ArrayLike, duration_s_N: npt.ArrayLike) -> Floats:
    """(N, T, P): landmarks flat, then the logarithm of the duration, constant over the cycle."""
    x_NTJC = np.asarray(x_NTJC, dtype=np.float64)
    x_NTP = x_NTJC.reshape(*x_NTJC.shape[:2], -1)
    clock_NT1 = np.broadcast_to(np.log(np.asarray(duration_s_N))[:, None, None], (*x_NTP.shape[:2], 1))
    return np.concatenate([x_NTP, clock_NT1], axis=2)


def sequence_of(cycles: Cycles) -> Floats:
    """(N, T, P) of normalised cycles."""
    return with_clock(cycles.x_NTJC, cycles.duration_s_N)


def apart(x_NTP: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Landmarks (N, T, J, C) in metres and durations (N,) in seconds."""
    x_NTP = np.asarray(x_NTP, dtype=np.float64)
    return x_NTP[:, :, :-1].reshape(*x_NTP.shape[:2], -1, 3), np.exp(x_NTP[:, 0, -1])
