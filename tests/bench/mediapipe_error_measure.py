"""From recordings beside their truth to a `PoseError`: what the estimator does, in numbers.

Promises: the same recordings give the same numbers, whether the estimator made them or `pose_error.spoil` did. What
cannot be seen is taken out first: where the hips are (both are hip-centred) and one scale per recording.

The error of a recording is split: lateness (the shift of the truth that fits best), stretch and lean of depth (least
squares of depth on true depth and height; the lean once for the recording and once for each frame), sides exchanged (a
pair of landmark groups counts as exchanged where that costs less than 0.7 of keeping; it is put right before going
on), a constant per landmark, and the rest, whose spread, correlation from frame to frame and with its neighbour are
told. A correlation time is that of a first-order autoregression with the same correlation of neighbouring frames.

Shapes: T picture, J landmark, C coordinate (right, up, towards the lens).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.gait.pose_error_sizes import FEET_IN_PICTURE, FOLLOWS, SWAPPED, Between, LandmarkError, PoseError, Runs
from edge.gait.skeleton import (
    BONES,
    LEFT_ANKLE,
    LEFT_ELBOW,
    LEFT_HEEL,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    LEFT_TOE,
    LEFT_WRIST,
    MIRROR,
    RIGHT_HIP,
)
from tests.bench.mediapipe_error_record import Walk

SWAP_RATIO = 0.7
DELAYS_S = np.arange(13) / 200
_RATE_HZ = 30.0
_FAR_M = 0.1
_FEET = (LEFT_ANKLE, LEFT_HEEL, LEFT_TOE)
_PARTS = {
    "hips": (LEFT_HIP,),
    "below the hips": (LEFT_KNEE, LEFT_ANKLE, LEFT_HEEL, LEFT_TOE),
    "shoulders": (LEFT_SHOULDER,),
    "arms": (LEFT_ELBOW, LEFT_WRIST),
}


@dataclass(frozen=True, slots=True)
class Split:
    """One recording taken apart; error_TJC is what is left, NaN where no pose was found."""

    scale: float
    depth: float
    lean_deg: float
    sway_deg_T: np.ndarray
    delay_s: float
    constant_JC: np.ndarray
    error_TJC: np.ndarray
    swapped: dict[str, np.ndarray]
    bones_TB: np.ndarray


def split(walk: Walk, delay_s: float) -> Split:
    """Take one recording apart, the truth taken `delay_s` late."""
    x_TJC, truth_TJC = _centred(walk.x_TJC), _centred(_late(walk, delay_s))
    level = truth_TJC[walk.found_T][..., :2]
    scale = float((x_TJC[walk.found_T][..., :2] * level).sum() / (level**2).sum())
    x_TJC = x_TJC / scale
    depth, slope = _depth(x_TJC[walk.found_T], truth_TJC[walk.found_T])
    slope_T = _slope(x_TJC, truth_TJC, depth)
    expected = truth_TJC.copy()
    expected[..., 2] = depth * truth_TJC[..., 2] + slope_T[:, None] * truth_TJC[..., 1]
    constant_JC = np.nanmedian(x_TJC - expected, axis=0)
    swapped = swaps(x_TJC, expected + constant_JC)
    x_TJC = _put_right(x_TJC, swapped)
    error = x_TJC - expected
    constant_JC = np.nanmean(error, axis=0)
    sway = np.degrees(np.arctan(slope_T)) - np.degrees(np.arctan(slope))
    lean_deg = float(np.degrees(np.arctan(slope)))
    bones = bone_lengths(x_TJC) / np.nanmedian(bone_lengths(x_TJC), axis=0)
    still = bone_lengths(truth_TJC) / np.median(bone_lengths(truth_TJC), axis=0)
    return Split(scale, depth, lean_deg, sway, delay_s, constant_JC, error - constant_JC, swapped, bones - still)


def delay_of(walks: list[Walk]) -> float:
    """The lateness of the truth that leaves the least error over all recordings."""
    left = [sum(float(np.nansum(split(w, d).error_TJC[3:] ** 2)) for w in walks) for d in DELAYS_S]
    return float(DELAYS_S[int(np.argmin(left))])


def flickers(x_TJC: np.ndarray) -> np.ndarray:
    """Without truth: frames (T - 2,) whose feet, in the picture, fit the middle of the frames around if exchanged."""
    level = x_TJC[..., :2]
    return _part_swapped(level[1:-1], (level[:-2] + level[2:]) / 2, np.array(_FEET), _FAR_M)


def swaps(x_TJC: np.ndarray, truth_TJC: np.ndarray) -> dict[str, np.ndarray]:
    """Frames (T,) in which each of `SWAPPED` came exchanged; a frame counts for one of them at most."""
    on = {name: _part_swapped(x_TJC, truth_TJC, np.array(part)) for name, part in _PARTS.items()}
    hips, below = on["hips"], on["below the hips"]
    body = hips & below & on["shoulders"]
    legs = hips & below & ~body
    only_below = below & ~hips
    told = {"body": body, "legs": legs, "below the hips": only_below, "arms": on["arms"] & ~body}
    feet = _part_swapped(x_TJC[..., :2], truth_TJC[..., :2], np.array(_FEET), _FAR_M)
    return {**told, FEET_IN_PICTURE: feet & ~below}


def exchanged_apart_m(walks: list[Walk], parts: list[Split]) -> np.ndarray:
    """How far apart the ankles truly were, in the picture, in every frame in which legs or feet came exchanged."""
    kinds = [kind for kind in SWAPPED if kind != "arms"]
    found = []
    for walk, part in zip(walks, parts, strict=True):
        on_T = np.any([part.swapped[kind] for kind in kinds], axis=0)
        apart = walk.truth_TJC[on_T, LEFT_ANKLE, :2] - walk.truth_TJC[on_T, MIRROR[LEFT_ANKLE], :2]
        found.append(np.linalg.norm(apart, axis=1))
    return np.concatenate(found)


def pose_error(walks: list[Walk], view_deg: float, pitch_deg: float, delay_s: float | None = None) -> PoseError:
    """Everything measured over recordings of one view."""
    late_s = delay_of(walks) if delay_s is None else delay_s
    parts = [split(w, late_s) for w in walks]
    ways = {kind: runs_of([p.swapped[kind] for p in parts]) for kind in SWAPPED}
    return PoseError(
        view_deg=view_deg,
        pitch_deg=pitch_deg,
        delay_s=late_s,
        scale=_between([p.scale for p in parts]),
        depth=_between([p.depth for p in parts]),
        lean_deg=_between([p.lean_deg for p in parts]),
        lean_sd_deg=float(np.sqrt(np.mean([np.nanvar(p.sway_deg_T) for p in parts]))),
        lean_memory_s=float(memory_s([p.sway_deg_T for p in parts])),
        constant_m=tuple(float(c) for c in _constant([p.constant_JC for p in parts])),  # type: ignore[arg-type]
        landmarks=_landmarks(walks, parts),
        visibility_memory_s=float(np.median(memory_s([_found(w) for w in walks])[[j for j, _ in FOLLOWS]])),
        swaps=tuple((kind, runs) for kind, runs in ways.items() if runs.share > 0),
        drops=runs_of([~w.found_T for w in walks]),
    )


def memory_s(series: list[np.ndarray]) -> np.ndarray:
    """Correlation time of series (T, ...) about their means, from the correlation of neighbouring frames."""
    centred = [s - np.nanmean(s, axis=0) for s in series]
    both = sum(np.nansum(s[1:] * s[:-1], axis=0) for s in centred)
    whole = sum(np.nansum(s**2, axis=0) for s in centred)
    correlation = np.clip(both / np.maximum(whole, 1e-12), 1e-3, 0.999)
    return np.asarray(-1 / (_RATE_HZ * np.log(correlation)))


def spread(series: list[np.ndarray]) -> np.ndarray:
    """Standard deviation about each recording's own mean, pooled."""
    return np.asarray(np.sqrt(np.mean([np.nanvar(s, axis=0) for s in series], axis=0)))


