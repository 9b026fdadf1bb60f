"""Pictures of an explanation: heat maps, and curves of what happens when landmarks are taken away.

Promises: one scale for all affects of a picture; the same findings give the same picture; an affect without a map is
an empty panel that says why. Refuses (TrainingError) a file that cannot be written.

Shape letters: J landmark, T phase.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from scipy.ndimage import uniform_filter1d

from edge.errors import TrainingError
from edge.gait.skeleton import (
    HEAD,
    LANDMARKS,
    LEFT_ANKLE,
    LEFT_ELBOW,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    LEFT_WRIST,
    NECK,
    RIGHT_ANKLE,
    RIGHT_ELBOW,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
    RIGHT_WRIST,
    ROOT,
    SPINE,
)
from trainer.explain_findings import AffectMap, Curves, Line

COLOURS: Final = "cividis"
"""Reads the same with and without colour vision, and in grey."""
TOP_DOWN: Final = (
    HEAD, NECK, SPINE, ROOT, LEFT_SHOULDER, LEFT_ELBOW, LEFT_WRIST, RIGHT_SHOULDER, RIGHT_ELBOW, RIGHT_WRIST,
    LEFT_HIP, LEFT_KNEE, LEFT_ANKLE, RIGHT_HIP, RIGHT_KNEE, RIGHT_ANKLE,
)  # fmt: skip
_GROUPS_END: Final = (4, 7, 10, 13)
_GREY: Final = "#555555"
_SMOOTH: Final = 4
"""Samples a picture averages over: two strides of the first convolution; the activation map knows steps of 8."""
_LINES: Final = {"by_map": ("#0072B2", "-", "the map's order"), "by_spread": ("#D55E00", "--", "order of spread alone")}


def times_average(map_JT: npt.ArrayLike) -> npt.NDArray[Any]:
    """A map for people to read: its mean is 1 instead of its sum, and it is smoothed around the cycle.

    Smoothed, for strided convolutions leave stripes of two samples in a gradient that mean nothing.
    """
    map_JT = np.asarray(map_JT)
    return uniform_filter1d(map_JT * map_JT.size, _SMOOTH, axis=1, mode="wrap")


def scale_of(maps: Sequence[AffectMap]) -> Normalize:
    """From 0 to all but the highest hundredth, so that one peak does not darken the rest."""
    values = [times_average(each.map_JT).ravel() for each in maps if each.map_JT is not None]
    return Normalize(0.0, float(np.quantile(np.concatenate(values), 0.99)))


def draw_maps(maps: Sequence[AffectMap], title: str, path: Path) -> None:
    """Landmark x phase for each affect, landmarks grouped by limb, contacts marked; raises TrainingError."""
    figure = Figure(figsize=(12.4, 9.4), dpi=130, layout="constrained")
    panels, scale, picture = figure.subplots(2, 2), scale_of(maps), None
    for at, (each, axes) in enumerate(zip(maps, panels.flat, strict=True)):
        axes.set_title(_head(each), fontsize=11, loc="left", pad=8)
        if each.map_JT is None:
            empty(axes, each.reason or "")
            continue
        picture = _heat(axes, each, times_average(each.map_JT), scale, named=at % 2 == 0)
    if picture is not None:
        bar = figure.colorbar(picture, ax=panels, shrink=0.6, pad=0.015, extend="max")
        bar.set_label("importance, times the map's average", fontsize=9)
        bar.outline.set_visible(False)
    figure.suptitle(title, fontsize=12.5, weight="bold", x=0.01, ha="left")
    save(figure, path)


def draw_curves(deletion: Curves, insertion: Curves, path: Path) -> None:
    """Accuracy and logit over landmarks removed, and given; raises TrainingError."""
    figure = Figure(figsize=(11.4, 7.2), dpi=130, layout="constrained")
    panels = figure.subplots(2, 2, sharex=True, sharey="row")
    for column, told in enumerate((deletion, insertion)):
        _curve(panels[0][column], told, "accuracy")
        _curve(panels[1][column], told, "logit")
        verb = "removed" if told.kind == "deletion" else "given, all others removed"
        panels[0][column].set_title(f"{told.kind.capitalize()}: landmarks {verb}", fontsize=11, loc="left")
        panels[1][column].set_xlabel(f"landmarks {verb}", fontsize=9)
    panels[0][0].set_ylabel("accuracy", fontsize=9)
    panels[1][0].set_ylabel("logit of the true affect, centred", fontsize=9)
    figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False,
                  fontsize=9)  # fmt: skip
    who = f"{deletion.n_cycles} cycles of {deletion.n_people} people, each in the order of its own affect's map"
    figure.suptitle(f"What taking landmarks away does: {who}", fontsize=12.5, weight="bold", x=0.01, ha="left")
    save(figure, path)


def save(figure: Figure, path: Path) -> None:
    """Write a PNG without a date or a version in it; raises TrainingError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="png", metadata={"Software": None})
    except OSError as error:
        found = f"no way to write {path} ({error.strerror})"
        raise TrainingError(found, "a file to write", "Choose another folder for --out.") from error


