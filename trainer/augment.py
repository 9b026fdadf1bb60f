"""What a living-room camera does to a clean cycle, as training noise.

Promises: every disturbed cycle passes through ``edge.gait.normalise_cycle`` again, as a camera's would, so training
never sees a body the device cannot make; the same generator gives the same cycles. Strengths are standard
deviations unless said otherwise. Refuses nothing.

Shape letters: N cycle, T time, J landmark, C coordinate.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from edge.gait.normalise import normalise_cycle, resample_periodic
from edge.gait.skeleton import HEAD, N_BODY, mirror

Floats = npt.NDArray[np.float64]
_DRIFT_HARMONICS: Final = 3
_ARMS: Final = (4, 5, 6, 7, 8, 9)


@dataclass(frozen=True, slots=True)
class Disturbance:
    """How strongly cycles are disturbed.

    ``offset_m``: where a source defines each landmark (constant over the cycle; the head gets twice as much).
    ``wobble_m``: slow error over the cycle. ``jitter_m``: independent error per sample. ``yaw_deg``, ``lean_deg``:
    error of heading and of the vertical (depth leans). ``phase``: error of the contact, share of a cycle.
    ``duration``: relative error of the duration. ``leg_vigour``, ``arm_vigour``: relative size of the movement about
    the mean pose, for people of other sources walk larger than the training people (LOG.md).
    """

    offset_m: float = 0.015
    wobble_m: float = 0.008
    jitter_m: float = 0.004
    yaw_deg: float = 6.0
    lean_deg: float = 2.5
    phase: float = 0.015
    duration: float = 0.03
    leg_vigour: float = 0.0
    arm_vigour: float = 0.0


def disturbed(
    x_NTJC: npt.ArrayLike, duration_s_N: npt.ArrayLike, strength: Disturbance, rng: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Each cycle once, disturbed and normalised again, and its disturbed duration."""
    x_NTJC = np.asarray(x_NTJC, dtype=np.float64)
    duration_s_N = np.asarray(duration_s_N, dtype=np.float64)
    out = np.stack([normalise_cycle(_disturb(x_TJC, strength, rng)) for x_TJC in x_NTJC])
    factor_N = np.exp(rng.normal(0.0, strength.duration, len(x_NTJC)))
    return out, (duration_s_N * factor_N).astype(np.float32)


def mirrored(x_NTJC: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Left for right, rolled by half a cycle so that the right contact is first again."""
    n_samples = x_NTJC.shape[1]
    return np.roll(mirror(x_NTJC), n_samples // 2, axis=1).astype(np.float32)


def _disturb(x_TJC: Floats, strength: Disturbance, rng: np.random.Generator) -> Floats:
    shift = rng.normal(0.0, strength.phase) * len(x_TJC)
    x_TJC = resample_periodic(x_TJC, np.arange(len(x_TJC)) + shift)
    moved = _scaled(x_TJC, strength, rng) + _offset(strength, rng) + _wobble(len(x_TJC), strength, rng)
    moved = moved + rng.normal(0.0, strength.jitter_m, x_TJC.shape)
    return moved @ _turn(strength, rng).T


def _scaled(x_TJC: Floats, strength: Disturbance, rng: np.random.Generator) -> Floats:
    factor_J = np.full(N_BODY, np.exp(rng.normal(0.0, strength.leg_vigour)))
    factor_J[list(_ARMS)] = np.exp(rng.normal(0.0, strength.arm_vigour))
    mean_JC = x_TJC.mean(axis=0)
    return mean_JC + factor_J[:, None] * (x_TJC - mean_JC)


def _offset(strength: Disturbance, rng: np.random.Generator) -> Floats:
    offset_JC = rng.normal(0.0, strength.offset_m, (N_BODY, 3))
    offset_JC[HEAD] *= 2.0
    return offset_JC


def _wobble(n_samples: int, strength: Disturbance, rng: np.random.Generator) -> Floats:
    angle_TH = 2 * np.pi * np.outer(np.arange(n_samples) / n_samples, np.arange(1, _DRIFT_HARMONICS + 1))
    waves_TH = np.concatenate([np.cos(angle_TH), np.sin(angle_TH)], axis=1)
    weight_HJC = rng.normal(0.0, strength.wobble_m / np.sqrt(_DRIFT_HARMONICS), (waves_TH.shape[1], N_BODY, 3))
    return np.einsum("th,hjc->tjc", waves_TH, weight_HJC)


def _turn(strength: Disturbance, rng: np.random.Generator) -> Floats:
    yaw, lean, tilt = np.radians(rng.normal(0.0, [strength.yaw_deg, strength.lean_deg, strength.lean_deg / 2]))
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(lean), -np.sin(lean)], [0, np.sin(lean), np.cos(lean)]])
    about_z = np.array([[np.cos(tilt), -np.sin(tilt), 0], [np.sin(tilt), np.cos(tilt), 0], [0, 0, 1]])
    return about_z @ about_x @ about_y
