"""A small depth-buffered renderer for rounded cones, fast enough for a camera on one core.

Promises: nearer surfaces hide farther ones pixel by pixel, whatever the drawing order; what lies behind the
camera or outside the picture is not drawn. Refuses nothing. It knows nothing of people.

Each solid is drawn inside its own bounding box as the swelling of a line between two spheres: exact for spheres, and
within a pixel for limbs a few metres away.

Axes of the eye: x right, y down, z into the picture, metres. Legend: H height, W width, C colour or coordinate.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Paint:
    """A plain colour, or a map of colours around an axis.

    Attributes:
        colour: red, green, blue in 0..255.
        map_VAC: (V, A, 3) float32 colours by height along the solid (first row at its start) and by angle
            around it (middle column faces `front`); overrides colour.
        front, left: (3,) directions in the world the map is turned by.
    """

    colour: tuple[float, float, float]
    map_VAC: Array | None = None
    front: Floats = field(default_factory=lambda: np.array([0.0, 0.0, 1.0]))
    left: Floats = field(default_factory=lambda: np.array([1.0, 0.0, 0.0]))


@dataclass(frozen=True, slots=True)
class Cone:
    """The hull of two spheres, in world metres."""

    start: Floats
    end: Floats
    start_r: float
    end_r: float
    paint: Paint


@dataclass(frozen=True, slots=True)
class Eye:
    """A pinhole camera: where it is, its axes as rows (right, down, ahead), focal length and size in pixels."""

    at: Floats
    axes: Floats
    focal: float
    width: int
    height: int

    def see(self, points: Floats) -> tuple[Floats, Floats]:
        """Pixels (..., 2) and depths (...) of world points; only meaningful where the depth is positive."""
        local = (points - self.at) @ self.axes.T
        depth = np.maximum(local[..., 2], 1e-3)
        pixel = local[..., :2] / depth[..., None] * self.focal
        return pixel + np.array([self.width / 2, self.height / 2]), local[..., 2]


@dataclass(frozen=True, slots=True)
class Light:
    """Light from one side plus light from everywhere; `fade` darkens per metre behind `fade_from`."""

    towards: Floats
    ambient: float = 0.52
    direct: float = 0.60
    fade: float = 0.0
    fade_from: float = 0.0


def look_at(at: Floats, target: Floats, focal: float, width: int, height: int) -> Eye:
    """An eye at one point looking at another, upright."""
    ahead = (target - at) / np.linalg.norm(target - at)
    right = np.cross(ahead, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    return Eye(at, np.stack([right, np.cross(ahead, right), ahead]), focal, width, height)


def draw(picture_HWC: NDArray[np.uint8], depth_HW: Array, eye: Eye, cones: list[Cone], light: Light) -> None:
    """Draw the solids into the picture where they are nearer than `depth_HW`, and keep that up to date."""
    for cone in cones:
        _draw_one(picture_HWC, depth_HW, eye, cone, light)


@dataclass(frozen=True, slots=True)
class _Patch:
    """The pixels of one solid: how far along it, how far off its axis, and its front surface."""

    rows: slice
    columns: slice
    along: Array
    side: Array
    bulge: Array
    depth: Array


def _draw_one(picture_HWC: NDArray[np.uint8], depth_HW: Array, eye: Eye, cone: Cone, light: Light) -> None:
    patch = _cover(eye, cone)
    if patch is None:
        return
    window = depth_HW[patch.rows, patch.columns]
    seen = patch.depth < window
    if not seen.any():
        return
    normals = _normals(eye, cone, patch, seen)
    shade = light.ambient + light.direct * np.maximum(normals @ light.towards.astype(np.float32), 0.0)
    # Grazing surfaces are darker, so that a limb stands out from what is behind it.
    shade = shade * (0.62 + 0.38 * patch.bulge[seen])
    depth = patch.depth[seen]
    if light.fade:
        shade = shade * np.clip(1.0 - light.fade * (depth - light.fade_from), 0.5, 1.1)
    colour = _colour(cone.paint, normals, patch.along[seen])
    window[seen] = depth
    picture_HWC[patch.rows, patch.columns][seen] = np.clip(colour * shade[:, None], 0, 255).astype(np.uint8)


def _cover(eye: Eye, cone: Cone) -> _Patch | None:
    pixel, depth = eye.see(np.stack([cone.start, cone.end]))
    if depth.min() < 0.2:
        return None
    radius = eye.focal * np.array([cone.start_r, cone.end_r]) / depth
    low = np.floor((pixel - radius[:, None]).min(0)).astype(int)
    high = np.ceil((pixel + radius[:, None]).max(0)).astype(int) + 1
    low, high = np.maximum(low, 0), np.minimum(high, [eye.width, eye.height])
    if (high <= low).any():
        return None
    x = np.arange(low[0], high[0], dtype=np.float32) + np.float32(0.5 - pixel[0, 0])
    y = (np.arange(low[1], high[1], dtype=np.float32) + np.float32(0.5 - pixel[0, 1]))[:, None]
    dx, dy = (pixel[1] - pixel[0]).astype(np.float32)
    length2 = max(float(dx * dx + dy * dy), 1e-4)
    along = np.clip((x * dx + y * dy) / np.float32(length2), 0, 1)
    r = np.float32(radius[0]) + along * np.float32(radius[1] - radius[0])
    off_x, off_y = (x - along * dx) / r, (y - along * dy) / r
    bulge2 = 1 - off_x * off_x - off_y * off_y
    bulge = np.sqrt(np.maximum(bulge2, 0))
    metres = np.float32(cone.start_r) + along * np.float32(cone.end_r - cone.start_r)
    front = np.float32(depth[0]) + along * np.float32(depth[1] - depth[0]) - bulge * metres
    front[bulge2 <= 0] = np.inf
    return _Patch(slice(low[1], high[1]), slice(low[0], high[0]), along, np.stack([off_x, off_y], -1), bulge, front)


def _normals(eye: Eye, cone: Cone, patch: _Patch, seen: NDArray[np.bool_]) -> Array:
    """Outward directions (N, 3) in the world: off the axis, and toward the eye as far as the axis allows."""
    axis = eye.axes @ (cone.end - cone.start)
    size = np.linalg.norm(axis)
    facing = np.array([0.0, 0.0, -1.0])
    if size > 1e-6:
        axis = axis / size
        facing = facing - (facing @ axis) * axis
        facing = facing / max(float(np.linalg.norm(facing)), 0.2)
    local = patch.bulge[seen][:, None] * facing.astype(np.float32)
    local[:, :2] += patch.side[seen]
    return np.asarray(local @ eye.axes.astype(np.float32))


def _colour(paint: Paint, normals: Array, along: Array) -> Array:
    if paint.map_VAC is None:
        return np.asarray(paint.colour, np.float32)
    n_v, n_a = paint.map_VAC.shape[:2]
    angle = np.arctan2(normals @ paint.left.astype(np.float32), normals @ paint.front.astype(np.float32))
    column = ((angle / (2 * np.pi) + 0.5) * n_a).astype(np.intp) % n_a
    row = np.minimum((along * n_v).astype(np.intp), n_v - 1)
    return np.asarray(paint.map_VAC[row, column])
