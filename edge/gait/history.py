"""The last three seconds of un-swapped, un-smoothed landmarks, and cycles cut out of them.

Promises: bounded memory; a cut is a new array, nothing in it is shared. Landmarks hidden for a moment are filled
by straight lines; a landmark that is hidden throughout makes the cut None.

Shapes: T time, J landmark, C coordinate.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.interpolate import CubicSpline

from edge.gait.normalise import N_SAMPLES
from edge.gait.skeleton import (
    HEAD,
    LEFT_ANKLE,
    LEFT_ELBOW,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    LEFT_WRIST,
    N_BODY,
    N_LANDMARKS,
    RIGHT_ANKLE,
    RIGHT_ELBOW,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
    RIGHT_WRIST,
    FloatArray,
)

LEGS = np.asarray([LEFT_HIP, LEFT_KNEE, LEFT_ANKLE, RIGHT_HIP, RIGHT_KNEE, RIGHT_ANKLE])
# The upper body only has to exist: pose estimators place an arm behind the trunk well enough, at low visibility.
_UPPER = np.asarray([HEAD, LEFT_SHOULDER, LEFT_ELBOW, LEFT_WRIST, RIGHT_SHOULDER, RIGHT_ELBOW, RIGHT_WRIST])
_LIMB_STARTS = np.asarray([LEFT_HIP, LEFT_KNEE, RIGHT_HIP, RIGHT_KNEE])
_LIMB_ENDS = np.asarray([LEFT_KNEE, LEFT_ANKLE, RIGHT_KNEE, RIGHT_ANKLE])
_CONTEXT = 3


def _hidden_up_to(min_visibility: float) -> FloatArray:
    """The visibility (16,) that a landmark must exceed; root, spine and neck are made of others and always there."""
    hidden_J = np.full(N_BODY, -1.0)
    hidden_J[LEGS] = np.nextafter(min_visibility, 0.0)
    hidden_J[_UPPER] = 0.0
    return hidden_J


@lru_cache(maxsize=32)
def _interpolation(n: int) -> CubicSpline:
    """The cubic spline of n even samples as a linear map: evaluated at positions (T,), weights (T, n)."""
    return CubicSpline(np.arange(n), np.eye(n))


class History:
    """Ring of grid samples with contiguous views."""

    def __init__(self, n_kept: int, rate_hz: float, min_visibility: float) -> None:
        self._n_kept, self._rate_hz = n_kept, rate_hz
        self._hidden_J = _hidden_up_to(min_visibility)
        self._x = np.zeros((2 * n_kept, N_BODY, 3))
        self._visibility = np.zeros((2 * n_kept, N_LANDMARKS))
        self._filled = np.zeros(2 * n_kept)
        self._heading = np.zeros(2 * n_kept)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._end = self._n = 0
        self._newest_s = 0.0

    def update(self, t_s: float, x_JC: FloatArray, visibility_J: FloatArray, filled: bool, heading_rad: float) -> None:
        """Keep one grid sample."""
        if self._end == len(self._filled):
            for ring in (self._x, self._visibility, self._filled, self._heading):
                ring[: self._n_kept - 1] = ring[1 - self._n_kept :]
            self._end = self._n_kept - 1
        self._x[self._end] = x_JC[:N_BODY]
        self._visibility[self._end] = visibility_J
        self._filled[self._end] = filled
        self._heading[self._end] = heading_rad
        self._end += 1
        self._n = min(self._n + 1, self._n_kept)
        self._newest_s = t_s

    def filled_share(self, start_s: float, end_s: float) -> float:
        """Share of bridged samples in [start_s, end_s)."""
        filled_T = self._filled[self._samples(start_s, end_s)]
        return float(np.add.reduce(filled_T)) / len(filled_T)

    def leg_visibility(self, start_s: float, end_s: float) -> float:
        """Mean visibility of hips, knees and ankles."""
        return float(self._visibility[self._samples(start_s, end_s)][:, LEGS].mean())

    def turned_rad(self, start_s: float, end_s: float) -> float:
        """By how much the heading changed, without its sign."""
        headings = self._heading[self._samples(start_s, end_s)]
        turned = float(headings[-1] - headings[0])
        return abs(math.remainder(turned, 2.0 * math.pi))

    def limb_change(self, start_s: float, end_s: float) -> float:
        """The most any thigh or shank changed its length: standard deviation over mean, of seen samples."""
        rows = self._samples(start_s, end_s)
        bone_TBC = self._x[rows][:, _LIMB_ENDS] - self._x[rows][:, _LIMB_STARTS]
        length_TB = np.sqrt(np.einsum("tbc,tbc->tb", bone_TBC, bone_TBC))
        visible_TJ = self._visibility[rows] > self._hidden_J[LEGS[0]]
        seen_TB = visible_TJ[:, _LIMB_ENDS] & visible_TJ[:, _LIMB_STARTS]
        n_B = np.maximum(np.add.reduce(seen_TB, axis=0), 1)
        mean_B = np.add.reduce(length_TB * seen_TB, axis=0) / n_B
        variance_B = np.add.reduce((length_TB - mean_B) ** 2 * seen_TB, axis=0) / n_B
        return float((np.sqrt(variance_B) / np.maximum(mean_B, 1e-9)).max())

    def cut(self, start_s: float, end_s: float) -> FloatArray | None:
        """Landmarks (64, 16, 3) at 64 even times in [start_s, end_s); None if some were never seen."""
        rows = self._samples(start_s, end_s, _CONTEXT)
        x, visibility = self._x[rows].copy(), self._visibility[rows]
        if not self._fill_hidden(x, visibility):
            return None
        first_s = self._newest_s - (self._end - 1 - rows.start) / self._rate_hz
        steps = np.arange(N_SAMPLES) / N_SAMPLES
        position = ((start_s - first_s) + (end_s - start_s) * steps) * self._rate_hz
        weight_TN = _interpolation(len(x))(position)
        return np.asarray((weight_TN @ x.reshape(len(x), -1)).reshape(N_SAMPLES, N_BODY, 3))

    def _fill_hidden(self, x: FloatArray, visibility: FloatArray) -> bool:
        seen = visibility[:, :N_BODY] > self._hidden_J
        if seen.all():
            return True
        if not seen.any(axis=0).all():
            return False
        rows = np.arange(len(x))
        for j in np.flatnonzero(~seen.all(axis=0)):
            for c in range(3):
                x[:, j, c] = np.interp(rows, rows[seen[:, j]], x[seen[:, j], j, c])
        return True

    def _samples(self, start_s: float, end_s: float, context: int = 0) -> slice:
        oldest, newest = self._end - self._n, self._end - 1
        first = newest - math.floor((self._newest_s - start_s) * self._rate_hz + 1e-6) - context
        last = newest - math.ceil((self._newest_s - end_s) * self._rate_hz - 1e-6) + context
        first = min(max(first, oldest), newest)
        return slice(first, max(first, min(last, newest)) + 1)
