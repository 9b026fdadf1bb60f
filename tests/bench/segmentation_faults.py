"""Faults a camera and a pose estimator add: noise, drops, jitter, exchanged legs, hidden feet. Seeded."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edge.gait.skeleton import (
    LEFT_ANKLE,
    LEFT_HEEL,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_TOE,
    RIGHT_ANKLE,
    RIGHT_HEEL,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_TOE,
    SkeletonFrame,
)

LEFT_LEG = [LEFT_HIP, LEFT_KNEE, LEFT_ANKLE, LEFT_HEEL, LEFT_TOE]
RIGHT_LEG = [RIGHT_HIP, RIGHT_KNEE, RIGHT_ANKLE, RIGHT_HEEL, RIGHT_TOE]
Frames = list[SkeletonFrame]
Fault = Callable[[Frames, np.random.Generator], Frames]


def noise_10mm(frames: Frames, rng: np.random.Generator) -> Frames:
    return [SkeletonFrame(f.t_s, f.x_JC + rng.normal(0.0, 0.01, f.x_JC.shape), f.visibility_J) for f in frames]


def noise_60mm(frames: Frames, rng: np.random.Generator) -> Frames:
    return [SkeletonFrame(f.t_s, f.x_JC + rng.normal(0.0, 0.06, f.x_JC.shape), f.visibility_J) for f in frames]


def drops_5_percent(frames: Frames, rng: np.random.Generator) -> Frames:
    return [f for f in frames if rng.random() >= 0.05]


def jitter_6ms(frames: Frames, rng: np.random.Generator) -> Frames:
    return [SkeletonFrame(f.t_s + rng.uniform(-0.006, 0.006), f.x_JC, f.visibility_J) for f in frames]


def swaps_3_percent(frames: Frames, rng: np.random.Generator) -> Frames:
    """Left and right legs exchanged for one to four frames, starting at 3 % of the frames."""
    out, n_left = [], 0
    for f in frames:
        if n_left == 0 and rng.random() < 0.03:
            n_left = int(rng.integers(1, 5))
        x, visibility = f.x_JC.copy(), f.visibility_J.copy()
        if n_left > 0:
            n_left -= 1
            x[LEFT_LEG + RIGHT_LEG] = x[RIGHT_LEG + LEFT_LEG]
            visibility[LEFT_LEG + RIGHT_LEG] = visibility[RIGHT_LEG + LEFT_LEG]
        out.append(SkeletonFrame(f.t_s, x, visibility))
    return out


def hidden_feet(frames: Frames, rng: np.random.Generator) -> Frames:
    """One foot hidden 0.4 times a second for 200 to 500 ms."""
    out, until_s, feet = [], -1.0, [LEFT_ANKLE, LEFT_HEEL, LEFT_TOE]
    for f in frames:
        if f.t_s > until_s and rng.random() < 0.4 / 30.0:
            until_s = f.t_s + rng.uniform(0.2, 0.5)
            feet = (LEFT_LEG if rng.random() < 0.5 else RIGHT_LEG)[2:]
        visibility = f.visibility_J.copy()
        if f.t_s <= until_s:
            visibility[feet] = 0.0
        out.append(SkeletonFrame(f.t_s, f.x_JC, visibility))
    return out


def everything(frames: Frames, rng: np.random.Generator) -> Frames:
    for fault in (noise_10mm, swaps_3_percent, drops_5_percent, jitter_6ms):
        frames = fault(frames, rng)
    return frames


FAULTS: dict[str, Fault] = {
    "10 mm noise": noise_10mm,
    "60 mm noise": noise_60mm,
    "3 % swaps": swaps_3_percent,
    "5 % drops": drops_5_percent,
    "one foot hidden": hidden_feet,
    "drops, jitter, noise, swaps": everything,
}
