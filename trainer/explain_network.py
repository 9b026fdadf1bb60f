"""What an explanation needs of a model, and copies of it whose backward pass is guided or whose weights are redrawn.

Whoever changes the model changes ``explained`` here and nothing else of the explanation: a network from input channels
to logits, the name of its last convolution before the classifier, the input channels of cycles.

Guided backpropagation (Springenberg et al. 2015) is defined for ReLU: the gradient passes a unit where its input is
positive and the gradient from above is positive. E_A has LeakyReLU, which captum's ``GuidedBackprop`` silently leaves
as it is. Deviation: here a LeakyReLU hands down its true gradient (1, or its slope where its input is negative) and
only positive parts of it pass. With slope 0 that is the definition; the forward value stays the leaky one.

Promises: a copy answers as the model does, to the bit; the model itself is never touched. Refuses (TrainingError) a
network without a convolution in its encoder.

Shape letters: N cycle, F input channel (three of each landmark, then the rest), T phase, K class.
"""

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from edge.errors import TrainingError
from trainer.cycles import Cycles
from trainer.train import Fitted

_ENCODER: Final = "encoder"
_Weights = nn.Conv1d | nn.Linear


@dataclass(frozen=True, slots=True)
class Explained:
    """A model as the explanation sees it.

    ``network``: input channels (N, F, T) to logits (N, K), in evaluation mode, frozen. ``last_conv``: name of the
    convolution in it whose maps are weighted. ``features``: cycles to input channels, landmark by landmark (x, y, z
    of each), 0 at the training mean, and after them whatever else the model is told (the duration).
    """

    network: nn.Module
    last_conv: str
    features: Callable[[Cycles], Tensor]

    def conv(self) -> nn.Module:
        """The last convolution of the encoder."""
        return self.network.get_submodule(self.last_conv)

    @torch.inference_mode()
    def logits(self, x_NFT: Tensor) -> Tensor:
        """Logits (N, K)."""
        return self.network(x_NFT)


def explained(fitted: Fitted) -> Explained:
    """Paper A: E_A, then the classifier on its code; attributions are taken where E_A begins, after the z-score."""
    parts = OrderedDict([(_ENCODER, fitted.autoencoder.affect), ("classifier", fitted.classifier)])
    network = copy.deepcopy(nn.Sequential(parts)).eval().requires_grad_(False)

    def features(cycles: Cycles) -> Tensor:
        return fitted.standardiser.features(torch.tensor(cycles.x_NTJC), torch.tensor(cycles.duration_s_N))

    return Explained(network, _last_conv(network), features)


def guided(model: Explained) -> Explained:
    """A copy in which every LeakyReLU is a module that captum guides; it answers the same."""
    network = copy.deepcopy(model.network)
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.LeakyReLU):
                setattr(parent, name, _GuidedLeaky(child.negative_slope))
    return replace(model, network=network)


def weight_layers(model: Explained) -> list[str]:
    """Names of the layers with weights, the head first."""
    return [name for name, module in model.network.named_modules() if isinstance(module, _Weights)][::-1]


def redrawn(model: Explained, n_layers: int, seed: int) -> Explained:
    """A copy in which the last ``n_layers`` layers forgot what they learned, the batch norm before each too.

    What batch norms measured of the data (running mean and variance) stays: it is not a weight.
    """
    network = copy.deepcopy(model.network)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for module in _last_layers(network, n_layers):
            if isinstance(module, _Weights):
                module.reset_parameters()
            elif isinstance(module, nn.BatchNorm1d) and module.affine:
                nn.init.ones_(module.weight)
                nn.init.zeros_(module.bias)
    return replace(model, network=network)


def _last_layers(network: nn.Module, n_layers: int) -> Iterator[nn.Module]:
    n_seen = 0
    for module in reversed(list(network.modules())):
        n_seen += isinstance(module, _Weights)
        if n_seen > n_layers:
            return
        if n_seen > 0:
            yield module


def _last_conv(network: nn.Module) -> str:
    encoder = network.get_submodule(_ENCODER)
    names = [name for name, module in encoder.named_modules() if isinstance(module, nn.Conv1d)]
    if not names:
        raise TrainingError("an encoder without a convolution", "one, for Grad-CAM", "Explain another model.")
    return f"{_ENCODER}.{names[-1]}"


class _GuidedLeaky(nn.ReLU):
    """LeakyReLU forwards; a ReLU in the eyes of captum, which clamps the gradient it hands down."""

    def __init__(self, slope: float) -> None:
        super().__init__()
        self.slope = slope

    def forward(self, x: Tensor) -> Tensor:
        return fn.leaky_relu(x, self.slope)
