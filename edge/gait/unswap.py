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
# Places within _LEGS.
_OTHER = np.asarray([5, 6, 7, 8, 9, 0, 1, 2, 3, 4])
_BELOW = np.asarray([1, 2, 3, 4, 6, 7, 8, 9])
_LEFT_HIP, _LEFT_KNEE, _RIGHT_HIP, _RIGHT_KNEE = 0, 1, 5, 6
_THIGHS = (_LEFT_HIP, _LEFT_KNEE, _RIGHT_HIP, _RIGHT_KNEE)
Vector = list[float]


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
        self._off = np.zeros((2, 10, 3))
        self.reset()

    def reset(self) -> None:
        """Forget the movement: the next frame is believed."""
        self._t_s: float | None = None
        self._has_velocity = False
        self._doubt_s = 0.0
        self._left_x = self._left_z = 0.0
        self._thigh_m = 0.0

    def update(self, t_s: float, x_JC: FloatArray, visibility_J: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (x_JC, visibility_J) with the legs told apart; both arrays are overwritten by the next call."""
        self._x[:], self._visibility[:] = x_JC, visibility_J
        step_s = 0.0 if self._t_s is None else t_s - self._t_s
        legs = self._x[_LEGS]
        seen = self._visibility[_LEGS] >= self._settings.min_visibility
        across = self._across(legs, seen)
        moved = 0.0 < step_s <= self._settings.swap_max_step_s
        if not moved:
            self._has_velocity, self._doubt_s = False, 0.0
        elif self._has_velocity and self._exchange_if_better(legs, seen, step_s):
            legs, seen = self._x[_LEGS], self._visibility[_LEGS] >= self._settings.min_visibility
        self._remember(t_s, step_s, legs, seen)
        self._learn_body(across, min(step_s, self._settings.swap_max_step_s), legs, seen)
        return self._x, self._visibility

    def _exchange_if_better(self, legs: FloatArray, seen: FloatArray, step_s: float) -> bool:
        """Exchange what should be exchanged; whether anything was."""
        keep, exchange = self._distances(legs, seen, step_s)
        limit = self._settings.swap_cost_ratio * sum(keep)
        cost_all = sum(exchange)
        cost_below = cost_all - exchange[_LEFT_HIP] - exchange[_RIGHT_HIP] + keep[_LEFT_HIP] + keep[_RIGHT_HIP]
        if min(cost_all, cost_below) < limit:
            if cost_all < limit and cost_all <= cost_below and self._points_right(LEFT_HIP, RIGHT_HIP):
                return self._exchange(slice(None), step_s)
            if cost_below < limit and self._thighs_fit_better(legs.tolist(), seen.tolist()):
                return self._exchange(_BELOW, step_s)
        self._doubt_s = 0.0
        return False

    def _distances(self, legs: FloatArray, seen: FloatArray, step_s: float) -> tuple[list[float], list[float]]:
        """How far each leg landmark is from where it was expected: as told, and with left and right exchanged."""
        predicted = self._velocity * step_s
        predicted += self._last
        np.subtract(legs, predicted, out=self._off[0])
        np.subtract(legs[_OTHER], predicted, out=self._off[1])
        distance = np.sqrt(np.einsum("kjc,kjc->kj", self._off, self._off))
        distance *= seen & seen[_OTHER] & self._known
        keep, exchange = distance.tolist()
        return keep, exchange

    def _points_right(self, left: int, right: int) -> bool:
        """Whether this pair points against the recent left."""
        (x, _, z), (other_x, _, other_z) = self._x[left].tolist(), self._x[right].tolist()
        return bool((x - other_x) * self._left_x + (z - other_z) * self._left_z < 0.0)

    def _thighs_fit_better(self, legs: list[Vector], seen: list[bool]) -> bool:
        if not all(seen[j] for j in _THIGHS) or self._thigh_m <= 0.0:
            return False
        left_hip, left_knee, right_hip, right_knee = (legs[j] for j in _THIGHS)
        kept = abs(math.dist(left_hip, left_knee) - self._thigh_m) + abs(
            math.dist(right_hip, right_knee) - self._thigh_m
        )
        crossed = abs(math.dist(left_hip, right_knee) - self._thigh_m)
        crossed += abs(math.dist(right_hip, left_knee) - self._thigh_m)
        return crossed < kept

    def _exchange(self, part: slice | FloatArray, step_s: float) -> bool:
        to, source = _LEGS[part], _LEGS_EXCHANGED[part]
        confirmed = len(to) == 10 and self._shoulders_confirm()
        self._doubt_s = 0.0 if confirmed else self._doubt_s + step_s
        if self._doubt_s > self._settings.swap_doubt_s:
            self._doubt_s, self._has_velocity = 0.0, False
            self._t_s = None
            return False
        self._x[to] = self._x[source]
        self._visibility[to] = self._visibility[source]
        return True

    def _shoulders_confirm(self) -> bool:
        if min(self._visibility[LEFT_SHOULDER], self._visibility[RIGHT_SHOULDER]) < self._settings.min_visibility:
            return False
        return not self._points_right(LEFT_SHOULDER, RIGHT_SHOULDER)

    def _remember(self, t_s: float, step_s: float, legs: FloatArray, seen: FloatArray) -> None:
        if self._t_s is not None and 0.0 < step_s <= self._settings.swap_max_step_s:
            np.subtract(legs, self._last, out=self._velocity)
            self._velocity /= step_s
            self._known = seen & self._seen_last
            self._has_velocity = True
        self._last, self._seen_last, self._t_s = legs, seen, t_s

    def _across(self, legs: FloatArray, seen: FloatArray) -> tuple[float, float]:
        """Right to left (x, z) over hips and shoulders, as the source has it."""
        x = z = 0.0
        if seen[_LEFT_HIP] and seen[_RIGHT_HIP]:
            x, _, z = (legs[_LEFT_HIP] - legs[_RIGHT_HIP]).tolist()
        if min(self._visibility[LEFT_SHOULDER], self._visibility[RIGHT_SHOULDER]) >= self._settings.min_visibility:
            shoulder_x, _, shoulder_z = (self._x[LEFT_SHOULDER] - self._x[RIGHT_SHOULDER]).tolist()
            x, z = x + shoulder_x, z + shoulder_z
        return x, z

    def _learn_body(self, across: tuple[float, float], step_s: float, legs: FloatArray, seen: FloatArray) -> None:
        # The source's own left, not the one after exchanges: it is right most of the time, so that a wrong
        # belief cannot feed on itself.
        keep = math.exp(-step_s / self._settings.swap_doubt_s)
        self._left_x = keep * self._left_x + across[0]
        self._left_z = keep * self._left_z + across[1]
        if all(seen[j] for j in _THIGHS):
            left_hip, left_knee, right_hip, right_knee = (legs[j].tolist() for j in _THIGHS)
            length_m = 0.5 * (math.dist(left_hip, left_knee) + math.dist(right_hip, right_knee))
            known = self._thigh_m > 0.0
            self._thigh_m = keep * self._thigh_m + (1.0 - keep) * length_m if known else length_m
