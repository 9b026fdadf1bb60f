"""The training loop of paper A, top to bottom.

Promises: ``fit`` sees only the cycles it is given: the z-score, the autoencoder and the classifier come from them
alone. The same seed and cycles give the same weights on one machine with one thread. The number of epochs is
fixed beforehand, never chosen on a test set. A loop that is ``Kept`` and killed goes on to the same weights
(``resume``); on an accelerator or several ranks see ``place``. Refuses labels that lack an affect.

Order: disturb the cycles into a pool of takes (``augment``); train autoencoder on quadruples; freeze it; train the
CNN on the affect codes of the same takes. Targets of the reconstruction are always the clean cycles.

Shape letters: V take, N cycle, X sample of any cycle, F feature channel, T time, J landmark, C coordinate, D code
channel, S code step, B batch.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from edge.affect import CLASSES
from edge.errors import TrainingError
from trainer.augment import Disturbance, disturbed, mirrored
from trainer.cells import Drawn, Grid
from trainer.cycles import Cycles
from trainer.disentangle import CodeClassifier, Disentangler, Objective, Quadruples, Shape, mean_of
from trainer.loop_state import Loop
from trainer.posture import comparable
from trainer.resume import Unkept
from trainer.swap_settings import SwapSettings

Method = Literal["paper-a", "swaps"]
STD_FLOOR_M = 0.01
LOG_STD_FLOOR = 0.05


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that decides a run; ``swaps`` counts for that method alone, the rest but the seed for paper A."""

    method: Method = "paper-a"
    seed: int = 0
    epochs: int = 40
    classifier_epochs: int = 40
    batch_size: int = 32
    learning_rate: float = 1e-3
    decay: float = 0.99
    margin: float = 1.0
    n_takes: int = 16
    weight_decay: float = 1e-3
    shape: Shape = field(default_factory=Shape)
    disturbance: Disturbance | None = field(default_factory=Disturbance)
    swaps: SwapSettings = field(default_factory=SwapSettings)

    @property
    def n_epochs(self) -> int:
        """How many epochs a fit tells of."""
        return self.epochs if self.method == "paper-a" else self.swaps.n_members * self.swaps.epochs


def settings_of(method: Method, seed: int, epochs: int | None) -> Settings:
    """The usual settings of a method, perhaps with another number of epochs."""
    plain = Settings(method, seed)
    if epochs is None:
        return plain
    return replace(plain, epochs=epochs, swaps=replace(plain.swaps, epochs=epochs))


