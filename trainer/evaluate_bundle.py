"""Any bundle, scored on any labelled data, through the door a home uses.

The bundle is verified and opened on the CPU rung by ``edge.encoder`` (hashes, golden self-test), the cycles come from
the reader through ``edge.gait``, and ``edge.encoder.judge`` decides who abstains: nothing of the trainer's own code
touches an answer. A cycle's label is the acted affect where there is one, else the perceived one; cycles with neither
are counted and left out.

How abstentions count: ``accuracy``, ``macro_f1``, ``per_class`` and ``ece`` are over *answered* labelled cycles;
``abstained`` is the share (0 to 1) of the ``n`` labelled cycles that got no answer; ``accuracy_all`` and
``macro_f1_all`` count an abstention as wrong. Accuracy: share of right labels. Macro-F1: plain mean of the F1 of all
four classes, 0 for a class that is neither labelled nor answered. ECE: ten equal bins of the largest posterior, mean
gap of confidence and accuracy weighted by their share (Guo et al. 2017); ``reliability`` holds those bins. Where
nothing was answered these are null.
``risk_coverage`` and ``risk_coverage_ood`` ask what abstaining is worth (``trainer.risk_coverage``): over all labelled
cycles, also those the device abstained on, with the class of the largest posterior as the answer; the one answers
cycles in order of the largest posterior, the other of the least out-of-distribution score.
Intervals: 95 %, resampling people; null for one person alone. What was refused is counted by reason. Chance is 0.25;
``majority`` the share of the commonest label.

Promises: the same bundle and data give the same JSON. It cannot know whom a bundle was trained on: the manifest's
own words stand beside the figures as ``trained_on``. Refuses data without one labelled cycle.

Shape letters: N cycle, K class.
"""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
from rich.console import Group
from rich.table import Table

from edge.affect import CLASSES, Affect
from edge.encoder import AffectEncoder, judge, open_encoder
from edge.errors import TrainingError
from trainer.calibrate import Bin, calibration_error, reliability
from trainer.cycles import UNLABELLED, Cycles, Reading
from trainer.inspect_summary import Reason, reasons_of
from trainer.readers import read_cycles
from trainer.risk_coverage import RiskCoverage, risk_coverage
from trainer.scores import ABSTAINED, CHANCE, Interval, Scores, score

_TINY = 1e-12


class ClassFigures(msgspec.Struct, frozen=True):
    """One class over answered cycles; support: how many of them carry this label."""

    precision: float
    recall: float
    f1: float
    support: int


class PartFigures(msgspec.Struct, frozen=True):
    """One source and kind of label ("acted" or "perceived") alone."""

    source: str
    label: str
    n: int
    n_people: int
    abstained: float
    accuracy: float | None
    macro_f1: float | None
    majority: float


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """What the JSON holds; the module says how each is counted. ``confusion``: label by row, answer by column."""

    macro_f1: float | None
    accuracy: float | None
    per_class: dict[str, ClassFigures]
    abstained: float
    n: int
    ece: float | None
    n_answered: int
    n_people: int
    n_unlabelled: int
    n_refused: int
    refused: tuple[Reason, ...]
    macro_f1_95: tuple[float | None, float | None]
    accuracy_95: tuple[float | None, float | None]
    accuracy_all: float
    accuracy_all_95: tuple[float | None, float | None]
    macro_f1_all: float
    majority: float
    chance: float
    confusion: dict[str, dict[str, int]]
    by_source: tuple[PartFigures, ...]
    reliability: tuple[Bin, ...]
    risk_coverage: RiskCoverage
    risk_coverage_ood: RiskCoverage
    bundle: str
    rung: str
    data: str
    trained_on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """What a home would have heard of each cycle: posterior (N, K), and the class index or ABSTAINED; and the
    out-of-distribution score (N,) that decided which."""

    posterior_NK: npt.NDArray[np.float64]
    ood_score_N: npt.NDArray[np.float64]
    answer_N: npt.NDArray[np.int64]


def evaluate_bundle(bundle: Path, data: str) -> Evaluation:
    """Score the bundle in folder ``bundle`` on ``kind:path``; raises BundleError, EncoderError, TrainingError."""
    encoder = open_encoder(bundle)
    try:
        return evaluation(encoder, read_cycles(data))
    finally:
        encoder.close()


def evaluation(encoder: AffectEncoder, reading: Reading) -> Evaluation:
    """Score an open encoder on what a reader found."""
    label_N = labels(reading.cycles)
    if (label_N == UNLABELLED).all():
        found = f"no label on any of {len(label_N)} cycles"
        raise TrainingError(found, "acted or perceived affects", "Give labelled data, or an index with labels.")
    cycles, label_N = reading.cycles.take(label_N != UNLABELLED), label_N[label_N != UNLABELLED]
    heard = answers(encoder, cycles)
    whole = score(label_N, heard.answer_N, cycles.subject_N)
    manifest = encoder.manifest
    return Evaluation(
        **_headline(whole, heard, label_N),
        **_confidence(heard, label_N),
        n_people=whole.n_people,
        n_unlabelled=len(reading.cycles) - len(cycles),
        n_refused=len(reading.refused),
        refused=reasons_of(reading),
        by_source=tuple(_parts(cycles, heard, label_N)),
        bundle=f"{manifest.id} {manifest.version}",
        rung=encoder.rung,
        data=reading.provenance,
        trained_on=manifest.provenance,
    )


def labels(cycles: Cycles) -> npt.NDArray[np.int64]:
    """(N,) acted label where there is one, else the perceived one, else UNLABELLED."""
    return np.where(cycles.acted_N != UNLABELLED, cycles.acted_N, cycles.perceived_N)


