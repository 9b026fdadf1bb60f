"""The comparison for people: a table on the terminal, Markdown, and confusion matrices as a picture.

Promises: majority class and chance stand beside every score, and the paper's Table I beside ours with the reason why
the two differ. Refuses (TrainingError) to draw without matplotlib, after everything else is written.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from rich.box import SIMPLE
from rich.table import Table

from edge.affect import CLASSES
from edge.errors import TrainingError
from trainer.compare_scores import REFERENCE, Row
from trainer.cycles import Cycles
from trainer.protocols import PROTOCOLS, one_cycle_per_recording

PAPER_F1: Final = {
    "KNN-man": (81, 70, 74, 87),
    "SVM-man": (80, 70, 74, 88),
    "SVM-xyz": (85, 71, 76, 87),
    "CNN-xyz": (88, 73, 78, 89),
    "AE-xyz": (94, 89, 91, 96),
}
"""Malek-Podjaski & Deligianni 2021, Table I: F1 of angry, happy, neutral, sad in percent, cycles of known people."""
_FIXED: Final = (
    "KNN, SVM and logistic regression choose k or C on inner splits of the training cycles. The networks' settings are "
    "fixed; AE-xyz's were once compared on BML itself (trainer/LOG.md): its rows there are a little optimistic."
)
_HEAD: Final = ("protocol", "method", "accuracy", "95 %", "macro-F1", "95 %", "seeds", f"over {REFERENCE}", "p")


def summary(rows: Sequence[Row]) -> Table:
    """For the terminal: one line for each protocol and method."""
    columns = "protocol", "method", "accuracy", "macro-F1", f"over {REFERENCE}", "p"
    table = Table(*columns, title="Affect, out of fold", caption=_beside(rows[0]), box=SIMPLE)
    for row in rows:
        right, f1 = _short(row.accuracy, row.accuracy_95), _short(row.macro_f1, row.macro_f1_95)
        table.add_row(row.protocol, row.method, right, f1, *_cells(row)[-2:])
    return table


def paper_table(rows: Sequence[Row]) -> Table:
    """For the terminal: the paper's Table I beside ours, F1 of each class in percent."""
    protocols = list(dict.fromkeys(row.protocol for row in rows))
    table = Table("method", "paper, by cycle", *protocols, title=f"F1 of {', '.join(CLASSES)} in percent")
    for cells in _paper_cells(rows, protocols):
        table.add_row(*cells)
    return table


def difference(cycles: Cycles) -> str:
    """Why our figures and the paper's are not the same measurement."""
    n_people = len(set(cycles.subject_N.tolist()))
    ours = f"Ours: {len(cycles)} cycles of {n_people} people from {len(set(cycles.recording_N.tolist()))} recordings."
    paper = "The paper: several cycles of each recording of 30 actors, cut by Singular Spectrum Analysis."
    if one_cycle_per_recording(cycles):
        return (
            f"{ours} {paper} With one cycle of each recording, by_cycle and by_recording are the same, no neighbour of "
            "a tested cycle is ever trained on, and a person's other affects are: knowing the person points to the "
            "wrong affect. The paper's figures are not comparable with these."
        )
    return f"{ours} {paper} Under by_cycle, neighbouring cycles of one recording stand on both sides, as in the paper."


def markdown(rows: Sequence[Row], cycles: Cycles, refused: int, provenance: str) -> str:
    """The whole report."""
    parts = [
        "# Comparison",
        f"{provenance}. {refused} recordings refused.",
        difference(cycles),
        "## Scores",
        _pipes(_HEAD, [_cells(row) for row in rows]),
        _beside(rows[0]),
        _FIXED,
        "Protocols: " + "; ".join(f"{name}: {PROTOCOLS[name][2]}" for name in dict.fromkeys(r.protocol for r in rows)),
        "## The paper's Table I beside ours",
        _paper_pipes(rows),
        "## Each class",
        _pipes(("protocol", "method", "class", "precision", "recall", "F1"), _class_cells(rows)),
        "![confusion](confusion.png)",
    ]
    return "\n\n".join(parts) + "\n"


