"""Short-lived numbers for the bodies in a picture, so that two people's steps are never mixed.

Promises: a number belongs to one body at a time, is never given twice, and ends after ``ABSENCE_S`` out of sight. Where
two bodies meet so closely that they could be confused, both numbers end and new ones begin, when they meet and again
when they part: a gait cycle may be lost, but is never put together from two people. Nothing is remembered of how
anybody looks or walks; a number says nothing about who it is.
Refuses nothing: any number of bodies, in any order; time that does not rise forgets everything.

Method: each number's position is predicted with its last velocity; the Hungarian assignment of least total distance
(scipy) is kept where the distance is within a gate that grows with the time since the number was last seen.

Lengths are in picture heights.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment

ABSENCE_S: Final = 1.0
GATE_SIZES: Final = 0.3
GATE_SIZES_PER_S: Final = 1.0
MEETING_SIZES: Final = 0.3
_FAR: Final = 1e6


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a body is in the picture (x, y) and how large it appears; all in picture heights."""

    x: float
    y: float
    size: float


@dataclass(frozen=True, slots=True)
class _Track:
    number: int
    t_s: float
    spot: Spot
    speed: tuple[float, float] = (0.0, 0.0)
    meeting: bool = False

    def at(self, t_s: float) -> Spot:
        # A velocity is good for a few frames; after that the body may have stopped.
        ahead_s = min(t_s - self.t_s, 0.2)
        return replace(self.spot, x=self.spot.x + self.speed[0] * ahead_s, y=self.spot.y + self.speed[1] * ahead_s)


class TrackKeeper:
    """Gives each body its number, counting from ``first``."""

    def __init__(self, first: int = 1) -> None:
        self._next = first
        self._tracks: list[_Track] = []

    def reset(self) -> None:
        """Forget everybody; the next bodies get new numbers."""
        self._tracks = []

    def update(self, t_s: float, spots: Sequence[Spot]) -> tuple[int, ...]:
        """The number of each spot seen at ``t_s``, in the order given."""
        if any(track.t_s >= t_s for track in self._tracks):
            self.reset()
        self._tracks = [track for track in self._tracks if t_s - track.t_s <= ABSENCE_S]
        seen = self._assigned(t_s, spots)
        meeting = [_meets(spot, spots) or self._hides_another(t_s, spot, seen) for spot in spots]
        now = [self._continued(track, t_s, spot, met) for track, spot, met in zip(seen, spots, meeting, strict=True)]
        self._tracks = now + self._out_of_sight(t_s, seen, spots)
        return tuple(track.number for track in now)

    def _assigned(self, t_s: float, spots: Sequence[Spot]) -> list[_Track | None]:
        seen: list[_Track | None] = [None] * len(spots)
        if not spots or not self._tracks:
            return seen
        cost = np.array([[self._cost(track, t_s, spot) for track in self._tracks] for spot in spots])
        for row, column in zip(*linear_sum_assignment(cost), strict=True):
            if cost[row, column] < _FAR:
                seen[row] = self._tracks[column]
        return seen

    @staticmethod
    def _cost(track: _Track, t_s: float, spot: Spot) -> float:
        gate = (GATE_SIZES + GATE_SIZES_PER_S * (t_s - track.t_s)) * max(spot.size, track.spot.size)
        away = _distance(track.at(t_s), spot)
        return away if away <= gate else _FAR

    def _hides_another(self, t_s: float, spot: Spot, seen: list[_Track | None]) -> bool:
        """Whether a body that is out of sight should be just here: one of two people who cross hides the other."""
        return any(
            track not in seen and _near(track.at(t_s), spot) for track in self._tracks if t_s - track.t_s <= ABSENCE_S
        )

    def _continued(self, track: _Track | None, t_s: float, spot: Spot, meeting: bool) -> _Track:
        if track is None or track.meeting != meeting:
            self._next += 1
            return _Track(self._next - 1, t_s, spot, meeting=meeting)
        passed_s = t_s - track.t_s
        speed = ((spot.x - track.spot.x) / passed_s, (spot.y - track.spot.y) / passed_s)
        return _Track(track.number, t_s, spot, speed, meeting)

    def _out_of_sight(self, t_s: float, seen: list[_Track | None], spots: Sequence[Spot]) -> list[_Track]:
        return [
            replace(track, meeting=track.meeting or _near_any(track.at(t_s), spots))
            for track in self._tracks
            if track not in seen
        ]


def _meets(spot: Spot, spots: Sequence[Spot]) -> bool:
    return any(other is not spot and _near(other, spot) for other in spots)


def _near_any(spot: Spot, spots: Sequence[Spot]) -> bool:
    return any(_near(spot, other) for other in spots)


def _near(one: Spot, other: Spot) -> bool:
    return _distance(one, other) < MEETING_SIZES * max(one.size, other.size)


def _distance(one: Spot, other: Spot) -> float:
    return math.hypot(one.x - other.x, one.y - other.y)
