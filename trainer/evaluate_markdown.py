"""One bundle's evaluation as Markdown: the same figures as the JSON, for people.

Promises: chance and majority class beside the scores, intervals beside what has one, "-" for what could not be
measured. Refuses nothing.
"""

from collections.abc import Iterable, Sequence

from edge.affect import CLASSES
from trainer.evaluate_bundle import Evaluation, PartFigures
from trainer.risk_coverage import RiskCoverage

_COVERAGES = (0.25, 0.5, 0.75, 0.9, 1.0)


def evaluation_markdown(found: Evaluation, picture: str | None = None) -> str:
    """The whole report; ``picture``: where the PNG stands, seen from the report."""
    parts = [
        f"# {found.bundle} on {found.data}",
        _counted(found),
        pipes(("figure", "value", "95 %"), _figures(found)),
        "## Each class",
        pipes(("label", "precision", "recall", "F1", "answered", *CLASSES, "abstained"), _classes(found)),
        "Last five columns: how many cycles of the label got which answer.",
        "## Each source",
        pipes(("source", "label", "cycles", "people", "accuracy", "macro-F1", "abstained", "majority"),
              map(_part, found.by_source)),
        "## Confidence",
        pipes(("largest posterior", "cycles", "mean", "share right"), _bins(found)),
        "## What abstaining is worth",
        pipes(("answered, most confident first", *(f"{share:.0%}" for share in _COVERAGES), "area"), _curves(found)),
        f"Shares wrong among the answered, over all {found.n} labelled cycles, also those the device abstained on. "
        f"Area of random order {_text(found.risk_coverage.aurc_random)}, of the ideal order "
        f"{_text(found.risk_coverage.aurc_ideal)}.",
        *([] if not found.refused else ["## Refused", pipes(("n", "what", "why", "such as"), _refused(found))]),
        *([] if picture is None else [f"![reliability, risk and coverage, confusion]({picture})"]),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def pipes(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *lines))


def _counted(found: Evaluation) -> str:
    return (
        f"{found.n} labelled cycles of {found.n_people} people, {found.n_answered} answered; {found.n_unlabelled} "
        f"without a label and {found.n_refused} refused ones left out. Runtime: {found.rung}. The bundle says of "
        f"itself: {'; '.join(found.trained_on)}. Intervals resample people."
    )


def _figures(found: Evaluation) -> list[tuple[str, str, str]]:
    return [
        ("macro-F1, answered", _text(found.macro_f1), _between(found.macro_f1_95)),
        ("accuracy, answered", _text(found.accuracy), _between(found.accuracy_95)),
        ("accuracy, abstentions wrong", _text(found.accuracy_all), _between(found.accuracy_all_95)),
        ("macro-F1, abstentions wrong", _text(found.macro_f1_all), ""),
        ("abstained", _text(found.abstained), ""),
        ("expected calibration error", _text(found.ece), ""),
        ("majority class", _text(found.majority), ""),
        ("chance", _text(found.chance), ""),
    ]


def _classes(found: Evaluation) -> Iterable[tuple[str, ...]]:
    for name, each in found.per_class.items():
        counts = (str(count) for count in found.confusion[name].values())
        yield name, _text(each.precision), _text(each.recall), _text(each.f1), str(each.support), *counts


def _part(part: PartFigures) -> tuple[str, ...]:
    figures = (part.accuracy, part.macro_f1, part.abstained, part.majority)
    return part.source, part.label, str(part.n), str(part.n_people), *(_text(each) for each in figures)


def _bins(found: Evaluation) -> Iterable[tuple[str, ...]]:
    for each in found.reliability:
        yield f"{each.low:.1f} to {each.high:.1f}", str(each.n), _text(each.confidence), _text(each.accuracy)


def _curves(found: Evaluation) -> Iterable[tuple[str, ...]]:
    for by, curve in (("by largest posterior", found.risk_coverage), ("by strangeness", found.risk_coverage_ood)):
        yield by, *(_text(_risk_at(curve, share)) for share in _COVERAGES), _text(curve.aurc)


def _refused(found: Evaluation) -> Iterable[tuple[str, ...]]:
    return ((str(each.n), each.what, each.reason.replace("|", "/"), each.example) for each in found.refused)


def _risk_at(curve: RiskCoverage, coverage: float) -> float:
    return min(curve.points, key=lambda point: abs(point.coverage - coverage)).risk


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _between(ends: tuple[float | None, float | None]) -> str:
    return "-" if None in ends else f"{_text(ends[0])} to {_text(ends[1])}"
