"""Walks through the real pose estimator beside what truly was there, in the axes of the picture.

Promises: the estimator is the one a home runs, four people at most; the best seen body of each picture is taken; the
camera's truth stands in the axes of the estimate, which are the camera's: x to the right of the picture, y up in it, z
towards the lens, so that a camera that looks down leans everybody. Scale and origin are left as they are. A picture
without a body is a row that is not `found`.

Shapes: T picture, J landmark, C coordinate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edge.gait.skeleton import N_LANDMARKS
from edge.sense.picture import PictureSource
from edge.sense.pose import PoseEstimator
from edge.sense.scene import Scene
from edge.sense.sources import open_source
from edge.sense.specs import SourceSpec
from edge.sense.synthetic import SyntheticCamera
from tests.bench.chain import CLIP

MOST_PEOPLE = 4
AFFECTS = ("neutral", "happy", "sad", "angry")


@dataclass(frozen=True, slots=True, repr=False)
class Walk:
    """One recording: t_s (T,), found (T,) bool, x_TJC and visibility_TJ as estimated (NaN and 0 where not found).

    truth_TJC is None for a video; contacts_s holds the true initial contacts of each side.
    """

    name: str
    person: str
    view_deg: float
    t_s: np.ndarray
    found_T: np.ndarray
    x_TJC: np.ndarray
    visibility_TJ: np.ndarray
    truth_TJC: np.ndarray | None
    contacts_s: dict[str, tuple[float, ...]]

    def __repr__(self) -> str:
        return f"Walk({self.name}, {len(self.t_s)} pictures)"


def synthetic_walk(view_deg: float, identity: int, seconds: float, model: Path) -> Walk:
    """A person of the synthetic camera on the treadmill, seen from `view_deg`; the affect goes with the person."""
    affect = AFFECTS[identity % len(AFFECTS)]
    text = f"synthetic:view={view_deg:g},identity={identity},affect={affect},path=treadmill,seconds={seconds:g}"
    camera = SyntheticCamera(text)
    t_s, found_T, x_TJC, visibility_TJ = estimate(camera, model)
    truth_TJC = np.array([camera.skeleton_at(float(t)) for t in t_s], float) @ picture_axes(camera).T
    told = {side: tuple(c.t_s for c in camera.truth() if c.side == side) for side in ("left", "right")}
    name = f"{view_deg:g} deg, person {identity}, {affect}"
    return Walk(name, str(identity), view_deg, t_s, found_T, x_TJC, visibility_TJ, truth_TJC, told)


def video_walk(data: Path, model: Path) -> Walk:
    """The real walker of the demonstration video."""
    source = open_source(SourceSpec(str(data / CLIP[0]), CLIP[1], CLIP[2]))
    try:
        return Walk("video", "video", 90.0, *estimate(source, model), None, {})
    finally:
        source.close()


def as_it_was(walk: Walk) -> Walk:
    """The recording as a perfect estimator would have made it."""
    seen_TJ, found_T = np.ones_like(walk.visibility_TJ), np.ones_like(walk.found_T)
    return replace(walk, x_TJC=walk.truth_TJC, visibility_TJ=seen_TJ, found_T=found_T)


def picture_axes(camera: SyntheticCamera) -> np.ndarray:
    """Rows: right of the picture, up in it, towards the lens."""
    right, down, ahead = Scene(camera.spec.view, camera.spec.distance_m).eye.axes
    return np.stack([right, -down, -ahead])


def estimate(source: PictureSource, model: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(t_s, found_T, x_TJC, visibility_TJ) of every picture of a source."""
    pose = PoseEstimator(model, MOST_PEOPLE)
    t_s, found, x, visibility = [], [], [], []
    while (picture := source.read()) is not None:
        bodies = pose.update(np.ascontiguousarray(picture.rgb_HWC), round(1000 * picture.t_s))
        t_s.append(picture.t_s)
        found.append(bool(bodies))
        x.append(bodies[0].x_JC if bodies else np.full((N_LANDMARKS, 3), np.nan))
        visibility.append(bodies[0].visibility_J if bodies else np.zeros(N_LANDMARKS))
    pose.close()
    return np.array(t_s), np.array(found), np.array(x, float), np.array(visibility, float)
