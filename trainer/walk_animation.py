"""Walks side by side, from the side and from the front, each at its own pace.

Promises: one scale for all walks and both views; every walk takes its own duration; feet stand on one floor line,
and the floor moves under them at the mean speed of the foot that stands; left and right are told apart by colour and
line, in colours that people with any colour vision tell apart. Refuses (TrainingError) to draw without matplotlib.

Shape letters: P picture, T sample of a cycle, J landmark, C coordinate, X corner, A ankle.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from edge.gait.normalise import resample_periodic
from edge.gait.skeleton import BODY_BONES, HEAD, LANDMARKS, LEFT_ANKLE, LEFT_WRIST, RIGHT_ANKLE, RIGHT_WRIST
from trainer.animation_file import FRAMES_HZ, Picture
from trainer.picture import BLUE, GREY, INK, ORANGE, PALE, drawing

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS: Final = {"left": BLUE, "right": ORANGE, "": INK}
_LINES: Final[dict[str, Any]] = {"left": (0, (3.2, 1.0)), "right": "-", "": "-"}
_VIEWS: Final = (("right side", 2), ("front", 0))
_HALF_WIDTH_M, _FLOOR_M, _TOP_M = 0.72, -0.12, 1.86
_HEAD_M: Final = 0.095
_TICK_M: Final = 0.36
_INCHES_PER_M: Final = 1.5
_HEADER_IN, _FOOTER_IN = 1.15, 0.52
_LINE_IN: Final = 0.165
_DPI: Final = 100
_STRONG, _PLAIN = "#FFF4D6", "white"
_Floats = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, repr=False)
class Panel:
    """One walk and what stands above it; ``strong`` marks the one it is all about."""

    title: str
    lines: tuple[str, ...]
    x_TJC: _Floats
    duration_s: float
    strong: bool = False

    def ground_m(self) -> float:
        """Height of the lowest ankle."""
        return float(self.x_TJC[:, [LEFT_ANKLE, RIGHT_ANKLE], 1].min())

    def speed_m_s(self) -> float:
        """Mean speed at which the lower ankle goes backwards: that of the floor."""
        ankles = self.x_TJC[:, [LEFT_ANKLE, RIGHT_ANKLE]]
        step_TA = np.roll(ankles[..., 2], -1, axis=0) - ankles[..., 2]
        standing_T = ankles[..., 1].argmin(axis=1)
        return -float(step_TA[np.arange(len(step_TA)), standing_T].mean()) * len(step_TA) / self.duration_s

    def at(self, t_s: float) -> _Floats:
        """The landmarks (J, C) ``t_s`` after a right contact."""
        at = (t_s / self.duration_s) % 1.0 * len(self.x_TJC)
        return np.asarray(resample_periodic(self.x_TJC, np.array([at]))[0])


def pictures_of(panels: Sequence[Panel], heading: str, footer: str, seconds: float) -> list[Picture]:
    """FRAMES_HZ pictures a second (H, W, 3); raises TrainingError."""
    with drawing() as figure_of:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415

        width_m, height_m = 2 * _HALF_WIDTH_M * len(panels), 2 * (_TOP_M - _FLOOR_M)
        size = width_m * _INCHES_PER_M, height_m * _INCHES_PER_M + _HEADER_IN + _FOOTER_IN
        figure = figure_of(figsize=size, dpi=_DPI)
        canvas = FigureCanvasAgg(figure)
        movers = [mover for column, panel in enumerate(panels) for mover in _column(figure, column, panel, len(panels))]
        _words(figure, heading, footer)
        canvas.draw()
        still = canvas.copy_from_bbox(figure.bbox)
        return [_picture(canvas, still, movers, at / FRAMES_HZ) for at in range(round(seconds * FRAMES_HZ))]


@dataclass(frozen=True, slots=True)
class _Mover:
    """Artists of one panel and view, and how they move."""

    axes: "Axes"
    artists: "Sequence[Artist]"
    move: Callable[[float], None]


def _picture(canvas: Any, still: Any, movers: Sequence[_Mover], t_s: float) -> Picture:
    canvas.restore_region(still)
    for mover in movers:
        mover.move(t_s)
        for artist in mover.artists:
            mover.axes.draw_artist(artist)
    return np.array(canvas.buffer_rgba())[..., :3]


def _words(figure: "Figure", heading: str, footer: str) -> None:
    width_in, height_in = figure.get_size_inches()
    figure.text(0.012, 1 - 0.13 / height_in, heading, fontsize=12.5, weight="bold", va="top", color=INK)
    figure.text(0.012, 0.1 / height_in, footer, fontsize=8, va="bottom", color=GREY, linespacing=1.35)
    for at, (side, words) in enumerate((("left", "walker's left"), ("right", "walker's right"))):
        x, y = 1 - (2.6 - 1.32 * at) / width_in, 1 - 0.23 / height_in
        figure.add_artist(_line([x, x + 0.3 / width_in], [y, y], side, transform=figure.transFigure))
        figure.text(x + 0.37 / width_in, y, words, fontsize=8.5, va="center", color=INK)


def _column(figure: "Figure", column: int, panel: Panel, n_columns: int) -> list[_Mover]:
    height_in = figure.get_size_inches()[1]
    view_height = (_TOP_M - _FLOOR_M) * _INCHES_PER_M / height_in
    movers = []
    for row, (view, across) in enumerate(_VIEWS):
        bottom = _FOOTER_IN / height_in + (1 - row) * view_height
        axes = figure.add_axes((column / n_columns, bottom, 1 / n_columns, view_height))
        axes.set(xlim=(-_HALF_WIDTH_M, _HALF_WIDTH_M), ylim=(_FLOOR_M, _TOP_M), aspect="equal")
        axes.axis("off")
        if panel.strong:
            _tint(axes)
        movers.append(_view(axes, panel, across))
        if row == 0:
            _title(axes, panel)
        if column == 0:
            axes.text(-_HALF_WIDTH_M + 0.04, 0.07, view, fontsize=8, color=GREY, rotation=90, va="bottom")
    return movers


def _tint(axes: "Axes") -> None:
    from matplotlib.patches import Rectangle  # noqa: PLC0415

    box = Rectangle((0.02, 0.0), 0.96, 1.0, transform=axes.transAxes, facecolor=_STRONG, edgecolor="none", zorder=-1)
    axes.add_patch(box)


def _title(axes: "Axes", panel: Panel) -> None:
    line = _LINE_IN / ((_TOP_M - _FLOOR_M) * _INCHES_PER_M)
    for number, words in enumerate(reversed(panel.lines)):
        axes.text(0.06, 1.015 + line * number, words, transform=axes.transAxes, fontsize=9,
                  color=INK if panel.strong else GREY)  # fmt: skip
    axes.text(0.06, 1.025 + line * len(panel.lines), panel.title, transform=axes.transAxes, fontsize=10.5,
              weight="bold", color=INK)  # fmt: skip


def _view(axes: "Axes", panel: Panel, across: int) -> _Mover:
    ground_m = panel.ground_m()
    for landmark, side in ((LEFT_WRIST, "left"), (LEFT_ANKLE, "left"), (RIGHT_WRIST, "right"), (RIGHT_ANKLE, "right")):
        loop_TC = np.concatenate([panel.x_TJC[:, landmark], panel.x_TJC[:1, landmark]])
        axes.plot(loop_TC[:, across], loop_TC[:, 1] - ground_m, color=_COLOURS[side], alpha=0.4, linewidth=1.1)
    edge_m = _HALF_WIDTH_M - 0.06
    axes.plot([-edge_m, edge_m], [-0.035, -0.035], color=PALE, linewidth=1.6, solid_capstyle="butt")
    (ticks,) = axes.plot([], [], color=GREY, linewidth=1.0, animated=True)
    bones = [axes.add_line(_line([], [], _side(child), animated=True)) for child, _ in BODY_BONES]
    (head,) = axes.fill(
        [], [], facecolor=_STRONG if panel.strong else _PLAIN, edgecolor=INK, linewidth=1.6, animated=True
    )
    speed_m_s, angle_X = panel.speed_m_s(), np.linspace(0.0, 2 * np.pi, 33)
    circle_X2 = np.stack([np.cos(angle_X), np.sin(angle_X)], axis=1)

    def move(t_s: float) -> None:
        x_JC = panel.at(t_s)
        for line, (child, parent) in zip(bones, BODY_BONES, strict=True):
            line.set_data(x_JC[[parent, child], across], x_JC[[parent, child], 1] - ground_m)
        middle = x_JC[HEAD]
        head.set_xy(_HEAD_M * circle_X2 + (middle[across], middle[1] - ground_m))
        if across == 2:
            ticks.set_data(*_ticks(-speed_m_s * t_s, edge_m))

    return _Mover(axes, [ticks, *bones, head], move)


def _ticks(moved_m: float, edge_m: float) -> tuple[list[float], list[float]]:
    """Short strokes on the floor, moved; broken lines are parted by not-a-number."""
    first_m = moved_m % _TICK_M - _TICK_M * (1 + int(edge_m / _TICK_M))
    places = [at for at in np.arange(first_m, edge_m, _TICK_M) if -edge_m <= at]
    across = [value for at in places for value in (at, max(at - 0.035, -edge_m), np.nan)]
    return across, [-0.035, -0.075, np.nan] * len(places)


def _line(x: Sequence[float], y: Sequence[float], side: str, **more: Any) -> Any:
    from matplotlib.lines import Line2D  # noqa: PLC0415

    return Line2D(x, y, color=_COLOURS[side], linestyle=_LINES[side], linewidth=2.3, solid_capstyle="round", **more)


def _side(landmark: int) -> str:
    return LANDMARKS[landmark].partition("_")[0] if "_" in LANDMARKS[landmark] else ""
