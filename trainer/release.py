"""From data to a release: train on everyone, evaluate, calibrate, attack, export. Top to bottom in ``make``.

Promises: temperature and threshold come only from people their models have not seen; the shipped weights come from
everyone; every figure that is shipped was measured in this run, or in the one it goes on with (``work``). Refuses
fewer people than folds, a bundle's folder that is not empty, and a work folder inside it.

Shape letters: N cycle, K class.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from edge.bundle import Figure, read_manifest
from edge.errors import TrainingError
from trainer import evaluate, privacy
from trainer.augment import Disturbance, disturbed, mirrored
from trainer.calibrate import calibration_error, temperature_of
from trainer.camera_takes import Filming, seen_by_camera
from trainer.card import model_card
from trainer.cycles import Cycles, Reading
from trainer.evaluate import OutOfFold, cross_fit
from trainer.export import Release, refuse_full, write_bundle
from trainer.folds import Split, by_cycle, by_people
from trainer.loss_log import Told
from trainer.place import ALONE, Place
from trainer.recipes import Model
from trainer.strangeness import Strangeness, fitted, threshold
from trainer.train import Report, Settings
from trainer.trainable import refuse_untrainable, refuse_untrainable_folds
from trainer.work import FINAL, SCHEMA, Began, Measured, Unsaved, begun, belongs, read_finished

CAMERA: Final = Disturbance(
    offset_m=0.03, wobble_m=0.012, jitter_m=0.006, yaw_deg=8.0, lean_deg=3.0, phase=0.02, duration=0.1
)
"""What the score must bear: more than the network is trained with, for a refused cycle is silently lost."""
FILMING: Final = Filming(views_deg=(0.0, 30.0, 55.0, 90.0))
"""Whence: where the estimator errs little enough to be judged. From behind it loses a knee, and must abstain."""
_N_CAMERA_TAKES: Final = 8
_N_SEEN_TAKES: Final = 6
_N_HELD_OUT_TAKES: Final = 4
Progress = Callable[[str, int, int, Told | None], None]
"""Told the stage, the epochs done and their number, and the losses."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make and where; without a ``work`` folder nothing is kept of a run that is killed."""

    out: Path
    settings: Settings
    model_id: str = "paper-a"
    version: str = "0.1.0"
    n_folds: int = 5
    fold_seed: int = 0
    work: Path | None = None
    place: Place = ALONE


@dataclass(frozen=True, slots=True)
class Held:
    """What was measured on people and cycles the models had not seen."""

    strangers: OutOfFold
    known: OutOfFold
    clean_score_N: Tensor
    camera_score_N: Tensor


def make(reading: Reading, plan: Plan, progress: Progress) -> Release:
    """Run what is left to run and write the bundle; raises TrainingError, BundleError or EncoderError."""
    cycles = reading.cycles.acted()
    splits = _splits(cycles, plan)
    _refuse_places(plan)
    with begun(plan.work, _began(cycles, plan), plan.place) as work:
        tell = _reporter(progress, "final model on everyone", plan.settings)
        model = work.fit(FINAL, cycles, plan.settings, tell)
        strangeness = strangeness_of(cycles, plan.settings.seed)
        measured = work.measured()
        if measured is None:
            measured = _measured(reading, plan, _held_out(cycles, splits, plan, work, progress), model)
            work.finish(measured, strangeness)
    return _written(plan, measured, model, strangeness)


def assist(reading: Reading, plan: Plan) -> None:
    """What every rank but the first does meanwhile: the same fits, and nothing else. Raises TrainingError."""
    cycles = reading.cycles.acted()
    splits = _splits(cycles, plan)
    with begun(plan.work, _began(cycles, plan), plan.place) as work:
        work.assist(FINAL, cycles, plan.settings)
        if work.is_measured():
            return
        for stage, split in splits.items():
            for fold, (train, _) in enumerate(split):
                work.assist(f"{stage}-{fold}", cycles.take(train), plan.settings)


def export(work: Path, out: Path, model_id: str | None = None, version: str | None = None) -> Release:
    """The bundle of a finished work folder, without its data and without training.

    Name and version are those of the run unless given. Raises TrainingError, BundleError or EncoderError.
    """
    finished = read_finished(work)
    began = finished.began
    plan = Plan(out, began.belongs.settings, model_id or began.model_id, version or began.version, work=work)
    _refuse_places(plan)
    return _written(plan, finished.measured, finished.fitted, finished.strangeness)


def _refuse_places(plan: Plan) -> None:
    refuse_full(plan.out)
    if plan.work is not None and plan.work.resolve().is_relative_to(plan.out.resolve()):
        found = f"the work folder {plan.work} inside the bundle {plan.out}"
        raise TrainingError(found, "a folder beside it", "Name another --work.")


