"""Each contact that was missed, mistimed or told without being, trial by trial: for whoever sharpens the method."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.bench.segmentation.figures import Offsets
from tests.bench.segmentation.found import Told
from tests.bench.segmentation.measure import Outcome, Outcomes, Run
from tests.bench.segmentation.ours import NAME
from tests.bench.segmentation.peers import NAMES
from tests.bench.segmentation.score import score

_EDGE_S = 1.0
_OTHER_FOOT = {"left": "right", "right": "left"}


def misses(outcomes: Outcomes, shifts: Offsets, conditions: list[str]) -> str:
    """Lines of text; counts by kind first, then every miss. Initial contacts, as scored."""
    lines: list[str] = []
    for run, members in outcomes.items():
        if run.method == NAME and run.condition in conditions:
            for group in dict.fromkeys(o.trial.group for o in members):
                inside = [o for o in members if o.trial.group == group]
                lines += _section(run, group, inside, outcomes, shifts)
    return "\n".join(lines) + "\n"


def _section(run: Run, group: str, members: list[Outcome], outcomes: Outcomes, shifts: Offsets) -> Iterator[str]:
    told: list[tuple[str, str]] = []
    for outcome in members:
        shift_s = shifts[NAME, run.condition, "initial"][outcome.trial.person]
        told += [(kind, f"{outcome.trial.name}: {what}") for kind, what in _of_trial(outcome, shift_s)]
    counts = ", ".join(f"{n} x {kind}" for kind, n in Counter(kind for kind, _ in told).most_common())
    yield f"\n== {group}, {run.condition}, {'with feet' if run.with_feet else 'without feet'}: {counts or 'none'}"
    for kind, what in sorted(told):
        yield f"  {kind:22s} {what}"
    for peer in NAMES:
        theirs = [o for o in outcomes.get(Run(peer, run.condition, run.with_feet), []) if o.trial.group == group]
        n = sum(
            len(_missed(o, shifts[peer, run.condition, "initial"][o.trial.person])) for o in theirs
        )  # fmt: skip
        yield f"  ({peer} misses {n} at 100 ms)"


def _missed(outcome: Outcome, shift_s: float) -> list[tuple[str, float]]:
    found = {(c.side, t_s) for c, t_s in score(outcome.found.initials, outcome.trial.truth_s, 0.1, shift_s).pairs}
    return [
        (side, t_s) for side, times in outcome.trial.truth_s.items() for t_s in times if (side, t_s) not in found
    ]  # fmt: skip


def _of_trial(outcome: Outcome, shift_s: float) -> Iterator[tuple[str, str]]:
    trial, initials = outcome.trial, outcome.found.initials
    wide = score(initials, trial.truth_s, 0.1, shift_s)
    for c, true_s in wide.pairs:
        off_s = c.t_s - shift_s - true_s
        if abs(off_s) > 0.05 + 1e-9:
            yield "timing 50-100 ms", f"{c.side} {true_s:.2f} s is told {1e3 * off_s:+.0f} ms off"
    for side, true_s in _missed(outcome, shift_s):
        yield _kind_of_miss(outcome, side, true_s, shift_s), f"{side} {true_s:.2f} of {trial.t_s[-1]:.2f} s"
    for c in _extra(initials, wide.pairs, outcome, shift_s):
        yield "extra", f"{c.side} told at {c.t_s - shift_s:.2f} of {trial.t_s[-1]:.2f} s"


def _kind_of_miss(outcome: Outcome, side: str, true_s: float, shift_s: float) -> str:
    told = [(c.side, c.t_s - shift_s) for c in outcome.found.initials]
    near = [t_s - true_s for foot, t_s in told if foot == side and abs(t_s - true_s) <= 0.25]
    if near:
        return f"timing {1e3 * min(near, key=abs):+.0f} ms"
    if any(foot == _OTHER_FOOT[side] and abs(t_s - true_s) <= 0.1 for foot, t_s in told):
        return "told as other foot"
    if true_s < _EDGE_S:
        return "missed at start"
    return "missed at end" if outcome.trial.t_s[-1] - true_s < _EDGE_S else "missed inside"


def _extra(initials: list[Told], pairs: tuple[tuple[Told, float], ...], outcome: Outcome, shift_s: float) -> list[Told]:
    matched = {id(c) for c, _ in pairs}
    spans = {side: (times[0] - 0.1, times[-1] + 0.1) for side, times in outcome.trial.truth_s.items() if times}
    return [
        c
        for c in initials
        if id(c) not in matched and c.side in spans and spans[c.side][0] <= c.t_s - shift_s <= spans[c.side][1]
    ]
