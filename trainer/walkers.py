"""Gait cycles of synthetic walkers: golden inputs, and people whose mood is known.

Promises: cycles are cut at the walker's own right contacts and normalised by ``edge.gait``; the same arguments give
the same cycles. Refuses nothing.

Shape letters: N cycle, T time, J landmark, C coordinate.
"""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from edge.affect import CLASSES
from edge.gait.normalise import normalise_cycle
from edge.gait.pose_noise import PoseNoise, mediapipe_like
from edge.gait.walker import Walker, contacts, skeletons
from trainer.cycles import UNLABELLED, Cycles

RATE_HZ = 30.0
_START_S, _END_S = 1.0, 9.0


def walker_cycles(
    n_people: int, n_cycles: int, seed: int = 0, noise: PoseNoise | None = None, first: int = 0
) -> Cycles:
    """``n_cycles`` cycles of each of ``n_people`` walkers in each affect, as ``noise`` would see them (None: clean)."""
    rows = [
        (f"walker{who}", affect, *cycle)
        for who in range(first, first + n_people)
        for affect in range(len(CLASSES))
        for cycle in _cycles(Walker(who, CLASSES[affect], seed=seed), n_cycles, seed, noise)
    ]
    subject, affect, x, duration_s = zip(*rows, strict=True)
    return Cycles(
        x_NTJC=np.stack(x),
        duration_s_N=np.array(duration_s, dtype=np.float32),
        key_N=np.array([f"{who}-{at}" for at, who in enumerate(subject)]),
        subject_N=np.array(subject),
        source_N=np.full(len(rows), "walker"),
        acted_N=np.array(affect, dtype=np.int64),
        perceived_N=np.full(len(rows), UNLABELLED, dtype=np.int64),
        recording_N=np.array([f"{who}-{CLASSES[how]}-{seed}" for who, how in zip(subject, affect, strict=True)]),
    )


def golden_walkers(seed: int = 0) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Five people, four affects, one cycle each: normalised cycles and durations in seconds."""
    cycles = walker_cycles(n_people=5, n_cycles=1, seed=seed)
    return cycles.x_NTJC, cycles.duration_s_N


def _cycles(
    walker: Walker, n_cycles: int, seed: int, noise: PoseNoise | None
) -> list[tuple[npt.NDArray[np.float32], float]]:
    t_s = np.arange(0.0, _END_S + 1.0, 1.0 / RATE_HZ)
    x_TJC = skeletons(walker, t_s)
    if noise is not None:
        x_TJC, _ = mediapipe_like(x_TJC, seed=seed + 101 * walker.identity, noise=noise, rate_hz=RATE_HZ)
    right_s = [contact.t_s for contact in contacts(walker, _START_S, _END_S) if contact.side == "right"]
    pairs = list(pairwise(right_s))[:n_cycles]
    return [(cut_cycle(x_TJC, t_s, start, end), end - start) for start, end in pairs]


def cut_cycle(
    x_TJC: npt.NDArray[np.float32], t_s: npt.NDArray[np.float64], start_s: float, end_s: float
) -> npt.NDArray[np.float32]:
    """One cycle [start_s, end_s): frames at RATE_HZ, interpolated between those that were seen, normalised."""
    n_frames = round((end_s - start_s) * RATE_HZ)
    wanted_s = start_s + np.arange(n_frames) * (end_s - start_s) / n_frames
    right = np.searchsorted(t_s, wanted_s).clip(1, len(t_s) - 1)
    share_T = (wanted_s - t_s[right - 1]) / (t_s[right] - t_s[right - 1])
    between = x_TJC[right - 1] + share_T[:, None, None] * (x_TJC[right] - x_TJC[right - 1])
    return normalise_cycle(between)
