"""The room of the synthetic camera: where it stands, its wall and floor, and who is drawn in it.

Promises: the same scene gives the same pixels. Refuses nothing: the camera has checked its options.

World: y up, floor at 0; the walkers' line runs along z through the origin. The eye stands to the right of a walker
who faces +z, at `view_deg` from their walking direction: 90 from the side, 0 from the front.

Legend: H height, W width, J landmark, C colour or coordinate.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.gait.skeleton import LEFT_HEEL, LEFT_TOE, RIGHT_HEEL, RIGHT_TOE, ROOT
from edge.sense.figure import Looks, solids_of
from edge.sense.solids import Eye, Light, draw, look_at

WIDTH, HEIGHT = 640, 480
FOCAL = 560.0
EYE_HEIGHT_M = 1.7
_WALL_BEHIND_M = 3.0
_FADE_PER_M = 2.0

Rgb = NDArray[np.uint8]


class Scene:
    """An empty room seen by one eye."""

    def __init__(self, view_deg: float, distance_m: float) -> None:
        angle = np.radians(view_deg)
        level = np.array([-np.sin(angle), 0.0, np.cos(angle)])
        at = distance_m * level + np.array([0.0, EYE_HEIGHT_M, 0.0])
        self.eye = look_at(at, np.array([0.0, 0.88, 0.0]), FOCAL, WIDTH, HEIGHT)
        lamp = 0.75 * level + np.array([0.25, 0.85, -0.2])
        self._lamp = lamp / np.linalg.norm(lamp)
        self._empty = _room(self.eye, distance_m)

    def picture(self, people: list[tuple[NDArray[np.float32], Looks]]) -> Rgb:
        """The room with these people, (20, 3) world metres and looks each."""
        picture = self._empty.copy()
        depth = np.full((HEIGHT, WIDTH), np.inf, np.float32)
        for x_JC, _ in people:
            _shadow(picture, self.eye, x_JC.astype(float))
        for x_JC, looks in people:
            # What is behind a person's middle is darker: it sets the far leg and arm off from the near ones.
            middle_m = float(self.eye.see(x_JC[ROOT].astype(float))[1])
            light = Light(self._lamp, fade=_FADE_PER_M, fade_from=middle_m - 0.1)
            draw(picture, depth, self.eye, solids_of(x_JC, looks), light)
        return np.asarray(cv2.GaussianBlur(picture, (3, 3), 0.6), np.uint8)

    def shows(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which world points (..., 3) fall inside the picture."""
        pixel, depth = self.eye.see(points)
        inside = (pixel >= 0) & (pixel < [WIDTH, HEIGHT])
        return np.asarray((depth > 0.3) & inside.all(-1))


def _room(eye: Eye, distance_m: float) -> Rgb:
    """Wall and floor: by the height at which each line of sight meets the wall."""
    v = np.arange(HEIGHT) + 0.5 - HEIGHT / 2
    ahead, down = eye.axes[2], eye.axes[1]
    rise = (eye.focal * ahead[1] + v * down[1]) / np.hypot(eye.focal, 0)
    wall_y = eye.at[1] + rise * (distance_m + _WALL_BEHIND_M)
    wall = np.array([206, 202, 194]) * (0.90 + 0.05 * np.clip(wall_y, 0, 2))[:, None]
    near = np.clip(-wall_y / 2.5, 0, 1)[:, None]
    floor = np.array([186, 186, 190]) * (0.82 + 0.25 * near)
    skirting = np.array([232, 230, 224]) * np.ones((HEIGHT, 1))
    line = np.where((wall_y > 0)[:, None], np.where((wall_y > 0.09)[:, None], wall, skirting), floor)
    tilt = np.linspace(1.03, 0.95, WIDTH)[:, None]
    return np.clip(line[:, None] * tilt[None], 0, 255).astype(np.uint8)


def _shadow(picture: Rgb, eye: Eye, x_JC: NDArray[np.float64]) -> None:
    """Darken the floor under each foot, less the higher the foot is."""
    for heel, toe in ((LEFT_HEEL, LEFT_TOE), (RIGHT_HEEL, RIGHT_TOE)):
        middle, along = (x_JC[heel] + x_JC[toe]) / 2, (x_JC[toe] - x_JC[heel]) / 2
        high = float(np.clip(middle[1] / 0.3, 0, 1))
        turn = np.linspace(0, 2 * np.pi, 20, endpoint=False)[:, None]
        wide = (1.2 + 0.6 * high) * (np.cos(turn) * along + 0.6 * np.sin(turn) * np.cross(along, [0, 1.0, 0]))
        ring = middle + wide
        ring[:, 1] = 0.0
        pixel, depth = eye.see(ring)
        if depth.min() > 0.3:
            _darken(picture, pixel, 0.72 + 0.22 * high)


def _darken(picture: Rgb, pixel: NDArray[np.float64], factor: float) -> None:
    low = np.maximum(np.floor(pixel.min(0)).astype(int) - 4, 0)
    high = np.minimum(np.ceil(pixel.max(0)).astype(int) + 5, [WIDTH, HEIGHT])
    if (high <= low).any():
        return
    mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.float32)
    cv2.fillConvexPoly(mask, np.round(pixel - low).astype(np.int32), 1.0)
    mask = cv2.GaussianBlur(mask, (7, 7), 0)
    window = picture[low[1] : high[1], low[0] : high[0]]
    window[:] = (window * (1 - (1 - factor) * mask[..., None])).astype(np.uint8)
