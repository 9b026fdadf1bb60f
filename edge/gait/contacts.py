"""Initial contacts, where a foot is farthest forward of the hips, and final contacts, where it is farthest behind.

Promises: contacts of one kind in rising time order, none later than the newest sample, each once. A contact is told
n_delay samples after its peak, or n_delay_flush samples when the track ends.

Step 1: local maximum of the reconstructed forward signal over +-0.3 s. Step 2: its height above the window mean
exceeds a share of the 5-to-95 percentile range. Step 3: time between frames. Step 4: refractory time.
Step 5: offset (gait.md, "Event"; the idea, for both kinds, is Zeni et al. 2008). Deviations: when the gate
opens, peaks already in the window are told late instead of never; the share is 0.05 instead of 0.25, or short steps
are missed; the measured signal must itself move around the peak, for the reconstruction rings on after a stop; the
offset grows with the period; the foot must not be far behind (or, for final contacts, ahead of) the other one; the
time is that of a parabola fitted to the measured samples around the peak, for the reconstruction, which finds it,
smooths it too (treadmill and video pose scatter less so, and their means lie closer together), except facing the
camera, where forward is MediaPipe's depth and the reconstruction scatters less (25 against 33 ms); at both ends of a
walk the recurrence stands in for the samples that never came, and a contact just outside is told at the end itself.

Shapes: D side (left, right), T time.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from edge.gait.settings import GaitSettings
from edge.gait.skeleton import FloatArray
from edge.gait.view import View

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")
_NEVER_S = -1e18
# Left and right contacts closer than this are two feet landing together: a jump, not a step.
_MIN_STEP_S = 0.12
# A fitted parabola that peaks farther than this many samples from the peak it should refine is no refinement.
_FARTHEST_VERTEX = 2.5


class ContactFinder:
    """Finds peaks in a sliding, ever re-estimated window without telling one twice."""

    def __init__(self, settings: GaitSettings, final: bool = False) -> None:
        self._settings = settings
        self._sign = -1.0 if final else 1.0
        self._offset_s = settings.final_offset_s if final else settings.contact_offset_s
        self._n_half = round(settings.half_width_s * settings.rate_hz)
        self._vertex_of = _vertex_weights(settings.n_fit)
        self._n_swing = round(settings.swing_window_s * settings.rate_hz)
        self.reset()

    def reset(self) -> None:
        """Forget what was told."""
        self._told_s: dict[Side, float] = {"left": _NEVER_S, "right": _NEVER_S}

    def look(self, view: View, n_delay: int, n_back: int) -> list[tuple[float, Side]]:
        """Peaks (t_s, side) among the n_back samples that are n_delay or more behind the last of the view."""
        found: list[tuple[float, Side]] = []
        signal_DT = view.forward_DT if self._sign > 0.0 else -view.forward_DT
        last = signal_DT.shape[1] - 1 - n_delay
        for side in (0, 1):
            peaks = self._peaks(signal_DT, view, side, max(1, last - n_back + 1), last)
            found += [(self._time(view, side, i), SIDES[side]) for i in peaks]
        return sorted(found)

    def place(self, peaks: list[tuple[float, Side]], view: View, period_s: float | None) -> list[tuple[float, Side]]:
        """The contacts of these peaks (t_s, side), within the view; those too far outside are left out.

        The slower the walk, the later a foot lands after it was farthest forward.
        """
        offset_s = self._offset_s
        if period_s is not None:
            offset_s += self._settings.offset_per_period * (period_s - self._settings.offset_period_s)
        first_s, last_s, slack_s = view.oldest_s, view.newest_s, self._settings.max_outside_s
        placed = [(t_s + offset_s, side) for t_s, side in peaks]
        inside = [(t_s, side) for t_s, side in placed if first_s - slack_s <= t_s <= last_s + slack_s]
        return [(min(max(t_s, first_s), last_s), side) for t_s, side in inside]

    def tell(self, side: Side, t_s: float, period_s: float | None) -> bool:
        """Whether this peak is a contact that was not told yet; once told it is remembered.

        The period, where it is known, sets the refractory time: shorter for quick walkers, longer for slow ones.
        """
        refractory_s = self._settings.refractory_s
        if period_s is not None:
            refractory_s = self._settings.refractory_period_share * period_s
        opposite: Side = "right" if side == "left" else "left"
        if t_s - self._told_s[side] < refractory_s or t_s - self._told_s[opposite] < _MIN_STEP_S:
            return False
        self._told_s[side] = t_s
        return True

    def _peaks(self, signal_DT: FloatArray, view: View, side: int, first: int, last: int) -> list[int]:
        signal_T = signal_DT[side]
        values: list[float] = signal_T[first - 1 : last + 2].tolist()
        rising = [first + i for i in range(len(values) - 2) if values[i] < values[i + 1] >= values[i + 2]]
        if not rising:
            return []
        range_D = view.swing.range_D
        height = self._sign * view.swing.mean_D[side] + self._settings.min_height * range_D[side]
        swing = max(0.5 * self._settings.min_excursion, self._settings.min_swing * range_D[side])
        lead = self._settings.min_lead * min(range_D)
        return [
            i
            for i in rising
            if signal_T[i] > height
            and self._is_highest(signal_T, i)
            and signal_T[i] - signal_DT[1 - side, i] > lead
            and self._moves(view.measured_DT[side], i) > swing
        ]

    def _moves(self, measured_T: FloatArray, i: int) -> float:
        around = measured_T[max(0, i - self._n_swing) : i + self._n_swing + 1]
        return float(np.maximum.reduce(around) - np.minimum.reduce(around))

    def _is_highest(self, signal_T: FloatArray, i: int) -> bool:
        around = signal_T[max(0, i - self._n_half) : i + self._n_half + 1]
        return bool(signal_T[i] >= np.maximum.reduce(around))

    def _time(self, view: View, side: int, i: int) -> float:
        n_fit, measured_T = self._settings.n_fit, view.measured_DT[side]
        shift: float | None = None
        if not view.faces_camera and n_fit > 0 and n_fit <= i < len(measured_T) - n_fit:
            slope, curvature = (self._vertex_of @ measured_T[i - n_fit : i + n_fit + 1]).tolist()
            shift = self._vertex(slope, curvature)
        if shift is None:
            before, peak, after = view.forward_DT[side, i - 1 : i + 2].tolist()
            shift = self._vertex(0.5 * (after - before), 0.5 * (before + after) - peak) or 0.0
        return view.time_s(i + shift)

    def _vertex(self, slope: float, curvature: float) -> float | None:
        """Where slope x t + curvature x t^2 is highest (lowest for final contacts), None if far off or nowhere."""
        if self._sign * curvature >= 0.0:
            return None
        vertex = -0.5 * slope / curvature
        return vertex if abs(vertex) <= _FARTHEST_VERTEX else None


def _vertex_weights(n_fit: int) -> FloatArray:
    """(2, 2 n_fit + 1): slope and curvature of the least-squares parabola over -n_fit ... n_fit samples."""
    steps = np.arange(-n_fit, n_fit + 1.0)
    return np.asarray(np.linalg.pinv(np.stack([np.ones_like(steps), steps, steps**2], axis=1))[1:])
