"""Can anything be seen at all? A decision from a small sample of one picture.

Promises: "dark" when there is hardly any light, "blocked" when there is light but nothing to see (a covered or fogged
lens, a wall of one colour), else "ok". Refuses nothing.

Shapes: H height, W width, C colour; h, w the sample's.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from edge.sense.picture import Rgb

Grey = npt.NDArray[np.float32]

SAMPLE: Final = 48
DARK_LEVEL: Final = 16.0
"""Of 255. A sensor in the dark shows noise below this; a room by the light of a screen is above it."""
FLAT_SPREAD: Final = 4.0
"""Of 255, standard deviation over the picture after averaging the noise away. An empty plain wall spreads more."""


def judge_light(rgb_HWC: Rgb) -> Literal["ok", "dark", "blocked"]:
    """What can be seen in one picture (H, W, 3) uint8; an empty picture is dark."""
    if rgb_HWC.size == 0:
        return "dark"
    step_y, step_x = (max(1, size // (2 * SAMPLE)) for size in rgb_HWC.shape[:2])
    grey_hw = rgb_HWC[::step_y, ::step_x].mean(axis=2, dtype=np.float32)
    if float(np.percentile(grey_hw, 95)) < 2 * DARK_LEVEL and float(grey_hw.mean()) < DARK_LEVEL:
        return "dark"
    return "blocked" if float(_without_noise(grey_hw).std()) < FLAT_SPREAD else "ok"


def _without_noise(grey_hw: Grey) -> Grey:
    height, width = (size // 4 for size in grey_hw.shape)
    if not (height and width):
        return grey_hw
    blocks = grey_hw[: height * 4, : width * 4].reshape(height, 4, width, 4)
    return np.asarray(blocks.mean(axis=(1, 3)))
