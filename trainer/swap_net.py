"""The network that ships: harmonics of angles and landmarks, an affect code of four numbers, a linear classifier.

It keeps paper A's aim and leaves its means. Paper A (``disentangle``) learns to exchange who walks and how, and decodes
whole walks to do so; on cycles as few as BML's the exchange that needs no decoder is nearer to the recorded walk of a
stranger (LOG.md): subtract from a cycle's features how this person deviates from the mean of each affect, add how
another person does. Trained on cycles exchanged like that (``swap_pool``) a network has nothing to gain from knowing
who walks. The code has only four numbers, so there is little room for a person in it.

A walk and its mirror image are one to the network: both codes are averaged. Several members, trained from different
seeds, put their codes side by side.

Promises: no data-dependent control flow, so that it exports; what it was trained with (z-score, spread) is inside.
Refuses nothing.

Shape letters: N cycle, T time, J landmark, C coordinate, F feature, D code channel, K class.
"""

from typing import Final

import torch
from torch import Tensor, nn

from edge.gait.skeleton import MIRROR, N_BODY
from trainer.disentangle import N_AFFECTS
from trainer.posture import upright_trunk
from trainer.segment_angles import N_ANGLES, segment_angles
from trainer.spectrum import N_HARMONICS, Harmonics, with_duration
from trainer.swap_settings import SwapSettings

N_FEATURES: Final = (N_ANGLES + 3 * N_BODY) * (1 + N_HARMONICS) + 1
_FAR: Final = 8.0
"""Features are cut at so many spreads: one joint told wrongly must not outvote the body."""


class BodySpectrum(nn.Module):
    """Normalised cycles and durations to features (N, F) in spreads of the training people.

    Angles know strangers better; landmarks, with the trunk upright, bear a camera that looks head-on better (LOG.md).
    """

    mean_F: Tensor
    std_F: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.harmonics = Harmonics()
        self.register_buffer("mean_F", torch.zeros(N_FEATURES))
        self.register_buffer("std_F", torch.ones(N_FEATURES))

    def forward(self, x_NTJC: Tensor, duration_s_N: Tensor) -> Tensor:
        return self.standard(self.raw(x_NTJC, duration_s_N))

    def raw(self, x_NTJC: Tensor, duration_s_N: Tensor) -> Tensor:
        """Features as they are: radians, shares, metres, log seconds."""
        channels_NTP = torch.cat([segment_angles(x_NTJC), upright_trunk(x_NTJC).flatten(2)], dim=-1)
        return with_duration(self.harmonics(channels_NTP), duration_s_N)

    def standard(self, features_NF: Tensor) -> Tensor:
        """Raw features in spreads of the training people."""
        return ((features_NF - self.mean_F) / self.std_F).clamp(-_FAR, _FAR)


class AffectCode(nn.Module):
    """E_A of one member: features to a code, straight and through one hidden layer."""

    def __init__(self, settings: SwapSettings) -> None:
        super().__init__()
        self.drop = nn.Dropout(settings.input_dropout)
        self.straight = nn.Linear(N_FEATURES, settings.n_code)
        nn.init.zeros_(self.straight.weight)
        self.bent = nn.Sequential(
            nn.Linear(N_FEATURES, settings.n_hidden),
            nn.BatchNorm1d(settings.n_hidden),
            nn.LeakyReLU(0.2),
            nn.Dropout(settings.hidden_dropout),
            nn.Linear(settings.n_hidden, settings.n_code),
        )

    def forward(self, features_NF: Tensor) -> Tensor:
        features_NF = self.drop(features_NF)
        return self.straight(features_NF) + self.bent(features_NF)


class Member(nn.Module):
    """A member alone, as it is trained: standard features to logits (N, K)."""

    def __init__(self, settings: SwapSettings) -> None:
        super().__init__()
        self.code = AffectCode(settings)
        self.classifier = nn.Linear(settings.n_code, N_AFFECTS)

    def forward(self, features_NF: Tensor) -> Tensor:
        return self.classifier(self.code(features_NF))


class Codes(nn.Module):
    """The members' codes side by side, each the mean over a walk and its mirror image."""

    def __init__(self, settings: SwapSettings) -> None:
        super().__init__()
        self.members = nn.ModuleList(AffectCode(settings) for _ in range(settings.n_members))

    def forward(self, features_NF: Tensor, mirrored_NF: Tensor) -> Tensor:
        return torch.cat([(code(features_NF) + code(mirrored_NF)) / 2 for code in self.members], dim=1)


class SwapNet(nn.Module):
    """The whole network: (N, T, J, C) metres and (N,) seconds to logits (N, K) before the temperature.

    ``mean_JC`` and ``std_JC``, of the training people's landmarks, are for the manifest; no answer depends on them.
    """

    mean_JC: Tensor
    std_JC: Tensor

    def __init__(self, settings: SwapSettings) -> None:
        super().__init__()
        self.spectrum = BodySpectrum()
        self.affect = Codes(settings)
        self.register_buffer("mean_JC", torch.zeros(N_BODY, 3))
        self.register_buffer("std_JC", torch.ones(N_BODY, 3))
        self.classifier = nn.Linear(settings.n_members * settings.n_code, N_AFFECTS)

    def forward(self, x_NTJC: Tensor, duration_s_N: Tensor) -> Tensor:
        return self.classifier(self.codes(x_NTJC, duration_s_N))

    def codes(self, x_NTJC: Tensor, duration_s_N: Tensor) -> Tensor:
        """Affect codes (N, D)."""
        return self.affect(*both_sides(self.spectrum, x_NTJC, duration_s_N))


def both_sides(spectrum: BodySpectrum, x_NTJC: Tensor, duration_s_N: Tensor) -> tuple[Tensor, Tensor]:
    """Features of the walks and of their mirror images, (N, F) each, in one pass: half the operators on a device."""
    walks = torch.cat([x_NTJC, mirror_image(x_NTJC)])
    features_2NF = spectrum(walks, torch.cat([duration_s_N, duration_s_N])).reshape(2, -1, N_FEATURES)
    return features_2NF[0], features_2NF[1]


def mirror_image(x_NTJC: Tensor) -> Tensor:
    """The rule of `edge.gait.skeleton.mirror`, for tensors; the phase stays, for harmonics do not know it."""
    swapped = x_NTJC[:, :, list(MIRROR[:N_BODY])]
    left, up, ahead = swapped.unbind(dim=-1)
    return torch.stack([-left, up, ahead], dim=-1)


def assembled(spectrum: BodySpectrum, members: list[Member], settings: SwapSettings) -> SwapNet:
    """Members to one network whose logits are the mean of theirs."""
    network = SwapNet(settings)
    network.spectrum = spectrum
    for place, member in zip(network.affect.members, members, strict=True):
        place.load_state_dict(member.code.state_dict())
    with torch.no_grad():
        network.classifier.weight.copy_(torch.cat([m.classifier.weight for m in members], dim=1) / len(members))
        network.classifier.bias.copy_(torch.stack([m.classifier.bias for m in members]).mean(dim=0))
    return network.eval().requires_grad_(False)
