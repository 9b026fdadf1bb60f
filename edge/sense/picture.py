"""What every source of pictures gives.

Promises: a Picture's time is the source's own, in seconds, near 0 at its first picture and strictly rising.
Refuses nothing: plain values. A Picture's repr shows its size and time, never its pixels.

Shapes: H height, W width, C colour (red, green, blue), uint8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from edge.errors import CameraError
from edge.sense.specs import Box

Rgb = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture and its time."""

    rgb_HWC: Rgb
    t_s: float

    def __repr__(self) -> str:
        return f"Picture({self.rgb_HWC.shape[1]}x{self.rgb_HWC.shape[0]}, t_s={self.t_s:.3f})"


class PictureSource(Protocol):
    """A source that is open; ``live`` ones go on for ever and keep their own pace."""

    width: int
    height: int
    rate_hz: float
    live: bool

    def read(self) -> Picture | None:
        """The next picture, None after the last; raises CameraError when the source fails."""

    def close(self) -> None:
        """Let go of the device or file."""


def crop_window(crop: Box | None, width: int, height: int) -> tuple[int, int, int, int]:
    """The crop in whole pixels (left, top, right, bottom); CameraError where it leaves nothing of the picture."""
    if crop is None:
        return 0, 0, width, height
    scale_x, scale_y = (width, height) if max(crop) <= 1 else (1, 1)
    left, right = (min(max(round(x * scale_x), 0), width) for x in (crop[0], crop[2]))
    top, bottom = (min(max(round(y * scale_y), 0), height) for y in (crop[1], crop[3]))
    if right - left < 16 or bottom - top < 16:
        raise CameraError(
            f"a crop that leaves {max(right - left, 0)}x{max(bottom - top, 0)} of {width}x{height} pixels",
            "left, top, right, bottom with at least 16 pixels between them",
            "Mend the crop.",
        )
    return left, top, right, bottom
