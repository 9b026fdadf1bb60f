"""Left and right legs told apart again when the pose estimator exchanges them.

Promises: a frame whose leg chain continues the recent movement much better with left and right exchanged, and makes
a better body that way, is exchanged, over the whole chain (hips to toes) or below the hips. Never mutates its input.
Gives up: an exchange that has lasted 0.5 s without the shoulders confirming it is the source's own opinion.

Step 1: predict each leg landmark at constant velocity from the last two frames. Step 2: exchange when that
costs less than 0.6 of keeping (gait.md). Deviations: two ways to exchange, the giving up, and the evidence of the
body, for at a stumble of the pose estimator while the legs pass each other the cost alone is wrong for half a second:
the whole chain only where the hips point against the recent left, below the hips only where the thighs fit better.

Shapes: J landmark, C coordinate.
"""

from __future__ import annotations

import math

import numpy as np

from edge.gait.settings import GaitSettings
from edge.gait.skeleton import (
    LEFT_ANKLE,
    LEFT_HEEL,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    LEFT_TOE,
    N_LANDMARKS,
    RIGHT_ANKLE,
    RIGHT_HEEL,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
    RIGHT_TOE,
    FloatArray,
)

_LEFT = [LEFT_HIP, LEFT_KNEE, LEFT_ANKLE, LEFT_HEEL, LEFT_TOE]
_RIGHT = [RIGHT_HIP, RIGHT_KNEE, RIGHT_ANKLE, RIGHT_HEEL, RIGHT_TOE]
_LEGS = np.asarray(_LEFT + _RIGHT)
_LEGS_EXCHANGED = np.asarray(_RIGHT + _LEFT)
_HIPS = np.asarray([0, 5])
_THIGHS = np.asarray([LEFT_HIP, RIGHT_HIP, LEFT_KNEE, RIGHT_KNEE])
_BELOW = np.asarray([1, 2, 3, 4, 6, 7, 8, 9])


