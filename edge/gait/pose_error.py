"""MediaPipe's own error, measured view by view, to be drawn from.

Promises: spoils clean skeletons as the real estimator was measured to (`pose_error_presets`: the figures and the
command that measures them); deterministic from the seed; finite; a picture without a pose is visibility 0 throughout.
Refuses, with ValueError: arrays that are not (T, 20, 3), numbers that are not finite.

Beside it stands `pose_noise`, which is simpler: a guess with a handful of round sizes. The shipped reference bundle is
made with that, byte for byte, so it stays as it is. Take this one where the error should be the estimator's.

How it is drawn: the true skeleton, hip-centred, is seen in the camera's axes (a camera that looks down leans everybody)
and a little late; depth is stretched and leans; each landmark has a constant error and one with the memory of a
first-order autoregression, which follows its neighbour's towards the hips as much as was measured. The estimator
knows bodies, so its errors go across the bones rather than along them: `RIGIDITY` of the way, each bone is given the
length it should have, wobbling as measured. Then sides are exchanged (legs about to pass each other, or just past) and
poses lost for runs of frames. Spine and neck are means of hips and shoulders, as in the estimate.

Not everything comes out as it was put in: where the bones pull, landmark errors change (by a tenth on average, by half
or more for single ones). And it is harder on a segmenter than the estimator is: real errors go with the stride and much
the same way in each, drawn ones do not. `python -m tests.bench.mediapipe_error` prints both sides.

Legend: T time, J landmark, C coordinate (x right of the picture, y up, z towards the lens), metres.
"""

import numpy as np
from numpy.typing import NDArray

from edge.gait.pose_error_random import Array, following, keep_of, remembering, runs
from edge.gait.pose_error_sizes import FEET_IN_PICTURE, FOLLOWS, SWAPPED, Between, PoseError
from edge.gait.skeleton import (
    BONES,
    LEFT_ANKLE,
    LEFT_HIP,
    LEFT_SHOULDER,
    MIRROR,
    N_LANDMARKS,
    NECK,
    RIGHT_ANKLE,
    RIGHT_HIP,
    RIGHT_SHOULDER,
    ROOT,
    SPINE,
)

RIGIDITY = 0.7
"""Share of the way to the bone lengths the estimator would keep: between what is best for bones and for landmarks."""

PASSING_M = (0.25, 0.40)
"""How far apart the ankles are in the picture when legs are exchanged: before and after they pass (the bench tells)."""

_MOVING_M_S = 0.3
_LEAST_PASSING = 0.1
_PARENT = dict(BONES)


