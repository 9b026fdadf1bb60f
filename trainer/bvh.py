"""BVH files: hierarchy and motion in, joint positions out.

Promises: position channels of any joint replace its offset, as Bandai Namco's files need; rotations are intrinsic in
the order of the channels. Refuses (ValueError, with the reason) files that are no BVH, are cut short, or hold
values that are not finite numbers.

Why our own: pybvh (0.9) refuses position channels below the root, and bvhio (1.5), which takes them, waits for ever on
a file cut short at the end of a line and pins its dependencies to the digit. The numbers agree with both.

Shape letters: T time, J joint (end sites included), C coordinate, V channel.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

Floats = npt.NDArray[Any]
END = "_end"


@dataclass(slots=True)
class Joint:
    """A joint, its parent's position in the list (-1: none), and its channels, e.g. ``Zrotation``."""

    name: str
    parent: int
    offset_C: Floats = field(default_factory=lambda: np.zeros(3))
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Bvh:
    """A whole file: joints, parents before children; (T, V) values in the file's unit and degrees; frames a second."""

    joints: tuple[Joint, ...]
    value_TV: Floats
    rate_hz: float

    def positions(self) -> dict[str, Floats]:
        """Joint name -> (T, C) in the file's unit and axes; an end site is its joint's name and ``_end``."""
        placed: list[tuple[Floats, Rotation]] = []
        first = 0
        for joint in self.joints:
            value_TV = self.value_TV[:, first : first + len(joint.channels)]
            first += len(joint.channels)
            offset_TC, turn = _local(joint, value_TV)
            if joint.parent >= 0:
                at_TC, parent = placed[joint.parent]
                offset_TC, turn = at_TC + parent.apply(offset_TC), parent * turn
            placed.append((offset_TC, turn))
        return {joint.name: at_TC for joint, (at_TC, _) in zip(self.joints, placed, strict=True)}


def read_bvh_file(path: Path) -> Bvh:
    """Parse a file; raises ValueError."""
    try:
        hierarchy, _, motion = path.read_text(encoding="utf-8").partition("MOTION")
    except UnicodeDecodeError as error:
        raise ValueError("not a BVH file (no text)") from error
    if not hierarchy.lstrip().startswith("HIERARCHY") or not motion:
        raise ValueError("not a BVH file, or cut short: no HIERARCHY followed by MOTION")
    joints = _joints(hierarchy)
    n_frames, frame_s, numbers = _motion_header(motion)
    return Bvh(joints, _values(numbers, n_frames, sum(len(joint.channels) for joint in joints)), 1.0 / frame_s)


def _joints(hierarchy: str) -> tuple[Joint, ...]:
    joints: list[Joint] = []
    open_joints: list[int] = []
    for line in hierarchy.splitlines()[1:]:
        word, *rest = line.split() or [""]
        if word in ("ROOT", "JOINT", "End"):
            parent = open_joints[-1] if open_joints else -1
            name = joints[parent].name + END if word == "End" else " ".join(rest).split(":")[-1]
            joints.append(Joint(name, parent))
        elif word == "{":
            open_joints.append(len(joints) - 1)
        elif word == "}" and open_joints:
            open_joints.pop()
        elif word == "OFFSET" and joints and len(rest) == 3:
            joints[-1].offset_C = np.array([float(number) for number in rest])
        elif word == "CHANNELS" and joints:
            joints[-1].channels = _channels(rest)
        elif word:
            raise ValueError(f"a hierarchy with the line {line.strip()[:40]!r}")
    if open_joints or not joints:
        raise ValueError("a hierarchy whose braces do not close")
    return tuple(joints)


def _channels(words: list[str]) -> tuple[str, ...]:
    known = {axis + kind for axis in "XYZ" for kind in ("position", "rotation")}
    if not words or not words[0].isdigit() or int(words[0]) != len(words) - 1 or not known >= set(words[1:]):
        raise ValueError(f"the channels {' '.join(words)[:60]!r}")
    return tuple(words[1:])


def _motion_header(motion: str) -> tuple[int, float, str]:
    lines = motion.lstrip().split("\n", 2)
    try:
        n_frames, frame_s = int(lines[0].removeprefix("Frames:")), float(lines[1].removeprefix("Frame Time:"))
    except (ValueError, IndexError) as error:
        raise ValueError("no line with Frames: and Frame Time: after MOTION") from error
    if n_frames < 1 or not 1e-4 < frame_s < 10.0:
        raise ValueError(f"{n_frames} frames of {frame_s} s")
    return n_frames, frame_s, lines[2] if len(lines) > 2 else ""


def _values(numbers: str, n_frames: int, n_channels: int) -> Floats:
    try:
        value_X = np.array(numbers.split(), dtype=np.float64)
    except ValueError as error:
        raise ValueError("a motion value that is no number") from error
    if len(value_X) != n_frames * n_channels:
        raise ValueError(f"cut short or spoiled: {len(value_X)} of {n_frames * n_channels} motion values")
    if not np.isfinite(value_X).all():
        raise ValueError("a motion value that is not finite")
    return value_X.reshape(n_frames, n_channels)


def _local(joint: Joint, value_TV: Floats) -> tuple[Floats, Rotation]:
    offset_TC = np.tile(joint.offset_C, (len(value_TV), 1))
    turning = [at for at, channel in enumerate(joint.channels) if channel.endswith("rotation")]
    for at, channel in enumerate(joint.channels):
        if channel.endswith("position"):
            offset_TC[:, "XYZ".index(channel[0])] = value_TV[:, at]
    if not turning:
        return offset_TC, Rotation.identity(len(value_TV))
    order = "".join(joint.channels[at][0] for at in turning)
    return offset_TC, Rotation.from_euler(order, value_TV[:, turning], degrees=True)
