"""A recording in, labelled gait cycles out, cut by the segmenter that runs in a home.

Promises: the cycles are the device's own: same segmenter, same quality rules, same normalisation; what it would not use
is refused with its reason. Refuses a recording in which there is no gait cycle, and cycles whose knees bend backwards
(left and right exchanged, or a mirrored coordinate system).

A recording faster than a camera is looked at 30 times a second, as the segmentation bench does.

Shape letters: T time, J landmark, C coordinate.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.gait.cycle import CycleSegmenter, GaitCycle
from edge.gait.skeleton import LEFT_ANKLE, LEFT_HIP, LEFT_KNEE, RIGHT_ANKLE, RIGHT_HIP, RIGHT_KNEE, SkeletonFrame
from trainer.cycles import Cycles, Looked, Refused, joined
from trainer.labels import Label

CAMERA_HZ = 30.0
_FASTER = 1.05
Floats = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, repr=False)
class Motion:
    """One recording: (T,) seconds, rising; (T, 20, 3) canonical landmarks, y up; (T, 20) visibility."""

    t_s: Floats
    x_TJC: Floats
    visibility_TJ: Floats
    rate_hz: float

    @property
    def duration_s(self) -> float:
        """From the first to the last frame, and one frame more."""
        return float(self.t_s[-1] - self.t_s[0]) + 1.0 / self.rate_hz


@dataclass(frozen=True, slots=True)
class Cut:
    """What came out of one recording."""

    cycles: Cycles
    refused: tuple[Refused, ...]
    looked: Looked


def cut_cycles(key: str, motion: Motion, label: Label) -> Cut:
    """Every usable cycle of a recording; raises ValueError when there is no gait cycle at all."""
    found = _segmented(motion)
    if not found:
        raise ValueError(f"no gait cycle in {motion.duration_s:.1f} s")
    kept = [cycle for cycle in found if why_not(cycle) is None]
    refused = [Refused(f"{key} at {cycle.start_s:.2f} s", why, "cycle") for cycle in found if (why := why_not(cycle))]
    parts = [
        one_cycle(f"{key}#{number}", cycle.x_TJC, cycle.duration_s, label)
        for number, cycle in enumerate(kept, start=1)
        if cycle.x_TJC is not None
    ]
    looked = Looked(key, label.source, motion.rate_hz, motion.duration_s, len(parts))
    return Cut(joined(parts), tuple(refused), looked)


def why_not(cycle: GaitCycle) -> str | None:
    """Why a proposed cycle cannot be used for training; None when it can."""
    if not cycle.usable:
        return f"the segmenter says {cycle.reason}"
    if cycle.x_TJC is None:
        return "no head or no arms: nothing to judge affect by"
    if knees_bend_backwards(cycle.x_TJC):
        return "knees bend backwards: left and right are exchanged, or the coordinate system is mirrored"
    return None


def knees_bend_backwards(x_TJC: Floats) -> bool:
    """Whether, over a normalised cycle, the knees are behind the line from hip to ankle."""
    z_TJ = x_TJC[..., 2]
    ends_TJ = z_TJ[:, [LEFT_HIP, RIGHT_HIP]] + z_TJ[:, [LEFT_ANKLE, RIGHT_ANKLE]]
    return bool((z_TJ[:, [LEFT_KNEE, RIGHT_KNEE]] - 0.5 * ends_TJ).mean() < 0.0)


def one_cycle(key: str, x_TJC: Floats, duration_s: float, label: Label) -> Cycles:
    """A normalised cycle with its label."""
    return Cycles(
        x_NTJC=np.asarray(x_TJC, dtype=np.float32)[None],
        duration_s_N=np.array([duration_s], dtype=np.float32),
        key_N=np.array([key], dtype=np.str_),
        subject_N=np.array([label.subject], dtype=np.str_),
        source_N=np.array([label.source], dtype=np.str_),
        acted_N=np.array([label.acted], dtype=np.int64),
        perceived_N=np.array([label.perceived], dtype=np.int64),
        recording_N=np.array([label.recording], dtype=np.str_),
    )


def _segmented(motion: Motion) -> list[GaitCycle]:
    seen = _as_a_camera_sees(motion)
    segmenter = CycleSegmenter()
    rows = zip(seen.t_s, seen.x_TJC, seen.visibility_TJ, strict=True)
    told = [segmenter.update(SkeletonFrame(float(t_s), x_JC, visibility_J)) for t_s, x_JC, visibility_J in rows]
    told.append(segmenter.flush())
    return [cycle for segmented in told if segmented is not None for cycle in segmented.cycles]


def _as_a_camera_sees(motion: Motion) -> Motion:
    """Interpolated at CAMERA_HZ where the recording is faster; a landmark is as visible as the less visible frame."""
    if motion.rate_hz <= CAMERA_HZ * _FASTER:
        return motion
    t_s = np.arange(motion.t_s[0], motion.t_s[-1] + 1e-6, 1.0 / CAMERA_HZ)
    after = np.searchsorted(motion.t_s, t_s).clip(1, len(motion.t_s) - 1)
    share_T = ((t_s - motion.t_s[after - 1]) / (motion.t_s[after] - motion.t_s[after - 1])).clip(0.0, 1.0)
    x, seen = motion.x_TJC, motion.visibility_TJ
    between = x[after - 1] + share_T[:, None, None] * (x[after] - x[after - 1])
    return Motion(t_s, between, np.minimum(seen[after - 1], seen[after]), CAMERA_HZ)
