"""What has to be shown, beside what was: targets, the best offline peer, and what stress may cost.

F1 pairs are at 50 and 100 ms. A figure of ours is scored with the offset of other people; its settings are the frozen
defaults (for settings chosen on other people see `choose`).
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.bench.segmentation.conditions import CONDITIONS
from tests.bench.segmentation.figures import Row
from tests.bench.segmentation.ours import NAME
from tests.bench.segmentation.peers import NAMES
from tests.bench.segmentation.report import CLEAN_STRESSED, Figures
from tests.bench.segmentation.tables import Table, between, ms, share
from tests.bench.segmentation.trials import GROUPS

_LABELLED, _NOT_GAIT = GROUPS[:-1], GROUPS[-1]
# F1@50, F1@100: what must be reached, and what leads the field.
F1_TARGETS = {
    "treadmill": ((0.97, 0.99), (0.985, 0.998)),
    "parkinson": ((0.90, 0.97), (0.95, 0.99)),
    "straight": ((0.97, 0.99), (1.0, 1.0)),
    "turning": ((0.92, 0.93), (0.96, 0.97)),
    "video pose": ((0.88, 0.98), (0.92, 0.99)),
}
_MAY_LOSE = 0.01
_STEADY = ("3 % swaps", "30 % drops, 15 ms jitter")
_NOISY = ("10 mm noise", "20 mm noise", "3 % swaps", "30 % drops, 15 ms jitter", "frontal, 60 mm depth")


@dataclass(frozen=True, slots=True)
class _Limit:
    """A figure that must not exceed these."""

    name: str
    attribute: str
    must: float
    lead: float
    digits: int = 0


_TIMES = (
    _Limit("stride time error, ms", "stride_error_ms", 20, 13, 1),
    _Limit("latency median, ms", "latency_median_ms", 120, 80),
    _Limit("latency 95th, ms", "latency_p95_ms", 200, 140),
    _Limit("CPU 99th, ms", "cpu_p99_ms", 1.0, 0.2, 3),
)


def verdict_tables(figures: Figures) -> list[Table]:
    return [table for table in (_targets(figures), _peers(figures), _losses(figures)) if table.rows]


def _word(met: bool) -> str:
    return "met" if met else "SHORT"


def _targets(figures: Figures) -> Table:
    table = Table("Targets, clean", ("figure", "group", "landmarks", "must", "to lead", "measured", "must?",
                                     "leads?"), n_left=3)  # fmt: skip
    for group, (must, lead) in F1_TARGETS.items():
        for row in _both_ways(figures, group):
            got = (row.initial.f1_50, row.initial.f1_100)
            table.rows.append(("F1@50 / F1@100", group, _feet(row), _pair(must), _pair(lead), _pair(got),
                               _word(_reaches(got, must)), _word(_reaches(got, lead))))  # fmt: skip
    for group in F1_TARGETS:
        for row in _both_ways(figures, group):
            bias, sd = row.initial.bias_ms, row.initial.sd_ms
            met, leads = abs(bias) <= 10 and sd <= 20, abs(bias) <= 5 and sd <= 16
            table.rows.append(("bias / SD, ms", group, _feet(row), "10 / 20", "5 / 16",
                               f"{ms(bias, 1, True)} / {ms(sd, 1)}", _word(met), _word(leads)))  # fmt: skip
    for limit in _TIMES:
        table.rows += [_limit_cells(limit, row) for group in F1_TARGETS for row in _both_ways(figures, group)]
    table.rows += [_no_cycles(row) for row in _both_ways(figures, _NOT_GAIT)]
    return table


def _both_ways(figures: Figures, group: str) -> list[Row]:
    found = (figures.get(NAME, group, with_feet=with_feet) for with_feet in (True, False))
    return [row for row in found if row is not None]


def _feet(row: Row) -> str:
    return "with feet" if row.with_feet else "without"


def _pair(values: tuple[float, float]) -> str:
    return " / ".join(share(value) for value in values)


def _reaches(got: tuple[float, float], wanted: tuple[float, float]) -> bool:
    return all(g >= w for g, w in zip(got, wanted, strict=True))


def _limit_cells(limit: _Limit, row: Row) -> tuple[str, ...]:
    value = getattr(row, limit.attribute)
    shown = (f"{limit.must:g}", f"{limit.lead:g}", ms(value, limit.digits))
    return (limit.name, row.group, _feet(row), *shown, _word(value <= limit.must), _word(value <= limit.lead))


def _no_cycles(row: Row) -> tuple[str, ...]:
    met = _word(row.n_cycles == 0)
    return ("cycles in what is not gait", row.group, _feet(row), "0", "0", str(row.n_cycles), met, met)


def _peers(figures: Figures) -> Table:
    table = Table(f"{NAME} beside the best offline peer of each group", ("group", "landmarks", "condition", "figure",
                  NAME, "best peer", "its figure (95 %)", "not below", "above"), n_left=4)  # fmt: skip
    for group in _LABELLED:
        for with_feet in (True, False):
            for condition in ("clean", *_NOISY):
                for figure in ("f1_50", "f1_100"):
                    cells = _beside(figures, group, with_feet, condition, figure)
                    if cells is not None:
                        table.rows.append(cells)
    table.note = "Not below: ours reaches the lower end of the peer's interval. Above: ours exceeds its upper end."
    return table


def _beside(figures: Figures, group: str, with_feet: bool, condition: str, figure: str) -> tuple[str, ...] | None:
    ours = figures.get(NAME, group, condition, with_feet)
    peers = [row for name in NAMES if (row := figures.get(name, group, condition, with_feet)) is not None]
    if ours is None or not peers:
        return None
    best = max(peers, key=lambda row: getattr(row.initial, figure))
    value, theirs = getattr(ours.initial, figure), getattr(best.initial, figure)
    interval = getattr(best.initial, f"{figure}_interval")
    return (
        group,
        "with feet" if with_feet else "without",
        condition,
        "F1@" + figure.removeprefix("f1_"),
        share(value),
        best.method,
        between(theirs, interval),
        "yes" if value >= interval[0] else "NO",
        "yes" if value > interval[1] else "tie at 1" if min(value, theirs) >= 1.0 else "no",
    )


def _losses(figures: Figures) -> Table:
    table = Table(f"{NAME}: what stress costs in F1@100 against the same walks clean",
                  ("group", "landmarks", *(name for name in CONDITIONS if name != "clean")), n_left=2)  # fmt: skip
    table.note = f"Swaps of 3 % and drops of 30 % may cost {_MAY_LOSE:.2f} at most; more is marked !."
    for group in _LABELLED:
        for with_feet in (True, False):
            clean = figures.get(NAME, group, CLEAN_STRESSED, with_feet)
            if clean is not None:
                cells = [_loss(clean, figures.get(NAME, group, name, with_feet)) for name in table.heads[2:]]
                table.rows.append((group, _feet(clean), *cells))
    return _turned(table)


def _loss(clean: Row, stressed: Row | None) -> str:
    if stressed is None:
        return ""
    loss = clean.initial.f1_100 - stressed.initial.f1_100
    return f"{loss:+.3f}" + (" !" if stressed.condition in _STEADY and loss > _MAY_LOSE else "")


def _turned(table: Table) -> Table:
    """Conditions as rows: there are more of them than fit side by side."""
    heads = tuple(f"{row[0]}, {row[1]}" for row in table.rows)
    rows = [(name, *(row[2 + i] for row in table.rows)) for i, name in enumerate(table.heads[2:])]
    return Table(table.title, ("condition", *heads), rows if heads else [], table.note)
