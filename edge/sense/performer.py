"""Where each person of the synthetic camera is at a time: the treadmill, crossings with pauses, or turns.

Promises: a pure function of time for each person, with the true initial contacts. Refuses nothing: the options were
checked when they were read.

Legend: J landmark, C coordinate, metres, y up, in the room of `scene`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edge.gait.walker import TrueContact, Walker, contacts, skeletons
from edge.sense.scene import FOCAL, WIDTH
from edge.sense.synthetic_spec import SyntheticSpec

_BEYOND_M = 0.6
_FARTHEST_M = 3.2
_NEAREST_M = 3.0


@dataclass(frozen=True, slots=True)
class Performer:
    """One person and the way they take through the room.

    Attributes:
        walker: who, how.
        shift: (x, z) metres by which their line is moved.
        start_m, end_m: where a crossing begins and ends along z (unused on the other paths).
        reverse: whether the first crossing goes the other way.
        period_s: from the start of one crossing to the start of the next.
    """

    walker: Walker
    shift: tuple[float, float]
    start_m: float = 0.0
    end_m: float = 0.0
    reverse: bool = False
    period_s: float = 0.0

    @property
    def crosses(self) -> bool:
        """Whether they walk through the picture and away, instead of staying in it."""
        return self.end_m > self.start_m

    @property
    def crossing_s(self) -> float:
        """How long one crossing takes."""
        return (self.end_m - self.start_m) / self.walker.gait.speed_m_s

    def at(self, t_s: float) -> NDArray[np.float32] | None:
        """The twenty landmarks (20, 3) in the room, or None while they are away."""
        if not self.crosses:
            return self._placed(skeletons(self.walker, np.array([t_s]))[0], back=False)
        number, since_s = divmod(t_s, self.period_s)
        if since_s >= self.crossing_s:
            return None
        walker = _again(self.walker, int(number))
        begin_m = _root_z(walker)
        x_JC = skeletons(walker, np.array([since_s]))[0]
        x_JC[:, 2] -= begin_m
        back = (int(number) % 2 == 1) != self.reverse
        x_JC[:, 2] += -self.end_m if back else self.start_m
        return self._placed(x_JC, back)

    def truth(self, until_s: float) -> tuple[TrueContact, ...]:
        """The initial contacts before that time, also those outside the picture."""
        if not self.crosses:
            return contacts(self.walker, 0.0, until_s)
        found: list[TrueContact] = []
        for number in range(math.ceil(until_s / self.period_s)):
            begin_s = number * self.period_s
            inside = contacts(_again(self.walker, number), 0.0, min(self.crossing_s, until_s - begin_s))
            found += [TrueContact(c.side, float(c.t_s + begin_s)) for c in inside]
        return tuple(found)

    def _placed(self, x_JC: NDArray[np.float32], back: bool) -> NDArray[np.float32]:
        if back:
            x_JC[:, [0, 2]] *= -1
        x_JC[:, [0, 2]] += np.asarray(self.shift, np.float32)
        return x_JC


def performers(spec: SyntheticSpec) -> tuple[Performer, ...]:
    """The people of a camera, spread out so that they can be told apart."""
    path = {"treadmill": "treadmill", "cross": "straight", "turn": "loop"}[spec.path]
    middle = (spec.people - 1) / 2
    people = []
    for i in range(spec.people):
        walker = Walker(spec.identity + i, spec.affect, path, spec.seed, straight_m=1.6)
        aside = 0.9 * (i - middle)
        shift = (0.0, 1.2 * aside) if spec.path == "treadmill" else (aside, 0.0)
        if spec.path == "turn":
            shift = (shift[0] - walker.turn_radius_m, -0.8)
        people.append(Performer(walker, shift))
    return tuple(people) if spec.path != "cross" else _crossing(spec, people)


def _crossing(spec: SyntheticSpec, people: list[Performer]) -> tuple[Performer, ...]:
    """Let them walk from out of the picture to out of the picture, every second one the other way."""
    start_m, end_m = _span(spec)
    people = [replace(p, start_m=start_m, end_m=end_m, reverse=i % 2 == 1, period_s=1.0) for i, p in enumerate(people)]
    period_s = float(max((p.crossing_s for p in people), default=1.0) + spec.wait)
    return tuple(replace(p, period_s=period_s) for p in people)


def _span(spec: SyntheticSpec) -> tuple[float, float]:
    """From where to where along z: past both edges of the picture, but neither far off nor into the lens."""
    angle, distance_m = np.radians(spec.view), spec.distance_m
    edge = WIDTH / 2 / FOCAL
    ends = []
    for sign in (1, -1):
        # The line of sight through the picture's edge meets the walking line this far from its middle.
        across = abs(np.sin(angle)) + sign * np.cos(angle) * edge
        out_m = edge * distance_m / across + _BEYOND_M if across > 0.05 else np.inf
        toward = sign * np.cos(angle)
        limit_m = (distance_m - _NEAREST_M) / toward if toward > 0.2 else _FARTHEST_M
        ends.append(float(np.clip(out_m, 0.8, max(limit_m, 0.8))))
    return -ends[1], ends[0]


def _again(walker: Walker, number: int) -> Walker:
    return replace(walker, seed=walker.seed + 1009 * number)


@lru_cache(maxsize=64)
def _root_z(walker: Walker) -> float:
    return float(skeletons(walker, np.zeros(1))[0, 0, 2])
