"""What a running service can say of itself at one moment.

Promises: counters, names and ages only. Refuses to hold anything of who is there.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from edge.gauges import Reading
from edge.permission import Rest
from edge.sense.frames import Progress


@dataclass(frozen=True, slots=True)
class Status:
    """What a status line shows: gauges, rung, model, each camera's progress, age of the stalest newest frame."""

    reading: Reading
    rung: str
    cameras: dict[str, Progress]
    down: tuple[str, ...]
    oldest_frame_s: float | None = None
    stage: str = ""
    rests: dict[str, Rest] = field(default_factory=dict)
    model: str = ""


def oldest_frame_s(cameras: Iterable[Progress]) -> float | None:
    """How long ago the frame was taken that a camera's eyes looked at last; of the camera where that is longest."""
    taken_ns = [progress.taken_mono_ns for progress in cameras if progress.n_taken]
    return (time.monotonic_ns() - min(taken_ns)) / 1e9 if taken_ns else None
