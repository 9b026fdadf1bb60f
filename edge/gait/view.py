"""One look at the window: what was reconstructed, what was measured, and what the recurrence adds at its ends.

Promises: sample i of a view is at `time_s(i)`; samples that were never there are forecasts, in both signals. Refuses
nothing.

Shapes: D side (left, right), T time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.gait.skeleton import FloatArray
from edge.gait.spectrum import OnlineSpectrum
from edge.gait.swing import Swing

N_FORWARD = 2


@dataclass(frozen=True, slots=True)
class View:
    """Reconstructed and measured forward positions (2, T); the first n_before and last n_ahead are forecasts."""

    forward_DT: FloatArray
    measured_DT: FloatArray
    swing: Swing
    newest_s: float
    rate_hz: float
    faces_camera: bool = False
    n_before: int = 0
    n_ahead: int = 0

    @property
    def oldest_s(self) -> float:
        """Time of the first sample that was there."""
        return self.time_s(self.n_before)

    def time_s(self, i: float) -> float:
        """Time of sample i, which may lie between two."""
        behind = float(self.forward_DT.shape[1] - 1 - self.n_ahead - i)
        return self.newest_s - behind / self.rate_hz


def view_of(
    spectrum: OnlineSpectrum, swing: Swing, newest_s: float, rate_hz: float, n_before: int = 0, n_ahead: int = 0
) -> View:
    """The window of a spectrum that has a reconstruction, with up to so many forecast samples at its ends."""
    assert spectrum.reconstruction_DT is not None
    forward_DT, measured_DT = spectrum.reconstruction_DT[:N_FORWARD], spectrum.window_TD[:, :N_FORWARD].T
    before_DT = spectrum.before(n_before) if n_before else None
    ahead_DT = spectrum.ahead(n_ahead) if n_ahead else None
    n_before = n_ahead = 0
    if before_DT is not None:
        n_before = before_DT.shape[1]
        forward_DT, measured_DT = _joined(before_DT, forward_DT), _joined(before_DT, measured_DT)
    if ahead_DT is not None:
        n_ahead = ahead_DT.shape[1]
        forward_DT, measured_DT = _joined(forward_DT, ahead_DT), _joined(measured_DT, ahead_DT)
    faces_camera = spectrum.n_stacked > N_FORWARD
    return View(forward_DT, measured_DT, swing, newest_s, rate_hz, faces_camera, n_before, n_ahead)


def _joined(earlier_DT: FloatArray, later_DT: FloatArray) -> FloatArray:
    return np.hstack([earlier_DT[:N_FORWARD], later_DT[:N_FORWARD]])
