"""How the segments of a body stand: angles, which hold the movement and no lengths.

Measured on BML with people held out (LOG.md): the same linear classifier on harmonics of these angles knows strangers
better than on coordinates.

Four joints (elbows, knees) give the angle between their two segments. Ten segments (trunk, head, arms, legs) give
their swing forwards, their lean to the side, and how much of them points up. Shoulders and hips, which lie across,
give their turn and their tilt. The mean trunk is set upright first (``posture``: sources disagree about it).

Promises: no data-dependent control flow, so that it exports; finite for a body of any shape. Refuses nothing.

Shape letters: N cycle, T time, J landmark, C coordinate, P angle.
"""

from typing import Final

import torch
from torch import Tensor

from edge.gait.skeleton import (
    HEAD,
    LEFT_ANKLE,
    LEFT_ELBOW,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    LEFT_WRIST,
    NECK,
    RIGHT_ANKLE,
    RIGHT_ELBOW,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
    RIGHT_WRIST,
    ROOT,
)
from trainer.posture import upright_trunk

_JOINTS: Final = (
    (LEFT_SHOULDER, LEFT_ELBOW, LEFT_WRIST),
    (RIGHT_SHOULDER, RIGHT_ELBOW, RIGHT_WRIST),
    (LEFT_HIP, LEFT_KNEE, LEFT_ANKLE),
    (RIGHT_HIP, RIGHT_KNEE, RIGHT_ANKLE),
)
_RISING: Final = ((ROOT, NECK), (NECK, HEAD))
_HANGING: Final = tuple(segment for first, middle, last in _JOINTS for segment in ((first, middle), (middle, last)))
_ACROSS: Final = ((LEFT_SHOULDER, RIGHT_SHOULDER), (LEFT_HIP, RIGHT_HIP))
N_ANGLES: Final = len(_JOINTS) + 3 * (len(_RISING) + len(_HANGING)) + 2 * len(_ACROSS)
_EPSILON: Final = 1e-9
_INSIDE: Final = 0.9999
"""Arc sines and cosines are cut here: their slope has no end at one."""


def segment_angles(x_NTJC: Tensor) -> Tensor:
    """(N, T, J, C) normalised cycles in metres to (N, T, P) radians and shares."""
    x_NTJC = upright_trunk(x_NTJC)
    columns = [_between(x_NTJC, *joint) for joint in _JOINTS]
    for segment in _RISING:
        columns += _stands(x_NTJC, segment, 1.0)
    for segment in _HANGING:
        columns += _stands(x_NTJC, segment, -1.0)
    for pair in _ACROSS:
        columns += _lies(x_NTJC, pair)
    return torch.stack(columns, dim=-1)


def _between(x_NTJC: Tensor, first: int, middle: int, last: int) -> Tensor:
    one, other = x_NTJC[:, :, first] - x_NTJC[:, :, middle], x_NTJC[:, :, last] - x_NTJC[:, :, middle]
    cosine_NT = (one * other).sum(dim=-1) / (_length(one) * _length(other))
    return cosine_NT.clamp(-_INSIDE, _INSIDE).acos()


def _stands(x_NTJC: Tensor, segment: tuple[int, int], upwards: float) -> list[Tensor]:
    left, up, ahead, length = _parts(x_NTJC, segment)
    return [torch.atan2(ahead, upwards * up), (left / length).clamp(-_INSIDE, _INSIDE).asin(), up / length]


def _lies(x_NTJC: Tensor, pair: tuple[int, int]) -> list[Tensor]:
    _left, up, ahead, length = _parts(x_NTJC, pair)
    return [(part / length).clamp(-_INSIDE, _INSIDE).asin() for part in (ahead, up)]


def _parts(x_NTJC: Tensor, segment: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    along_NTC = x_NTJC[:, :, segment[1]] - x_NTJC[:, :, segment[0]]
    left, up, ahead = along_NTC.unbind(dim=-1)
    return left, up, ahead, _length(along_NTC)


def _length(along_NTC: Tensor) -> Tensor:
    return (along_NTC.square().sum(dim=-1) + _EPSILON).sqrt()
