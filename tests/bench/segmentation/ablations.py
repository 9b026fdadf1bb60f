"""Stages that do less, to see what each is worth.

Shapes: T time, D channel, J landmark, C coordinate.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from edge.gait.body_frame import BodyFrame
from edge.gait.clock import Arrival, GridSample, UniformClock
from edge.gait.cycle import Stages
from edge.gait.gate import WalkingGate
from edge.gait.settings import GaitSettings
from edge.gait.spectrum import OnlineSpectrum
from edge.gait.unswap import Unswap

_N_TAPS = 5


class RawSignal(OnlineSpectrum):
    """No singular spectrum: the signal as it came, no forecast (a hidden foot stays where it was), no period."""

    def decompose(self) -> None:
        super().decompose()
        self.reconstruction_DT = self.smoothed(self.window_TD.T.copy())

    def smoothed(self, window_DT: np.ndarray) -> np.ndarray:
        return window_DT

    def ahead(self, n: int) -> None:
        return None

    def before(self, n: int) -> None:
        return None

    def period_samples(self) -> None:
        return None


class MovingAverage(RawSignal):
    """A centred moving average over five samples, over what there is of them at the ends."""

    def smoothed(self, window_DT: np.ndarray) -> np.ndarray:
        taps = np.ones(_N_TAPS)
        weight_T = np.convolve(np.ones(window_DT.shape[1]), taps, "same")
        return np.stack([np.convolve(row, taps, "same") / weight_T for row in window_DT])


class FixedAxis(BodyFrame):
    """No heading: forward is what it was in the first half second."""

    def reset(self) -> None:
        super().reset()
        self._n_axis = 0

    def _update_axis(self, x: list[list[float]], seen: list[bool]) -> None:
        if self._n_axis < 15:
            self._n_axis += 1
            super()._update_axis(x, seen)


class NoUnswap(Unswap):
    """Left and right as the source says."""

    def update(self, t_s: float, x_JC: np.ndarray, visibility_J: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return x_JC.copy(), visibility_J.copy()


class OpenGate(WalkingGate):
    """Everything is walking."""

    def update(self, *_: object) -> bool:
        self.is_open = True
        return True


class FrameIndexTime(UniformClock):
    """No resampling: every frame is the next grid sample, whatever its stamp says."""

    def __init__(self, settings: GaitSettings) -> None:
        super().__init__(settings)
        self._step_s = 1.0 / settings.rate_hz

    def reset(self) -> None:
        super().reset()
        self._first_s, self._n = math.nan, 0

    def judge(self, t_s: float) -> Arrival:
        return Arrival.NEXT if self._n else Arrival.FIRST

    def update(self, t_s: float, x_JC: np.ndarray, visibility_J: np.ndarray) -> Iterator[GridSample]:
        if self._n == 0:
            self._first_s = t_s
        yield from super().update(self._first_s + self._n * self._step_s, x_JC, visibility_J)
        self._n += 1


STAGES: dict[str, Stages] = {
    "no singular spectrum": Stages(spectrum=RawSignal),
    "five-tap average": Stages(spectrum=MovingAverage),
    "no heading": Stages(frame=FixedAxis),
    "no un-swap": Stages(unswap=NoUnswap),
    "no gate": Stages(gate=OpenGate),
    "no resampling": Stages(clock=FrameIndexTime),
}
