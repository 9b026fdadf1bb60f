"""Training of ``swap_net``, top to bottom.

Promises: ``fit_swaps`` learns from the cycles it is given, takes of them, and synthetic walkers; the z-score comes from
the cycles alone. The number of steps is fixed beforehand. The same seed and cycles give the same weights on one machine
with one thread; a loop that is ``Kept`` goes on to the same weights after a kill. Refuses labels that lack an affect.

Shape letters: N cycle, X sample of any cycle, J landmark, C coordinate, F feature, D code channel, K class, B batch.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from trainer.cycles import Cycles
from trainer.loop_state import Loop
from trainer.resume import Unkept
from trainer.swap_net import BodySpectrum, Member, SwapNet, assembled
from trainer.swap_pool import Pool, clean_takes, pool_of
from trainer.swap_settings import SwapSettings
from trainer.train import refuse_missing_affects

STD_FLOOR = 1e-3
"""Of an angle's strength in radians; also of the logarithm of the duration."""


@dataclass(frozen=True, slots=True)
class CrossEntropy:
    """An epoch's mean loss."""

    value: float

    def told(self) -> dict[str, float]:
        """By name."""
        return {"cross_entropy": self.value}


@dataclass(frozen=True, slots=True)
class SwapFitted:
    """A trained network, in evaluation mode."""

    network: SwapNet

    @torch.inference_mode()
    def codes(self, cycles: Cycles) -> Tensor:
        """Affect codes (N, D)."""
        return self.network.codes(*_tensors(cycles.x_NTJC, cycles.duration_s_N))

    @torch.inference_mode()
    def logits(self, cycles: Cycles) -> npt.NDArray[np.float64]:
        """Logits (N, K) before the temperature."""
        return self.network(*_tensors(cycles.x_NTJC, cycles.duration_s_N)).double().numpy()

    def inner_codes(self, cycles: Cycles) -> dict[str, Tensor]:
        """What stays in the runtime, by name."""
        return {"affect code": self.codes(cycles)}


def fit_swaps(
    cycles: Cycles,
    settings: SwapSettings,
    seed: int = 0,
    report: Callable[[int, CrossEntropy], None] | None = None,
    kept: Unkept | None = None,
) -> SwapFitted:
    """Train every member, one after the other; epochs are counted over all of them. Raises TrainingError."""
    kept = kept or Unkept()
    refuse_missing_affects(cycles)
    spectrum = spectrum_of(cycles)
    pool = pool_of(cycles, settings, _featured(spectrum), seed)
    members = [_member(pool, settings, (seed, number), report, kept) for number in range(settings.n_members)]
    network = assembled(spectrum, members, settings)
    x_XJC = torch.tensor(cycles.x_NTJC).flatten(0, 1)
    network.mean_JC.copy_(x_XJC.mean(dim=0))
    network.std_JC.copy_(x_XJC.std(dim=0, correction=0))
    return SwapFitted(network)


def spectrum_of(cycles: Cycles) -> BodySpectrum:
    """Features with the z-score of ``cycles`` and their mirror images."""
    spectrum = BodySpectrum().eval()
    raw_NF = torch.cat([spectrum.raw(*_tensors(*take)) for take in clean_takes(cycles)]).double()
    spectrum.mean_F.copy_(raw_NF.mean(dim=0))
    spectrum.std_F.copy_(raw_NF.std(dim=0, correction=0).clamp(min=STD_FLOOR))
    return spectrum


def _member(
    pool: Pool,
    settings: SwapSettings,
    seed: tuple[int, int],
    report: Callable[[int, CrossEntropy], None] | None,
    kept: Unkept,
) -> Member:
    """AdamW on the cross-entropy of exchanged cycles, learning rate falling to zero along a cosine."""
    _, number = seed
    rng = np.random.default_rng(seed)
    torch.manual_seed(int(rng.integers(2**31)))
    member = Member(settings).train()
    kept.place.settle(member, number)
    optimiser = torch.optim.AdamW(member.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.epochs)
    together = kept.place.together(member)
    loop = Loop(member, optimiser, rng, kept.place.scaler(), schedule)
    for epoch in kept.epochs(f"member {number}", settings.epochs, loop):
        seen = [_step(loop, together, pool, settings, kept) for _ in range(settings.steps)]
        mean = CrossEntropy(float(np.mean(seen)))
        schedule.step()
        kept.note(mean, settings.steps * settings.batch_size)
        if report is not None:
            report(number * settings.epochs + epoch, mean)
    return kept.place.home(member, Member(settings))


def _step(loop: Loop, together: nn.Module, pool: Pool, settings: SwapSettings, kept: Unkept) -> float:
    features_BF, label_B = (kept.place.rows(value) for value in pool.batch(settings, loop.rng))
    with kept.place.autocast():
        loss = fn.cross_entropy(together(features_BF), label_B, label_smoothing=settings.label_smoothing)
    loop.step(loss)
    return float(loss.detach())


def _featured(spectrum: BodySpectrum) -> Callable[[npt.NDArray[np.float32], npt.NDArray[np.float32]], Tensor]:
    @torch.no_grad()
    def featured(x_NTJC: npt.NDArray[np.float32], duration_s_N: npt.NDArray[np.float32]) -> Tensor:
        return spectrum(*_tensors(x_NTJC, duration_s_N))

    return featured


def _tensors(x_NTJC: npt.NDArray[np.float32], duration_s_N: npt.NDArray[np.float32]) -> tuple[Tensor, Tensor]:
    return torch.tensor(x_NTJC), torch.tensor(duration_s_N)
