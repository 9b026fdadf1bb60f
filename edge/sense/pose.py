"""Pictures to bodies: MediaPipe's pose landmarker, and nothing of it but the canonical skeleton.

Promises: stamps given to the landmarker rise strictly whatever comes in; one person is one body; what leaves is
``quietstep20`` in metres, y up, with visibility, and where the body is in the picture. Faces and hands stay here.
Refuses pictures the landmarker fails on (PoseError) and files it does not load (PoseModelError).

One person is followed by a landmarker for one pose: it follows better and costs less (see tests/bench) than one for
several, which searches the whole picture each time. The second, for several, looks once a second; while it sees more
than one body it does the work, and for ``CROWD_HOLD_S`` afterwards. Both run in VIDEO mode in the caller's thread.

Shapes: H height, W width, C colour or coordinate, J landmark, M middles (shoulders, hips, knees, ankles).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import mediapipe as mp
import numpy as np
import numpy.typing as npt
from mediapipe.tasks.python import BaseOptions, vision

from edge.errors import PoseError, PoseModelError
from edge.gait.skeleton import to_canonical
from edge.sense.picture import Rgb
from edge.sense.tracks import Spot

SCOUT_INTERVAL_MS: Final = 1000
CROWD_HOLD_MS: Final = 3000
SAME_BODY_SIZES: Final = 0.2
LEAST_TORSO_VISIBILITY: Final = 0.3
_PAIRS: Final = ((11, 12), (23, 24), (25, 26), (27, 28))
_TORSO: Final = (11, 12, 23, 24)
_WARM_UP: Final = np.zeros((64, 64, 3), np.uint8)

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, repr=False)
class Body:
    """One person in one picture: (20, 3) metres, (20,) visibility, and middles (4, 2) in picture heights."""

    x_JC: Float32
    visibility_J: Float32
    middles_MC: Float32

    @property
    def spot(self) -> Spot:
        """Mid-hip and apparent size, for the tracks."""
        x, y = self.middles_MC[1]
        return Spot(float(x), float(y), self.size)

    @property
    def size(self) -> float:
        """From shoulders to ankles in picture heights, at least a twentieth."""
        return max(0.05, float(np.linalg.norm(self.middles_MC[0] - self.middles_MC[3])))

    def __repr__(self) -> str:
        return "Body()"


class PoseEstimator:
    """Bodies in each picture of one camera."""

    def __init__(self, model: Path, max_people: int = 4) -> None:
        self._max_people = max_people
        self._last_ms = -1
        self._solo = _Landmarker(model, 1)
        self._crowd = _Landmarker(model, max_people) if max_people > 1 else None
        self._next_scout_ms = 0
        self._crowd_until_ms = -1

    def update(self, rgb_HWC: Rgb, t_ms: int) -> tuple[Body, ...]:
        """The bodies in one picture (H, W, 3) uint8, the best seen first; raises PoseError."""
        self._last_ms = t_ms = max(t_ms, self._last_ms + 1)
        if self._crowd is None:
            return _distinct(self._solo.update(rgb_HWC, t_ms), self._max_people)
        if t_ms < self._crowd_until_ms:
            return self._look_for_several(self._crowd, rgb_HWC, t_ms, ())
        alone = self._solo.update(rgb_HWC, t_ms)
        if t_ms < self._next_scout_ms:
            return _distinct(alone, self._max_people)
        self._next_scout_ms = t_ms + SCOUT_INTERVAL_MS
        return self._look_for_several(self._crowd, rgb_HWC, t_ms, alone)

    def warm_up(self) -> None:
        """Let the networks run once, so that the first real picture is not late."""
        self.update(_WARM_UP, 0)

    def close(self) -> None:
        """Free the networks."""
        self._solo.close()
        if self._crowd:
            self._crowd.close()

    def _look_for_several(self, crowd: _Landmarker, rgb_HWC: Rgb, t_ms: int, alone: Sequence[Body]) -> tuple[Body, ...]:
        bodies = _distinct([*alone, *crowd.update(rgb_HWC, t_ms)], self._max_people)
        if len(bodies) > 1:
            self._crowd_until_ms = t_ms + CROWD_HOLD_MS
        return bodies


class _Landmarker:
    def __init__(self, model: Path, n_poses: int) -> None:
        options = vision.PoseLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(model)),
            running_mode=vision.RunningMode.VIDEO,
            num_poses=n_poses,
        )
        try:
            self._landmarker = vision.PoseLandmarker.create_from_options(options)
        except (RuntimeError, ValueError, OSError) as error:
            raise PoseModelError(
                f"a pose model that does not load ({type(error).__name__})",
                "a pose landmarker bundle",
                "Run: quietstep pose-model",
            ) from error

    def update(self, rgb_HWC: Rgb, t_ms: int) -> list[Body]:
        picture = mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb_HWC)
        try:
            result = self._landmarker.detect_for_video(picture, t_ms)
        except (RuntimeError, ValueError) as error:
            raise PoseError(
                f"an estimator that failed ({type(error).__name__})", "a pose or none", "It is started again."
            ) from error
        height, width = rgb_HWC.shape[:2]
        pairs = zip(result.pose_world_landmarks, result.pose_landmarks, strict=True)
        return [_body(world, picture, width / height) for world, picture in pairs]

    def close(self) -> None:
        self._landmarker.close()


def _body(world: Sequence[Any], picture: Sequence[Any], aspect: float) -> Body:
    x_JC = np.array([(mark.x, mark.y, mark.z) for mark in world], np.float32)
    visibility_J = np.array([mark.visibility for mark in picture], np.float32)
    middles_MC = np.array(
        [[(picture[a].x + picture[b].x) / 2 * aspect, (picture[a].y + picture[b].y) / 2] for a, b in _PAIRS],
        np.float32,
    )
    x_JC, canonical_J = to_canonical(x_JC, "mediapipe33", visibility_J)
    return Body(x_JC, canonical_J, middles_MC)


def _distinct(bodies: Sequence[Body], most: int) -> tuple[Body, ...]:
    """Each person once, the best seen first; bodies of which hardly anything is seen left out."""
    kept: list[Body] = []
    for body in sorted(bodies, key=_seen, reverse=True):
        if _seen(body) >= LEAST_TORSO_VISIBILITY and not any(_same(body, other) for other in kept):
            kept.append(body)
    return tuple(kept[:most])


def _seen(body: Body) -> float:
    return float(body.visibility_J[[4, 7, 10, 13]].mean())


def _same(one: Body, other: Body) -> bool:
    # Middles, not sides: two finds of one person often differ in left and right.
    apart = np.linalg.norm(one.middles_MC - other.middles_MC, axis=1).mean()
    return bool(apart < SAME_BODY_SIZES * max(one.size, other.size))