def empty(axes: Axes, reason: str) -> None:
    """A panel that says why it is empty."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, f"no map: {reason}", ha="center", va="center", fontsize=9, color=_GREY, wrap=True,
              transform=axes.transAxes)  # fmt: skip


def words(landmark: int) -> str:
    """A landmark's name as people write it."""
    return LANDMARKS[landmark].replace("_", " ")


def _head(each: AffectMap) -> str:
    return f"{each.affect}: {each.n_right} of {each.n_labelled} cycles judged right"


def _heat(axes: Axes, each: AffectMap, times_JT: npt.NDArray[Any], scale: Normalize, named: bool) -> Any:
    n_rows = len(TOP_DOWN)
    picture = axes.imshow(times_JT[list(TOP_DOWN)], aspect="auto", cmap=COLOURS, norm=scale, extent=(0, 100, n_rows, 0))
    axes.set_yticks(np.arange(n_rows) + 0.5, [words(at) for at in TOP_DOWN] if named else [""] * n_rows, fontsize=9)
    axes.set_xticks(range(0, 100, 20), [f"{at} %" for at in range(0, 100, 20)], fontsize=8.5)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for row in _GROUPS_END:
        axes.axhline(row, color="white", linewidth=1.6)
    left = 100 * (each.left_contact or 0.0)
    axes.axvline(left, color="white", linewidth=1.1, linestyle=(0, (4, 3)))
    for at, name, side in ((0, "right contact", "left"), (left, "left contact", "center")):
        axes.annotate(name, (at, n_rows), (0, -20), textcoords="offset points", ha=side, va="top", fontsize=8.5,
                      color=_GREY, annotation_clip=False)  # fmt: skip
    return picture


def _curve(axes: Axes, told: Curves, figure: str) -> None:
    def of(line: Line) -> list[float]:
        return list(getattr(line, figure))

    steps = range(len(of(told.by_map)))
    axes.fill_between(steps, of(told.random_low), of(told.random_high), color="#cccccc", linewidth=0,
                      label=f"{told.n_orders} random orders, 95 % of them")  # fmt: skip
    axes.plot(steps, of(told.random), color=_GREY, linewidth=1.4, label="random orders, mean")
    for name, (colour, style, label) in _LINES.items():
        axes.plot(steps, of(getattr(told, name)), color=colour, linestyle=style, linewidth=2.0, label=label)
    area = told.area_accuracy if figure == "accuracy" else told.area_logit
    between = "" if area.low is None else f" ({area.low:+.3f} to {area.high:+.3f} over people)"
    axes.text(0.98, 0.96, f"area to random {area.value:+.3f}{between}", transform=axes.transAxes, ha="right", va="top",
              fontsize=8.5, color=_GREY)  # fmt: skip
    axes.set_xlim(0, steps[-1])
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8.5)
    axes.margins(y=0.14)
