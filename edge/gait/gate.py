"""Is this walking? Both feet swing far enough, against each other, and in a rhythm.

Promises: open only after n_open good samples on end, closed after n_close bad ones (gait.md, step 4). Standing,
squats and jumps never open it, nor does the trembling of a poor pose around a body at rest: that is not rhythm (the
leading components' share of the window's variance). There is no condition on the speed of the hips: people walk on
treadmills. Refuses nothing.
"""

from __future__ import annotations

from edge.gait.settings import GaitSettings
from edge.gait.swing import Swing


class WalkingGate:
    """Hysteresis over the excursion of both feet and their correlation."""

    def __init__(self, settings: GaitSettings) -> None:
        self._settings = settings
        self.reset()

    def reset(self) -> None:
        """Close, and forget."""
        self.is_open = False
        self._n_good = 0
        self._n_bad = 0

    def update(self, swing: Swing, rhythm: float) -> bool:
        """Take how the feet swing over the window, and the rhythm of it; return whether this is walking."""
        if rhythm >= self._settings.min_rhythm and looks_like_walking(swing, self._settings):
            self._n_good, self._n_bad = self._n_good + 1, 0
        else:
            self._n_good, self._n_bad = 0, self._n_bad + 1
        if self._n_good >= self._settings.n_open:
            self.is_open = True
        elif self._n_bad >= self._settings.n_close:
            self.is_open = False
        return self.is_open


def looks_like_walking(swing: Swing, settings: GaitSettings) -> bool:
    """Both feet move, and against each other."""
    return min(swing.range_D) > settings.min_excursion and swing.correlation < settings.max_correlation
