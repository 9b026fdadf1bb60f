"""How the segments of a body stand: angles, which hold the movement and no lengths.

Measured on BML with people held out (LOG.md): the same linear classifier on harmonics of these angles knows strangers
better than on coordinates.

Four joints (elbows, knees) give the angle between their two segments. Ten segments (trunk, head, arms, legs) give
their swing forwards, their lean to the side, and how much of them points up. Shoulders and hips, which lie across,
give their turn and their tilt. The mean trunk is set upright first (``posture``: sources disagree about it).

Promises: no data-dependent control flow, so that it exports; finite for a body of any shape. Refuses nothing.

Shape letters: N cycle, T time, J landmark, C coordinate, S segment, P angle.
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
    """(N, T, J, C) normalised cycles in metres to (N, T, P) radians and shares.

    First the joints; then swing, lean and upward share of one segment after the other; then turn and tilt of each pair.
    """
    x_NTJC = upright_trunk(x_NTJC)
    return torch.cat([_between(x_NTJC), _stands(x_NTJC), _lies(x_NTJC)], dim=-1)


def _between(x_NTJC: Tensor) -> Tensor:
    first, middle, last = (list(landmarks) for landmarks in zip(*_JOINTS, strict=True))
    one, other = x_NTJC[:, :, first] - x_NTJC[:, :, middle], x_NTJC[:, :, last] - x_NTJC[:, :, middle]
    cosine_NTP = (one * other).sum(dim=-1) / (_length(one) * _length(other))
    return cosine_NTP.clamp(-_INSIDE, _INSIDE).acos()


def _stands(x_NTJC: Tensor) -> Tensor:
    left, up, ahead, length = _parts(x_NTJC, (*_RISING, *_HANGING))
    along = torch.cat([up[..., : len(_RISING)], -up[..., len(_RISING) :]], dim=-1)
    lean = (left / length).clamp(-_INSIDE, _INSIDE).asin()
    return torch.stack([torch.atan2(ahead, along), lean, up / length], dim=-1).flatten(2)


def _lies(x_NTJC: Tensor) -> Tensor:
    _left, up, ahead, length = _parts(x_NTJC, _ACROSS)
    shares = torch.stack([ahead, up], dim=-1) / length[..., None]
    return shares.clamp(-_INSIDE, _INSIDE).asin().flatten(2)


def _parts(x_NTJC: Tensor, segments: tuple[tuple[int, int], ...]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    start, end = (list(landmarks) for landmarks in zip(*segments, strict=True))
    along_NTSC = x_NTJC[:, :, end] - x_NTJC[:, :, start]
    left, up, ahead = along_NTSC.unbind(dim=-1)
    return left, up, ahead, _length(along_NTSC)


def _length(along_NTSC: Tensor) -> Tensor:
    return (along_NTSC.square().sum(dim=-1) + _EPSILON).sqrt()
