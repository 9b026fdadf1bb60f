"""The model's first steps: what sources of motion data disagree about is taken out.

Measured on ``egait/`` and one real clip seen by MediaPipe (LOG.md): mean trunk over the legs, BML 17 degrees forward,
SIG 8 and CMU 10 backward, the clip 15 backward, while BML's neutral and angry differ by 3; forward range of the
ankles, BML 0.58 m, CMU 0.69, SIG 0.79, ICT 0.74, the clip 0.81, while BML's angry and sad differ by 0.06. A model
that sees these takes every other source for angry. So the whole upper body of a cycle is turned about the hips until
its mean trunk is vertical, and all movement is scaled until the ankles swing equally far: constants inside the graph,
the same in training and at home. Lost are trunk flexion and stride size; what stays is how arms, head and knees move
relative to the stride, their poses, and the duration.

Promises: no data-dependent control flow, so that it exports. Refuses nothing.

Shape letters: N cycle, T time, J landmark, C coordinate.
"""

from typing import Final

import torch
from torch import Tensor

from edge.gait.skeleton import LEFT_ANKLE, NECK, RIGHT_ANKLE, RIGHT_WRIST, SPINE

_UPPER: Final = slice(SPINE, RIGHT_WRIST + 1)
_EPSILON: Final = 1e-12
SWING_M: Final = 0.21
"""Spread of the ankles' forward swing of the training people (root mean square)."""
MIN_SWING_M: Final = 0.05


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


def even_stride(x_NTJC: Tensor) -> Tensor:
    """Scale each cycle's movement about its mean pose so that the ankles' forward swing has one size."""
    mean_N1JC = x_NTJC.mean(dim=1, keepdim=True)
    moved_NTJC = x_NTJC - mean_N1JC
    swing_NT2 = torch.stack([moved_NTJC[:, :, LEFT_ANKLE, 2], moved_NTJC[:, :, RIGHT_ANKLE, 2]], dim=-1)
    size_N = (swing_NT2.square().mean(dim=(1, 2)) + _EPSILON).sqrt().clamp(min=MIN_SWING_M)
    return mean_N1JC + moved_NTJC * (SWING_M / size_N)[:, None, None, None]


def comparable(x_NTJC: Tensor) -> Tensor:
    """Both steps: trunk upright, then stride even."""
    return even_stride(upright_trunk(x_NTJC))
