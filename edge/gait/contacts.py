"""Initial contacts: where a foot is farthest forward of the hips.

Promises: contacts in rising time order, none later than the newest sample, each once. A contact is told n_delay
samples after its peak, or n_delay_flush samples when the track ends.

Step 1: local maximum of the reconstructed forward signal over +-0.3 s. Step 2: its height above the window mean
exceeds a share of the 5-to-95 percentile range. Step 3: parabola through three samples. Step 4: refractory time.
Step 5: constant offset (gait.md, "Event"; the forward-position idea is Zeni et al. 2008). Deviations: when the gate
opens, peaks already in the window are told late instead of never; the share is 0.05 instead of 0.25, or short steps
are missed; the measured signal must itself move around the peak, for the reconstruction rings on after a stop.

Shapes: D side (left, right), T time.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from edge.gait.settings import GaitSettings
from edge.gait.skeleton import FloatArray

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")
_NEVER_S = -1e18
# Left and right contacts closer than this are two feet landing together: a jump, not a step.
_MIN_STEP_S = 0.12


class ContactFinder:
    """Finds peaks in a sliding, ever re-estimated window without telling one twice."""

    def __init__(self, settings: GaitSettings) -> None:
        self._settings = settings
        self._n_half = round(settings.half_width_s * settings.rate_hz)
        self._n_swing = round(settings.swing_window_s * settings.rate_hz)
        self.reset()

    def reset(self) -> None:
        """Forget what was told."""
        self._told_s = [_NEVER_S, _NEVER_S]

    def update(
        self,
        forward_DT: FloatArray,
        measured_DT: FloatArray,
        newest_s: float,
        period_s: float | None,
        n_delay: int,
        n_back: int,
    ) -> list[tuple[Side, float]]:
        """Contacts (side, t_s) among the n_back samples that are n_delay or more behind the newest.

        forward_DT is the reconstruction, measured_DT what it reconstructs. period_s, where it is known, sets the
        refractory time: shorter for quick walkers, longer for slow ones.
        """
        found: list[tuple[float, int]] = []
        last = forward_DT.shape[1] - 1 - n_delay
        for side in (0, 1):
            peaks = self._peaks(forward_DT[side], measured_DT[side], max(1, last - n_back + 1), last)
            found += [(self._time(forward_DT[side], i, newest_s), side) for i in peaks]
        found.sort()
        return [(SIDES[side], t_s) for t_s, side in found if self._tell(side, t_s, period_s)]

    def _peaks(self, forward_T: FloatArray, measured_T: FloatArray, first: int, last: int) -> list[int]:
        values: list[float] = forward_T[first - 1 : last + 2].tolist()
        rising = [first + i for i in range(len(values) - 2) if values[i] < values[i + 1] >= values[i + 2]]
        if not rising:
            return []
        mean, spread = _mean_and_spread(forward_T)
        height = mean + self._settings.min_height * spread
        swing = max(0.5 * self._settings.min_excursion, self._settings.min_swing * spread)
        return [
            i
            for i in rising
            if forward_T[i] > height and self._is_highest(forward_T, i) and self._moves(measured_T, i) > swing
        ]

    def _moves(self, measured_T: FloatArray, i: int) -> float:
        around = measured_T[max(0, i - self._n_swing) : i + self._n_swing + 1]
        return float(around.max() - around.min())

    def _is_highest(self, forward_T: FloatArray, i: int) -> bool:
        around = forward_T[max(0, i - self._n_half) : i + self._n_half + 1]
        return bool(forward_T[i] >= around.max())

    def _time(self, forward_T: FloatArray, i: int, newest_s: float) -> float:
        before, peak, after = forward_T[i - 1 : i + 2].tolist()
        curvature = before - 2.0 * peak + after
        shift = 0.5 * (before - after) / curvature if curvature < 0.0 else 0.0
        behind = len(forward_T) - 1 - i - shift
        t_s = newest_s - behind / self._settings.rate_hz + self._settings.contact_offset_s
        return min(t_s, newest_s)

    def _tell(self, side: int, t_s: float, period_s: float | None) -> bool:
        refractory_s = self._settings.refractory_s
        if period_s is not None:
            refractory_s = self._settings.refractory_period_share * period_s
        if t_s - self._told_s[side] < refractory_s or t_s - self._told_s[1 - side] < _MIN_STEP_S:
            return False
        self._told_s[side] = t_s
        return True


def _mean_and_spread(forward_T: FloatArray) -> tuple[float, float]:
    n = len(forward_T)
    ranked = np.sort(forward_T)
    spread = float(ranked[round(0.95 * (n - 1))] - ranked[round(0.05 * (n - 1))])
    return float(forward_T.sum()) / n, spread
