"""What a camera and a pose estimator do to frames: noise, drops, jitter, exchanged legs, hidden feet. Seeded by rng."""

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


def noise(sd_m: float) -> Fault:
    """Independent normal noise on every coordinate of every landmark."""

    def spoil(frames: Frames, rng: np.random.Generator) -> Frames:
        return [SkeletonFrame(f.t_s, f.x_JC + rng.normal(0.0, sd_m, f.x_JC.shape), f.visibility_J) for f in frames]

    return spoil


def depth_noise(sd_m: float) -> Fault:
    """Independent normal noise along z, the line of sight of a camera that the walker faces."""

    def spoil(frames: Frames, rng: np.random.Generator) -> Frames:
        out = []
        for f in frames:
            x = f.x_JC.astype(np.float64)
            x[:, 2] += rng.normal(0.0, sd_m, len(x))
            out.append(SkeletonFrame(f.t_s, x, f.visibility_J))
        return out

    return spoil


def drops(share: float) -> Fault:
    """Frames lost independently of each other."""

    def spoil(frames: Frames, rng: np.random.Generator) -> Frames:
        return [f for f in frames if rng.random() >= share]

    return spoil


def jitter(most_s: float) -> Fault:
    """Time stamps that err by up to this much either way (never running backwards); the picture is not moved."""

    def spoil(frames: Frames, rng: np.random.Generator) -> Frames:
        out, last_s = [], -np.inf
        for f in frames:
            last_s = max(f.t_s + rng.uniform(-most_s, most_s), last_s + 1e-3)
            out.append(SkeletonFrame(float(last_s), f.x_JC, f.visibility_J))
        return out

    return spoil


def swaps(share: float) -> Fault:
    """Left and right legs exchanged for one to four frames, beginning at this share of the frames."""

    def spoil(frames: Frames, rng: np.random.Generator) -> Frames:
        out, n_left = [], 0
        for f in frames:
            if n_left == 0 and rng.random() < share:
                n_left = int(rng.integers(1, 5))
            out.append(_exchanged(f) if n_left > 0 else f)
            n_left = max(0, n_left - 1)
        return out

    return spoil


def _exchanged(f: SkeletonFrame) -> SkeletonFrame:
    x, visibility = f.x_JC.copy(), f.visibility_J.copy()
    x[LEFT_LEG + RIGHT_LEG] = x[RIGHT_LEG + LEFT_LEG]
    visibility[LEFT_LEG + RIGHT_LEG] = visibility[RIGHT_LEG + LEFT_LEG]
    return SkeletonFrame(f.t_s, x, visibility)


def hidden_feet(frames: Frames, rng: np.random.Generator) -> Frames:
    """One foot (ankle, heel, toe) hidden 0.4 times a second for 200 to 500 ms."""
    out, until_s, feet = [], -1.0, LEFT_LEG[2:]
    for f in frames:
        if f.t_s > until_s and rng.random() < 0.4 / 30.0:
            until_s = f.t_s + rng.uniform(0.2, 0.5)
            feet = (LEFT_LEG if rng.random() < 0.5 else RIGHT_LEG)[2:]
        visibility = f.visibility_J.copy()
        if f.t_s <= until_s:
            visibility[feet] = 0.0
        out.append(SkeletonFrame(f.t_s, f.x_JC, visibility))
    return out


def one_after_another(*faults: Fault) -> Fault:
    def spoil(frames: Frames, rng: np.random.Generator) -> Frames:
        for fault in faults:
            frames = fault(frames, rng)
        return frames

    return spoil
