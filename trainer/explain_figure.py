"""A walking stick figure whose joints show what the model looks at: a row an affect, moments of the mean walk.

Promises: colour and size of a joint tell the same number, on one scale for all rows (moments have one, whole cycles,
which are flatter, another); proportions are true, feet stand on one ground line, the walker's left is dashed. Refuses
what ``stick_figure`` and ``explain_pictures`` refuse.

Shape letters: J landmark, T phase, C coordinate.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from edge.gait.skeleton import LANDMARKS, LEFT_ANKLE, RIGHT_ANKLE
from trainer.explain_findings import AffectMap
from trainer.explain_pictures import COLOURS, empty, save, scale_of, times_average
from trainer.stick_figure import draw_figure

N_MOMENTS: Final = 6
_LEGEND: Final = (
    "Mean walk of the cycles judged right. Colour and size of a joint: its importance. Dashed: the walker's left."
)
_STEP_M, _WHOLE_M, _LEFT_M = 1.12, 1.45, 1.15
_LOW_M, _HIGH_M = -0.26, 1.92
_GREY: Final = "#555555"
_BONES: Final = {"left": "#b5b5b5", "right": "#7d7d7d", "": "#9a9a9a"}
_LEAST, _MOST = 14.0, 270.0
_INCHES_PER_M: Final = 1.28
Floats = npt.NDArray[Any]


def draw_walk(maps: Sequence[AffectMap], walks_TJC: Mapping[str, Floats], title: str, path: Path) -> None:
    """The walking figures as a PNG; raises TrainingError."""
    width_m = _LEFT_M + (N_MOMENTS - 1) * _STEP_M + _WHOLE_M + 0.7
    height_m = _HIGH_M - _LOW_M
    size = (width_m * _INCHES_PER_M + 1.0, height_m * len(maps) * _INCHES_PER_M + 0.7)
    figure = Figure(figsize=size, dpi=120)
    panels = figure.subplots(len(maps), 1, squeeze=False)[:, 0]
    figure.subplots_adjust(left=0.01, right=1 - 1.0 / size[0], bottom=0.01, top=1 - 0.7 / size[1], hspace=0.02)
    scales = scale_of(maps), _whole_scale(maps)
    for each, axes in zip(maps, panels, strict=True):
        axes.set(xlim=(-_LEFT_M, width_m - _LEFT_M), ylim=(_LOW_M, _HIGH_M), aspect="equal")
        axes.set_axis_off()
        if each.map_JT is None:
            empty(axes, each.reason or "")
        else:
            _row(axes, times_average(each.map_JT), walks_TJC[each.affect], each.left_contact or 0.0, scales)
        axes.text(-_LEFT_M + 0.05, 1.8, each.affect, fontsize=14, weight="bold", va="center")
        axes.text(-_LEFT_M + 0.05, 1.62, f"{each.n_right} of {each.n_labelled}\ncycles right", fontsize=8.5, va="top",
                  color=_GREY)  # fmt: skip
    _colour_bar(figure, scales[0], size, 0.54, "at this moment")
    _colour_bar(figure, scales[1], size, 0.12, "over the whole cycle")
    figure.text(0.012, 1 - 0.25 / size[1], title, fontsize=12.5, weight="bold", va="center")
    figure.text(0.012, 1 - 0.52 / size[1], _LEGEND, fontsize=9, va="center", color=_GREY)
    save(figure, path)


def _whole_scale(maps: Sequence[AffectMap]) -> Normalize:
    return Normalize(
        0.0, max(times_average(each.map_JT).mean(axis=1).max() for each in maps if each.map_JT is not None)
    )


def _row(axes: Axes, times_JT: Floats, x_TJC: Floats, left_contact: float, scales: tuple[Normalize, Normalize]) -> None:
    ground_m = float(x_TJC[:, [LEFT_ANKLE, RIGHT_ANKLE], 1].min())
    for moment in range(N_MOMENTS):
        phase = moment * len(x_TJC) // N_MOMENTS
        at_m = moment * _STEP_M
        _walker(axes, at_m + x_TJC[phase, :, 2], x_TJC[phase, :, 1] - ground_m, _around(times_JT, phase), scales[0])
        _under(axes, at_m, _moment(moment, left_contact))
    last_m = (N_MOMENTS - 1) * _STEP_M
    axes.plot([-0.5, last_m + 0.5], [-0.06, -0.06], color="#cccccc", linewidth=0.9)
    at_m = last_m + _WHOLE_M
    # seen from the front: the walker's left is on the reader's right
    mean_JC = x_TJC.mean(axis=0)
    _walker(axes, at_m + mean_JC[:, 0], mean_JC[:, 1] - ground_m, times_JT.mean(axis=1), scales[1])
    axes.plot([at_m - 0.42, at_m + 0.42], [-0.06, -0.06], color="#cccccc", linewidth=0.9)
    _under(axes, at_m, "whole cycle, from the front")


def _moment(moment: int, left_contact: float) -> str:
    contact = {0: ", right contact", round(left_contact * N_MOMENTS) % N_MOMENTS: ", left contact"}.get(moment, "")
    return f"{100 * moment / N_MOMENTS:.0f} %{contact}"


def _under(axes: Axes, at_m: float, text: str) -> None:
    axes.text(at_m, -0.16, text, ha="center", va="center", fontsize=9, color=_GREY)


def _walker(axes: Axes, across_J: Floats, up_J: Floats, times_J: Floats, scale: Normalize) -> None:
    draw_figure(axes, across_J, up_J, _BONES)
    share_J = np.clip(scale(times_J), 0.0, 1.0)
    # the far (left) side first, and small joints over large ones
    far_J = np.array([LANDMARKS[at].startswith("left") for at in range(len(times_J))])
    order = np.lexsort((-share_J, ~far_J))
    axes.scatter(across_J[order], up_J[order], s=(_LEAST + (_MOST - _LEAST) * share_J)[order], c=times_J[order],
                 cmap=COLOURS, norm=scale, edgecolors="#333333", linewidths=0.6, zorder=3)  # fmt: skip


def _around(times_JT: Floats, phase: int) -> Floats:
    """Mean over the moment's share of the cycle, half before and half after."""
    half = times_JT.shape[1] // (2 * N_MOMENTS)
    return times_JT[:, np.arange(phase - half, phase + half + 1) % times_JT.shape[1]].mean(axis=1)


def _colour_bar(figure: Figure, scale: Normalize, size: tuple[float, float], bottom: float, when: str) -> None:
    axes = figure.add_axes((1 - 0.85 / size[0], bottom, 0.16 / size[0], 0.3))
    bar = figure.colorbar(ScalarMappable(scale, COLOURS), cax=axes, extend="max")
    bar.outline.set_visible(False)
    bar.set_label(f"importance {when}, times the average", fontsize=9)
    bar.ax.tick_params(labelsize=8.5)
