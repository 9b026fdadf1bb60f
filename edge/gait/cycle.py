"""Skeletons in, initial contacts and gait cycles out, as they happen.

Promises: contacts in time order, never in the future; every cycle runs from a right contact to the next, half-open,
and is either usable or carries a reason; the same frames give the same answers; bounded state; inputs are never
changed. `reset()` equals a new segmenter (but for the count of refused stamps).
Refuses: frames of the wrong shape (RecordingError). Ignores and counts time stamps that do not advance. Landmarks
that are NaN or infinite count as not seen; hips, knees and ankles below visibility 0.5 count as hidden.

The order of work is gait.md's: un-swap, uniform grid, body frame, singular spectrum (forecasting hidden feet),
walking gate, contacts, cycles.

Shapes: T time, J landmark, C coordinate, D side (left, right).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edge.errors import RecordingError
from edge.gait.body_frame import BodyFrame
from edge.gait.clock import Arrival, GridSample, UniformClock
from edge.gait.contacts import ContactFinder, Side
from edge.gait.cutter import CycleCutter, GaitCycle
from edge.gait.gate import WalkingGate
from edge.gait.history import LEGS, History
from edge.gait.settings import GaitSettings
from edge.gait.skeleton import N_LANDMARKS, FloatArray, SkeletonFrame
from edge.gait.spectrum import OnlineSpectrum
from edge.gait.swing import Swing, swing_of
from edge.gait.unswap import Unswap
from edge.gait.view import N_FORWARD, View, view_of

__all__ = ["Contact", "CycleSegmenter", "GaitCycle", "Segmented", "Stages"]

# Channels of the spectrum: forward position of the left and the right foot, then their heights.
_N_CHANNELS = 4
# Every decomposition may move a peak by a few samples, so these are looked at again; `tell` knows what was told.
_N_BACK = 4


@dataclass(frozen=True, slots=True)
class Contact:
    """Initial or final contact of a foot at t_s, told when the frame at emitted_t_s came in."""

    side: Side
    t_s: float
    emitted_t_s: float


@dataclass(frozen=True, slots=True)
class Segmented:
    """What one frame, or the end of a track, brought to light: initial contacts, cycles, final contacts."""

    contacts: tuple[Contact, ...]
    cycles: tuple[GaitCycle, ...]
    finals: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True)
class Stages:
    """What a segmenter is made of; to leave a stage out (an ablation), give one that does less in its place."""

    clock: type[UniformClock] = UniformClock
    unswap: type[Unswap] = Unswap
    frame: type[BodyFrame] = BodyFrame
    spectrum: type[OnlineSpectrum] = OnlineSpectrum
    gate: type[WalkingGate] = WalkingGate


class CycleSegmenter:
    """Cuts one track into gait cycles online."""

    def __init__(self, settings: GaitSettings | None = None, stages: Stages | None = None) -> None:
        self._settings = s = settings or GaitSettings()
        made = stages or Stages()
        self._clock = made.clock(s)
        self._unswap = made.unswap(s)
        self._frame = made.frame(s)
        self._spectrum = made.spectrum(_N_CHANNELS, s.n_window, s.n_first, s.n_lags, s.rank)
        self._gate = made.gate(s)
        self._initial, self._final = ContactFinder(s), ContactFinder(s, final=True)
        self._history = History(s.n_window + 6, s.rate_hz, s.min_visibility)
        self._cutter = CycleCutter(s, self._history)
        self._x_JC = np.zeros((N_LANDMARKS, 3))
        self._visibility_J = np.zeros(N_LANDMARKS)
        self._sample_D = np.zeros(_N_CHANNELS)
        self._max_hidden = round(s.max_gap_s * s.rate_hz)
        self._begin()

    @property
    def n_refused(self) -> int:
        """Frames ignored because their time did not advance."""
        return self._clock.n_refused

    @property
    def is_walking(self) -> bool:
        """Whether the walking gate is open."""
        return self._gate.is_open

    @property
    def legs_seen(self) -> bool:
        """Whether feet and hips were seen in the last half second."""
        return self._spectrum.n > 0

    def update(self, frame: SkeletonFrame) -> Segmented | None:
        """Take one frame; return what it brought to light, None if nothing."""
        found = Found(frame.t_s)
        for spectrum in self.steps(frame, found):
            spectrum.decompose()
        return found.segmented()

    def steps(self, frame: SkeletonFrame, found: Found) -> Iterator[OnlineSpectrum]:
        """`update` in slices: yields the spectrum whenever it must be decomposed before going on.

        So that a crowd's eigenvectors can be worked out together (`edge.gait.crowd`).
        """
        self._take(frame)
        arrival = self._clock.judge(frame.t_s)
        if arrival is Arrival.REFUSED:
            return
        if arrival is Arrival.AFTER_GAP:
            self._end_of_walk(found)
            self._clock.reset()
            self._unswap.reset()
        x_JC, visibility_J = self._unswap.update(frame.t_s, self._x_JC, self._visibility_J)
        for sample in self._clock.update(frame.t_s, x_JC, visibility_J):
            if self._push(sample, found):
                yield self._spectrum
                self._look(found)

    def flush(self) -> Segmented | None:
        """The track has ended: tell what can still be told, then begin anew."""
        found = Found(self._newest_s)
        self._end_of_walk(found)
        self._clock.reset()
        self._unswap.reset()
        return found.segmented()

    def reset(self) -> None:
        """Forget the track without telling anything."""
        self._clock.reset()
        self._unswap.reset()
        self._begin()

    def _begin(self) -> None:
        stages = (self._frame, self._spectrum, self._gate, self._initial, self._final, self._history, self._cutter)
        for stage in stages:
            stage.reset()
        self._hidden = [0, 0]
        self._newest_s = 0.0

    def _take(self, frame: SkeletonFrame) -> None:
        x_JC, visibility_J = np.asarray(frame.x_JC), np.asarray(frame.visibility_J)
        if x_JC.shape != (N_LANDMARKS, 3) or visibility_J.shape != (N_LANDMARKS,):
            raise RecordingError(
                found=f"a frame of shape {x_JC.shape} with visibility {visibility_J.shape}",
                wanted=f"({N_LANDMARKS}, 3) and ({N_LANDMARKS},)",
                do="map the source's landmarks with edge.gait.skeleton.to_canonical",
            )
        self._x_JC[:], self._visibility_J[:] = x_JC, visibility_J
        # One sum tells whether anything is not finite; only then it is worth looking closer.
        if not math.isfinite(float(np.add.reduce(self._x_JC, axis=None)) + float(np.add.reduce(self._visibility_J))):
            bad = ~(np.isfinite(self._x_JC).all(axis=1) & np.isfinite(self._visibility_J))
            self._x_JC[bad], self._visibility_J[bad] = 0.0, 0.0

    def _push(self, sample: GridSample, found: Found) -> bool:
        """Take a grid sample into the window; whether the spectrum is due."""
        forward = self._frame.update(sample.x_JC, sample.visibility_J)
        if not self._bridge(forward, self._frame.heights):
            if self._spectrum.n > 0:
                self._end_of_walk(found)
            return False
        hidden = float(np.minimum.reduce(sample.visibility_J[LEGS])) < self._settings.min_visibility
        filled = sample.filled or hidden
        self._history.update(sample.t_s, sample.x_JC, sample.visibility_J, filled, self._frame.heading_rad)
        self._newest_s = sample.t_s
        self._stack()
        return self._spectrum.push(self._sample_D)

    def _stack(self) -> None:
        frontal = self._frame.faces_camera(self._settings.frontal_share)
        self._spectrum.n_stacked = _N_CHANNELS if frontal else N_FORWARD
        self._spectrum.rank = self._settings.frontal_rank if frontal else self._settings.rank

    def _bridge(self, forward: tuple[float, float], heights: tuple[float, float]) -> bool:
        """Fill the positions of hidden feet; False when hidden for too long or from the start."""
        forecast_D: FloatArray | None = None
        weight = self._settings.height_weight
        for side in (0, 1):
            if not math.isnan(forward[side]):
                self._hidden[side] = 0
                self._sample_D[side], self._sample_D[N_FORWARD + side] = forward[side], weight * heights[side]
                continue
            self._hidden[side] += 1
            if self._hidden[side] > self._max_hidden or self._spectrum.n == 0:
                return False
            if forecast_D is None:
                forecast_D = self._spectrum.forecast()
            if forecast_D is not None:
                self._fill(side, forecast_D)
        return True

    def _fill(self, side: int, forecast_D: FloatArray) -> None:
        for channel in range(side, len(forecast_D), N_FORWARD):
            # A recurrence may run away; the foot does not leave the range of its last strides.
            window_T = self._spectrum.window_TD[:, channel]
            self._sample_D[channel] = min(max(forecast_D[channel], window_T.min()), window_T.max())

    def _look(self, found: Found) -> None:
        forward_DT = self._spectrum.reconstruction_DT
        if forward_DT is None:
            return
        was_open = self._gate.is_open
        swing = swing_of(forward_DT[:N_FORWARD])
        if not self._gate.update(swing, self._spectrum.energy_share):
            if was_open:
                self._cutter.reset()
            return
        view = self._view(swing, n_before=0 if was_open else self._n_before())
        self._find(view, self._settings.n_delay, _N_BACK if was_open else view.forward_DT.shape[1], found)

    def _view(self, swing: Swing, n_before: int = 0, n_ahead: int = 0) -> View:
        return view_of(self._spectrum, swing, self._newest_s, self._settings.rate_hz, n_before, n_ahead)

    def _n_before(self) -> int:
        """The window still begins where the walk does: its first contact may have been under way."""
        return self._settings.n_outside if self._spectrum.n < self._settings.n_window else 0

    def _find(self, view: View, n_delay: int, n_back: int, found: Found) -> None:
        looked = [(finder, finder.look(view, n_delay, n_back)) for finder in (self._initial, self._final)]
        if not any(peaks for _, peaks in looked):
            return
        period_s = self._period_s()
        peaks = [(*peak, finder) for finder, seen in looked for peak in finder.place(seen, view, period_s)]
        for t_s, side, finder in sorted(peaks, key=lambda peak: peak[:2]):
            if not finder.tell(side, t_s, period_s):
                continue
            contact = Contact(side, t_s, found.t_s)
            if finder is self._final:
                found.finals.append(contact)
                self._cutter.final(side, t_s)
            else:
                found.contacts.append(contact)
                self._close(side, t_s, period_s, found)

    def _close(self, side: Side, t_s: float, period_s: float | None, found: Found) -> None:
        cycle = self._cutter.initial(side, t_s, period_s, self._spectrum.energy_share)
        if cycle is not None:
            found.cycles.append(cycle)

    def _period_s(self) -> float | None:
        samples = self._spectrum.period_samples()
        if samples is None:
            return None
        period_s = samples / self._settings.rate_hz
        known = self._settings.min_cycle_s <= period_s <= self._settings.max_cycle_s
        return period_s if known else None

    def _end_of_walk(self, found: Found) -> None:
        forward_DT = self._spectrum.reconstruction_DT
        if self._gate.is_open and forward_DT is not None:
            view = self._view(swing_of(forward_DT[:N_FORWARD]), n_ahead=self._settings.n_outside)
            self._find(view, self._settings.n_delay_flush, view.forward_DT.shape[1], found)
        self._begin()


class Found:
    """Collects what one call brings to light."""

    __slots__ = ("contacts", "cycles", "finals", "t_s")

    def __init__(self, t_s: float) -> None:
        self.t_s = t_s
        self.contacts: list[Contact] = []
        self.cycles: list[GaitCycle] = []
        self.finals: list[Contact] = []

    def segmented(self) -> Segmented | None:
        """All of it, None if there is nothing."""
        if not (self.contacts or self.cycles or self.finals):
            return None
        return Segmented(tuple(self.contacts), tuple(self.cycles), tuple(self.finals))
