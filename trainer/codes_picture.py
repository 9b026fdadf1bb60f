"""Both codes laid flat by t-SNE, before and after training, coloured by affect and by person.

t-SNE (van der Maaten & Hinton 2008) keeps neighbours and nothing else: sizes and distances of its clusters mean
nothing, and one run is one of many. The seed is fixed and the perplexity follows the number of cycles; read the figures
of ``trainer.codes`` beside it.

In the panels by person a thin line ties each cycle to the middle of its person's: short ties are a person who can
be told, crossing ones a person who cannot, whatever colours one sees.

Promises: the same codes give the same picture. Refuses (TrainingError) to draw without matplotlib.

Shape letters: N cycle, P feature.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from edge.affect import CLASSES
from trainer.codes import AFFECT, SUBJECT, Known
from trainer.cycles import Cycles
from trainer.picture import AFFECT_COLOURS, AFFECT_MARKERS, GREY, INK, drawing, write_png

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]
BEFORE, AFTER = "before training", "after training"
_PERPLEXITY: Final = 30.0
_MAX_COMPONENTS: Final = 50
_SHOWN_PEOPLE: Final = 40
_MANY: Final = 400


def flat(code_NP: Floats, seed: int) -> Floats:
    """(N, P) to (N, 2), each axis within -1 to 1; where all codes are equal, all on one point."""
    n_cycles = len(code_NP)
    if not np.ptp(code_NP, axis=0).any():
        return np.zeros((n_cycles, 2))
    reduced = PCA(min(_MAX_COMPONENTS, n_cycles - 1, code_NP.shape[1]), random_state=seed).fit_transform(code_NP)
    perplexity = min(_PERPLEXITY, max(2.0, (n_cycles - 1) / 5))
    found_N2 = TSNE(2, perplexity=perplexity, init="random", random_state=seed).fit_transform(reduced)
    found_N2 = found_N2 - (found_N2.max(axis=0) + found_N2.min(axis=0)) / 2
    return np.asarray(found_N2 / max(float(np.abs(found_N2).max()), 1e-12), dtype=np.float64)


def draw_codes(
    code_of: Mapping[tuple[str, str], Floats],
    known_of: Mapping[tuple[str, str], Known],
    cycles: Cycles,
    out: Path,
    told: str,
    seed: int = 0,
) -> None:
    """Write the picture; keys are (space, BEFORE or AFTER), ``told`` says of which cycles; raises TrainingError."""
    at_of = {key: flat(code_NP, seed) for key, code_NP in code_of.items()}
    with drawing() as figure_of:
        figure = figure_of(figsize=(15.6, 7.6))
        _headings(figure, told)
        for row, space in enumerate((SUBJECT, AFFECT)):
            for column, when in enumerate((BEFORE, AFTER)):
                axes = _panel(figure, row, column, f"{space}, {when}")
                _by_affect(axes, at_of[space, when], cycles)
                _told(axes, _about_affect(known_of[space, when]))
                axes = _panel(figure, row, column + 2, f"{space}, {when}")
                _by_person(axes, at_of[space, when], cycles)
                _told(axes, _about_person(known_of[space, when]))
        _affect_legend(figure)
        _person_legend(figure, np.unique(cycles.subject_N).tolist())
        write_png(figure, out)


def person_colours(n_people: int) -> list[Any]:
    """A ramp around the hues, light and dark in turn, so that neighbours in the legend differ by both."""
    from matplotlib import colormaps  # noqa: PLC0415

    ramp = [np.array(colormaps["turbo"](0.04 + 0.92 * at / max(n_people - 1, 1))[:3]) for at in range(n_people)]
    return [colour * (0.68 if at % 2 else 1.0) for at, colour in enumerate(ramp)]


def _headings(figure: "Figure", told: str) -> None:
    for x, words in ((0.012, "Coloured by affect"), (0.445, "Coloured by person; ties lead to a person's middle")):
        figure.text(x, 0.972, words, fontsize=13, weight="bold", va="top", color=INK)
    flatly = "t-SNE keeps neighbours only: sizes of clusters and gaps between them mean nothing. "
    measured = f"The figures in the panels are measured in the codes themselves, of {told}."
    figure.text(0.012, 0.012, flatly + measured, fontsize=8.5, color=GREY)


def _panel(figure: "Figure", row: int, column: int, title: str) -> "Axes":
    left = 0.012 + 0.212 * column + (0.009 if column > 1 else 0.0)
    axes = figure.add_axes((left, 0.5 - 0.435 * row, 0.2, 0.385))
    axes.set(xlim=(-1.1, 1.1), ylim=(-1.42, 1.1), xticks=[], yticks=[], title=title[0].upper() + title[1:])
    for spine in axes.spines.values():
        spine.set(visible=True, color="#cccccc")
    return axes


def _by_affect(axes: "Axes", at_N2: Floats, cycles: Cycles) -> None:
    size = _size(len(at_N2))
    for affect, (colour, marker) in enumerate(zip(AFFECT_COLOURS, AFFECT_MARKERS, strict=True)):
        mine = at_N2[cycles.acted_N == affect]
        axes.scatter(mine[:, 0], mine[:, 1], s=size, c=[colour], marker=marker, linewidths=0.4, edgecolors="white")


def _by_person(axes: "Axes", at_N2: Floats, cycles: Cycles) -> None:
    people = np.unique(cycles.subject_N).tolist()
    size, faint = _size(len(at_N2)), 0.45 if len(at_N2) < _MANY else 0.12
    for person, colour in zip(people, person_colours(len(people)), strict=True):
        mine_N = cycles.subject_N == person
        middle = at_N2[mine_N].mean(axis=0)
        for at in at_N2[mine_N]:
            axes.plot([middle[0], at[0]], [middle[1], at[1]], color=colour, linewidth=0.8, alpha=faint, zorder=1)
        for affect, marker in enumerate(AFFECT_MARKERS):
            here = at_N2[mine_N & (cycles.acted_N == affect)]
            axes.scatter(here[:, 0], here[:, 1], s=size, c=[colour], marker=marker, linewidths=0.4, edgecolors="white",
                         zorder=2)  # fmt: skip


def _size(n_cycles: int) -> float:
    return float(np.clip(4500 / n_cycles, 9, 40))


def _told(axes: "Axes", words: str) -> None:
    axes.text(0.02, 0.02, words, transform=axes.transAxes, fontsize=8.2, color=INK, va="bottom", linespacing=1.3)


def _about_affect(known: Known) -> str:
    share = known.affect_of_strangers
    told = "" if share is None else f"affect, from strangers: {share.value:.2f} (chance {share.chance:.2f})"
    return told + _silhouette(known.silhouette_affect)


def _about_person(known: Known) -> str:
    share = known.person_across_affects
    told = "" if share is None else f"person, across affects: {share.value:.2f} (chance {share.chance:.2f})"
    return told + _silhouette(known.silhouette_person)


def _silhouette(value: float | None) -> str:
    return "" if value is None else f"\nsilhouette {value:+.2f}"


def _affect_legend(figure: "Figure") -> None:
    handles = [_dot(colour, marker, name) for colour, marker, name in zip(AFFECT_COLOURS, AFFECT_MARKERS, CLASSES,
                                                                           strict=True)]  # fmt: skip
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.15, 0.985), ncols=4, frameon=False, fontsize=9.5,
                  handletextpad=0.2, columnspacing=1.1)  # fmt: skip


def _person_legend(figure: "Figure", people: Sequence[str]) -> None:
    colours = person_colours(len(people))
    handles = [_dot(colour, "o", name) for colour, name in zip(colours, people[:_SHOWN_PEOPLE], strict=False)]
    if len(people) > _SHOWN_PEOPLE:
        handles.append(_dot("white", "o", f"and {len(people) - _SHOWN_PEOPLE} more"))
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.868, 0.905), ncols=2 if len(people) > 20 else 1,
                  frameon=False, fontsize=8, handletextpad=0.1, columnspacing=0.6, labelspacing=0.62)  # fmt: skip


def _dot(colour: Any, marker: str, label: str) -> Any:
    from matplotlib.lines import Line2D  # noqa: PLC0415

    return Line2D([], [], color=colour, marker=marker, linestyle="", markersize=7, markeredgecolor="white", label=label)
