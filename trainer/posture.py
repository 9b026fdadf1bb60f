"""The model's first step: the mean trunk set upright.

Sources disagree by 30 degrees about how far a trunk leans over its legs (measured on ``egait/``: BML 17 degrees
forward, SIG 8 and CMU 10 backward; MediaPipe on a clip 15 backward), far more than affect moves it (BML: neutral 16,
angry 19). So the whole upper body of a cycle is turned about the hips until its mean trunk is vertical: one
rotation per cycle, inside the graph, the same in training and at home. What is lost is trunk flexion; the head's
flexion against the trunk stays.

Promises: differentiable constants only, no data-dependent control flow, so that it exports. Refuses nothing.

Shape letters: N cycle, T time, J landmark, C coordinate.
"""

from typing import Final

import torch
from torch import Tensor

from edge.gait.skeleton import NECK, RIGHT_WRIST, SPINE

_UPPER: Final = slice(SPINE, RIGHT_WRIST + 1)
_EPSILON: Final = 1e-12


def upright_trunk(x_NTJC: Tensor) -> Tensor:
    """Turn spine, neck, head and arms about the root so that the mean neck of each cycle lies over it."""
    neck_NC = x_NTJC[:, :, NECK].mean(dim=1)
    up_N, ahead_N = neck_NC[:, 1], neck_NC[:, 2]
    length_N = (up_N.square() + ahead_N.square() + _EPSILON).sqrt()
    cos = (up_N / length_N)[:, None, None]
    sin = (ahead_N / length_N)[:, None, None]
    left, up, ahead = x_NTJC[:, :, _UPPER].unbind(dim=-1)
    upper = torch.stack([left, cos * up + sin * ahead, cos * ahead - sin * up], dim=-1)
    return torch.cat([x_NTJC[:, :, : _UPPER.start], upper, x_NTJC[:, :, _UPPER.stop :]], dim=2)
