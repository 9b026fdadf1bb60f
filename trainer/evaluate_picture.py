"""One bundle's evaluation as a picture: is it honest, what is abstaining worth, what does it mix up?

Promises: drawn from the figures of the JSON alone; the same figures give the same picture; counts stand beside every
share. Refuses (TrainingError) to draw without matplotlib.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.stats import binomtest

from edge.affect import CLASSES
from trainer.evaluate_bundle import Evaluation
from trainer.picture import BLUE, GREEN, GREY, INK, ORANGE, PALE, drawing, write_png
from trainer.risk_coverage import RiskCoverage, ideal_curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DARK: Final = 0.55


def draw_evaluation(found: Evaluation, out: Path) -> None:
    """Write the picture as PNG; raises TrainingError."""
    with drawing() as figure_of:
        figure = figure_of(figsize=(13.5, 4.9), layout="constrained")
        grid = figure.add_gridspec(2, 3, height_ratios=(4, 1), width_ratios=(1, 1.15, 1.05))
        _reliability(figure.add_subplot(grid[0, 0]), found)
        _counts(figure.add_subplot(grid[1, 0]), found)
        _risk_coverage(figure.add_subplot(grid[:, 1]), found)
        _confusion(figure.add_subplot(grid[:, 2]), found)
        figure.suptitle(
            f"{found.bundle} on {found.data}: {found.n} cycles of {found.n_people} people", x=0.01, ha="left"
        )
        write_png(figure, out)


def _reliability(axes: "Axes", found: Evaluation) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1)
    axes.annotate("honest", (0.1, 0.1), (0.1, 0.13), color=GREY, rotation=45, rotation_mode="anchor")
    for each in found.reliability:
        interval = binomtest(round(each.accuracy * each.n), each.n).proportion_ci(method="wilson")
        axes.bar(each.low, each.accuracy, each.high - each.low, align="edge", color=BLUE, alpha=0.22, edgecolor="white")
        axes.plot([each.confidence] * 2, [interval.low, interval.high], color=BLUE, linewidth=1.4)
    confidence, accuracy = ([getattr(each, name) for each in found.reliability] for name in ("confidence", "accuracy"))
    axes.plot(confidence, accuracy, "o-", color=BLUE, markersize=5, linewidth=1.2)
    ece = "nothing answered" if found.ece is None else f"calibration error {found.ece:.3f}"
    axes.set(xlim=(0, 1), ylim=(0, 1), ylabel="share right", title=f"Reliability, answered: {ece}")
    axes.tick_params(labelbottom=False)


def _counts(axes: "Axes", found: Evaluation) -> None:
    for each in found.reliability:
        middle = (each.low + each.high) / 2
        axes.bar(each.low, each.n, each.high - each.low, align="edge", color=PALE, edgecolor="white")
        axes.annotate(str(each.n), (middle, each.n), (0, 2), textcoords="offset points", ha="center", fontsize=8)
    most = max((each.n for each in found.reliability), default=1)
    axes.set(
        xlim=(0, 1), ylim=(0, 1.35 * most), xlabel="confidence: largest posterior (bars: Wilson 95 %)", ylabel="cycles"
    )
    axes.set_yticks([])


def _risk_coverage(axes: "Axes", found: Evaluation) -> None:
    first = found.risk_coverage
    coverage, risk = ideal_curve(first.aurc_random, found.n)
    axes.plot(coverage, risk, color=GREEN, linestyle="-.", linewidth=1.3, label=f"ideal: area {first.aurc_ideal:.3f}")
    axes.axhline(first.aurc_random, color=GREY, linestyle="--", linewidth=1.1,
                 label=f"random: area {first.aurc_random:.3f}")  # fmt: skip
    _curve(axes, first, BLUE, "-", "by largest posterior")
    _curve(axes, found.risk_coverage_ood, ORANGE, (0, (5, 1.5)), "by strangeness")
    if found.accuracy is not None:
        axes.plot(1 - found.abstained, 1 - found.accuracy, "D", color=INK, markersize=7, zorder=5, clip_on=False,
                  label=f"the device: answers {1 - found.abstained:.0%}, {1 - found.accuracy:.0%} wrong")  # fmt: skip
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="coverage: share of cycles answered", ylabel="risk: share wrong of these",
             title="What abstaining is worth")  # fmt: skip
    axes.legend(loc="upper left", frameon=False, fontsize=8)


def _curve(axes: "Axes", curve: RiskCoverage, colour: str, line: object, by: str) -> None:
    coverage, risk = ([getattr(point, name) for point in curve.points] for name in ("coverage", "risk"))
    axes.plot(coverage, risk, color=colour, linestyle=line, linewidth=2, label=f"{by}: area {curve.aurc:.3f}")


def _confusion(axes: "Axes", found: Evaluation) -> None:
    names = (*CLASSES, "abstained")
    count_KA = np.array([[found.confusion[label][name] for name in names] for label in CLASSES])
    share_KA = count_KA / np.maximum(count_KA.sum(axis=1, keepdims=True), 1)
    axes.imshow(share_KA, vmin=0, vmax=1, cmap="Blues")
    for at, to in np.ndindex(share_KA.shape):
        colour = "white" if share_KA[at, to] > _DARK else INK
        axes.text(to, at - 0.08, f"{share_KA[at, to]:.0%}", ha="center", va="center", color=colour)
        axes.text(to, at + 0.24, str(count_KA[at, to]), ha="center", va="center", color=colour, fontsize=7)
    axes.axvline(len(CLASSES) - 0.5, color="white", linewidth=4)
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(CLASSES)), CLASSES)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    f1 = "-" if found.macro_f1 is None else f"{found.macro_f1:.3f}"
    axes.set(xlabel="answer", ylabel="label", title=f"Confusion: macro-F1 of the answered {f1}")
