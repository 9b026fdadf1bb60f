"""Left and right legs told apart again when the pose estimator exchanges them.

Promises: a frame whose leg chain continues the recent movement much better with left and right exchanged is
exchanged, over the whole chain (hips to toes) or below the hips. Never mutates its input.
Gives up: an exchange that has lasted 0.5 s without the shoulders confirming it is the source's own opinion.

Step 1: predict each leg landmark at constant velocity from the last two frames. Step 2: exchange when that
costs less than 0.6 of keeping (gait.md). Deviation: two ways to exchange, and the giving up.

Shapes: J landmark, C coordinate.
"""

from __future__ import annotations

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

    def update(self, t_s: float, x_JC: FloatArray, visibility_J: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (x_JC, visibility_J) with the legs told apart; both arrays are overwritten by the next call."""
        self._x[:], self._visibility[:] = x_JC, visibility_J
        step_s = 0.0 if self._t_s is None else t_s - self._t_s
        if 0.0 < step_s <= self._settings.swap_max_step_s:
            self._exchange_if_better(step_s)
        else:
            self._has_velocity, self._doubt_s = False, 0.0
        self._remember(t_s, step_s)
        return self._x, self._visibility

    def _exchange_if_better(self, step_s: float) -> None:
        if not self._has_velocity:
            return
        predicted = self._last + self._velocity * step_s
        seen = self._visibility >= self._settings.min_visibility
        usable = seen[_LEGS] & seen[_LEGS_EXCHANGED] & self._known
        keep = _distances(self._x[_LEGS], predicted, usable)
        exchange = _distances(self._x[_LEGS_EXCHANGED], predicted, usable)
        cost_keep, cost_all = float(keep.sum()), float(exchange.sum())
        cost_below = float(keep[_HIPS].sum() + exchange[_BELOW].sum())
        if min(cost_all, cost_below) >= self._settings.swap_cost_ratio * cost_keep:
            self._doubt_s = 0.0
            return
        self._exchange(slice(None) if cost_all <= cost_below else _BELOW, step_s)

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
        # The hips as they came, before the exchange: pointing against the shoulders means they are wrong.
        hips = self._x[LEFT_HIP] - self._x[RIGHT_HIP]
        shoulders = self._x[LEFT_SHOULDER] - self._x[RIGHT_SHOULDER]
        return float(hips[0] * shoulders[0] + hips[2] * shoulders[2]) < 0.0

    def _remember(self, t_s: float, step_s: float) -> None:
        legs = self._x[_LEGS]
        seen = self._visibility[_LEGS] >= self._settings.min_visibility
        if self._t_s is not None and 0.0 < step_s <= self._settings.swap_max_step_s:
            self._velocity = (legs - self._last) / step_s
            self._known = seen & self._seen_last
            self._has_velocity = True
        self._last, self._seen_last, self._t_s = legs, seen, t_s


def _distances(x: FloatArray, predicted: FloatArray, usable: FloatArray) -> FloatArray:
    off = x - predicted
    return np.asarray(np.sqrt(np.einsum("jc,jc->j", off, off)) * usable)
