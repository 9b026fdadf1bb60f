"""From data to a release: evaluate, train on everyone, calibrate, attack, export. Top to bottom in ``make``.

Promises: temperature and threshold come only from people their models have not seen; the shipped weights come from
everyone; every figure that is shipped was measured in this run. Refuses fewer people than folds.

Shape letters: N cycle, K class.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from edge.bundle import Figure
from trainer import evaluate, privacy
from trainer.augment import Disturbance, disturbed, mirrored
from trainer.calibrate import calibration_error, temperature_of
from trainer.camera_takes import Filming, seen_by_camera
from trainer.card import model_card
from trainer.cycles import Cycles, Reading
from trainer.disentangle import Losses
from trainer.evaluate import OutOfFold, cross_fit
from trainer.export import Release, write_bundle
from trainer.folds import Split, by_cycle, by_people
from trainer.strangeness import Strangeness, fitted, threshold
from trainer.train import Fitted, Settings, fit

CAMERA: Final = Disturbance(
    offset_m=0.03, wobble_m=0.012, jitter_m=0.006, yaw_deg=8.0, lean_deg=3.0, phase=0.02, duration=0.1
)
"""What the score must bear: more than the network is trained with, for a refused cycle is silently lost."""
FILMING: Final = Filming(views_deg=(0.0, 30.0, 55.0, 90.0))
"""Whence: where the estimator errs little enough to be judged. From behind it loses a knee, and must abstain."""
_N_CAMERA_TAKES: Final = 8
_N_SEEN_TAKES: Final = 6
_N_HELD_OUT_TAKES: Final = 4
Progress = Callable[[str, int, int, Losses | None], None]
"""Told the stage, the epochs done and their number, and the losses."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make and where."""

    out: Path
    settings: Settings
    model_id: str = "paper-a"
    version: str = "0.1.0"
    n_folds: int = 5
    fold_seed: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """What was measured on people and cycles the models had not seen."""

    strangers: OutOfFold
    known: OutOfFold
    clean_score_N: Tensor
    camera_score_N: Tensor


def make(reading: Reading, plan: Plan, progress: Progress) -> Release:
    """Run everything and write the bundle; raises TrainingError, BundleError or EncoderError."""
    cycles = reading.cycles.acted()
    held = _held_out(cycles, plan, progress)
    temperature = temperature_of(held.strangers.logits_NK, held.strangers.label_N)
    ood_threshold = threshold(held.camera_score_N)
    model = fit(cycles, plan.settings, _reporter(progress, "final model on everyone", plan.settings))
    strangeness = strangeness_of(cycles, plan.settings.seed)
    attacks = [privacy.attack(name, value, cycles) for name, value in privacy.surfaces(model, cycles).items()]
    people = f"{len(np.unique(cycles.subject_N))} people, {plan.n_folds} folds, seed {plan.settings.seed}"
    evaluation = (
        *evaluate.figures(held.strangers, "strangers", f"whole people held out; {people}"),
        *evaluate.figures(held.known, "known people", f"cycles of known people held out (the paper's); {people}"),
        *_calibration(held, temperature, ood_threshold),
    )
    note = "shipped model on its own training people, one affect of each held out from the attacker"
    facts = privacy.figures(attacks, note)
    release = Release(
        model_id=plan.model_id,
        version=plan.version,
        temperature=temperature,
        ood_threshold=ood_threshold,
        provenance=(reading.provenance, _used(cycles, reading)),
        evaluation=evaluation,
        privacy=facts,
        card=model_card(plan, _used(cycles, reading), evaluation, facts),
    )
    write_bundle(plan.out, model, strangeness, release)
    return release


def strangeness_of(cycles: Cycles, seed: int) -> Strangeness:
    """The score fitted to takes of ``cycles`` and their mirror images: disturbed, and as MediaPipe would tell them."""
    rng, sides = np.random.default_rng((seed, 1)), (cycles.x_NTJC, mirrored(cycles.x_NTJC))
    seen = [seen_by_camera(sides[at % 2], cycles.duration_s_N, rng, FILMING) for at in range(_N_SEEN_TAKES)]
    x, duration_s = (torch.tensor(np.concatenate(parts)) for parts in zip(*seen, strict=True))
    disturbed_x, disturbed_s = _camera_takes(cycles, _N_CAMERA_TAKES, seed)
    return fitted(torch.cat([disturbed_x, x]), torch.cat([disturbed_s, duration_s]))


def _held_out(cycles: Cycles, plan: Plan, progress: Progress) -> Held:
    clean_N, camera_KN = torch.zeros(len(cycles)), torch.zeros(_N_HELD_OUT_TAKES, len(cycles))

    def score_strangers(model: Fitted, split: Split) -> None:
        train, test = split
        score = strangeness_of(cycles.take(train), plan.settings.seed)
        unseen = cycles.take(test)
        clean_N[test] = score(torch.tensor(unseen.x_NTJC), torch.tensor(unseen.duration_s_N))
        taken = score(*_camera_takes(unseen, _N_HELD_OUT_TAKES, plan.settings.seed + 1))
        camera_KN[:, test] = taken.reshape(_N_HELD_OUT_TAKES, -1)

    strangers = cross_fit(
        cycles,
        by_people(cycles, plan.n_folds, plan.fold_seed),
        plan.settings,
        _reporter(progress, "people held out", plan.settings, plan.n_folds),
        score_strangers,
    )
    known = cross_fit(
        cycles,
        by_cycle(cycles, plan.n_folds, plan.fold_seed),
        plan.settings,
        _reporter(progress, "cycles held out", plan.settings, plan.n_folds),
    )
    return Held(strangers, known, clean_N, camera_KN.flatten())


def _camera_takes(cycles: Cycles, n_takes: int, seed: int) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng((seed, 0))
    plain = cycles.x_NTJC, cycles.duration_s_N
    sides = plain, (mirrored(plain[0]), plain[1])
    takes = [disturbed(*sides[at % 2], CAMERA, rng) for at in range(n_takes)]
    x, duration_s = zip(*takes, strict=True)
    return torch.tensor(np.concatenate(x)), torch.tensor(np.concatenate(duration_s))


def _calibration(held: Held, temperature: float, ood_threshold: float) -> tuple[Figure, ...]:
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


def _used(cycles: Cycles, reading: Reading) -> str:
    sources = ", ".join(sorted(set(cycles.source_N.tolist())))
    n_people = len(np.unique(cycles.subject_N))
    left_out = len(reading.cycles) - len(cycles)
    return (
        f"trained on {len(cycles)} cycles of {n_people} people with acted affect ({sources}); "
        f"{left_out} cycles without an acted label and {len(reading.refused)} refused recordings left out"
    )


def _reporter(progress: Progress, stage: str, settings: Settings, n_fits: int = 1) -> Callable[[int, Losses], None]:
    done = 0

    def report(epoch: int, losses: Losses) -> None:
        nonlocal done
        done += 1
        progress(stage, done, n_fits * settings.epochs, losses)

    return report
