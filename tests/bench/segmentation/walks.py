"""The same recording walked otherwise: facing the camera, slower, faster, with stops and a turn. Truth follows.

Shapes: T time, J landmark, C coordinate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from edge.gait.skeleton import LEFT_HIP, RIGHT_HIP
from tests.bench.segmentation.trials import Times, Trial

_STAND_S, _RAMP_S, _TURN_S = 3.0, 0.5, 3.0
_LEAST_WALK_S = 6.0


def facing_the_camera(trial: Trial) -> Trial:
    """Turned about the vertical so that the walker's mean forward axis is +z, towards the camera."""
    left = (trial.x_TJC[:, LEFT_HIP] - trial.x_TJC[:, RIGHT_HIP]).astype(np.float64)
    left = left / np.maximum(np.linalg.norm(left[:, [0, 2]], axis=1, keepdims=True), 1e-9)
    x, z = left[:, 0].mean(), left[:, 2].mean()
    # forward = left x up; it is to become +z, so that left becomes +x.
    return replace(trial, x_TJC=_turned(trial.x_TJC, np.full(len(trial.x_TJC), np.arctan2(z, x))))


def at_speed(factor: float) -> Callable[[Trial], Trial]:
    """Time runs this many times as fast."""

    def change(trial: Trial) -> Trial:
        return replace(
            trial,
            rate_hz=trial.rate_hz * factor,
            truth_s={side: tuple(t / factor for t in times) for side, times in trial.truth_s.items()},
            finals_s={side: tuple(t / factor for t in times) for side, times in trial.finals_s.items()},
        )

    return change


def start_stop_turn(trial: Trial) -> Trial | None:
    """Stand 3 s, walk the first half of the recording, stand 3 s, turn by half a turn within 3 s while walking on
    through the second half, stand 3 s. Time runs from still to full speed, and back, within half a second; who
    stands keeps the posture. None for recordings shorter than 6 s and those without labels.
    """
    contacts_s = sorted(t for times in trial.truth_s.values() for t in times)
    if trial.t_s[-1] < _LEAST_WALK_S or not contacts_s:
        return None
    # Stopping shortly after a contact leaves both feet on the ground.
    half_s = max((t for t in contacts_s if t < 0.5 * trial.t_s[-1]), default=0.5 * trial.t_s[-1]) + 0.1
    progress_s, begun_s = _progress(trial.rate_hz, half_s, trial.t_s[-1])
    t_s = np.arange(len(progress_s)) / trial.rate_hz
    x_TJC = _sampled(trial, progress_s)
    turned_T = np.pi * np.clip((t_s - begun_s) / _TURN_S, 0.0, 1.0)
    return replace(
        trial,
        x_TJC=_turned(x_TJC, turned_T),
        visibility_TJ=trial.visibility_TJ[np.minimum(np.round(progress_s * trial.rate_hz).astype(int),
                                                     len(trial.visibility_TJ) - 1)],
        truth_s=_moved(trial.truth_s, progress_s, t_s),
        finals_s=_moved(trial.finals_s, progress_s, t_s),
    )  # fmt: skip


def _progress(rate_hz: float, half_s: float, end_s: float) -> tuple[np.ndarray, float]:
    """Time in the recording for each new frame, and when the second walk begins."""
    still = np.zeros(round(_STAND_S * rate_hz))
    speeds = [still, _speeds(half_s, rate_hz), still, _speeds(end_s - half_s, rate_hz), still]
    begun_s = sum(len(part) for part in speeds[:3]) / rate_hz
    return np.minimum(np.cumsum(np.concatenate(speeds)) / rate_hz, end_s), begun_s


def _speeds(length_s: float, rate_hz: float) -> np.ndarray:
    """Speeds from 0 to 1 to 0 that cover this much of the recording."""
    n = round((length_s + _RAMP_S) * rate_hz)
    t_s = np.arange(n) / rate_hz
    speeds = np.clip(np.minimum(t_s, t_s[-1] - t_s) / _RAMP_S, 0.0, 1.0)
    return speeds * (length_s * rate_hz / speeds.sum())


def _sampled(trial: Trial, at_s: np.ndarray) -> np.ndarray:
    position = np.clip(at_s * trial.rate_hz, 0, len(trial.x_TJC) - 1)
    before = np.floor(position).astype(int)
    after = np.minimum(before + 1, len(trial.x_TJC) - 1)
    weight = (position - before)[:, None, None]
    return (1 - weight) * trial.x_TJC[before] + weight * trial.x_TJC[after]


def _moved(times: Times, progress_s: np.ndarray, t_s: np.ndarray) -> Times:
    first = np.unique(progress_s, return_index=True)[1]
    return {side: tuple(np.interp(t, progress_s[first], t_s[first]).tolist()) for side, t in times.items()}


def _turned(x_TJC: np.ndarray, angle_T: np.ndarray) -> np.ndarray:
    """Each frame turned about the vertical through its mid-hip, whose path bends with it."""
    hips_TC = (0.5 * (x_TJC[:, LEFT_HIP] + x_TJC[:, RIGHT_HIP])).astype(np.float64)
    c, s = np.cos(angle_T), np.sin(angle_T)
    zero, one = 0.0 * c, 1.0 + 0.0 * c
    turn = np.stack([np.stack([c, zero, s], -1), np.stack([zero, one, zero], -1), np.stack([-s, zero, c], -1)], 1)
    steps_TC = np.einsum("tij,tj->ti", turn, np.diff(hips_TC, axis=0, prepend=np.zeros((1, 3))))
    path_TC = np.cumsum(steps_TC, axis=0)
    return np.einsum("tij,tkj->tki", turn, x_TJC - hips_TC[:, None]) + path_TC[:, None]