def jitter(series: list[np.ndarray]) -> np.ndarray:
    """Root mean square of second differences over root six: the spread of white noise that would give them."""
    return np.asarray(np.sqrt(np.mean([np.nanmean(np.diff(s, 2, axis=0) ** 2, axis=0) / 6 for s in series], axis=0)))


def runs_of(series: list[np.ndarray]) -> Runs:
    """Share of frames and mean length of the runs."""
    n_on, n_runs = (
        sum(int(s.sum()) for s in series),
        sum(int((np.diff(s.astype(int), prepend=0) == 1).sum()) for s in series),
    )
    n = sum(len(s) for s in series)
    return Runs(n_on / n, n_on / n_runs / _RATE_HZ if n_runs else 0.0)


def bone_lengths(x_TJC: np.ndarray) -> np.ndarray:
    """(T, B) metres, in the order of `BONES`."""
    return np.stack([np.linalg.norm(x_TJC[:, child] - x_TJC[:, parent], axis=1) for child, parent in BONES], axis=1)


def _late(walk: Walk, delay_s: float) -> np.ndarray:
    flat = walk.truth_TJC.reshape(len(walk.t_s), -1)
    at = walk.t_s - delay_s
    return np.stack([np.interp(at, walk.t_s, column) for column in flat.T], axis=1).reshape(walk.truth_TJC.shape)