def spoil(
    x_TJC: NDArray[np.float32],
    error: PoseError,
    seed: int | np.random.Generator = 0,
    rate_hz: float = 30.0,
    facing_rad: float = 0.0,
    visibility_TJ: NDArray[np.float32] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What the estimator would have told of these skeletons.

    Args:
        x_TJC: (T, 20, 3) true landmarks, metres, y up, at an even rate.
        error: sizes, for instance one of `pose_error_presets.PRESETS`.
        seed: same seed, same error; or a generator to draw from.
        rate_hz: frames a second.
        facing_rad: where the walker faces: 0 is +z, a quarter turn to the left is +x. The camera keeps its place
            beside that direction while the walker turns.
        visibility_TJ: (T, 20); what is 0 there stays 0.

    Returns:
        (x_TJC, visibility_TJ), float32, in the camera's axes, hip-centred.

    Raises:
        ValueError: the array is not (T, 20, 3) or not finite.
    """
    if x_TJC.ndim != 3 or x_TJC.shape[1:] != (N_LANDMARKS, 3):
        raise ValueError(f"found skeletons of shape {x_TJC.shape}, wanted (T, {N_LANDMARKS}, 3)")
    if not np.isfinite(x_TJC).all():
        raise ValueError("found landmarks that are not finite, wanted numbers; set what is not seen to 0")
    rng = np.random.default_rng((seed, 23)) if isinstance(seed, int) else seed
    x = _late(_in_camera(np.asarray(x_TJC, float), error, facing_rad), error.delay_s * rate_hz)
    passing_T = _passing(x, rate_hz)
    true_m = {j: np.linalg.norm(x[:, j] - x[:, _PARENT[j]], axis=1) for j, _ in FOLLOWS}
    x = _warped(x, error, rng, rate_hz) + _landmark_error(len(x), error, rng, rate_hz)
    _stiffen(x, true_m, error, rng, rate_hz)
    x *= _between(error.scale, rng)
    seen = _visibility(len(x), error, rng, rate_hz)
    if visibility_TJ is not None:
        seen *= visibility_TJ > 0
    _swap(x, seen, error, passing_T, rng, rate_hz)
    lost_T = runs(len(x), error.drops.share, error.drops.run_s * rate_hz, rng)
    x[lost_T], seen[lost_T] = 0.0, 0.0
    return x.astype(np.float32), seen.astype(np.float32)


def camera_axes(view_deg: float, pitch_deg: float, facing_rad: float = 0.0) -> Array:
    """Rows: right of the picture, up in it, towards the lens, of a camera beside a walker who faces that way."""
    angle, pitch = facing_rad - np.radians(view_deg), np.radians(pitch_deg)
    level = np.array([np.sin(angle), 0.0, np.cos(angle)])
    up = np.array([0.0, 1.0, 0.0])
    towards = np.cos(pitch) * level + np.sin(pitch) * up
    right = np.cross(up, level)
    return np.stack([right, np.cross(towards, right), towards])


def _in_camera(x_TJC: Array, error: PoseError, facing_rad: float) -> Array:
    centre = x_TJC[:, [LEFT_HIP, RIGHT_HIP]].mean(1, keepdims=True)
    return np.asarray((x_TJC - centre) @ camera_axes(error.view_deg, error.pitch_deg, facing_rad).T)


def _late(x_TJC: Array, frames: float) -> Array:
    at = np.maximum(np.arange(len(x_TJC)) - frames, 0.0)
    before = np.floor(at).astype(int)
    share = (at - before)[:, None, None]
    return np.asarray(x_TJC[before] + share * (x_TJC[np.minimum(before + 1, len(x_TJC) - 1)] - x_TJC[before]))


def _warped(x_TJC: Array, error: PoseError, rng: np.random.Generator, rate_hz: float) -> Array:
    """Depth stretched and leaning."""
    depth, lean_deg = _between(error.depth, rng), _between(error.lean_deg, rng)
    sway = remembering(rng.standard_normal((len(x_TJC), 1)), keep_of(error.lean_memory_s, rate_hz))
    lean = np.tan(np.radians(lean_deg + error.lean_sd_deg * sway))
    z = depth * x_TJC[..., 2] + lean * x_TJC[..., 1]
    return np.asarray(np.concatenate([x_TJC[..., :2], z[..., None]], axis=-1))


def _landmark_error(n: int, error: PoseError, rng: np.random.Generator, rate_hz: float) -> Array:
    out = np.zeros((n, N_LANDMARKS, 3))
    unit: dict[int, tuple[Array, Array]] = {}
    for (landmark, leader), part in zip(FOLLOWS, error.landmarks, strict=True):
        keep = keep_of(np.array(part.memory_s), rate_hz)
        white = rng.standard_normal((n, 3))
        if leader is None:
            unit[landmark] = remembering(white, keep), keep
        else:
            unit[landmark] = following(white, keep, np.array(part.follows), *unit[leader]), keep
        if landmark == LEFT_HIP:
            unit[RIGHT_HIP] = -unit[LEFT_HIP][0], keep
        out[:, landmark] = unit[landmark][0] * part.sd_m + rng.standard_normal(3) * error.constant_m
    out[:, RIGHT_HIP] = -out[:, LEFT_HIP]
    shoulders = out[:, [LEFT_SHOULDER, RIGHT_SHOULDER]].mean(1)
    out[:, NECK], out[:, SPINE], out[:, ROOT] = shoulders, shoulders / 2, 0.0
    return out


def _stiffen(
    x_TJC: Array, true_m: dict[int, Array], error: PoseError, rng: np.random.Generator, rate_hz: float
) -> None:
    """Pull every limb towards its length, from the trunk outwards."""
    for (landmark, leader), part in zip(FOLLOWS, error.landmarks, strict=True):
        wobble = part.wobble * remembering(rng.standard_normal(len(x_TJC)), keep_of(part.wobble_memory_s, rate_hz))
        if leader is None or landmark == RIGHT_SHOULDER:
            continue
        at = x_TJC[:, _PARENT[landmark]]
        bone = x_TJC[:, landmark] - at
        now_m = np.maximum(np.linalg.norm(bone, axis=1), 1e-6)
        known = true_m[landmark] > 1e-6
        longer = np.median(now_m[known] / true_m[landmark][known]) if known.any() else 1.0
        wanted_m = true_m[landmark] * longer * (1 + wobble)
        x_TJC[:, landmark] = at + bone * (1 + RIGIDITY * (wanted_m / now_m - 1))[:, None]


def _visibility(n: int, error: PoseError, rng: np.random.Generator, rate_hz: float) -> Array:
    keep = keep_of(error.visibility_memory_s, rate_hz)
    out = np.zeros((n, N_LANDMARKS))
    for (landmark, _), part in zip(FOLLOWS, error.landmarks, strict=True):
        drawn = part.visibility + part.visibility_sd * remembering(rng.standard_normal((n, 1)), keep)[:, 0]
        out[:, landmark] = np.clip(drawn, 0.01, 1.0)
    out[:, RIGHT_HIP] = out[:, LEFT_HIP]
    out[:, ROOT] = out[:, [LEFT_HIP, RIGHT_HIP]].min(1)
    out[:, NECK] = out[:, [LEFT_SHOULDER, RIGHT_SHOULDER]].min(1)
    out[:, SPINE] = out[:, [ROOT, NECK]].min(1)
    return out


def _swap(
    x_TJC: Array,
    seen_TJ: Array,
    error: PoseError,
    passing_T: NDArray[np.bool_],
    rng: np.random.Generator,
    rate_hz: float,
) -> None:
    for kind, way in error.swaps:
        to = np.array(SWAPPED[kind])
        source = np.array([MIRROR[j] for j in to])
        may_T = np.ones(len(x_TJC), dtype=bool) if kind == "arms" else passing_T
        # The share was measured on walkers; who hardly takes a step has hardly anything exchanged.
        share = way.share / max(float(may_T.mean()), _LEAST_PASSING)
        rows = np.flatnonzero(may_T & runs(len(x_TJC), share, way.run_s * rate_hz, rng))[:, None]
        if kind == FEET_IN_PICTURE:
            x_TJC[rows, to, :2] = x_TJC[rows, source, :2]
        else:
            x_TJC[rows, to], seen_TJ[rows, to] = x_TJC[rows, source], seen_TJ[rows, source]


def _passing(x_TJC: Array, rate_hz: float) -> NDArray[np.bool_]:
    """Frames in which one true foot is about to pass the other; not of somebody who stands astride."""
    apart_m = np.linalg.norm(x_TJC[:, LEFT_ANKLE, :2] - x_TJC[:, RIGHT_ANKLE, :2], axis=1)
    step_m = np.abs(np.diff(apart_m, prepend=apart_m[:1]))
    near_T = (apart_m > PASSING_M[0]) & (apart_m < PASSING_M[1])
    return np.asarray(near_T & (step_m * rate_hz > _MOVING_M_S))


def _between(one: Between, rng: np.random.Generator) -> float:
    return one.mean + one.sd * float(rng.standard_normal())
