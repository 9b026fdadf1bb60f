"""What one UTC minute of one place was: exactly one of six kinds, decided from counts alone.

Promises: every tally has one kind, by the first rule of `classify_minute` that holds; an error is never hidden
behind a kinder name. Refuses to know anything but counts: no track, no body, no time inside the minute survives.
"""

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final

MINUTE_S: Final = 60
FAULT_S: Final = 5
"""So many of the sixty seconds without a frame, or with the picture lost, make a minute a fault."""
PRESENCE_S: Final = 1.0
"""So much time is a person; less is a flicker of the pose estimator (a ghost)."""


class MinuteKind(StrEnum):
    """The six kinds of a minute, in the order of their precedence from the top."""

    FAULT = "fault"
    PAUSED = "paused"
    UNUSABLE = "unusable"
    SEVERAL_PEOPLE = "several_people"
    OBSERVED = "observed"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class MinuteTally:
    """Counts of one minute at one place.

    ``n_s_*`` count distinct seconds of the minute (0 to 60) in which something happened at least once; states are
    counted in seconds because a camera that sees nothing sends frames more slowly. ``n_frames_*`` count frames in
    which the picture was good; people are counted in frames, so that one ghost frame stays one frame. A frame with
    a person of whom nobody is usable (hips, knees or ankles unseen) counts in ``n_frames_not_usable`` *and* in
    ``n_frames_one`` or ``n_frames_several``. Raises ValueError for a count that cannot be.
    """

    n_s_frames: int = 0
    n_s_good: int = 0
    n_s_dark: int = 0
    n_s_blocked: int = 0
    n_s_lost: int = 0
    n_s_paused: int = 0
    n_frames_nobody: int = 0
    n_frames_one: int = 0
    n_frames_several: int = 0
    n_frames_not_usable: int = 0
    n_ticks_down: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            count = getattr(self, field.name)
            most = MINUTE_S if field.name.startswith("n_s_") else None
            if count < 0 or (most is not None and count > most):
                raise ValueError(f"{field.name} is {count}, which no minute has")
        if self.n_frames_not_usable > self.n_frames_one + self.n_frames_several:
            raise ValueError("more frames with an unusable person than frames with a person")

    @property
    def n_s_missing(self) -> int:
        """Seconds that had neither a frame nor a reason (the household had it off)."""
        return max(0, MINUTE_S - self.n_s_frames - self.n_s_paused)

    def seconds_of(self, n_frames: int) -> float:
        """Time that many good frames stand for, at this minute's own frame rate."""
        n_good = self.n_frames_nobody + self.n_frames_one + self.n_frames_several
        return n_frames * self.n_s_good / n_good if n_good else 0.0


def classify_minute(tally: MinuteTally) -> MinuteKind:
    """The kind of a minute: the first of these that holds.

    1. *fault*: the supervisor said that the camera's processes were down, or at least 5 of the 60 seconds had
       neither a frame nor a pause, or the picture was lost in at least 5 of them.
    2. *paused*: the household had it off for at least half of the minute.
    3. *unusable*: dark or blocked for at least half of the seconds that had frames.
    4. *several people*: two or more in view for one second's worth of frames.
    5. *observed*: somebody usable in view for one second's worth; *unusable* if somebody was there that long, but
       not usable that long.
    6. *nobody*: what is left.
    """
    if tally.n_ticks_down or tally.n_s_missing >= FAULT_S or tally.n_s_lost >= FAULT_S:
        return MinuteKind.FAULT
    if 2 * tally.n_s_paused >= MINUTE_S:
        return MinuteKind.PAUSED
    if tally.n_s_dark + tally.n_s_blocked > 0 and 2 * (tally.n_s_dark + tally.n_s_blocked) >= tally.n_s_frames:
        return MinuteKind.UNUSABLE
    if tally.seconds_of(tally.n_frames_several) >= PRESENCE_S:
        return MinuteKind.SEVERAL_PEOPLE
    return _kind_of_one(tally)


def _kind_of_one(tally: MinuteTally) -> MinuteKind:
    n_person = tally.n_frames_one + tally.n_frames_several
    if tally.seconds_of(n_person) < PRESENCE_S:
        return MinuteKind.NOBODY
    usable_s = tally.seconds_of(n_person - tally.n_frames_not_usable)
    return MinuteKind.OBSERVED if usable_s >= PRESENCE_S else MinuteKind.UNUSABLE


class MinuteCounter:
    """Counts one minute of one place as its frames and ticks come; `tally` at its end, `reset` for the next.

    Holds two hundred booleans and five numbers, never a frame. Seconds are 0 to 59, the second of the minute.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the minute."""
        self._seconds: dict[str, set[int]] = {s: set() for s in ("ok", "dark", "blocked", "lost", "paused")}
        self._n_nobody = self._n_one = self._n_several = self._n_not_usable = self._n_down = 0

    def update(self, second: int, state: str, n_people: int, n_usable: int) -> None:
        """One processed frame: its state (ok, dark, blocked, lost) and how many people, how many of them usable."""
        self._seconds[state].add(second)
        if state != "ok":
            return
        self._n_nobody += n_people == 0
        self._n_one += n_people == 1
        self._n_several += n_people >= 2
        self._n_not_usable += n_people > 0 and n_usable == 0

    def down(self) -> None:
        """One tick in which the supervisor said that a process of this camera was down."""
        self._n_down += 1

    def paused(self, first_second: int, end_second: int) -> None:
        """The household had it off during these seconds of the minute (half-open)."""
        self._seconds["paused"].update(range(first_second, end_second))

    def tally(self) -> MinuteTally:
        """The counts so far."""
        seconds = self._seconds
        framed = seconds["ok"] | seconds["dark"] | seconds["blocked"] | seconds["lost"]
        return MinuteTally(
            n_s_frames=len(framed),
            n_s_good=len(seconds["ok"]),
            n_s_dark=len(seconds["dark"]),
            n_s_blocked=len(seconds["blocked"] - seconds["dark"]),
            n_s_lost=len(seconds["lost"]),
            n_s_paused=len(seconds["paused"] - framed),
            n_frames_nobody=self._n_nobody,
            n_frames_one=self._n_one,
            n_frames_several=self._n_several,
            n_frames_not_usable=self._n_not_usable,
            n_ticks_down=self._n_down,
        )
