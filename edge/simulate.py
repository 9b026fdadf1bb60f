"""Simulated weeks in a home: when somebody walks past the camera, in which mood, and the messages that follow.

Promises: the same seed gives the same weeks; the messages are those a real camera would lead to, so that the same
monitor and diary take them; time is simulated and no clock is read. Refuses to be mistaken for a home: its diary is
marked as a demo by whoever keeps it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np

from edge.affect import CLASSES
from edge.gait.pose_noise import mediapipe_like
from edge.gait.walker import Walker, skeletons
from edge.monitor import NS
from edge.wire import Frame, Message, Person, Tick, pack_body

PLACE: Final = "hall"
RATE_HZ: Final = 30
WALK_S: Final = (9, 14)
WALKS_AN_HOUR: Final = 4
HOURS: Final = (8, 13, 18)
FIRST_HOUR: Final = 6
LAST_HOUR: Final = 23
_ORDINARY: Final = (0.05, 0.35, 0.45, 0.15)
_LOW: Final = (0.05, 0.05, 0.25, 0.65)


@dataclass(frozen=True, slots=True)
class PlannedWalk:
    """Somebody walks past: when it begins (Unix s), how long (s), in which affect, and which walk it is."""

    start_s: int
    duration_s: int
    affect: str
    seed: int


def plan_weeks(last_day: date, n_weeks: int, seed: int = 1) -> list[PlannedWalk]:
    """Walks of ``n_weeks`` weeks that end with ``last_day`` (UTC): ordinary ones, and a low last week."""
    rng = np.random.default_rng(seed)
    walks: list[PlannedWalk] = []
    for day in range(7 * n_weeks):
        date_ = last_day - timedelta(days=7 * n_weeks - 1 - day)
        low = n_weeks > 1 and day >= 7 * (n_weeks - 1)
        for hour in HOURS:
            walks += _hour(rng, date_, hour, _LOW if low else _ORDINARY, len(walks))
    return walks


def _hour(
    rng: np.random.Generator, day: date, hour: int, shares: tuple[float, ...], n_before: int
) -> list[PlannedWalk]:
    start_s = int(datetime(day.year, day.month, day.day, hour, tzinfo=UTC).timestamp())
    minutes = np.sort(rng.choice(np.arange(1, 58, 2), size=WALKS_AN_HOUR, replace=False))
    affects = rng.choice(CLASSES, size=WALKS_AN_HOUR, p=shares)
    lengths = rng.integers(*WALK_S, size=WALKS_AN_HOUR)
    return [
        PlannedWalk(start_s + 60 * int(minute), int(length), str(affect), n_before + n)
        for n, (minute, affect, length) in enumerate(zip(minutes, affects, lengths, strict=True))
    ]


def day_messages(day: date, walks: list[PlannedWalk], seq: int) -> Iterator[Message]:
    """All messages of one day: a frame a second while nobody is there, thirty a second while somebody walks.

    Between ``LAST_HOUR`` and ``FIRST_HOUR`` the simulated household has it off, so there are none.
    """
    midnight_s = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    busy = {walk.start_s: walk for walk in walks}
    t_s, end_s = midnight_s + 3600 * FIRST_HOUR, midnight_s + 3600 * LAST_HOUR
    while t_s < end_s:
        if t_s % 60 == 0:
            yield Tick(t_s * NS, t_s * NS)
        walk = busy.get(t_s)
        frames = _walking(walk, seq) if walk else [Frame(PLACE, seq, t_s * NS, t_s * NS, "ok")]
        yield from frames
        seq += len(frames)
        t_s += walk.duration_s if walk else 1
    yield Tick(end_s * NS, end_s * NS)


def _walking(walk: PlannedWalk, seq: int) -> list[Frame]:
    """One walk as a camera at the side would tell it."""
    t_s = np.arange(walk.duration_s * RATE_HZ) / RATE_HZ
    walker = Walker(identity=1, affect=walk.affect, seed=walk.seed)
    x_TJC, visibility_TJ = mediapipe_like(skeletons(walker, t_s), seed=walk.seed)
    start_ns = walk.start_s * NS
    return [
        Frame(
            PLACE,
            seq + n,
            start_ns + round(float(t) * NS),
            start_ns + round(float(t) * NS),
            "ok",
            (Person(walk.seed, pack_body(x_TJC[n], visibility_TJ[n])),),
        )
        for n, t in enumerate(t_s)
    ]