def _centred(x_TJC: np.ndarray) -> np.ndarray:
    return x_TJC - x_TJC[:, [LEFT_HIP, RIGHT_HIP]].mean(1, keepdims=True)


def _depth(x_TJC: np.ndarray, truth_TJC: np.ndarray) -> tuple[float, float]:
    known = np.stack([truth_TJC[..., 2].ravel(), truth_TJC[..., 1].ravel()], axis=1)
    depth, slope = np.linalg.lstsq(known, x_TJC[..., 2].ravel(), rcond=None)[0]
    return float(depth), float(slope)


def _slope(x_TJC: np.ndarray, truth_TJC: np.ndarray, depth: float) -> np.ndarray:
    rest, height = x_TJC[..., 2] - depth * truth_TJC[..., 2], truth_TJC[..., 1]
    return np.asarray((rest * height).sum(1) / (height**2).sum(1))


def _part_swapped(x_TJC: np.ndarray, truth_TJC: np.ndarray, left: np.ndarray, least_m: float = 0.0) -> np.ndarray:
    """Where exchanging costs less; landmarks off by `least_m` at least, for where the sides meet both cost the same."""
    both = np.concatenate([left, np.array(MIRROR)[left]])
    keep = np.linalg.norm(x_TJC[:, both] - truth_TJC[:, both], axis=2).mean(1)
    other = np.linalg.norm(x_TJC[:, np.array(MIRROR)[both]] - truth_TJC[:, both], axis=2).mean(1)
    return np.asarray((keep > least_m) & (other < SWAP_RATIO * keep))


def _put_right(x_TJC: np.ndarray, swapped: dict[str, np.ndarray]) -> np.ndarray:
    out = x_TJC.copy()
    for kind, on_T in swapped.items():
        to = np.array(SWAPPED[kind])
        rows, axes = np.flatnonzero(on_T)[:, None], 2 if kind == FEET_IN_PICTURE else 3
        out[rows, to, :axes] = out[rows, np.array(MIRROR)[to], :axes]
    return out


def _between(values: list[float]) -> Between:
    return Between(float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0)


def _constant(constants: list[np.ndarray]) -> np.ndarray:
    free = [j for j, _ in FOLLOWS]
    return np.asarray(np.sqrt(np.mean([c[free] ** 2 for c in constants], axis=(0, 1))))


def _found(walk: Walk) -> np.ndarray:
    return np.where(walk.found_T[:, None], walk.visibility_TJ, np.nan)


def _landmarks(walks: list[Walk], parts: list[Split]) -> tuple[LandmarkError, ...]:
    errors, bones = [p.error_TJC for p in parts], [p.bones_TB for p in parts]
    seen = [_found(w) for w in walks]
    mean_J, sd_J = np.mean([np.nanmean(s, axis=0) for s in seen], axis=0), spread(seen)
    sd_JC, memory_JC, wobble_B, wobble_s_B = spread(errors), memory_s(errors), spread(bones), memory_s(bones)
    bone_of = {child: i for i, (child, _) in enumerate(BONES)}
    return tuple(
        LandmarkError(
            sd_m=tuple(sd_JC[j].tolist()),
            memory_s=tuple(memory_JC[j].tolist()),
            follows=tuple(_follows(errors, j, leader).tolist()),
            visibility=float(mean_J[j]),
            visibility_sd=float(sd_J[j]),
            wobble=float(wobble_B[bone_of[j]]),
            wobble_memory_s=float(wobble_s_B[bone_of[j]]),
        )
        for j, leader in FOLLOWS
    )


def _follows(errors: list[np.ndarray], landmark: int, leader: int | None) -> np.ndarray:
    if leader is None:
        return np.zeros(3)
    both = np.sum([np.nansum(e[:, landmark] * e[:, leader], axis=0) for e in errors], axis=0)
    one, other = (np.sum([np.nansum(e[:, j] ** 2, axis=0) for e in errors], axis=0) for j in (landmark, leader))
    return np.asarray(both / np.maximum(np.sqrt(one * other), 1e-12))