def draw_confusion(rows: Sequence[Row], path: Path) -> None:
    """One matrix for each protocol and method, as a PNG; shares of each true class; raises TrainingError."""
    figure_of = _matplotlib()
    protocols = list(dict.fromkeys(row.protocol for row in rows))
    methods = list(dict.fromkeys(row.method for row in rows))
    size = (2.1 * len(methods) + 0.8, 2.3 * len(protocols) + 0.4)
    figure = figure_of(figsize=size, layout="constrained")
    axes = figure.subplots(len(protocols), len(methods), squeeze=False)
    for each in axes.flat:
        each.set_axis_off()
    for row in rows:
        _matrix(axes[protocols.index(row.protocol)][methods.index(row.method)], row)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def _matrix(axis: Any, row: Row) -> None:
    axis.set_axis_on()
    shares = [[count / max(sum(line), 1) for count in line] for line in row.confusion]
    axis.imshow(shares, vmin=0, vmax=1, cmap="Blues")
    for at, line in enumerate(shares):
        for to, share in enumerate(line):
            axis.text(to, at, f"{share:.2f}", ha="center", va="center", color="white" if share > 0.6 else "black")
    letters = [name[0] for name in CLASSES]
    axis.set_xticks(range(len(CLASSES)), letters)
    axis.set_yticks(range(len(CLASSES)), letters)
    axis.set_title(f"{row.method}, {row.protocol}", fontsize=8)


def _matplotlib() -> Any:
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415  # drawn last, and only here
    except ImportError as error:
        do = "Run: pip install 'matplotlib>=3.10'; the results are kept."
        raise TrainingError("no matplotlib", "a library to draw confusion matrices with", do) from error
    return Figure


def _cells(row: Row) -> tuple[str, ...]:
    over = "" if row.over_reference is None else f"{row.over_reference:+.3f}"
    p = "" if row.p is None else f"{row.p:.3f}"
    seeds = f"{min(row.of_seeds):.3f} to {max(row.of_seeds):.3f}" if len(row.of_seeds) > 1 else "one"
    right = (f"{row.accuracy:.3f}", _between(row.accuracy_95))
    f1 = (f"{row.macro_f1:.3f}", _between(row.macro_f1_95))
    return (row.protocol, row.method, *right, *f1, seeds, over, p)


def _beside(row: Row) -> str:
    return (
        f"Majority class {row.majority:.2f}, chance {row.chance:.2f}; n = {row.n} cycles of {row.n_people} people; "
        f"{len(row.of_seeds)} seed(s), pooled; intervals resample people; seeds: least and largest macro-F1 of a seed; "
        f"p: corrected resampled t-test of the accuracy against {REFERENCE} (Nadeau & Bengio 2003)."
    )


def _paper_cells(rows: Sequence[Row], protocols: Sequence[str]) -> list[tuple[str, ...]]:
    ours = {(row.method, row.protocol): _percent([100 * f1 for f1 in row.f1.values()]) for row in rows}
    methods = dict.fromkeys((*PAPER_F1, *(row.method for row in rows)))
    return [
        (name, _percent(PAPER_F1.get(name, ())), *(ours.get((name, protocol), "-") for protocol in protocols))
        for name in methods
    ]


def _paper_pipes(rows: Sequence[Row]) -> str:
    protocols = list(dict.fromkeys(row.protocol for row in rows))
    head = ("method", "paper, by cycle", *protocols)
    return f"F1 of {', '.join(CLASSES)} in percent.\n\n" + _pipes(head, _paper_cells(rows, protocols))


def _class_cells(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    return [
        (row.protocol, row.method, name, *(f"{part[name]:.3f}" for part in (row.precision, row.recall, row.f1)))
        for row in rows
        for name in CLASSES
    ]


def _percent(values: Sequence[float]) -> str:
    return "/".join(f"{value:.0f}" for value in values) or "-"


def _short(value: float, ends: tuple[float, float]) -> str:
    return f"{value:.2f} ({ends[0]:.2f}-{ends[1]:.2f})"


def _between(ends: tuple[float, float]) -> str:
    return f"{ends[0]:.3f} to {ends[1]:.3f}"


def _pipes(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rule = ["---"] * len(head)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *lines))
