"""The segmenter of the device, fed frame by frame and flushed at the end of the trial."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, fields, replace

from edge.gait.cycle import Contact, CycleSegmenter, Segmented, Stages
from edge.gait.settings import GaitSettings
from edge.gait.skeleton import SkeletonFrame
from tests.bench.segmentation.ablations import STAGES
from tests.bench.segmentation.found import Found, Told

NAME = "ours"
# The two least useful ways of smoothing, beside the singular spectrum, are methods of their own.
VARIANTS = ("no singular spectrum", "five-tap average", "leading pair only")
LEFT_OUT = ("no heading", "no un-swap", "no gate", "no resampling")


@dataclass(frozen=True)
class Ours:
    """CycleSegmenter with these settings and stages."""

    name: str = NAME
    settings: GaitSettings = field(default_factory=GaitSettings)
    stages: Stages = field(default_factory=Stages)
    online = True

    def run(self, frames: list[SkeletonFrame], camera_hz: float) -> Found:
        segmenter, found = CycleSegmenter(self.settings, self.stages), Found()
        for frame in frames:
            was_walking, begun_ns = segmenter.is_walking, time.thread_time_ns()
            told = segmenter.update(frame)
            found.cpu_ms.append((time.thread_time_ns() - begun_ns) / 1e6)
            _take(found, told, not was_walking)
        _take(found, segmenter.flush(), False)
        return found


def variant(name: str) -> Ours:
    """The segmenter with one thing less, by the name it has in the tables."""
    if name == "leading pair only":
        # Every rank there is: other views may have one of their own.
        ranks = [f.name for f in fields(GaitSettings) if f.name.endswith("rank")]
        return Ours(name, replace(GaitSettings(), **dict.fromkeys(ranks, 2)))
    return Ours(name, stages=STAGES[name])


def _take(found: Found, told: Segmented | None, at_opening: bool) -> None:
    if told is None:
        return
    found.initials += [_told(contact, at_opening) for contact in told.contacts]
    found.finals += [_told(contact, at_opening) for contact in told.finals]
    found.n_cycles += len(told.cycles)
    found.n_usable += sum(cycle.usable for cycle in told.cycles)


def _told(contact: Contact, at_opening: bool) -> Told:
    return Told(contact.side, float(contact.t_s), float(contact.emitted_t_s), at_opening)
