"""The people in front of one camera, each with a segmenter of their own for as long as they stay in view.

Promises: at most ``MAX_WALKERS`` bodies are followed at once and each is forgotten when it has been out of view for
``ABSENT_S``; what was still pending is flushed first. A walking bout is a run of cycles without a pause over
``PAUSE_S``; its number means nothing outside this process. Refuses to read a clock: time comes in with the data.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from edge.gait.crowd import Crowd
from edge.gait.cycle import GaitCycle, Segmented
from edge.gait.skeleton import SkeletonFrame
from edge.wire import Person, unpack_body

MAX_WALKERS: Final = 4
ABSENT_S: Final = 1.0
PAUSE_S: Final = 2.0


@dataclass(slots=True)
class Walker:
    """One followed body: when it was last seen, and its current bout."""

    seen_s: float = 0.0
    cycle_end_s: float | None = None
    bout: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """What one person's stage gave: contacts, and cycles each with the number of its bout."""

    segmented: Segmented
    bouts: tuple[int, ...]


class People:
    """Everyone in front of one camera; ``update`` takes one frame's people."""

    def __init__(self) -> None:
        self._walkers: dict[int, Walker] = {}
        self._crowd: Crowd[int] = Crowd()
        self._n_bouts = 0

    def update(self, t_s: float, people: tuple[Person, ...]) -> Iterator[Step]:
        """Follow ``people`` at ``t_s`` (monotonic seconds); yields what their segmenters found."""
        frames = {}
        for person in people:
            walker = self._walkers.get(person.track) or self._admit(person.track)
            if walker is not None:
                walker.seen_s = t_s
                frames[person.track] = SkeletonFrame(t_s, *unpack_body(person.body))
        for track, segmented in self._crowd.update(frames).items():
            yield self._step(self._walkers[track], segmented)
        yield from self._forget(t_s - ABSENT_S)

    def flush(self) -> Iterator[Step]:
        """Everyone leaves; yields what was still pending."""
        yield from self._forget(float("inf"))

    def _admit(self, track: int) -> Walker | None:
        if len(self._walkers) >= MAX_WALKERS:
            return None
        self._walkers[track] = walker = Walker()
        return walker

    def _forget(self, before_s: float) -> Iterator[Step]:
        for track in [track for track, walker in self._walkers.items() if walker.seen_s < before_s]:
            walker = self._walkers.pop(track)
            segmented = self._crowd.flush(track) if track in self._crowd else None
            if segmented is not None:
                yield self._step(walker, segmented)

    def _step(self, walker: Walker, segmented: Segmented) -> Step:
        return Step(segmented, tuple(self._bout(walker, cycle) for cycle in segmented.cycles))

    def _bout(self, walker: Walker, cycle: GaitCycle) -> int:
        if walker.cycle_end_s is None or cycle.start_s - walker.cycle_end_s > PAUSE_S:
            self._n_bouts += 1
            walker.bout = self._n_bouts
        walker.cycle_end_s = cycle.end_s
        return walker.bout
