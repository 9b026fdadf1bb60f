"""Uniform time for skeletons that arrive when they please.

Promises: grid samples exactly 1/rate_hz apart, each linearly interpolated between the two frames around it;
none is later than the newest frame. A landmark of a grid sample is as visible as the less visible of its two.
Refuses: a stamp that is not finite, or not later than the last accepted one; it is ignored and counted. After a
gap longer than max_gap_s the grid starts anew.

Shapes: J landmark, C coordinate.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import Enum

import numpy as np

from edge.gait.settings import GaitSettings
from edge.gait.skeleton import N_LANDMARKS, FloatArray

# Frames this close to a grid time are that grid sample: float time stamps are not exact.
_SAME_TIME_S = 1e-6


class Arrival(Enum):
    """What a time stamp means for the stream."""

    FIRST = "first"
    NEXT = "next"
    AFTER_GAP = "after gap"
    REFUSED = "refused"


class GridSample:
    """One sample on the grid; one instance is reused, its arrays are overwritten by the next sample."""

    __slots__ = ("filled", "t_s", "visibility_J", "x_JC")

    def __init__(self) -> None:
        self.t_s = 0.0
        self.filled = False
        self.x_JC = np.zeros((N_LANDMARKS, 3))
        self.visibility_J = np.zeros(N_LANDMARKS)


class UniformClock:
    """Resamples skeleton frames to a uniform grid (gait.md, "Timestamps")."""

    def __init__(self, settings: GaitSettings) -> None:
        self._settings = settings
        self._before = (np.zeros((N_LANDMARKS, 3)), np.zeros(N_LANDMARKS))
        self._after = (np.zeros((N_LANDMARKS, 3)), np.zeros(N_LANDMARKS))
        self._sample = GridSample()
        self.n_refused = 0
        self.reset()

    def reset(self) -> None:
        """Forget everything but the count of refused stamps; the next frame is the first."""
        self._t_s: float | None = None
        self._start_s = 0.0
        self._n_out = 0

    def judge(self, t_s: float) -> Arrival:
        """Say what this stamp means, without taking it (a refused one is counted)."""
        if not math.isfinite(t_s) or (self._t_s is not None and t_s - self._t_s <= _SAME_TIME_S):
            self.n_refused += 1
            return Arrival.REFUSED
        if self._t_s is None:
            return Arrival.FIRST
        # Half a grid step of tolerance, so that a gap of exactly max_gap_s is bridged despite jitter.
        longest_s = self._settings.max_gap_s + 0.5 / self._settings.rate_hz
        return Arrival.AFTER_GAP if t_s - self._t_s > longest_s else Arrival.NEXT

    def update(self, t_s: float, x_JC: FloatArray, visibility_J: FloatArray) -> Iterator[GridSample]:
        """Take a frame whose stamp was judged FIRST or NEXT; yield the grid samples up to it."""
        before_s = t_s if self._t_s is None else self._t_s
        if self._t_s is None:
            self._start_s, self._n_out = t_s, 0
        self._before, self._after = self._after, self._before
        self._after[0][:], self._after[1][:] = x_JC, visibility_J
        self._t_s = t_s
        while True:
            grid_s = self._start_s + self._n_out / self._settings.rate_hz
            if grid_s > t_s + _SAME_TIME_S:
                return
            self._n_out += 1
            yield self._between(before_s, t_s, grid_s)

    def _between(self, before_s: float, after_s: float, grid_s: float) -> GridSample:
        sample, step_s = self._sample, after_s - before_s
        weight = min(1.0, (grid_s - before_s) / step_s) if step_s > 0.0 else 1.0
        sample.t_s = grid_s
        nearest_s = min(after_s - grid_s, grid_s - before_s)
        is_gap = step_s > self._settings.max_spacing_s
        sample.filled = is_gap and nearest_s > 0.5 / self._settings.rate_hz
        if after_s - grid_s <= _SAME_TIME_S:
            sample.x_JC[:], sample.visibility_J[:] = self._after
            return sample
        np.subtract(self._after[0], self._before[0], out=sample.x_JC)
        sample.x_JC *= weight
        sample.x_JC += self._before[0]
        np.minimum(self._after[1], self._before[1], out=sample.visibility_J)
        return sample
