"""Faults for the segmentation bench: marker trials as MediaPipe would have told them, from four sides.

Each takes frames at an even rate and a generator, and gives frames in the axes of a camera that keeps its place beside
the walker's mean heading (`edge.gait.pose_error`, sizes as measured in `tests.bench.mediapipe_error`). Which side of
the walker the camera stands on is drawn. Landmarks the trial lacks stay unseen; pictures without a pose are left out.
The estimate comes a little late, so contacts told from it do too.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edge.gait.pose_error import spoil
from edge.gait.pose_error_presets import filmed, preset
from edge.gait.skeleton import LEFT_HIP, LEFT_SHOULDER, RIGHT_HIP, RIGHT_SHOULDER, SkeletonFrame

Frames = list[SkeletonFrame]


def as_mediapipe(frames: Frames, rng: np.random.Generator, view_deg: float, as_filmed: bool = False) -> Frames:
    """What MediaPipe would have told of these frames, seen from `view_deg` or its mirror image."""
    if len(frames) < 2:
        return list(frames)
    x_TJC, visibility_TJ = np.array([f.x_JC for f in frames]), np.array([f.visibility_J for f in frames])
    rate_hz = float(1 / np.median(np.diff([f.t_s for f in frames])))
    error = preset(view_deg if rng.random() < 0.5 else -view_deg)
    error = filmed(error) if as_filmed else error
    x_TJC, seen_TJ = spoil(x_TJC, error, rng, rate_hz, facing_rad(x_TJC, visibility_TJ), visibility_TJ)
    told = zip(frames, x_TJC, seen_TJ, strict=True)
    return [SkeletonFrame(f.t_s, x, seen) for f, x, seen in told if seen.any()]


def facing_rad(x_TJC: np.ndarray, visibility_TJ: np.ndarray) -> float:
    """Mean heading over the frames that show hips or shoulders: 0 is +z, a quarter turn to the left is +x."""
    across = np.zeros(3)
    for left, right in ((LEFT_HIP, RIGHT_HIP), (LEFT_SHOULDER, RIGHT_SHOULDER)):
        seen_T = (visibility_TJ[:, [left, right]] > 0).all(1)
        across += (x_TJC[seen_T, left] - x_TJC[seen_T, right]).sum(0)
    # forward = left x up
    return float(np.arctan2(-across[2], across[0]))


def _from(view_deg: float, as_filmed: bool = False) -> Callable[[Frames, np.random.Generator], Frames]:
    def fault(frames: Frames, rng: np.random.Generator) -> Frames:
        return as_mediapipe(frames, rng, view_deg, as_filmed)

    return fault


MEDIAPIPE_FAULTS = {
    "MediaPipe noise, side": _from(90.0),
    "MediaPipe noise, side, as filmed": _from(90.0, as_filmed=True),
    "MediaPipe noise, oblique": _from(55.0),
    "MediaPipe noise, frontal": _from(0.0),
    "MediaPipe noise, from behind": _from(180.0),
}
