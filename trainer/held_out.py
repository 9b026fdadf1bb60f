"""What is measured on people and cycles a model has not seen: one model for each fold of both protocols, one for half.

Promises: temperature and threshold come from these people alone. Cycles through a camera are drawn takes
(``camera_takes``), from every side, of people held out. The attackers of ``attacks`` face people the model has never
seen: it was trained on the other half. Refuses nothing.

Shape letters: N cycle, K class.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from edge.bundle import Figure
from trainer import privacy
from trainer.augment import Disturbance, disturbed, mirrored
from trainer.calibrate import calibration_error
from trainer.camera_takes import Filming, seen_by_camera
from trainer.cycles import Cycles
from trainer.evaluate import OutOfFold, cross_fit, joined
from trainer.folds import Split
from trainer.loss_log import Told
from trainer.recipes import Model
from trainer.strangeness import Strangeness, fitted
from trainer.train import Report, Settings
from trainer.work import Unsaved

CAMERA: Final = Disturbance(
    offset_m=0.03, wobble_m=0.012, jitter_m=0.006, yaw_deg=8.0, lean_deg=3.0, phase=0.02, duration=0.1
)
"""What the score must bear: more than the network is trained with, for a refused cycle is silently lost."""
FILMING: Final = Filming(views_deg=(0.0, 30.0, 55.0, 90.0))
"""Whence: where the estimator errs little enough to be judged. From behind it loses a knee, and must abstain."""
_N_CAMERA_TAKES: Final = 8
_N_SEEN_TAKES: Final = 6
_N_HELD_OUT_TAKES: Final = 4
_N_FILMED: Final = 2
Progress = Callable[[str, int, int, Told | None], None]
"""Told the stage, the epochs done and their number, and the losses."""


@dataclass(frozen=True, slots=True)
class Fits:
    """Which fits there are, by stage, and how they are made."""

    splits: Mapping[str, Sequence[Split]]
    settings: Settings
    work: Unsaved
    progress: Progress

    def one(self, stage: str, told: str) -> Callable[[int, Cycles], Model]:
        """Train, or take up, one fold of a stage."""

        def fit_one(fold: int, train: Cycles) -> Model:
            tell = reporter(self.progress, told, self.settings, fold, len(self.splits[stage]))
            return self.work.fit(f"{stage}-{fold}", train, self.settings, tell)

        return fit_one


@dataclass(frozen=True, slots=True)
class Held:
    """Answers for people held out, clean and filmed, for cycles of known people held out, scores, and attacks."""

    strangers: OutOfFold
    filmed: OutOfFold
    known: OutOfFold
    clean_score_N: Tensor
    camera_score_N: Tensor
    attacks: list[privacy.Attack]
    n_unseen: int


def held_out(cycles: Cycles, fits: Fits) -> Held:
    """Train every fold and ask it about what it has not seen; raises TrainingError."""
    seed = fits.settings.seed
    clean_N, camera_KN = torch.zeros(len(cycles)), torch.zeros(_N_HELD_OUT_TAKES, len(cycles))
    filmed: list[OutOfFold] = []

    def ask(model: Model, split: Split) -> None:
        train, test = split
        score, unseen = strangeness_of(cycles.take(train), seed), cycles.take(test)
        clean_N[test] = score(torch.tensor(unseen.x_NTJC), torch.tensor(unseen.duration_s_N))
        taken = score(*_camera_takes(unseen, _N_HELD_OUT_TAKES, seed + 1))
        camera_KN[:, test] = taken.reshape(_N_HELD_OUT_TAKES, -1)
        filmed.extend(_filmed(model, unseen, seed))

    strangers = cross_fit(cycles, fits.splits["people"], fits.one("people", "people held out"), ask)
    known = cross_fit(cycles, fits.splits["cycles"], fits.one("cycles", "cycles held out"))
    attacks, n_unseen = _attacked(cycles, fits)
    return Held(strangers, joined(filmed), known, clean_N, camera_KN.flatten(), attacks, n_unseen)


def _attacked(cycles: Cycles, fits: Fits) -> tuple[list[privacy.Attack], int]:
    """Attackers on one half of the people, on a model of the other half; how many people that is."""
    train, test = fits.splits["half"][0]
    unseen = cycles.take(test)
    model = fits.one("half", "half of the people")(0, cycles.take(train))
    found = [privacy.attack(name, value, unseen) for name, value in privacy.surfaces(model, unseen).items()]
    return found, len(np.unique(unseen.subject_N))


def _filmed(model: Model, unseen: Cycles, seed: int) -> list[OutOfFold]:
    rng = np.random.default_rng((seed, 3))
    takes = [seen_by_camera(unseen.x_NTJC, unseen.duration_s_N, rng) for _ in range(_N_FILMED)]
    seen = [unseen.with_landmarks(*take) for take in takes]
    return [OutOfFold(model.logits(each), each.acted_N, each.subject_N) for each in seen]


def strangeness_of(cycles: Cycles, seed: int) -> Strangeness:
    """The score fitted to takes of ``cycles`` and their mirror images: disturbed, and as MediaPipe would tell them."""
    rng, sides = np.random.default_rng((seed, 1)), (cycles.x_NTJC, mirrored(cycles.x_NTJC))
    seen = [seen_by_camera(sides[at % 2], cycles.duration_s_N, rng, FILMING) for at in range(_N_SEEN_TAKES)]
    x, duration_s = (torch.tensor(np.concatenate(parts)) for parts in zip(*seen, strict=True))
    disturbed_x, disturbed_s = _camera_takes(cycles, _N_CAMERA_TAKES, seed)
    return fitted(torch.cat([disturbed_x, x]), torch.cat([disturbed_s, duration_s]))


def _camera_takes(cycles: Cycles, n_takes: int, seed: int) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng((seed, 0))
    plain = cycles.x_NTJC, cycles.duration_s_N
    sides = plain, (mirrored(plain[0]), plain[1])
    takes = [disturbed(*sides[at % 2], CAMERA, rng) for at in range(n_takes)]
    x, duration_s = zip(*takes, strict=True)
    return torch.tensor(np.concatenate(x)), torch.tensor(np.concatenate(duration_s))


def calibration(held: Held, temperature: float, ood_threshold: float) -> tuple[Figure, ...]:
    """Temperature, calibration error before and after it, and how many strangers the score accepts."""
    logits_NK, label_N = held.strangers.logits_NK, held.strangers.label_N
    before, after = (calibration_error(logits_NK / t, label_N) for t in (1.0, temperature))
    clean, camera = (
        float((score_N <= ood_threshold).float().mean()) for score_N in (held.clean_score_N, held.camera_score_N)
    )
    note = "out-of-fold logits of people held out; the temperature is fitted on the same logits"
    return (
        Figure("temperature", round(temperature, 3), note=note),
        Figure("expected calibration error before", round(before, 3), note=note),
        Figure("expected calibration error after", round(after, 3), note=note),
        Figure("strangers accepted, clean", round(clean, 3), note="share below the out-of-distribution threshold"),
        Figure("strangers accepted, disturbed like a camera", round(camera, 3), note="the same"),
    )


def reporter(progress: Progress, stage: str, settings: Settings, fold: int = 0, n_fits: int = 1) -> Report:
    """Epochs are counted over all fits of a stage, those of a run before this one too."""

    def report(epoch: int, losses: Told) -> None:
        progress(stage, fold * settings.n_epochs + epoch + 1, n_fits * settings.n_epochs, losses)

    return report