@dataclass(frozen=True, slots=True)
class Standardiser:
    """z-score statistics: of each landmark and axis in metres, and of the logarithm of the duration."""

    mean_JC: Tensor
    std_JC: Tensor
    log_duration_mean: float
    log_duration_std: float

    def features(self, x_NTJC: Tensor, duration_s_N: Tensor) -> Tensor:
        """(N, T, J, C) metres and (N,) seconds to (N, F, T), made comparable; the duration is the last channel."""
        z_NTJC = (comparable(x_NTJC) - self.mean_JC) / self.std_JC
        z_N = (duration_s_N.log() - self.log_duration_mean) / self.log_duration_std
        body_NFT = z_NTJC.flatten(2).transpose(1, 2)
        return torch.cat([body_NFT, z_N[:, None, None].expand(-1, 1, body_NFT.shape[-1])], dim=1)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained model, in evaluation mode."""

    standardiser: Standardiser
    autoencoder: Disentangler
    classifier: CodeClassifier

    @torch.inference_mode()
    def codes(self, cycles: Cycles) -> Tensor:
        """Affect codes (N, D, S)."""
        return self.autoencoder.affect(self._features(cycles))

    @torch.inference_mode()
    def subject_codes(self, cycles: Cycles) -> Tensor:
        """Subject codes (N, D)."""
        return self.autoencoder.subject(self._features(cycles))

    def inner_codes(self, cycles: Cycles) -> dict[str, Tensor]:
        """What never leaves the trainer or the runtime, by name."""
        return {"subject code": self.subject_codes(cycles), "affect code": self.codes(cycles)}

    @torch.inference_mode()
    def logits(self, cycles: Cycles) -> npt.NDArray[np.float64]:
        """Logits (N, K) before the temperature."""
        return self.classifier(self.codes(cycles)).double().numpy()

    def _features(self, cycles: Cycles) -> Tensor:
        return self.standardiser.features(torch.tensor(cycles.x_NTJC), torch.tensor(cycles.duration_s_N))


@dataclass(frozen=True, slots=True)
class Takes:
    """The pool: disturbed takes (V, N, F, T); odd takes are mirrored, as are their clean targets (2, N, F, T)."""

    x_VNFT: Tensor
    clean_2NFT: Tensor

    def quadruples(self, drawn: Drawn, rng: np.random.Generator) -> Quadruples:
        """One take each for four cells, all four mirrored or none."""
        mirror = int(rng.integers(2))
        positions = (drawn.ij_B, drawn.kl_B, drawn.kj_B, drawn.il_B)
        seen = [self.x_VNFT[self._take(at, mirror, rng), torch.as_tensor(at)] for at in positions]
        clean = [self.clean_2NFT[mirror, torch.as_tensor(at)] for at in positions]
        masks = [torch.as_tensor(has, dtype=torch.float32) for has in (drawn.has_kj_B, drawn.has_il_B)]
        return Quadruples(*seen, *clean, *masks)

    def on(self, device: str) -> "Takes":
        """The pool on a device."""
        return Takes(self.x_VNFT.to(device), self.clean_2NFT.to(device))

    def _take(self, at_B: npt.NDArray[np.int64], mirror: int, rng: np.random.Generator) -> Tensor:
        return torch.as_tensor(rng.integers(len(self.x_VNFT) // 2, size=len(at_B)) * 2 + mirror)


Report = Callable[[int, Any], None]
"""Told the epoch, from 0, and its mean losses (``loss_log.Told``)."""


def fit(cycles: Cycles, settings: Settings, report: Report | None = None, kept: Unkept | None = None) -> Fitted:
    """Paper A on labelled cycles; raises TrainingError when an affect is missing. ``kept`` keeps states."""
    kept = kept or Unkept()
    refuse_missing_affects(cycles)
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    standardiser = standardiser_of(cycles)
    takes = takes_of(cycles, standardiser, settings, rng).on(kept.place.device)
    autoencoder = train_autoencoder(takes, cycles, settings, rng, report, kept)
    classifier = train_classifier(autoencoder, takes, cycles, settings, rng, kept)
    home = kept.place.home
    return Fitted(
        standardiser, home(autoencoder, Disentangler(settings.shape)), home(classifier, CodeClassifier(settings.shape))
    )


def standardiser_of(cycles: Cycles) -> Standardiser:
    """Statistics over all cycles and samples of comparable cycles; spreads have a floor (the root never moves)."""
    log_duration_N = np.log(cycles.duration_s_N)
    x_XJC = comparable(torch.tensor(cycles.x_NTJC)).double().flatten(0, 1)
    return Standardiser(
        mean_JC=x_XJC.mean(dim=0).float(),
        std_JC=x_XJC.std(dim=0, correction=0).clamp(min=STD_FLOOR_M).float(),
        log_duration_mean=float(log_duration_N.mean()),
        log_duration_std=max(float(log_duration_N.std()), LOG_STD_FLOOR),
    )


def takes_of(cycles: Cycles, standardiser: Standardiser, settings: Settings, rng: np.random.Generator) -> Takes:
    """``n_takes`` takes of every cycle, every second one mirrored."""
    plain = cycles.x_NTJC, cycles.duration_s_N
    sides = plain, (mirrored(plain[0]), plain[1])

    def features(x_NTJC: npt.NDArray[np.float32], duration_s_N: npt.NDArray[np.float32]) -> Tensor:
        return standardiser.features(torch.tensor(x_NTJC), torch.tensor(duration_s_N))

    clean = torch.stack([features(*side) for side in sides])
    if settings.disturbance is None:
        return Takes(clean, clean)
    strength = settings.disturbance
    takes = [features(*disturbed(*sides[at % 2], strength, rng)) for at in range(settings.n_takes)]
    return Takes(torch.stack(takes), clean)


def train_autoencoder(
    takes: Takes,
    cycles: Cycles,
    settings: Settings,
    rng: np.random.Generator,
    report: Report | None = None,
    kept: Unkept | None = None,
) -> Disentangler:
    """Adam on the plain sum of the three losses, learning rate times ``decay`` each epoch.

    Each epoch tells its mean losses.
    """
    kept = kept or Unkept()
    grid = Grid(cycles.subject_N, cycles.acted_N)
    model = Disentangler(settings.shape).train()
    kept.place.settle(model, settings.seed)
    optimiser = torch.optim.Adam(model.parameters(), settings.learning_rate)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimiser, settings.decay)
    objective = kept.place.together(Objective(model, settings.margin))
    loop = Loop(model, optimiser, rng, kept.place.scaler(), schedule)
    for epoch in kept.epochs("autoencoder", settings.epochs, loop):
        seen = []
        for drawn in grid.epoch(settings.batch_size, rng):
            batch = kept.place.share(takes.quadruples(drawn, rng))
            with kept.place.autocast():
                loss = objective(batch)
            loop.step(loss.total())
            seen.append(loss)
        schedule.step()
        mean = mean_of(seen)
        kept.note(mean, 4 * len(grid))
        if report is not None:
            report(epoch, mean)
    return model.eval().requires_grad_(False)


def train_classifier(
    autoencoder: Disentangler,
    takes: Takes,
    cycles: Cycles,
    settings: Settings,
    rng: np.random.Generator,
    kept: Unkept | None = None,
) -> CodeClassifier:
    """AdamW and cross-entropy on the frozen affect codes of all takes."""
    kept = kept or Unkept()
    code_VNDS = _codes(autoencoder, takes)
    label_N = torch.as_tensor(cycles.acted_N)
    model = CodeClassifier(settings.shape).train()
    kept.place.settle(model, settings.seed)
    optimiser = torch.optim.AdamW(model.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    classify = kept.place.together(model)
    loop = Loop(model, optimiser, rng, kept.place.scaler())
    for _ in kept.epochs("classifier", settings.classifier_epochs, loop):
        for batch in _batches(len(label_N), settings.batch_size, rng):
            take_B = torch.as_tensor(rng.integers(len(code_VNDS), size=len(batch)))
            code_BDS, label_B = (kept.place.rows(value) for value in (code_VNDS[take_B, batch], label_N[batch]))
            with kept.place.autocast():
                loss = fn.cross_entropy(classify(code_BDS), label_B)
            loop.step(loss)
    return model.eval().requires_grad_(False)


@torch.no_grad()
def _codes(autoencoder: Disentangler, takes: Takes) -> Tensor:
    return torch.stack([autoencoder.affect(x_NFT) for x_NFT in takes.x_VNFT])


def _batches(n_cycles: int, batch_size: int, rng: np.random.Generator) -> list[Tensor]:
    order = torch.as_tensor(rng.permutation(n_cycles))
    n_batches = -(-n_cycles // batch_size)
    return [order[start::n_batches] for start in range(n_batches)]


def refuse_missing_affects(cycles: Cycles) -> None:
    """Raise TrainingError for cycles without a label, or of which none shows some affect."""
    missing = [name for at, name in enumerate(CLASSES) if at not in set(cycles.acted_N.tolist())]
    if missing or (cycles.acted_N < 0).any():
        found = f"training cycles without a label or without {', '.join(missing) or 'any'} affect"
        raise TrainingError(found, f"labelled cycles of {', '.join(CLASSES)}", "Add recordings of what is missing.")


def n_parameters(*models: nn.Module) -> int:
    """Number of weights."""
    return sum(weight.numel() for model in models for weight in model.parameters())
