"""Stick figures of gait cycles: eight phases from the side and from the front, one row a cycle.

Promises: true proportions, feet on one ground line, left and right told apart by colour and line; the same cycles give
the same picture. Refuses to draw nothing, and says what to install without matplotlib.

Shape letters: T time, J landmark, C coordinate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edge.affect import CLASSES
from edge.errors import TrainingError
from edge.gait.skeleton import BODY_BONES, HEAD, LANDMARKS, LEFT_ANKLE, RIGHT_ANKLE
from trainer.cycles import UNLABELLED, Cycles
from trainer.inspect_summary import NOBODY, UNKNOWN, labels_of

try:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
except ImportError:
    Figure = None  # type: ignore[assignment,misc]

N_PHASES: Final = 8
_STEP_M: Final = 1.05
_BETWEEN_M, _MARGIN_M, _TOP_M = 0.35, 0.7, 0.5
_HEAD_M: Final = 0.09
_LOW_M, _HIGH_M = -0.42, 1.95
_COLOURS: Final = {"left": "#0072B2", "right": "#D55E00", "": "#222222"}
_LINES: Final = {"left": (0, (4, 1)), "right": "-", "": "-"}
_INCHES_PER_M: Final = 0.88
_Floats = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One cycle to draw and what stands beside it."""

    title: str
    caption: str
    x_TJC: _Floats


def rows_of(cycles: Cycles) -> tuple[Row, ...]:
    """For each affect its most typical cycle: the one nearest to the affect's mean cycle."""
    label_N = labels_of(cycles)
    how = "acted" if label_N is cycles.acted_N else "perceived"
    named = [(at, f"{how} {name}") for at, name in enumerate(CLASSES)] + [(UNLABELLED, UNKNOWN)]
    return tuple(_row(title, _typical(cycles.take(label_N == at))) for at, title in named if (label_N == at).any())


def row_of(cycles: Cycles, key: str) -> Row:
    """The cycle with this key; raises TrainingError when there is none."""
    if key not in cycles.key_N:
        from_these = f"a key of a usable cycle, such as {cycles.key_N[0]}" if len(cycles) else "a usable cycle"
        raise TrainingError(f"no cycle {key!r}", from_these, "Look at the keys with --json.")
    cycle = cycles.take(cycles.key_N == key)
    label = int(labels_of(cycles)[cycles.key_N == key][0])
    return _row(UNKNOWN if label == UNLABELLED else CLASSES[label], cycle)


def draw_strips(rows: Sequence[Row], out: Path) -> None:
    """Write the picture as PNG; raises TrainingError."""
    if Figure is None:
        raise TrainingError("no matplotlib", "the library that draws", "Install it: pip install matplotlib.")
    if not rows:
        raise TrainingError("no usable cycle to draw", "one at least", "See what was refused and why.")
    width_m, height_m = (2 * N_PHASES - 1) * _STEP_M + _BETWEEN_M + 2 * _MARGIN_M, _HIGH_M - _LOW_M
    figure = Figure(figsize=(width_m * _INCHES_PER_M, (height_m * len(rows) + _TOP_M) * _INCHES_PER_M), dpi=110)
    all_axes = figure.subplots(len(rows), 1, squeeze=False)[:, 0]
    figure.subplots_adjust(
        left=0.0, right=1.0, bottom=0.0, top=1.0 - _TOP_M / (height_m * len(rows) + _TOP_M), hspace=0.0
    )
    for row, axes in zip(rows, all_axes, strict=True):
        _draw_row(axes, row, width_m)
    _legend(all_axes[0])
    try:
        figure.savefig(out, format="png", metadata={"Software": None})
    except OSError as error:
        found = f"no way to write {out} ({error.strerror})"
        raise TrainingError(found, "a file to write", "Choose another file for --png.") from error


def _typical(cycles: Cycles) -> Cycles:
    away_N = np.square(cycles.x_NTJC - cycles.x_NTJC.mean(axis=0)).mean(axis=(1, 2, 3))
    return cycles.take([int(np.argmin(away_N))])


def _row(title: str, cycle: Cycles) -> Row:
    who = cycle.subject_N[0] or NOBODY
    caption = f"{cycle.source_N[0]}, {who}, {cycle.duration_s_N[0]:.2f} s, {cycle.key_N[0]}"
    return Row(title, caption, cycle.x_NTJC[0])


def _draw_row(axes: "Axes", row: Row, width_m: float) -> None:
    axes.set(xlim=(-_MARGIN_M, width_m - _MARGIN_M), ylim=(_LOW_M, _HIGH_M), aspect="equal")
    axes.axis("off")
    ground_m = float(row.x_TJC[:, [LEFT_ANKLE, RIGHT_ANKLE], 1].min())
    for view, across, first_m in (("right side", 2, 0.0), ("front", 0, N_PHASES * _STEP_M + _BETWEEN_M)):
        for phase in range(N_PHASES):
            x_JC = row.x_TJC[phase * len(row.x_TJC) // N_PHASES]
            at_m = first_m + phase * _STEP_M
            draw_figure(axes, at_m + x_JC[:, across], x_JC[:, 1] - ground_m)
            axes.text(
                at_m, -0.14, f"{100 * phase / N_PHASES:g} %", ha="center", va="center", fontsize=7, color="#555555"
            )
        last_m = first_m + (N_PHASES - 1) * _STEP_M
        axes.plot([first_m - 0.45, last_m + 0.45], [-0.04, -0.04], color="#bbbbbb", linewidth=0.8)
        axes.text(last_m + 0.45, 1.86, view, ha="right", va="center", fontsize=8, color="#555555")
    axes.text(-0.6, 1.86, row.title, ha="left", va="center", fontsize=10, weight="bold")
    axes.text(1.35, 1.86, row.caption, ha="left", va="center", fontsize=7, color="#555555")


def draw_figure(axes: "Axes", across_J: _Floats, up_J: _Floats, colours: Mapping[str, str] = _COLOURS) -> None:
    """One body seen from one side, (J,) metres across and up; ``colours`` of its left, its right and its middle."""
    for child, parent in BODY_BONES:
        side = LANDMARKS[child].partition("_")[0] if "_" in LANDMARKS[child] else ""
        at = [parent, child]
        axes.plot(across_J[at], up_J[at], color=colours[side], linestyle=_LINES[side], linewidth=1.6,
                  solid_capstyle="round")  # fmt: skip
    angle = np.linspace(0.0, 2 * np.pi, 33)
    axes.plot(across_J[HEAD] + _HEAD_M * np.cos(angle), up_J[HEAD] + _HEAD_M * np.sin(angle), color=colours[""],
              linewidth=1.2)  # fmt: skip


def _legend(axes: "Axes") -> None:
    for side in ("left", "right"):
        axes.plot([], [], color=_COLOURS[side], linestyle=_LINES[side], label=f"the walker's {side}")
    axes.legend(loc="lower right", bbox_to_anchor=(0.995, 1.02), ncols=2, frameon=False, fontsize=8, borderaxespad=0.0)
    axes.text(0.005, 1.05, "share of the cycle since the right contact; figures stand on one ground line", fontsize=8,
              transform=axes.transAxes, color="#555555", va="bottom")  # fmt: skip