def answers(encoder: AffectEncoder, cycles: Cycles) -> Answers:
    """Ask the encoder for every cycle and let the device's own judge abstain."""
    encoded = encoder.encode(cycles.x_NTJC, cycles.duration_s_N)
    judged = judge(encoded, encoder.manifest)
    answer_N = [int(np.argmax(each.posterior)) if isinstance(each, Affect) else ABSTAINED for each in judged]
    return Answers(encoded.posterior_NK, encoded.ood_score_N, np.array(answer_N, dtype=np.int64))


def table(found: Evaluation) -> Group:
    """For the terminal: the figures with chance beside them, each class, and each source."""
    return Group(_figures(found), _classes(found), _sources(found))


def _headline(whole: Scores, heard: Answers, label_N: npt.NDArray[np.int64]) -> dict:
    answered_N = heard.answer_N != ABSTAINED
    log_posterior_NK = np.log(heard.posterior_NK[answered_N] + _TINY)
    figures = zip(whole.precision, whole.recall, whole.f1, whole.support, strict=True)
    return {
        "macro_f1": _number(whole.macro_f1.value),
        "accuracy": _number(whole.accuracy.value),
        "per_class": dict(zip(CLASSES, (ClassFigures(*each) for each in figures), strict=True)),
        "abstained": whole.abstained,
        "n": whole.n_cycles,
        "n_answered": int(answered_N.sum()),
        "ece": calibration_error(log_posterior_NK, label_N[answered_N]) if answered_N.any() else None,
        "macro_f1_95": _ends(whole.macro_f1),
        "accuracy_95": _ends(whole.accuracy),
        "accuracy_all": whole.accuracy_all.value,
        "accuracy_all_95": _ends(whole.accuracy_all),
        "macro_f1_all": whole.macro_f1_all.value,
        "majority": whole.majority,
        "chance": CHANCE,
        "confusion": {
            name: dict(zip((*CLASSES, "abstained"), row, strict=True))
            for name, row in zip(CLASSES, whole.confusion_KA, strict=True)
        },
    }


def _confidence(heard: Answers, label_N: npt.NDArray[np.int64]) -> dict:
    right_N = heard.posterior_NK.argmax(axis=1) == label_N
    answered_N = heard.answer_N != ABSTAINED
    return {
        "reliability": reliability(heard.posterior_NK[answered_N], label_N[answered_N]) if answered_N.any() else (),
        "risk_coverage": risk_coverage(heard.posterior_NK.max(axis=1), right_N),
        "risk_coverage_ood": risk_coverage(-heard.ood_score_N, right_N),
    }


def _parts(cycles: Cycles, heard: Answers, label_N: npt.NDArray[np.int64]) -> list[PartFigures]:
    kind_N = np.where(cycles.acted_N != UNLABELLED, "acted", "perceived")
    parts = []
    for source, kind in sorted(set(zip(cycles.source_N.tolist(), kind_N.tolist(), strict=True))):
        here_N = (cycles.source_N == source) & (kind_N == kind)
        part = score(label_N[here_N], heard.answer_N[here_N], cycles.subject_N[here_N])
        right, f1 = _number(part.accuracy.value), _number(part.macro_f1.value)
        parts.append(PartFigures(source, kind, part.n_cycles, part.n_people, part.abstained, right, f1, part.majority))
    return parts


def _figures(found: Evaluation) -> Table:
    table = Table("figure", "value", "95 %", title=f"{found.bundle} on {found.data}")
    table.add_row("macro-F1, answered", _text(found.macro_f1), _between(found.macro_f1_95))
    table.add_row("accuracy, answered", _text(found.accuracy), _between(found.accuracy_95))
    table.add_row("accuracy, abstentions wrong", _text(found.accuracy_all), _between(found.accuracy_all_95))
    table.add_row("abstained", f"{found.abstained:.3f} of {found.n}", "")
    table.add_row("calibration error", _text(found.ece), "")
    for by, curve in (("posterior", found.risk_coverage), ("strangeness", found.risk_coverage_ood)):
        areas = f"{curve.aurc:.3f} ({curve.aurc_ideal:.3f}, {curve.aurc_random:.3f})"
        table.add_row(f"risk-coverage area by {by} (ideal, random)", areas, "")
    table.add_row("majority class, chance", f"{found.majority:.3f}, {found.chance:.3f}", "")
    table.add_row("left out", f"{found.n_refused} refused, {found.n_unlabelled} unlabelled", "")
    table.caption = "The bundle says of itself: " + "; ".join(found.trained_on)
    return table


def _classes(found: Evaluation) -> Table:
    table = Table("label", "precision", "recall", "F1", *CLASSES, "abstained")
    for name, figures in found.per_class.items():
        counts = (str(count) for count in found.confusion[name].values())
        table.add_row(name, _text(figures.precision), _text(figures.recall), _text(figures.f1), *counts)
    return table


def _sources(found: Evaluation) -> Table:
    table = Table("source", "label", "cycles", "people", "accuracy", "macro-F1", "abstained", "majority")
    for part in found.by_source:
        figures = (part.accuracy, part.macro_f1, part.abstained, part.majority)
        table.add_row(part.source, part.label, str(part.n), str(part.n_people), *(_text(each) for each in figures))
    return table


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value


def _ends(interval: Interval) -> tuple[float | None, float | None]:
    return _number(interval.low), _number(interval.high)


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _between(ends: tuple[float | None, float | None]) -> str:
    return "-" if None in ends else f"{_text(ends[0])} to {_text(ends[1])}"
