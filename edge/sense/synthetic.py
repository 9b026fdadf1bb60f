"""A camera that shows synthetic walkers and knows when their feet land.

Promises: the same options give the same pictures; `truth` gives the initial contacts of what was shown. It is a
picture source like any other: 640x480, and MediaPipe tracks its people (measured in
tests/bench/synthetic_view.py). Refuses, with CameraError naming the option, what `synthetic_spec` refuses.

A live one keeps the pace of the clock and skips pictures when it comes late, as a real camera does; the others give
every picture as fast as they are asked.

Legend: H height, W width, C colour (red, green, blue).
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from edge.errors import CameraError
from edge.gait.skeleton import HEAD, LEFT_ANKLE, RIGHT_ANKLE
from edge.gait.walker import TrueContact
from edge.sense.figure import looks_of
from edge.sense.performer import performers
from edge.sense.picture import Picture
from edge.sense.scene import HEIGHT, WIDTH, Rgb, Scene
from edge.sense.synthetic_spec import parse

_NIGHT = 0.012


class SyntheticCamera:
    """A picture source: `synthetic:` and options, see `synthetic_spec.SyntheticSpec`."""

    def __init__(self, spec: str) -> None:
        self.spec = parse(spec)
        self.width, self.height = WIDTH, HEIGHT
        self.rate_hz, self.live = self.spec.rate, self.spec.live
        self._people = performers(self.spec)
        self._looks = [looks_of(self.spec.identity + i) for i in range(self.spec.people)]
        self._scene = Scene(self.spec.view, self.spec.distance_m)
        self._next = 0
        self._began_s: float | None = None

    def read(self) -> Picture | None:
        """The next picture, None after `seconds`; raises CameraError from `vanish` on."""
        if self.live:
            self._keep_pace()
        t_s = self._next / self.rate_hz
        if self.spec.seconds and t_s >= self.spec.seconds:
            return None
        if self.spec.vanish and t_s >= self.spec.vanish:
            raise CameraError("no more pictures from the synthetic camera", "a camera that stays", "Open it again.")
        self._next += 1
        return Picture(self.picture_at(t_s), t_s)

    def close(self) -> None:
        """Nothing to let go of; another `read` would start over."""
        self._next, self._began_s = 0, None

    def picture_at(self, t_s: float) -> Rgb:
        """What it shows at a time."""
        posed = [(p.at(t_s), looks) for p, looks in zip(self._people, self._looks, strict=True)]
        picture = self._scene.picture([(x, looks) for x, looks in posed if x is not None])
        return (picture * _NIGHT).astype(np.uint8) if self.spec.dark else picture

    def skeleton_at(self, t_s: float, person: int = 0) -> NDArray[np.float32] | None:
        """Where that person's landmarks truly are, (20, 3) metres in the room; None while they are away."""
        return self._people[person].at(t_s)

    def seen_for_s(self, t_s: float, person: int = 0) -> float:
        """For how long that person has been wholly in the picture, looked up ten times a second; at most 10 s."""
        for n in range(100):
            if not self._shown(self._people[person].at(t_s - n / 10)):
                return max(0.0, (n - 1) / 10)
        return 10.0

    def truth(self, person: int = 0, until_s: float | None = None) -> tuple[TrueContact, ...]:
        """The initial contacts of one person that could be seen.

        Args:
            person: 0 for the first.
            until_s: default: the whole recording, or for an endless one what was read so far.

        Returns:
            Contacts in order of time at which head and both ankles were in the picture.
        """
        end_s = until_s if until_s is not None else self.spec.seconds or self._next / self.rate_hz
        who = self._people[person]
        return tuple(c for c in who.truth(end_s) if self._shown(who.at(c.t_s)))

    def _shown(self, x_JC: NDArray[np.float32] | None) -> bool:
        if x_JC is None:
            return False
        return bool(self._scene.shows(x_JC[[HEAD, LEFT_ANKLE, RIGHT_ANKLE]].astype(float)).all())

    def _keep_pace(self) -> None:
        """Wait for the next picture's time, or skip the pictures whose time is over."""
        now_s = time.monotonic()
        if self._began_s is None:
            self._began_s = now_s - self._next / self.rate_hz
        due_s = self._began_s + self._next / self.rate_hz
        if now_s < due_s:
            time.sleep(due_s - now_s)
        else:
            self._next = max(self._next, int((now_s - self._began_s) * self.rate_hz))
