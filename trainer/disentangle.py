"""Paper A's autoencoder, whole: who walks and how it feels, taken apart.

Malek-Podjaski & Deligianni 2021, "Preserving Privacy in Human-Motion Affect Recognition". Two encoders (subject,
affect), one decoder on the concatenation of both codes, Independent-Component layers before each weight layer
(Chen et al. 2019), and a CNN classifier on the affect code. Layer sizes are those of Aberman et al. 2019, the
paper's own reference [6]; the paper gives none.

Deviations, and why: the cycle's duration is one more channel, constant in time (bone-normalised cycles of one
length have lost their speed, and speed is affect); padding is circular, for a gait cycle is closed; distances
between affect codes are divided by the root of their number of steps, so that the margin means the same for both
codes.

The paper's equation 3 prints the two cross targets swapped against its own equation 1. Equation 1 is right and is
used here: D(E_S(x_kl), E_A(x_ij)) = x_kj. The printed triplet loss lacks its hinge; max(0, .) is used.

Promises: losses over quadruples of cells, with masks for the cells a training fold does not have.
Refuses nothing: ``train`` checks the data.

Shape letters: B quadruple, N cycle, F feature channel (3 J + 1), T time, S code step, D code channel, K class.
Cells: i, k subjects; j, l affects; x_ij and x_kl are the pair, x_kj and x_il its crossed cells.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

N_FEATURES = 16 * 3 + 1
N_AFFECTS = 4


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network; defaults are Aberman et al. 2019."""

    affect_channels: tuple[int, ...] = (64, 96, 128)
    subject_channels: tuple[int, ...] = (32, 48, 64)
    decoder_channels: tuple[int, ...] = (128, 64)
    affect_kernel: int = 8
    subject_kernel: int = 7
    decoder_kernel: int = 7
    dropout: float = 0.1
    slope: float = 0.2


class IndependentComponent(nn.Sequential):
    """IC layer [S]: batch normalisation, then dropout, before a weight layer."""

    def __init__(self, n_channels: int, dropout: float) -> None:
        super().__init__(nn.BatchNorm1d(n_channels), nn.Dropout(dropout))


