"""How far forward each foot is, in the walker's own frame.

Promises: (foot - mid-hip) . forward / leg length for the left and the right foot; forward is the smoothed left axis
x up (gait.md, step 1, with a shorter time constant), so a turning walker needs no fixed direction and a treadmill no
displacement; hip-centred input is enough. NaN for a foot that is not seen, for both when the hips are not.

Foot: mean of heel and ankle where a heel was ever seen (its last offset from the ankle stands in while hidden),
otherwise the ankle.

Shapes: J landmark, C coordinate.
"""

from __future__ import annotations

import math

from edge.gait.settings import GaitSettings
from edge.gait.skeleton import (
    LEFT_ANKLE,
    LEFT_HEEL,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    RIGHT_ANKLE,
    RIGHT_HEEL,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
    FloatArray,
)

_SIDES = ((LEFT_HIP, LEFT_KNEE, LEFT_ANKLE, LEFT_HEEL), (RIGHT_HIP, RIGHT_KNEE, RIGHT_ANKLE, RIGHT_HEEL))
Vector = list[float]


class BodyFrame:
    """Forward position of both feet, one grid sample at a time."""

    def __init__(self, settings: GaitSettings) -> None:
        self._min_visibility = settings.min_visibility
        self._keep = math.exp(-1.0 / (settings.rate_hz * settings.axis_time_constant_s))
        self.reset()

    def reset(self) -> None:
        """Forget axis, leg length and heels."""
        self._left_x = self._left_z = 0.0
        self._leg_m = self._leg_weight = 0.0
        self._heel_offset: list[Vector | None] = [None, None]
        self._heights = (math.nan, math.nan)

    @property
    def heights(self) -> tuple[float, float]:
        """Height of the (left, right) ankle over mid-hip at the last update, in leg lengths; NaN where not seen."""
        return self._heights

    def faces_camera(self, share: float) -> bool:
        """Whether the hips lie across the picture: their depth axis then is the walking direction, or nearly."""
        return abs(self._left_x) > share * math.hypot(self._left_x, self._left_z)

    @property
    def heading_rad(self) -> float:
        """Direction of the smoothed forward axis about y; 0 before the hips were seen."""
        return math.atan2(self._left_z, self._left_x)

    def update(self, x_JC: FloatArray, visibility_J: FloatArray) -> tuple[float, float]:
        """Return the forward position of (left, right) foot in leg lengths, NaN where not seen."""
        x: list[Vector] = x_JC.tolist()
        seen: list[bool] = (visibility_J >= self._min_visibility).tolist()
        self._heights = (math.nan, math.nan)
        if not (seen[LEFT_HIP] and seen[RIGHT_HIP]):
            return math.nan, math.nan
        self._update_axis(x, seen)
        self._update_leg(x, seen)
        norm = math.hypot(self._left_x, self._left_z) * self._leg_m
        if norm <= 0.0 or self._leg_weight <= 0.0:
            return math.nan, math.nan
        leg_m = self._leg_m / self._leg_weight
        self._heights = (self._height(0, x, seen) / leg_m, self._height(1, x, seen) / leg_m)
        norm /= self._leg_weight
        return self._forward(0, x, seen) / norm, self._forward(1, x, seen) / norm

    def _update_axis(self, x: list[Vector], seen: list[bool]) -> None:
        left_x = x[LEFT_HIP][0] - x[RIGHT_HIP][0]
        left_z = x[LEFT_HIP][2] - x[RIGHT_HIP][2]
        if seen[LEFT_SHOULDER] and seen[RIGHT_SHOULDER]:
            left_x += x[LEFT_SHOULDER][0] - x[RIGHT_SHOULDER][0]
            left_z += x[LEFT_SHOULDER][2] - x[RIGHT_SHOULDER][2]
        length = math.hypot(left_x, left_z)
        if length <= 0.0:
            return
        # Unnormalised sums: only the direction counts, and the first frames weigh as much as they should.
        self._left_x = self._left_x * self._keep + left_x / length
        self._left_z = self._left_z * self._keep + left_z / length

    def _update_leg(self, x: list[Vector], seen: list[bool]) -> None:
        legs_m = [
            math.dist(x[hip], x[knee]) + math.dist(x[knee], x[ankle])
            for hip, knee, ankle, _ in _SIDES
            if seen[knee] and seen[ankle]
        ]
        if legs_m:
            self._leg_m = self._leg_m * self._keep + sum(legs_m)
            self._leg_weight = self._leg_weight * self._keep + len(legs_m)

    def _height(self, side: int, x: list[Vector], seen: list[bool]) -> float:
        ankle = _SIDES[side][2]
        return x[ankle][1] - 0.5 * (x[LEFT_HIP][1] + x[RIGHT_HIP][1]) if seen[ankle] else math.nan

    def _forward(self, side: int, x: list[Vector], seen: list[bool]) -> float:
        _, _, ankle, heel = _SIDES[side]
        if not seen[ankle]:
            return math.nan
        if seen[heel]:
            self._heel_offset[side] = [x[heel][0] - x[ankle][0], 0.0, x[heel][2] - x[ankle][2]]
        foot_x, foot_z = x[ankle][0], x[ankle][2]
        offset = self._heel_offset[side]
        if offset is not None:
            foot_x += 0.5 * offset[0]
            foot_z += 0.5 * offset[2]
        foot_x -= 0.5 * (x[LEFT_HIP][0] + x[RIGHT_HIP][0])
        foot_z -= 0.5 * (x[LEFT_HIP][2] + x[RIGHT_HIP][2])
        # forward = left x up
        return foot_z * self._left_x - foot_x * self._left_z
