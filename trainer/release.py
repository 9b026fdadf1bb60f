"""From data to a release: train on everyone, evaluate, calibrate, attack, export. Top to bottom in ``make``.

Promises: temperature and threshold come only from people their models have not seen; the shipped weights come from
everyone; every figure that is shipped was measured in this run, or in the one it goes on with (``work``). Refuses
fewer people than folds, a bundle's folder that is not empty, and a work folder inside it.

Shape letters: N cycle, K class.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edge.affect import CLASSES
from edge.bundle import read_manifest
from edge.errors import TrainingError
from trainer import evaluate, privacy
from trainer.calibrate import temperature_of
from trainer.card import model_card
from trainer.cycles import Cycles, Reading
from trainer.export import Release, refuse_full, write_bundle
from trainer.folds import Split, by_cycle, by_people
from trainer.held_out import Fits, Held, Progress, calibration, held_out, reporter, strangeness_of
from trainer.place import ALONE, Place
from trainer.recipes import Model
from trainer.strangeness import Strangeness, threshold
from trainer.train import Settings
from trainer.trainable import refuse_untrainable, refuse_untrainable_folds
from trainer.work import FINAL, SCHEMA, Began, Measured, begun, belongs, read_finished


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


def make(reading: Reading, plan: Plan, progress: Progress) -> Release:
    """Run what is left to run and write the bundle; raises TrainingError, BundleError or EncoderError."""
    cycles = reading.cycles.acted()
    splits = _splits(cycles, plan)
    _refuse_places(plan)
    with begun(plan.work, _began(cycles, plan), plan.place) as work:
        tell = reporter(progress, "final model on everyone", plan.settings)
        model = work.fit(FINAL, cycles, plan.settings, tell)
        strangeness = strangeness_of(cycles, plan.settings.seed)
        measured = work.measured()
        if measured is None:
            fits = Fits(splits, plan.settings, work, progress)
            measured = _measured(reading, plan, held_out(cycles, fits), model)
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
    """Both protocols, and half of the people, by the names of their fits; raises TrainingError where one cannot be."""
    refuse_untrainable(cycles)
    splits = {
        "people": list(by_people(cycles, plan.n_folds, plan.fold_seed)),
        "cycles": list(by_cycle(cycles, plan.n_folds, plan.fold_seed)),
        "half": list(by_people(cycles, 2, plan.fold_seed))[:1],
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
    unseen = f"a model that has never seen these {held.n_unseen} people"
    return Measured(
        temperature=temperature,
        ood_threshold=ood_threshold,
        provenance=(reading.provenance, _used(cycles, reading, plan.settings)),
        used=_used(cycles, reading, plan.settings),
        evaluation=(
            *evaluate.figures(held.strangers, "strangers", f"whole people held out; {people}"),
            *evaluate.figures(held.known, "known people", f"cycles of known people held out (the paper's); {people}"),
            *evaluate.figures(
                held.filmed, "strangers through a camera", f"drawn camera takes of held-out people; {people}"
            ),
            *calibration(held, temperature, ood_threshold),
        ),
        privacy=(*privacy.figures(attacks, note), *privacy.figures(held.attacks, unseen)),
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


def _used(cycles: Cycles, reading: Reading, settings: Settings) -> str:
    sources = ", ".join(sorted(set(cycles.source_N.tolist())))
    n_people = len(np.unique(cycles.subject_N))
    left_out = len(reading.cycles) - len(cycles)
    return (
        f"trained on {len(cycles)} cycles of {n_people} people with acted affect ({sources}){_walkers(settings)}; "
        f"{left_out} cycles without an acted label and {len(reading.refused)} refused recordings left out"
    )


def _walkers(settings: Settings) -> str:
    if settings.method != "swaps" or not settings.swaps.n_walkers:
        return ""
    return f" and on {settings.swaps.n_walkers} synthetic walkers in {len(CLASSES)} affects"