class Unswap:
    """Un-swaps left and right over the leg chain, one frame at a time."""

    def __init__(self, settings: GaitSettings) -> None:
        self._settings = settings
        self._x = np.zeros((N_LANDMARKS, 3))
        self._visibility = np.zeros(N_LANDMARKS)
        self._last = np.zeros((10, 3))
        self._velocity = np.zeros((10, 3))
        self._known = np.zeros(10, dtype=bool)
        self._seen_last = np.zeros(10, dtype=bool)
        self.reset()

    def reset(self) -> None:
        """Forget the movement: the next frame is believed."""
        self._t_s: float | None = None
        self._has_velocity = False
        self._doubt_s = 0.0
        self._left = np.zeros(3)
        self._thigh_m = 0.0

    def update(self, t_s: float, x_JC: FloatArray, visibility_J: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (x_JC, visibility_J) with the legs told apart; both arrays are overwritten by the next call."""
        self._x[:], self._visibility[:] = x_JC, visibility_J
        step_s = 0.0 if self._t_s is None else t_s - self._t_s
        across = self._across()
        if 0.0 < step_s <= self._settings.swap_max_step_s:
            self._exchange_if_better(step_s)
        else:
            self._has_velocity, self._doubt_s = False, 0.0
        self._remember(t_s, step_s)
        self._learn_body(across, min(step_s, self._settings.swap_max_step_s))
        return self._x, self._visibility

    def _exchange_if_better(self, step_s: float) -> None:
        if not self._has_velocity:
            return
        predicted = self._last + self._velocity * step_s
        seen = self._visibility >= self._settings.min_visibility
        usable = seen[_LEGS] & seen[_LEGS_EXCHANGED] & self._known
        keep = _distances(self._x[_LEGS], predicted, usable)
        exchange = _distances(self._x[_LEGS_EXCHANGED], predicted, usable)
        limit = self._settings.swap_cost_ratio * float(keep.sum())
        cost_all = float(exchange.sum())
        cost_below = float(keep[_HIPS].sum() + exchange[_BELOW].sum())
        if cost_all < limit and cost_all <= cost_below and self._points_right(LEFT_HIP, RIGHT_HIP):
            self._exchange(slice(None), step_s)
        elif cost_below < limit and self._thighs_fit_better(seen):
            self._exchange(_BELOW, step_s)
        else:
            self._doubt_s = 0.0

    def _points_right(self, left: int, right: int) -> bool:
        """Whether this pair points against the recent left."""
        across = self._x[left] - self._x[right]
        return float(across[0] * self._left[0] + across[2] * self._left[2]) < 0.0

    def _thighs_fit_better(self, seen: FloatArray) -> bool:
        if not seen[_THIGHS].all() or self._thigh_m <= 0.0:
            return False
        hips, knees = self._x[[LEFT_HIP, RIGHT_HIP]], self._x[[LEFT_KNEE, RIGHT_KNEE]]
        kept = np.linalg.norm(hips - knees, axis=1) - self._thigh_m
        exchanged = np.linalg.norm(hips - knees[::-1], axis=1) - self._thigh_m
        return float(np.abs(exchanged).sum()) < float(np.abs(kept).sum())

    def _exchange(self, part: slice | FloatArray, step_s: float) -> None:
        to, source = _LEGS[part], _LEGS_EXCHANGED[part]
        confirmed = len(to) == 10 and self._shoulders_confirm()
        self._doubt_s = 0.0 if confirmed else self._doubt_s + step_s
        if self._doubt_s > self._settings.swap_doubt_s:
            self._doubt_s, self._has_velocity = 0.0, False
            self._t_s = None
            return
        self._x[to] = self._x[source]
        self._visibility[to] = self._visibility[source]

    def _shoulders_confirm(self) -> bool:
        if self._visibility[[LEFT_SHOULDER, RIGHT_SHOULDER]].min() < self._settings.min_visibility:
            return False
        return not self._points_right(LEFT_SHOULDER, RIGHT_SHOULDER)

    def _remember(self, t_s: float, step_s: float) -> None:
        legs = self._x[_LEGS]
        seen = self._visibility[_LEGS] >= self._settings.min_visibility
        if self._t_s is not None and 0.0 < step_s <= self._settings.swap_max_step_s:
            self._velocity = (legs - self._last) / step_s
            self._known = seen & self._seen_last
            self._has_velocity = True
        self._last, self._seen_last, self._t_s = legs, seen, t_s

    def _across(self) -> FloatArray:
        """Right to left over hips and shoulders, as the source has it."""
        across = np.zeros(3)
        for left, right in ((LEFT_HIP, RIGHT_HIP), (LEFT_SHOULDER, RIGHT_SHOULDER)):
            if min(self._visibility[left], self._visibility[right]) >= self._settings.min_visibility:
                across += self._x[left] - self._x[right]
        return across

    def _learn_body(self, across: FloatArray, step_s: float) -> None:
        # The source's own left, not the one after exchanges: it is right most of the time, so that a wrong
        # belief cannot feed on itself.
        keep = math.exp(-step_s / self._settings.swap_doubt_s)
        self._left = keep * self._left + across
        if self._visibility[_THIGHS].min() >= self._settings.min_visibility:
            thigh = self._x[[LEFT_HIP, RIGHT_HIP]] - self._x[[LEFT_KNEE, RIGHT_KNEE]]
            length_m = 0.5 * float(np.linalg.norm(thigh, axis=1).sum())
            known = self._thigh_m > 0.0
            self._thigh_m = keep * self._thigh_m + (1.0 - keep) * length_m if known else length_m


def _distances(x: FloatArray, predicted: FloatArray, usable: FloatArray) -> FloatArray:
    off = x - predicted
    return np.asarray(np.sqrt(np.einsum("jc,jc->j", off, off)) * usable)
