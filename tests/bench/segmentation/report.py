"""Rows into tables, one for each question.

Which method finds initial contacts, final contacts, nothing where there is nothing; how late; at what cost.
"""

from __future__ import annotations

from collections.abc import Iterable

from tests.bench.segmentation.conditions import CLEAN, CONDITIONS
from tests.bench.segmentation.figures import Kind, Row
from tests.bench.segmentation.ours import LEFT_OUT, NAME, VARIANTS
from tests.bench.segmentation.peers import NAMES
from tests.bench.segmentation.tables import Table, between, ms, share
from tests.bench.segmentation.trials import GROUPS

# Clean figures of just those trials that are put under stress too.
CLEAN_STRESSED = "clean, same walks"
SIDE_BY_SIDE = (NAME, *NAMES, *VARIANTS[:2])
_LABELLED = GROUPS[:-1]
_NOT_GAIT = GROUPS[-1]


class Figures:
    """Rows by what they are about."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = list(rows)
        self._by = {(r.method, r.group, r.condition, r.with_feet): r for r in self.rows}

    def get(self, method: str, group: str, condition: str = CLEAN.name, with_feet: bool | None = None) -> Row | None:
        """That row; with_feet None: with them where the group has them."""
        if with_feet is not None:
            return self._by.get((method, group, condition, with_feet))
        return self._by.get((method, group, condition, True)) or self._by.get((method, group, condition, False))


def tables(figures: Figures) -> list[Table]:
    """All of them, in the order of the questions; a table without rows is left out."""
    made = [_contacts(figures, True), _contacts(figures, False), _not_gait(figures), _latency(figures)]
    for group in _LABELLED:
        made += [_stress(figures, group, with_feet) for with_feet in (True, False)]
    made += [_ablations(figures), _failures(figures)]
    return [table for table in made if table.rows]


def _feet(with_feet: bool) -> str:
    return "with feet" if with_feet else "without"


def _contacts(figures: Figures, initial: bool) -> Table:
    heads = ("group", "landmarks", "method", "events", "F1@50 (95 %)", "F1@100 (95 %)", "bias (95 %) ms", "SD ms")
    table = Table(f"{'Initial' if initial else 'Final'} contacts, clean, one offset per method from other people",
                  (*heads, "stride ms") if initial else heads, n_left=3)  # fmt: skip
    for group in _LABELLED:
        for with_feet in (True, False):
            for method in (NAME, *NAMES, *VARIANTS):
                row = figures.get(method, group, CLEAN.name, with_feet)
                if row is not None:
                    cells = _kind_cells(row.initial if initial else row.final)
                    cells += (ms(row.stride_error_ms, 1),) if initial else ()
                    table.rows.append((group, _feet(with_feet), method, *cells))
    drawn = {row.group: row.drawn for row in figures.rows if row.condition == CLEAN.name}
    table.note = "Intervals drawn over: " + ", ".join(f"{g} {drawn[g]}" for g in _LABELLED if g in drawn) + "."
    return table


def _kind_cells(kind: Kind) -> tuple[str, ...]:
    low, high = kind.bias_interval_ms
    return (
        str(kind.n_true),
        between(kind.f1_50, kind.f1_50_interval),
        between(kind.f1_100, kind.f1_100_interval),
        f"{ms(kind.bias_ms, 1, True)} ({ms(low, 0, True)} to {ms(high, 0, True)})",
        ms(kind.sd_ms, 1),
    )


def _not_gait(figures: Figures) -> Table:
    heads = ("condition", "landmarks", *SIDE_BY_SIDE, "no gate")
    table = Table("What is not gait: false contacts / cycles a minute", heads, n_left=2)
    for condition in CONDITIONS:
        for with_feet in (True, False):
            cells = [_false(figures.get(m, _NOT_GAIT, condition, with_feet)) for m in (*SIDE_BY_SIDE, "no gate")]
            if set(cells) != {""}:
                table.rows.append((condition, _feet(with_feet), *cells))
    row = figures.get(NAME, _NOT_GAIT)
    if row is not None:
        table.note = f"{row.n_trials} recordings of {row.n_people} people, {60 * row.minutes:.0f} s in all."
    return table


def _false(row: Row | None) -> str:
    return "" if row is None else f"{row.contacts_per_min:.0f} / {row.cycles_per_min:.0f}"


def _latency(figures: Figures) -> Table:
    heads = ("group", "landmarks", "condition", "median ms", "95th ms", "once open, median", "95th", "CPU median ms")
    table = Table(f"{NAME}: from the labelled contact to telling it, and CPU of a person-frame", (*heads, "99th ms"),
                  n_left=3, note="Once open: without those told at the moment the gate opened.")  # fmt: skip
    for group in GROUPS:
        for with_feet in (True, False):
            row = figures.get(NAME, group, CLEAN.name, with_feet)
            if row is not None:
                late = (row.latency_median_ms, row.latency_p95_ms, row.open_median_ms, row.open_p95_ms)
                cpu = (ms(row.cpu_median_ms, 3), ms(row.cpu_p99_ms, 3))
                table.rows.append((group, _feet(with_feet), CLEAN.name, *(ms(value) for value in late), *cpu))
    return table


def _stress(figures: Figures, group: str, with_feet: bool) -> Table:
    table = Table(f"Stress: {group}, {_feet(with_feet)}, F1@50 / F1@100", ("condition", *SIDE_BY_SIDE))
    for condition in (CLEAN_STRESSED, *CONDITIONS):
        found = [figures.get(method, group, condition, with_feet) for method in SIDE_BY_SIDE]
        if condition != CLEAN.name and any(found):
            table.rows.append((condition, *(_both(row) for row in found)))
    row = figures.get(NAME, group, CLEAN_STRESSED, with_feet)
    if row is not None:
        table.note = f"{row.n_trials} trials of {row.n_people} people, {row.initial.n_true} events."
    return table


def _both(row: Row | None) -> str:
    return "" if row is None else f"{share(row.initial.f1_50)} / {share(row.initial.f1_100)}"


def _ablations(figures: Figures) -> Table:
    heads = ("what", "condition", *_LABELLED, "not gait, a minute")
    table = Table("Left out: F1@50 / F1@100, with feet where there are any", heads, n_left=2)
    for method in (NAME, *VARIANTS, *LEFT_OUT):
        for condition in (CLEAN_STRESSED, *CONDITIONS):
            found = [figures.get(method, group, condition) for group in _LABELLED]
            if condition != CLEAN.name and any(found):
                what = "nothing" if method == NAME else method
                false = _false(figures.get(method, _NOT_GAIT, condition))
                table.rows.append((what, condition, *(_both(row) for row in found), false))
    return table


def _failures(figures: Figures) -> Table:
    table = Table("Peers that raised an error (counted as nothing found)", ("method", "trials", "failed"))
    for method in NAMES:
        rows = [row for row in figures.rows if row.method == method]
        if rows:
            n_failed = sum(row.n_failed for row in rows)
            table.rows.append((method, str(sum(row.n_trials for row in rows)), str(n_failed)))
    return table
