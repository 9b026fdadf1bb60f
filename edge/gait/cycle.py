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
from dataclasses import dataclass

import numpy as np

from edge.errors import RecordingError
from edge.gait.body_frame import BodyFrame
from edge.gait.clock import Arrival, GridSample, UniformClock
from edge.gait.contacts import ContactFinder, Side
from edge.gait.gate import WalkingGate
from edge.gait.history import LEGS, History
from edge.gait.normalise import normalise_cycle
from edge.gait.quality import CycleFacts, Refusal, quality, refuse
from edge.gait.settings import GaitSettings
from edge.gait.skeleton import N_LANDMARKS, FloatArray, SkeletonFrame
from edge.gait.spectrum import OnlineSpectrum
from edge.gait.unswap import Unswap


@dataclass(frozen=True, slots=True)
class Contact:
    """Initial contact of a foot at t_s, told when the frame at emitted_t_s came in."""

    side: Side
    t_s: float
    emitted_t_s: float


@dataclass(frozen=True, slots=True, repr=False)
class GaitCycle:
    """Right contact to right contact, [start_s, end_s).

    usable: the gait is whole and regular; otherwise reason says why not. x_TJC is `normalise_cycle`'s (64, 16, 3)
    for usable cycles, None where the source lacks head or arms (then there is gait, but nothing to judge affect by).
    """

    start_s: float
    end_s: float
    duration_s: float
    usable: bool
    reason: str | None
    quality: float
    turning: bool
    x_TJC: FloatArray | None

    def __repr__(self) -> str:
        # A repr must never hold landmarks: it ends up in logs.
        return f"GaitCycle({self.start_s:.3f} to {self.end_s:.3f} s, usable={self.usable}, reason={self.reason})"


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
        self._spectrum = made.spectrum(2, s.n_window, s.n_first, s.n_lags, s.rank)
        self._gate = made.gate(s)
        self._finder = ContactFinder(s)
        self._history = History(s.n_window + 6, s.rate_hz, s.min_visibility)
        self._x_JC = np.zeros((N_LANDMARKS, 3))
        self._visibility_J = np.zeros(N_LANDMARKS)
        self._forward_D = np.zeros(2)
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
        self._take(frame)
        arrival = self._clock.judge(frame.t_s)
        if arrival is Arrival.REFUSED:
            return None
        out = _Found(frame.t_s)
        if arrival is Arrival.AFTER_GAP:
            self._end_of_walk(out)
            self._clock.reset()
            self._unswap.reset()
        x_JC, visibility_J = self._unswap.update(frame.t_s, self._x_JC, self._visibility_J)
        for sample in self._clock.update(frame.t_s, x_JC, visibility_J):
            self._step(sample, out)
        return out.segmented()

    def flush(self) -> Segmented | None:
        """The track has ended: tell what can still be told, then begin anew."""
        out = _Found(self._newest_s)
        self._end_of_walk(out)
        self._clock.reset()
        self._unswap.reset()
        return out.segmented()

    def reset(self) -> None:
        """Forget the track without telling anything."""
        self._clock.reset()
        self._unswap.reset()
        self._begin()

    def _begin(self) -> None:
        for stage in (self._frame, self._spectrum, self._gate, self._finder, self._history):
            stage.reset()
        self._hidden = [0, 0]
        self._newest_s = 0.0
        self._reconstruction_DT: FloatArray | None = None
        self._forget_cycle()

    def _forget_cycle(self) -> None:
        self._right_s: float | None = None
        self._left_s: list[float] = []

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
        if not math.isfinite(float(self._x_JC.sum()) + float(self._visibility_J.sum())):
            bad = ~(np.isfinite(self._x_JC).all(axis=1) & np.isfinite(self._visibility_J))
            self._x_JC[bad], self._visibility_J[bad] = 0.0, 0.0

    def _step(self, sample: GridSample, out: _Found) -> None:
        forward = self._frame.update(sample.x_JC, sample.visibility_J)
        if not self._bridge(forward):
            if self._spectrum.n > 0:
                self._end_of_walk(out)
            return
        hidden = float(sample.visibility_J[LEGS].min()) < self._settings.min_visibility
        heading = self._frame.heading_rad
        filled = sample.filled or hidden
        self._history.update(sample.t_s, sample.x_JC, sample.visibility_J, filled, heading)
        self._newest_s = sample.t_s
        self._reconstruction_DT = self._spectrum.update(self._forward_D)
        if self._reconstruction_DT is not None:
            self._look(self._reconstruction_DT, out)

    def _bridge(self, forward: tuple[float, float]) -> bool:
        """Fill the forward positions of hidden feet; False when hidden for too long or from the start."""
        forecast: FloatArray | None = None
        for side in (0, 1):
            if not math.isnan(forward[side]):
                self._hidden[side] = 0
                self._forward_D[side] = forward[side]
                continue
            self._hidden[side] += 1
            if self._hidden[side] > self._max_hidden or self._spectrum.n == 0:
                return False
            if forecast is None:
                forecast = self._spectrum.forecast()
            if forecast is not None:
                # A recurrence may run away; the foot does not leave the range of its last strides.
                window_T = self._spectrum.window_TD[:, side]
                self._forward_D[side] = min(max(forecast[side], window_T.min()), window_T.max())
        return True

    def _look(self, reconstruction_DT: FloatArray, out: _Found) -> None:
        was_open = self._gate.is_open
        if not self._gate.update(reconstruction_DT):
            if was_open:
                self._forget_cycle()
            return
        n_back = 4 if was_open else reconstruction_DT.shape[1]
        self._find(reconstruction_DT, self._settings.n_delay, n_back, out)

    def _find(self, reconstruction_DT: FloatArray, n_delay: int, n_back: int, out: _Found) -> None:
        found = self._finder.update(
            reconstruction_DT, self._spectrum.window_TD.T, self._newest_s, self._period_s(), n_delay, n_back
        )
        for side, t_s in found:
            out.contacts.append(Contact(side, t_s, out.t_s))
            if side == "left":
                self._left_s.append(t_s)
            else:
                self._close_cycle(t_s, out)

    def _period_s(self) -> float | None:
        samples = self._spectrum.period_samples()
        if samples is None:
            return None
        period_s = samples / self._settings.rate_hz
        known = self._settings.min_cycle_s <= period_s <= self._settings.max_cycle_s
        return period_s if known else None

    def _close_cycle(self, end_s: float, out: _Found) -> None:
        start_s, left_s = self._right_s, tuple(self._left_s)
        self._forget_cycle()
        self._right_s = end_s
        if start_s is not None:
            out.cycles.append(self._cycle(start_s, end_s, left_s))

    def _cycle(self, start_s: float, end_s: float, left_s: tuple[float, ...]) -> GaitCycle:
        history = self._history
        filled = history.filled_share(start_s, end_s)
        reason = refuse(CycleFacts(start_s, end_s, left_s, filled, self._period_s()), self._settings)
        x_TJC: FloatArray | None = None
        if reason is None:
            x_TJC, reason = self._normalised(start_s, end_s)
        return GaitCycle(
            start_s=start_s,
            end_s=end_s,
            duration_s=end_s - start_s,
            usable=reason is None,
            reason=None if reason is None else str(reason),
            quality=quality(filled, self._spectrum.energy_share, history.leg_visibility(start_s, end_s)),
            turning=history.turned_rad(start_s, end_s) > self._settings.turning_rad,
            x_TJC=x_TJC,
        )

    def _normalised(self, start_s: float, end_s: float) -> tuple[FloatArray | None, Refusal | None]:
        x_TJC = self._history.cut(start_s, end_s)
        if x_TJC is None:
            return None, None
        try:
            return normalise_cycle(x_TJC), None
        except RecordingError:
            return None, Refusal.DEGENERATE

    def _end_of_walk(self, out: _Found) -> None:
        if self._reconstruction_DT is not None and self._gate.is_open:
            n = self._reconstruction_DT.shape[1]
            self._find(self._reconstruction_DT, self._settings.n_delay_flush, n, out)
        self._begin()


class _Found:
    """Collects what one call brings to light."""

    __slots__ = ("contacts", "cycles", "t_s")

    def __init__(self, t_s: float) -> None:
        self.t_s = t_s
        self.contacts: list[Contact] = []
        self.cycles: list[GaitCycle] = []

    def segmented(self) -> Segmented | None:
        if not self.contacts and not self.cycles:
            return None
        return Segmented(tuple(self.contacts), tuple(self.cycles))
