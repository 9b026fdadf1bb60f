"""An explanation in words: what was asked, what the maps say, whether they may be believed, what they do not mean.

Promises: a check that failed is told as failed, an unknown one as unknown. Refuses nothing.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.box import SIMPLE
from rich.table import Table

from trainer.explain_findings import AffectMap, Checks, Curves, Findings, Interval, Likeness, Rho

_SHOWN: Final = 5
_NOT: Final = """\
- Importance is about this model, not about how people feel or how a mood moves a body. A model may look at the wrong
  place and be right, by what its training people happened to have in common.
- It is not a direction: "left wrist" does not say whether more or less swing speaks for the affect.
- It is what the model sees: after trunks are set upright and strides made even (`trainer/posture.py`), so trunk
  flexion and stride size cannot be important here, whatever they are in people. Landmarks are also not independent:
  wrists hang on elbows, and what is read from one can be said of the other.
- It is an average over cycles the model judged right, for their true affect. Why it errs is not in it.
- A share near the one in the column "untrained" is a share that the data's own spread and the network's shape give
  without any learning."""
_HOW: Final = """\
Guided Grad-CAM (captum) from the affect's logit to the encoder's input channels, scaled by how far each channel is, at
that phase, from cycle to cycle, absolute, summed over x, y, z, averaged over the cycles judged right. Guided
backpropagation is defined for ReLU; the encoder's LeakyReLU hand down the positive part of their true gradient
(`trainer/explain_network.py`, `trainer/explain_map.py` say why)."""


def markdown(found: Findings) -> str:
    """The whole report."""
    parts = [
        "# What the model looks at",
        _who(found),
        _HOW,
        "![walking figure](figure.png)",
        "![maps](maps.png)",
        "## Where it looks",
        _pipes(("affect", "judged right", "landmarks: share (untrained)", "duration's share"), _rows(found.maps)),
        "Shares are of the body's whole importance; 16 landmarks. The duration's share is of everything.",
        "## Do the maps depend on what was learned?",
        _sanity(found.maps),
        "## Does it hurt to take away what they name?",
        "![deletion](deletion.png)",
        _pipes(
            ("curve", "area, accuracy", "area, logit", "over order of spread, logit", "random orders beaten", ""),
            [_curve(each) for each in (found.deletion, found.insertion)],
        ),
        "Area: mean distance between the map's order and the mean of random orders, positive where the map does "
        "better; intervals resample people.",
        "## What this does not mean",
        _NOT,
    ]
    return "\n\n".join(parts) + "\n"


def table(found: Findings) -> Table:
    """For the terminal: one line an affect."""
    out = Table(
        "affect",
        "right",
        "looks at",
        "duration",
        "sanity",
        "another run agrees",
        box=SIMPLE,
        title="What the model looks at",
    )
    for each in found.maps:
        checked = ("-", "-") if each.checks is None else (_told(each.checks.passed), _again(each.checks.repeatable))
        out.add_row(*_row(each, 3, beside=False), *checked)
    return out


def verdicts(found: Findings) -> Iterator[str]:
    """For the terminal: the curves in a sentence each."""
    for each in (found.deletion, found.insertion):
        better = "hurts" if each.kind == "deletion" else "helps"
        yield (
            f"{each.kind.capitalize()}: the map's order {better} more than random by {_with(each.area_logit)} in logit "
            f"and {_with(each.area_accuracy)} in accuracy; {_shown(each)}."
        )


def _who(found: Findings) -> str:
    seen = "the very cycles it was trained on" if found.trained_on_these else "not, as a whole, its training set"
    return (
        f"{found.provenance}: {found.n_cycles} of {found.n_labelled} cycles, {found.n_people} people, "
        f"{found.labels} affect, {seen}; {found.n_refused} recordings refused. Accuracy on them {found.accuracy:.2f}."
    )


def _rows(maps: Sequence[AffectMap]) -> list[tuple[str, ...]]:
    return [_row(each) for each in maps]


def _row(each: AffectMap, shown: int = _SHOWN, beside: bool = True) -> tuple[str, ...]:
    right = f"{each.n_right} of {each.n_labelled}"
    if each.map_JT is None:
        return each.affect, right, f"no map: {each.reason}", "-"
    named = (
        f"{one.landmark.replace('_', ' ')} {one.share:.3f}" + (f" ({_figure(one.untrained, 3)})" if beside else "")
        for one in each.ranking[:shown]
    )
    return each.affect, right, ", ".join(named), f"{each.duration_share:.2f}"


def _sanity(maps: Sequence[AffectMap]) -> str:
    checked = [(each.affect, each.checks) for each in maps if each.checks is not None]
    head = ("affect", "redrawn, from the head down to", "map", "landmarks", "changed")
    stages = [line for affect, checks in checked for line in _stages(affect, checks)]
    beside = [_beside(affect, checks) for affect, checks in checked]
    return "\n\n".join(
        [
            "Spearman's rho with the real map: over landmarks x phases, and over the landmarks' shares alone; mean "
            "(least to most) over draws of new weights. Changed: even the most similar draw lies below the control.",
            _pipes(head, stages),
            _pipes(("affect", "compared with", "map", "landmarks"), [line for lines in beside for line in lines]),
            "Control: the same model, people drawn with replacement (median, 95 %); lenient, for they are partly the "
            "same people. Phases weigh much in the map's rho: all landmarks of a cycle share one activation map.",
            _pipes(
                ("affect", "depends on what was learned", "another training run agrees"),
                [(affect, _told(checks.passed), _again(checks.repeatable)) for affect, checks in checked],
            ),
            "A run agrees where its map is more like this one than any map of a network that forgot everything; where "
            "it does not, the map tells of one training run, not of what the data hold.",
        ]
    )


def _stages(affect: str, checks: Checks) -> Iterator[tuple[str, ...]]:
    for stage in checks.stages:
        changed = f"map {_yes(stage.map.changed)}, landmarks {_yes(stage.landmarks.changed)}"
        yield affect, f"`{stage.layer}`", _alike(stage.map), _alike(stage.landmarks), changed


def _beside(affect: str, checks: Checks) -> Iterator[tuple[str, ...]]:
    if checks.control is None:
        yield affect, "control", "too few people", "too few people"
    else:
        yield affect, "control", _with(checks.control.map), _with(checks.control.landmarks)
    named: tuple[tuple[str, Rho | None], ...] = (
        ("another training run", checks.other_model),
        ("plain gradient", checks.unguided),
        ("spread alone", checks.spread_alone),
    )
    yield from ((affect, name, f"{rho.map:.2f}", f"{rho.landmarks:.2f}") for name, rho in named if rho is not None)


def _curve(each: Curves) -> tuple[str, ...]:
    beaten = f"{each.beaten_accuracy:.0%} in accuracy, {each.beaten_logit:.0%} in logit of {each.n_orders}"
    areas = (each.area_accuracy, each.area_logit, each.area_over_spread)
    return each.kind, *(_with(area) for area in areas), beaten, _shown(each)


def _shown(each: Curves) -> str:
    if each.passed is False and each.area_logit.value > 0:
        return "NOT PASSED, the interval over people reaches 0"
    return _told(each.passed)


def _alike(each: Likeness) -> str:
    return "no map" if each.rho is None else f"{each.rho:.2f} ({_figure(each.least)} to {_figure(each.most)})"


def _figure(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _with(each: Interval) -> str:
    if each.low is None or each.high is None:
        return f"{each.value:.3f}"
    return f"{each.value:.3f} ({each.low:.3f} to {each.high:.3f})"


def _again(repeatable: bool | None) -> str:
    return "not asked (--other)" if repeatable is None else "yes" if repeatable else "NO"


def _yes(changed: bool | None) -> str:
    return "unknown" if changed is None else "yes" if changed else "no"


def _told(passed: bool | None) -> str:
    return "unknown, too few people" if passed is None else "passed" if passed else "FAILED"


def _pipes(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rule = ["---"] * len(head)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *lines))