def _began(cycles: Cycles, plan: Plan) -> Began:
    what = belongs(cycles, plan.settings, plan.n_folds, plan.fold_seed, plan.place)
    return Began(SCHEMA, plan.model_id, plan.version, what)


def _splits(cycles: Cycles, plan: Plan) -> dict[str, list[Split]]:
    """Both protocols, by the names of their fits; raises TrainingError when one of the fits cannot be trained."""
    refuse_untrainable(cycles)
    splits = {
        "people": list(by_people(cycles, plan.n_folds, plan.fold_seed)),
        "cycles": list(by_cycle(cycles, plan.n_folds, plan.fold_seed)),
    }
    refuse_untrainable_folds(cycles, splits)
    return splits


def _measured(reading: Reading, plan: Plan, held: Held, model: Model) -> Measured:
    cycles = reading.cycles.acted()
    temperature = temperature_of(held.strangers.logits_NK, held.strangers.label_N)
    ood_threshold = threshold(held.camera_score_N)
    attacks = [privacy.attack(name, value, cycles) for name, value in privacy.surfaces(model, cycles).items()]
    people = f"{len(np.unique(cycles.subject_N))} people, {plan.n_folds} folds, seed {plan.settings.seed}"
    note = "shipped model on its own training people, one affect of each held out from the attacker"
    return Measured(
        temperature=temperature,
        ood_threshold=ood_threshold,
        provenance=(reading.provenance, _used(cycles, reading)),
        used=_used(cycles, reading),
        evaluation=(
            *evaluate.figures(held.strangers, "strangers", f"whole people held out; {people}"),
            *evaluate.figures(held.known, "known people", f"cycles of known people held out (the paper's); {people}"),
            *_calibration(held, temperature, ood_threshold),
        ),
        privacy=privacy.figures(attacks, note),
    )


def _written(plan: Plan, measured: Measured, model: Model, strangeness: Strangeness) -> Release:
    """Write and prove the bundle; the release has the figures of that proof too."""
    release = Release(
        model_id=plan.model_id,
        version=plan.version,
        temperature=measured.temperature,
        ood_threshold=measured.ood_threshold,
        provenance=measured.provenance,
        evaluation=measured.evaluation,
        privacy=measured.privacy,
        card=model_card(plan, measured.used, measured.evaluation, measured.privacy),
    )
    write_bundle(plan.out, model, strangeness, release)
    return replace(release, evaluation=read_manifest(plan.out).evaluation)


def strangeness_of(cycles: Cycles, seed: int) -> Strangeness:
    """The score fitted to takes of ``cycles`` and their mirror images: disturbed, and as MediaPipe would tell them."""
    rng, sides = np.random.default_rng((seed, 1)), (cycles.x_NTJC, mirrored(cycles.x_NTJC))
    seen = [seen_by_camera(sides[at % 2], cycles.duration_s_N, rng, FILMING) for at in range(_N_SEEN_TAKES)]
    x, duration_s = (torch.tensor(np.concatenate(parts)) for parts in zip(*seen, strict=True))
    disturbed_x, disturbed_s = _camera_takes(cycles, _N_CAMERA_TAKES, seed)
    return fitted(torch.cat([disturbed_x, x]), torch.cat([disturbed_s, duration_s]))


def _held_out(cycles: Cycles, splits: dict[str, list[Split]], plan: Plan, work: Unsaved, progress: Progress) -> Held:
    clean_N, camera_KN = torch.zeros(len(cycles)), torch.zeros(_N_HELD_OUT_TAKES, len(cycles))

    def score_strangers(model: Model, split: Split) -> None:
        train, test = split
        score = strangeness_of(cycles.take(train), plan.settings.seed)
        unseen = cycles.take(test)
        clean_N[test] = score(torch.tensor(unseen.x_NTJC), torch.tensor(unseen.duration_s_N))
        taken = score(*_camera_takes(unseen, _N_HELD_OUT_TAKES, plan.settings.seed + 1))
        camera_KN[:, test] = taken.reshape(_N_HELD_OUT_TAKES, -1)

    def fold_of(stage: str, told: str) -> Callable[[int, Cycles], Model]:
        def fit_one(fold: int, train: Cycles) -> Model:
            tell = _reporter(progress, told, plan.settings, fold, plan.n_folds)
            return work.fit(f"{stage}-{fold}", train, plan.settings, tell)

        return fit_one

    strangers = cross_fit(cycles, splits["people"], fold_of("people", "people held out"), score_strangers)
    known = cross_fit(cycles, splits["cycles"], fold_of("cycles", "cycles held out"))
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


def _reporter(progress: Progress, stage: str, settings: Settings, fold: int = 0, n_fits: int = 1) -> Report:
    """Epochs are counted over all fits of a stage, those of a run before this one too."""

    def report(epoch: int, losses: Told) -> None:
        progress(stage, fold * settings.n_epochs + epoch + 1, n_fits * settings.n_epochs, losses)

    return report
