"""Dark, covered, or something to see."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.sense.light import judge_light


def room(seed: int, brightness: float = 1.0, noise: float = 3.0) -> np.ndarray:
    """A wall, a floor, a door and noise, 480 x 640."""
    rng = np.random.default_rng(seed)
    grey_HW = np.full((480, 640), 150.0)
    grey_HW[320:] = 90
    grey_HW[100:400, 420:520] = 60
    grey_HWC = grey_HW[:, :, None] * brightness + rng.normal(0, noise, (480, 640, 3))
    return np.clip(grey_HWC, 0, 255).astype(np.uint8)


def covered(seed: int, level: float, noise: float = 4.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.clip(level + rng.normal(0, noise, (480, 640, 3)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("brightness", [1.0, 0.6, 0.3])
def test_a_room_can_be_seen(brightness: float) -> None:
    assert judge_light(room(1, brightness)) == "ok"


def test_night_is_dark() -> None:
    assert judge_light(room(2, brightness=0.02)) == "dark"


@pytest.mark.parametrize("level", [40, 90, 200])
def test_a_covered_lens_is_blocked_whatever_light_comes_through(level: int) -> None:
    assert judge_light(covered(3, level)) == "blocked"


def test_one_lamp_in_the_night_is_not_dark() -> None:
    night = room(4, brightness=0.02)
    night[50:200, 100:300] = 220
    assert judge_light(night) == "ok"


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 255))
@settings(deadline=None)
def test_any_size_has_an_answer(height: int, width: int, value: int) -> None:
    verdict = judge_light(np.full((height, width, 3), value, np.uint8))
    assert verdict == ("dark" if value < 16 or height * width == 0 else "blocked")
