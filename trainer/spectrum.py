"""A gait cycle as the strength of its harmonics, whatever its phase.

Each channel over the closed cycle is a sum of waves that fit into it one, two, three ... times; what is kept is its
mean and how strong each wave is. Contacts that were found a little early or late, and a start anywhere in the cycle,
change nothing. Waves are constant matrices, not a Fourier operator, so that every runtime takes the exported graph.

Promises: rolling a cycle changes no feature; no data-dependent control flow. Refuses nothing.

Shape letters: N cycle, T time, P channel, H harmonic (from 1), F feature.
"""

import math
from typing import Final

import torch
from torch import Tensor, nn

from edge.gait.normalise import N_SAMPLES

N_HARMONICS: Final = 7
_EPSILON: Final = 1e-8


class Harmonics(nn.Module):
    """(N, T, P) channels to (N, P * (1 + H)): all means, then all strengths of the first harmonic, and so on."""

    cosine_TH: Tensor
    sine_TH: Tensor

    def __init__(self, n_harmonics: int = N_HARMONICS) -> None:
        super().__init__()
        angle_TH = 2 * math.pi * torch.outer(torch.arange(N_SAMPLES), torch.arange(1, n_harmonics + 1)) / N_SAMPLES
        self.register_buffer("cosine_TH", angle_TH.cos() / N_SAMPLES, persistent=False)
        self.register_buffer("sine_TH", angle_TH.sin() / N_SAMPLES, persistent=False)

    def forward(self, x_NTP: Tensor) -> Tensor:
        x_NPT = x_NTP.transpose(1, 2)
        strength_NPH = ((x_NPT @ self.cosine_TH).square() + (x_NPT @ self.sine_TH).square() + _EPSILON).sqrt()
        features_NHP = torch.cat([x_NPT.mean(dim=-1, keepdim=True), strength_NPH], dim=-1).transpose(1, 2)
        return features_NHP.flatten(1)


def with_duration(features_NF: Tensor, duration_s_N: Tensor) -> Tensor:
    """The logarithm of the duration as the last feature."""
    return torch.cat([features_NF, duration_s_N.log()[:, None]], dim=1)
