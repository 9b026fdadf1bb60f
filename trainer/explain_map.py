"""Global Guided Grad-CAM: how much each landmark matters to the answer, at each phase of the gait cycle, per affect.

Malek-Podjaski & Deligianni (arXiv 2105.03958), explanations: Selvaraju et al. 2017 on the last convolution of E_A,
summed over x, y, z, averaged over the cycles that were judged right. Steps for one cycle and its true affect:

1. class activation map: activations of the last convolution, weighted with the mean gradient of the affect's logit,
   summed over channels, negative parts dropped (captum ``LayerGradCam``);
2. stretched to T phases, around the closed cycle (deviation: captum's own stretching knows no closed axis);
3. times the guided gradient at the input (captum ``GuidedBackprop``; LeakyReLU: ``explain_network``);
4. times how far that channel is, at that phase, from cycle to cycle (standard deviation over the explained cycles),
   absolute, summed over x, y, z.

Step 4 is our deviation, for a reason that was measured. A gradient says what a change *would* do, per unit, also of a
change that never happens. The root never moves after normalisation and its batch norm divides by next to nothing:
without step 4 it has 0.94 of the importance in two models trained on BML, and 0.26 to 0.33, before all others, in
three trained on walkers. And the ankles move most, but alike in every cycle, which tells no affect from another:
scaled by their whole movement instead of its differences, knees and ankles stood above the head for a model of walkers
that differ in nothing but the head.

Promises: the same model and cycles give the same map; a map has no negative entry and its sum is 1. An affect without
a correctly judged cycle has no map and a reason. Refuses (TrainingError) fewer than two cycles.

Shape letters: N cycle, F input channel, T phase, J landmark, C coordinate, S code step.
"""

import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from captum.attr import GuidedBackprop, LayerGradCam
from torch import Tensor
from torch.nn import functional as fn

from edge.affect import CLASSES
from edge.errors import TrainingError
from edge.gait.skeleton import N_BODY
from trainer.cycles import Cycles
from trainer.explain_network import Explained, guided
from trainer.inspect_summary import labels_of

N_BODY_CHANNELS: Final = 3 * N_BODY
Floats = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is drawn: weights for each forgotten layer, resamples of people, random orders of landmarks."""

    n_draws: int = 5
    n_resamples: int = 200
    n_orders: int = 40
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """What is explained: cycles, the model's input channels of them, their true affects, and who walked.

    ``spread_FT``: how far each channel is, at each phase, from cycle to cycle.
    """

    cycles: Cycles
    x_NFT: Tensor
    label_N: Tensor
    spread_FT: Tensor

    @property
    def subject_N(self) -> npt.NDArray[np.str_]:
        """Who walked."""
        return self.cycles.subject_N

    def take(self, index_N: npt.NDArray[Any]) -> "Sample":
        """Some of the cycles; the spread stays that of all."""
        at = torch.as_tensor(index_N)
        return Sample(self.cycles.take(index_N), self.x_NFT[at], self.label_N[at], self.spread_FT)

    def moving_J(self) -> npt.NDArray[np.bool_]:
        """Landmarks that differ between cycles at all; the root, where every body is put, does not."""
        spread_JCT = self.spread_FT[:N_BODY_CHANNELS].unflatten(0, (N_BODY, 3))
        return (spread_JCT.amax(dim=(1, 2)) > 1e-4).numpy()


@dataclass(frozen=True, slots=True)
class CycleMaps:
    """One map of each cycle for its own affect: landmarks (N, J, T), what else the model is told (N,)."""

    body_NJT: Floats
    rest_N: Floats

    def mean(self, index_N: npt.NDArray[np.int64]) -> Floats | None:
        """Landmark x phase, sum 1, averaged over the cycles at ``index_N``; None where nothing is left to average."""
        body_NJT = self.body_NJT[index_N]
        return None if not body_NJT.sum() > 0 else body_NJT.mean(axis=0) / body_NJT.mean(axis=0).sum()

    def rest_share(self, index_N: npt.NDArray[np.int64]) -> float:
        """Share of the whole importance that is not of the body: the duration's."""
        rest, body = self.rest_N[index_N].sum(), self.body_NJT[index_N].sum()
        return float(rest / (rest + body))


def sample_of(model: Explained, cycles: Cycles) -> Sample:
    """Labelled cycles ready to be explained; raises TrainingError."""
    if len(cycles) < 2:
        found = f"{len(cycles)} labelled cycle"
        raise TrainingError(found, "two at least, for importance is about what differs", "Give more recordings.")
    x_NFT = model.features(cycles)
    return Sample(cycles, x_NFT, torch.as_tensor(labels_of(cycles)), x_NFT.std(dim=0, correction=0))


def right(model: Explained, sample: Sample) -> npt.NDArray[np.bool_]:
    """Which cycles (N,) the model judges right."""
    return (model.logits(sample.x_NFT).argmax(dim=1) == sample.label_N).numpy()


def cycle_maps(model: Explained, sample: Sample, guide: bool = True) -> CycleMaps:
    """Steps 1 to 4 for every cycle; ``guide`` off takes the plain gradient in step 3, for comparison."""
    scaled_NFT = _gradient(model, sample, guide) * activation(model, sample) * sample.spread_FT
    size_NFT = scaled_NFT.abs()
    body_NJT = size_NFT[:, :N_BODY_CHANNELS].unflatten(1, (N_BODY, 3)).sum(dim=2)
    return CycleMaps(body_NJT.double().numpy(), size_NFT[:, N_BODY_CHANNELS:].sum(dim=(1, 2)).double().numpy())


def activation(model: Explained, sample: Sample) -> Tensor:
    """Class activation maps (N, 1, T) of each cycle's own affect, stretched around the closed cycle."""
    x_NFT = sample.x_NFT.clone().requires_grad_(True)
    cam = LayerGradCam(model.network, model.conv()).attribute(x_NFT, target=sample.label_N, relu_attributions=True)
    return stretched(cam.detach(), x_NFT.shape[-1])


def stretched(cam_N1S: Tensor, n_phases: int) -> Tensor:
    """Linear between the S steps, each in the middle of its share of the cycle; the last meets the first."""
    step = n_phases // cam_N1S.shape[-1]
    closed = torch.cat([cam_N1S[..., -1:], cam_N1S, cam_N1S[..., :1]], dim=-1)
    longer = fn.interpolate(closed, size=n_phases + 2 * step, mode="linear", align_corners=False)
    return longer[..., step : step + n_phases]


def _gradient(model: Explained, sample: Sample, guide: bool) -> Tensor:
    x_NFT = sample.x_NFT.clone().requires_grad_(True)
    if not guide:
        logit_N = model.network(x_NFT).gather(1, sample.label_N[:, None])
        return torch.autograd.grad(logit_N.sum(), x_NFT)[0]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Setting backward hooks")  # captum says so at every call
        return GuidedBackprop(guided(model).network).attribute(x_NFT, target=sample.label_N).detach()


def of_affect(sample: Sample, right_N: npt.NDArray[np.bool_]) -> dict[str, npt.NDArray[np.int64]]:
    """For each affect the positions of its correctly judged cycles; may be empty."""
    label_N = sample.label_N.numpy()
    return {name: np.flatnonzero(right_N & (label_N == at)) for at, name in enumerate(CLASSES)}