class CircularConv(nn.Module):
    """Convolution over a closed cycle: the step after the last is the first."""

    def __init__(self, n_in: int, n_out: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv1d(n_in, n_out, kernel, stride)
        self.before, self.after = (kernel - stride + 1) // 2, (kernel - stride) // 2

    def forward(self, x_NFT: Tensor) -> Tensor:
        return self.conv(torch.cat([x_NFT[..., -self.before :], x_NFT, x_NFT[..., : self.after]], dim=-1))


class AffectEncoder(nn.Module):
    """E_A: IC, strided convolution, LeakyReLU, three times; keeps T/8 steps of code."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        sizes = (N_FEATURES, *shape.affect_channels)
        self.layers = nn.Sequential(
            *(
                nn.Sequential(
                    IndependentComponent(n_in, shape.dropout),
                    CircularConv(n_in, n_out, shape.affect_kernel, stride=2),
                    nn.LeakyReLU(shape.slope),
                )
                for n_in, n_out in pairwise(sizes)
            )
        )

    def forward(self, x_NFT: Tensor) -> Tensor:
        """(N, F, T) to the affect code (N, D, S)."""
        return self.layers(x_NFT)


class SubjectEncoder(nn.Module):
    """E_S: IC, convolution, LeakyReLU, max-pool, three times, then the maximum over time: one vector."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        sizes = (N_FEATURES, *shape.subject_channels)
        self.layers = nn.Sequential(
            *(
                nn.Sequential(
                    IndependentComponent(n_in, shape.dropout),
                    CircularConv(n_in, n_out, shape.subject_kernel),
                    nn.LeakyReLU(shape.slope),
                    nn.MaxPool1d(2),
                )
                for n_in, n_out in pairwise(sizes)
            )
        )

    def forward(self, x_NFT: Tensor) -> Tensor:
        """(N, F, T) to the subject code (N, D)."""
        return self.layers(x_NFT).amax(dim=-1)


class Decoder(nn.Module):
    """D: on the concatenation of both codes, the subject's repeated along time; nearest upsampling, convolution."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        sizes = (shape.affect_channels[-1] + shape.subject_channels[-1], *shape.decoder_channels, N_FEATURES)
        last = len(sizes) - 2
        self.layers = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Upsample(scale_factor=2, mode="nearest"),
                    IndependentComponent(n_in, shape.dropout),
                    CircularConv(n_in, n_out, shape.decoder_kernel),
                    nn.Identity() if at == last else nn.LeakyReLU(shape.slope),
                )
                for at, (n_in, n_out) in enumerate(pairwise(sizes))
            )
        )

    def forward(self, subject_ND: Tensor, affect_NDS: Tensor) -> Tensor:
        """Codes (N, D) and (N, D, S) to a cycle (N, F, T)."""
        repeated_NDS = subject_ND.unsqueeze(-1).expand(-1, -1, affect_NDS.shape[-1])
        return self.layers(torch.cat([repeated_NDS, affect_NDS], dim=1))


class Disentangler(nn.Module):
    """Both encoders and the decoder."""

    def __init__(self, shape: Shape | None = None) -> None:
        super().__init__()
        self.shape = shape or Shape()
        self.affect = AffectEncoder(self.shape)
        self.subject = SubjectEncoder(self.shape)
        self.decoder = Decoder(self.shape)

    def transfer(self, subject_from_NFT: Tensor, affect_from_NFT: Tensor) -> Tensor:
        """Walk as one, feel as the other: D(E_S(first), E_A(second)), equation 1."""
        return self.decoder(self.subject(subject_from_NFT), self.affect(affect_from_NFT))


class CodeClassifier(nn.Module):
    """CNN on the affect code [S]; its averaged features are the penultimate layer."""

    def __init__(self, shape: Shape, n_hidden: int = 64, dropout: float = 0.3) -> None:
        super().__init__()
        n_code = shape.affect_channels[-1]
        self.features = nn.Sequential(
            IndependentComponent(n_code, dropout), CircularConv(n_code, n_hidden, 3), nn.ReLU()
        )
        self.head = nn.Sequential(IndependentComponent(n_hidden, dropout), nn.Linear(n_hidden, N_AFFECTS))

    def forward(self, affect_NDS: Tensor) -> Tensor:
        """Affect code (N, D, S) to logits (N, K)."""
        return self.head(self.features(affect_NDS).mean(dim=-1))


@dataclass(frozen=True, slots=True)
class Quadruples:
    """Cells (B, F, T) as the encoders see them (perhaps augmented), their targets, and the crossed cells' masks.

    ``has_kj_B`` and ``has_il_B`` are 0 where the training fold lacks x_kj or x_il; what stands there is ignored.
    """

    ij: Tensor
    kl: Tensor
    kj: Tensor
    il: Tensor
    target_ij: Tensor
    target_kl: Tensor
    target_kj: Tensor
    target_il: Tensor
    has_kj_B: Tensor
    has_il_B: Tensor


@dataclass(frozen=True, slots=True)
class Codes:
    """Subject and affect codes of the four cells."""

    subject: dict[str, Tensor]
    affect: dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Losses:
    """The three losses of the paper; their plain sum is the objective."""

    reconstruction: Tensor
    cross: Tensor
    triplet: Tensor

    def total(self) -> Tensor:
        return self.reconstruction + self.cross + self.triplet

    def told(self) -> dict[str, float]:
        """As numbers, by name."""
        parts = {"reconstruction": self.reconstruction, "cross": self.cross, "triplet": self.triplet}
        return {name: float(part.detach()) for name, part in parts.items()}


def masked_mean(value_B: Tensor, mask_B: Tensor) -> Tensor:
    """Mean of ``value_B`` where ``mask_B`` is 1; 0 where it never is. Ignored values may be anything finite."""
    return (value_B * mask_B).sum() / mask_B.sum().clamp(min=1.0)


def squared_error(found_BFT: Tensor, wanted_BFT: Tensor) -> Tensor:
    """Mean squared error per row (B,)."""
    return (found_BFT - wanted_BFT).square().flatten(1).mean(dim=1)


def hinge_triplet(anchor_BD: Tensor, positive_BD: Tensor, negative_BD: Tensor, margin: float) -> Tensor:
    """max(0, margin + |anchor - positive| - |anchor - negative|) per row (B,), Euclidean."""
    near_B = fn.pairwise_distance(anchor_BD, positive_BD)
    far_B = fn.pairwise_distance(anchor_BD, negative_BD)
    return fn.relu(near_B - far_B + margin)


def encode(model: Disentangler, batch: Quadruples) -> Codes:
    """All four cells in one pass of each encoder, so that batch statistics are shared."""
    cells = {"ij": batch.ij, "kl": batch.kl, "kj": batch.kj, "il": batch.il}
    stacked_NFT = torch.cat(list(cells.values()))
    subject = dict(zip(cells, model.subject(stacked_NFT).chunk(4), strict=True))
    affect = dict(zip(cells, model.affect(stacked_NFT).chunk(4), strict=True))
    return Codes(subject, affect)


def reconstruction_losses(decode: nn.Module, codes: Codes, batch: Quadruples) -> tuple[Tensor, Tensor]:
    """Own and crossed reconstruction, each the sum of its two terms; crossed targets are those of equation 1."""
    wanted = {
        ("ij", "ij"): batch.target_ij,
        ("kl", "kl"): batch.target_kl,
        ("kl", "ij"): batch.target_kj,  # subject k with affect j
        ("ij", "kl"): batch.target_il,  # subject i with affect l
    }
    found = decode(
        torch.cat([codes.subject[who] for who, _ in wanted]), torch.cat([codes.affect[how] for _, how in wanted])
    )
    error_ij, error_kl, error_kj, error_il = (
        squared_error(*pair) for pair in zip(found.chunk(4), wanted.values(), strict=True)
    )
    own = error_ij.mean() + error_kl.mean()
    return own, masked_mean(error_kj, batch.has_kj_B) + masked_mean(error_il, batch.has_il_B)


def triplet_loss(codes: Codes, batch: Quadruples, margin: float) -> Tensor:
    """Subject and affect triplets, anchor x_il; the negative always shares the nuisance factor with the anchor [S].

    Subject: positive x_ij, negative x_kl. Affect: positive x_kl (other person, affect l), negative x_ij (same
    person, other affect).
    """
    affect = {cell: code_BDS.flatten(1) / code_BDS.shape[-1] ** 0.5 for cell, code_BDS in codes.affect.items()}
    subject_B = hinge_triplet(codes.subject["il"], codes.subject["ij"], codes.subject["kl"], margin)
    affect_B = hinge_triplet(affect["il"], affect["kl"], affect["ij"], margin)
    return masked_mean(subject_B, batch.has_il_B) + masked_mean(affect_B, batch.has_il_B)


def losses(model: Disentangler, batch: Quadruples, margin: float = 1.0) -> Losses:
    """The paper's three losses on one batch."""
    codes = encode(model, batch)
    own, cross = reconstruction_losses(model.decoder, codes, batch)
    return Losses(own, cross, triplet_loss(codes, batch, margin))


class Objective(nn.Module):
    """``losses`` of a model as a module, so that it can be wrapped (several ranks) or compiled."""

    def __init__(self, model: Disentangler, margin: float) -> None:
        super().__init__()
        self.model = model
        self.margin = margin

    def forward(self, batch: Quadruples) -> Losses:
        """The three losses of one batch."""
        return losses(self.model, batch, self.margin)


def mean_of(several: Sequence[Losses]) -> Losses:
    """Mean of each loss over batches, without gradients."""
    parts = [torch.stack([each.reconstruction, each.cross, each.triplet]).detach() for each in several]
    return Losses(*torch.stack(parts).mean(dim=0).unbind())
