"""An A4 page set with matplotlib: lines broken by the font's own widths, a cursor that goes down.

Promises: lengths are points from the page's top left; text stays text (TrueType, searchable, to be copied); what is
not in the font becomes a box, and nothing in a household's note is read as a formula. Refuses to set a line beyond the
page's width; whether all of it fits in height the caller finds out with `n_lines`.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import FT2Font
from matplotlib.patches import Rectangle

from edge.review.svg import INK, MUTED

WIDTH: Final = 595.28
HEIGHT: Final = 841.89
MARGIN: Final = 42.0
INNER: Final = WIDTH - 2 * MARGIN
LEADING: Final = 1.32
FAMILY: Final = "DejaVu Sans"


class Paper:
    """One page; ``y`` is how far down the next line begins."""

    def __init__(self) -> None:
        self.figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72))
        self.y = MARGIN

    def say(
        self,
        text: str,
        size: float = 8.5,
        *,
        bold: bool = False,
        colour: str = INK,
        x: float = MARGIN,
        width: float = INNER,
        gap: float = 0.0,
    ) -> None:
        """A paragraph at the cursor, which then stands below it and ``gap``."""
        for line in lines_of(text, width, size, bold):
            self.put(line, x, self.y, size, bold=bold, colour=colour)
            self.y += size * LEADING
        self.y += gap

    def put(
        self, text: str, x: float, y: float, size: float, *, bold: bool = False, colour: str = INK, ha: str = "left"
    ) -> None:
        """One line whose top is at ``y``; the cursor stays."""
        weight = "bold" if bold else "normal"
        self.figure.text(
            x / WIDTH,
            1 - (y + size * 0.93) / HEIGHT,
            settable(text, bold),
            fontsize=size,
            color=colour,
            fontweight=weight,
            ha=ha,
            va="baseline",
            parse_math=False,
        )

    def box(
        self, x: float, y: float, width: float, height: float, colour: str, hatch: str = "", *, outlined: bool = False
    ) -> None:
        """A filled rectangle under what is set."""
        look: dict[str, Any] = {
            "facecolor": colour,
            "edgecolor": INK if hatch or outlined else "none",
            "linewidth": 0.25,
            "hatch": hatch,
        }
        corner = (x / WIDTH, 1 - (y + height) / HEIGHT)
        self.figure.add_artist(Rectangle(corner, width / WIDTH, height / HEIGHT, zorder=0, **look))

    def rule(self) -> None:
        """A thin line over the inner width."""
        self.box(MARGIN, self.y, INNER, 0.6, "#b9c2cb")

    def axes(self, y: float, height: float, left: float = 34.0) -> Axes:
        """Axes over the inner width, ``left`` of it kept for the scale."""
        at = ((MARGIN + left) / WIDTH, 1 - (y + height) / HEIGHT, (INNER - left) / WIDTH, height / HEIGHT)
        return self.figure.add_axes(at)

    def heading(self, text: str, x: float = MARGIN, width: float = INNER) -> None:
        """A small heading."""
        self.say(text, 9.0, bold=True, colour="#08365f", x=x, width=width, gap=1.5)

    def small(self, texts: Sequence[str], size: float = 7.0, x: float = MARGIN, width: float = INNER) -> None:
        """Paragraphs in small type."""
        for text in texts:
            self.say(text, size, colour=MUTED, x=x, width=width, gap=1.2)


def lines_of(text: str, width: float, size: float, bold: bool = False) -> list[str]:
    """The text broken at spaces (a word that is too long: anywhere) so that no line is wider than ``width`` points."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if text_width(longer, size, bold) <= width:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        while text_width(word, size, bold) > width:
            n = next(n for n in range(len(word) - 1, 0, -1) if n == 1 or text_width(word[:n], size, bold) <= width)
            lines[-1], word = word[:n], word[n:]
            lines.append("")
        lines[-1] = word
    return lines


def shortened(text: str, width: float, size: float) -> str:
    """One line, with an ellipsis where it was longer."""
    if text_width(text, size) <= width:
        return text
    return f"{lines_of(text, width - text_width('…', size), size)[0]}…"


def n_lines(texts: Sequence[str], width: float, size: float) -> int:
    """How many lines these paragraphs take."""
    return sum(len(lines_of(text, width, size)) for text in texts)


def text_width(text: str, size: float, bold: bool = False) -> float:
    """In points; pairs are not kerned, which would make it a hair narrower."""
    return size * sum(_advance(c, bold) for c in settable(text, bold))


def settable(text: str, bold: bool = False) -> str:
    """The text with a box for what the font does not have."""
    known = _known(bold)
    return "".join(c if ord(c) in known else "□" for c in text)


@cache
def _font(bold: bool) -> FT2Font:
    return get_font(findfont(FontProperties(family=[FAMILY], weight="bold" if bold else "normal")))


@cache
def _known(bold: bool) -> frozenset[int]:
    return frozenset(_font(bold).get_charmap())


@cache
def _advance(character: str, bold: bool) -> float:
    """In units of the size. Measuring whole lines is a hundred times slower, for they are rendered."""
    font = _font(bold)
    font.set_size(100.0, 72)
    return float(font.load_char(ord(character)).linearHoriAdvance) / 65536 / 100.0
