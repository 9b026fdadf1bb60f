"""A supervised spatial-temporal graph network, after STEP.

Bhattacharya et al. 2020, "STEP: Spatial Temporal Graph Convolutional Networks for Emotion Perception from Gaits", in
its form without appended hand-made features ("Baseline-STEP"): ST-GCN blocks (Yan et al. 2018: spatial partition of
the skeleton's edges into itself, towards and away from the root; learned weight for each edge), mean over landmarks and
time, one layer. Channels, kernel and training are ours (three blocks; STEP's 342 recordings and synthetic gaits are
not available); time is padded in a circle, for a cycle is closed; the duration is one more channel.

Promises: ``fit`` standardises by its own rows; the same seed and rows give the same weights on one thread.
Refuses nothing.

Shape letters: N row, T time, P channel of ``trainer.sequences``, J landmark, C channel of a landmark, E partition,
K class.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from edge.gait.skeleton import BODY_BONES, N_BODY
from trainer.baseline_cnn import CnnShape, CnnXyz

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GraphShape:
    """Channels of the blocks, stride of each in time, kernel in time."""

    channels: tuple[int, ...] = (32, 64, 64)
    strides: tuple[int, ...] = (2, 2, 1)
    kernel: int = 9
    dropout: float = 0.3
    epochs: int = 40


class StGcn(CnnXyz):
    """Classifier of sequences (N, T, P) with the interface of scikit-learn; trained like ``CnnXyz``."""

    def __init__(self, graph: GraphShape | None = None, seed: int = 0) -> None:
        self.graph = graph or GraphShape()
        super().__init__(CnnShape(epochs=self.graph.epochs), seed)

    def _build(self, n_channels: int, n_classes: int) -> nn.Module:
        return _Network(n_channels, n_classes, self.graph)


def partitions() -> Floats:
    """(3, J, J) normalised adjacency: each landmark itself, its neighbour towards the root, those away from it."""
    own, towards, away = np.eye(N_BODY), np.zeros((N_BODY, N_BODY)), np.zeros((N_BODY, N_BODY))
    for child, parent in BODY_BONES:
        towards[child, parent] = away[parent, child] = 1.0
    return np.stack([matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1.0) for matrix in (own, towards, away)])


class _Block(nn.Module):
    """Graph convolution over each partition, then a convolution over the closed cycle, with a way around both."""

    def __init__(self, n_in: int, n_out: int, stride: int, graph: GraphShape) -> None:
        super().__init__()
        self.edges_EJJ = nn.Parameter(torch.as_tensor(partitions(), dtype=torch.float32), requires_grad=False)
        self.importance_EJJ = nn.Parameter(torch.ones_like(self.edges_EJJ))
        self.mix = nn.Conv2d(n_in, n_out * len(self.edges_EJJ), 1)
        half = graph.kernel // 2
        self.pad = nn.CircularPad2d((0, 0, half, half))
        self.over_time = nn.Sequential(
            nn.BatchNorm2d(n_out),
            nn.ReLU(),
            self.pad,
            nn.Conv2d(n_out, n_out, (graph.kernel, 1), (stride, 1)),
            nn.BatchNorm2d(n_out),
            nn.Dropout(graph.dropout),
        )
        self.around = nn.Sequential(nn.Conv2d(n_in, n_out, 1, (stride, 1)), nn.BatchNorm2d(n_out))

    def forward(self, x_NCTJ: Tensor) -> Tensor:
        mixed = self.mix(x_NCTJ).unflatten(1, (len(self.edges_EJJ), -1))
        gathered_NCTJ = torch.einsum("nectj,ekj->nctk", mixed, self.edges_EJJ * self.importance_EJJ)
        return torch.relu(self.over_time(gathered_NCTJ) + self.around(x_NCTJ))


class _Network(nn.Module):
    def __init__(self, n_channels: int, n_classes: int, graph: GraphShape) -> None:
        super().__init__()
        sizes = ((n_channels - 1) // N_BODY + 1, *graph.channels)
        pairs = zip(pairwise(sizes), graph.strides, strict=True)
        self.blocks = nn.Sequential(*(_Block(n_in, n_out, stride, graph) for (n_in, n_out), stride in pairs))
        self.head = nn.Sequential(nn.Dropout(graph.dropout), nn.Linear(graph.channels[-1], n_classes))

    def forward(self, x_NPT: Tensor) -> Tensor:
        body, clock = x_NPT[:, :-1], x_NPT[:, -1:]
        x_NCTJ = body.unflatten(1, (N_BODY, -1)).permute(0, 2, 3, 1)
        clock_N1TJ = clock[:, :, :, None].expand(-1, -1, -1, N_BODY)
        return self.head(self.blocks(torch.cat([x_NCTJ, clock_N1TJ], dim=1)).mean(dim=(2, 3)))
