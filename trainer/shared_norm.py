"""Batch normalisation over the batch of all ranks, on the CPU, where torch has none.

``torch.nn.SyncBatchNorm`` refuses tensors that are not on an accelerator. Without one each rank would normalise by
its own few cycles, and two ranks would train another network than one does. The calculation here is the same as
PyTorch's: mean and variance over all ranks, gradients through both, unbiased variance for the running statistics.

Promises: names and buffers of ``nn.BatchNorm1d``, so states are exchangeable. Refuses nothing.

Shape letters: N cycle, F feature channel, T time.
"""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn


class SharedBatchNorm(nn.BatchNorm1d):
    """Statistics over (N, T) of every rank; a single process's layer when it evaluates."""

    def forward(self, x_NFT: Tensor) -> Tensor:
        """(N, F) or (N, F, T), any number of rows on each rank."""
        if not self.training:
            return super().forward(x_NFT)
        over = [0] if x_NFT.dim() == 2 else [0, 2]
        n_here = x_NFT.new_tensor([x_NFT.numel() / x_NFT.shape[1]])
        sum_F, n = _OverRanks.apply(torch.cat([x_NFT.sum(over), n_here])).split([self.num_features, 1])
        centred_NFT = x_NFT - _wide(sum_F / n, x_NFT)
        var_F = _OverRanks.apply(centred_NFT.square().sum(over)) / n
        self._remember(sum_F / n, var_F * n / (n - 1))
        scale_F = self.weight * (var_F + self.eps).rsqrt()
        return centred_NFT * _wide(scale_F, x_NFT) + _wide(self.bias, x_NFT)

    @torch.no_grad()
    def _remember(self, mean_F: Tensor, unbiased_F: Tensor) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        self.running_mean.lerp_(mean_F, self.momentum or 0.0)
        self.running_var.lerp_(unbiased_F, self.momentum or 0.0)
        self.num_batches_tracked.add_(1)


def share_norms(model: nn.Module) -> None:
    """Put ``SharedBatchNorm`` in place of every ``nn.BatchNorm1d`` of ``model``, with its weights and statistics."""
    for name, child in model.named_children():
        if type(child) is nn.BatchNorm1d:
            shared = SharedBatchNorm(child.num_features, child.eps, child.momentum)
            shared.load_state_dict(child.state_dict())
            setattr(model, name, shared.train(child.training))
        else:
            share_norms(child)


class _OverRanks(torch.autograd.Function):
    """Sum over ranks; what every rank's loss owes to it flows back to each."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        return _summed(value)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return _summed(gradients[0])


def _summed(value: Tensor) -> Tensor:
    total = value.contiguous().clone()
    dist.all_reduce(total)
    return total


def _wide(value_F: Tensor, like_NFT: Tensor) -> Tensor:
    return value_F.view(1, -1, *([1] * (like_NFT.dim() - 2)))
