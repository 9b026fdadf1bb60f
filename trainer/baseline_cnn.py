"""CNN-xyz: a convolutional network on the coordinates themselves, paper A's strongest baseline.

Malek-Podjaski & Deligianni 2021 name it and give its scores, not its layers. Ours: three circular convolutions over the
closed cycle (a gait cycle has no border) with batch normalisation, ReLU and halving, mean over time, dropout, one
linear layer; AdamW, a number of epochs fixed beforehand. The small shape is an attacker that can be trained hundreds
of times for a permutation null.

Promises: ``fit`` standardises by its own training rows; the same seed and rows give the same weights on one thread.
Any labels that can be compared. Refuses nothing.

Shape letters: N row, T time, P channel, K class.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as fn

Floats = npt.NDArray[np.float64]
_FLOOR: Final = 1e-3


@dataclass(frozen=True, slots=True)
class CnnShape:
    """Channels of the layers, kernel, and how long it is trained."""

    channels: tuple[int, ...] = (48, 64, 96)
    kernel: int = 7
    dropout: float = 0.3
    epochs: int = 40
    batch_size: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2


SMALL: Final = CnnShape(channels=(32, 48), kernel=5, epochs=30)


class CnnXyz:
    """Classifier of sequences (N, T, P) with the interface of scikit-learn."""

    def __init__(self, shape: CnnShape | None = None, seed: int = 0) -> None:
        self.shape = shape or CnnShape()
        self.seed = seed

    def fit(self, x_NTP: npt.ArrayLike, y_N: npt.ArrayLike) -> Self:
        """Train on sequences and their labels."""
        x_NTP = np.asarray(x_NTP, dtype=np.float32)
        self.classes_, label_N = np.unique(np.asarray(y_N), return_inverse=True)
        self._mean_P = x_NTP.mean(axis=(0, 1))
        self._std_P = np.maximum(x_NTP.std(axis=(0, 1)), _FLOOR)
        torch.manual_seed(self.seed)
        self._network = self._build(x_NTP.shape[2], len(self.classes_))
        self._train(self._tensor(x_NTP), torch.as_tensor(label_N))
        return self

    @torch.inference_mode()
    def predict_proba(self, x_NTP: npt.ArrayLike) -> Floats:
        """(N, K) probabilities in the order of ``classes_``."""
        logits_NK = self._network(self._tensor(np.asarray(x_NTP, dtype=np.float32)))
        return logits_NK.double().softmax(dim=1).numpy()

    def predict(self, x_NTP: npt.ArrayLike) -> npt.NDArray:
        """The likeliest label of each row."""
        return self.classes_[self.predict_proba(x_NTP).argmax(axis=1)]

    def _build(self, n_channels: int, n_classes: int) -> nn.Module:
        return _network(n_channels, n_classes, self.shape)

    def _tensor(self, x_NTP: npt.NDArray[np.float32]) -> Tensor:
        return torch.as_tensor((x_NTP - self._mean_P) / self._std_P).transpose(1, 2).contiguous()

    def _train(self, x_NPT: Tensor, label_N: Tensor) -> None:
        rng = np.random.default_rng(self.seed)
        n_batches = -(-len(label_N) // self.shape.batch_size)
        optimiser = torch.optim.AdamW(
            self._network.parameters(), self.shape.learning_rate, weight_decay=self.shape.weight_decay
        )
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, self.shape.epochs)
        self._network.train()
        for _ in range(self.shape.epochs):
            order = torch.as_tensor(rng.permutation(len(label_N)))
            for batch in (order[at::n_batches] for at in range(n_batches)):
                optimiser.zero_grad()
                fn.cross_entropy(self._network(x_NPT[batch]), label_N[batch]).backward()
                optimiser.step()
            schedule.step()
        self._network.eval()


class _MeanOverTime(nn.Module):
    def forward(self, x_NPT: Tensor) -> Tensor:
        return x_NPT.mean(dim=-1)


def _network(n_channels: int, n_classes: int, shape: CnnShape) -> nn.Sequential:
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise((n_channels, *shape.channels)):
        conv = nn.Conv1d(n_in, n_out, shape.kernel, stride=2, padding=shape.kernel // 2, padding_mode="circular")
        layers += [conv, nn.BatchNorm1d(n_out), nn.ReLU()]
    return nn.Sequential(*layers, _MeanOverTime(), nn.Dropout(shape.dropout), nn.Linear(shape.channels[-1], n_classes))
