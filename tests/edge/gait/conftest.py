"""A walker whose contacts are known by construction, for the tests of the segmenter."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from edge.gait.skeleton import LANDMARKS, SkeletonFrame

# The benchmark's readers are used by the data tests; nothing else puts the repository on the path.
sys.path.insert(0, str(Path(__file__).parents[3]))

_REST = {
    "root": (0.0, 0.95, 0.0), "spine": (0.0, 1.2, 0.0), "neck": (0.0, 1.45, 0.0), "head": (0.0, 1.65, 0.02),
    "shoulder": (0.19, 1.45, 0.0), "elbow": (0.22, 1.15, 0.0), "wrist": (0.23, 0.9, 0.05), "hip": (0.1, 0.93, 0.0),
    "knee": (0.1, 0.5, 0.03), "ankle": (0.1, 0.09, 0.0), "heel": (0.1, 0.04, -0.05), "toe": (0.1, 0.03, 0.15),
}  # fmt: skip
_SWING_M = {"elbow": -0.08, "wrist": -0.2, "knee": 0.12, "ankle": 0.27, "heel": 0.27, "toe": 0.27}


@dataclass(frozen=True)
class Stroll:
    """Frames of a walk and when each foot is farthest forward."""

    frames: list[SkeletonFrame]
    peaks_s: dict[str, np.ndarray]


def make_stroll(
    seconds: float = 8.0,
    rate_hz: float = 30.0,
    stride_s: float = 1.1,
    speed_m_s: float = 0.0,
    turn_rad_s: float = 0.0,
    scale: float = 1.0,
    noise_m: float = 0.0,
    start_s: float = 0.0,
) -> Stroll:
    t_s = np.arange(round(seconds * rate_hz)) / rate_hz
    x = np.zeros((len(t_s), 20, 3))
    for j, name in enumerate(LANDMARKS):
        side, _, part = name.partition("_")
        x[:, j] = _REST[part or side]
        if part:
            x[:, j, 0] *= 1.0 if side == "left" else -1.0
            phase = 2 * np.pi * (t_s / stride_s - (0.5 if side == "left" else 0.0))
            # The second harmonic keeps the peak where it is and makes stance slower than swing.
            x[:, j, 2] += _SWING_M.get(part, 0.0) * (np.cos(phase) + 0.15 * np.cos(2 * phase))
    x[:, :, 2] += speed_m_s * t_s[:, None]
    c, s = np.cos(turn_rad_s * t_s), np.sin(turn_rad_s * t_s)
    turn = np.stack(
        [np.stack([c, 0 * c, s], -1), np.stack([0 * c, 1 + 0 * c, 0 * c], -1), np.stack([-s, 0 * c, c], -1)], 1
    )
    x = scale * np.einsum("tij,tkj->tki", turn, x)
    x += np.random.default_rng(7).normal(0.0, noise_m, x.shape) if noise_m else 0.0
    k = np.arange(0, int(seconds / stride_s) + 2)
    peaks = {"right": start_s + k * stride_s, "left": start_s + (k + 0.5) * stride_s}
    peaks = {side: p[p <= start_s + t_s[-1]] for side, p in peaks.items()}
    ones = np.ones(20, dtype=np.float32)
    frames = [
        SkeletonFrame(float(start_s + t), xi.astype(np.float32), ones.copy()) for t, xi in zip(t_s, x, strict=True)
    ]
    return Stroll(frames, peaks)


@pytest.fixture
def stroll() -> Callable[..., Stroll]:
    return make_stroll


@pytest.fixture(scope="module")
def one_walk() -> list[SkeletonFrame]:
    """Three seconds of a slightly noisy walk, for property tests: read it, do not change it."""
    return make_stroll(seconds=3.0, noise_m=0.005).frames
