"""One door to matplotlib: figures without a display, written whole.

Promises: the same figure gives the same bytes; colours that people with any colour vision tell apart (Okabe & Ito
2008). Refuses (TrainingError), after everything else of a command is written, to draw without matplotlib or to a
place that cannot be written.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge.errors import TrainingError
from trainer.whole_file import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, PINK, SKY, AMBER = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"
INK, GREY, PALE = "#222222", "#6b6b6b", "#d9d9d9"
AFFECT_COLOURS: Final = (ORANGE, AMBER, GREY, BLUE)
"""Angry, happy, neutral, sad."""
AFFECT_MARKERS: Final = ("^", "o", "s", "v")
_STYLE: Final[dict[Any, Any]] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.labelcolor": INK,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "font.size": 9,
}


@contextmanager
def drawing() -> Iterator[type["Figure"]]:
    """The class of an empty figure, in the house's style while the block lasts; raises TrainingError."""
    try:
        from matplotlib import rc_context  # noqa: PLC0415  # drawn last, and only here
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        do = "Run: pip install 'matplotlib>=3.10'; the figures are kept."
        raise TrainingError("no matplotlib", "a library to draw with", do) from error
    with rc_context(_STYLE):
        yield Figure


def write_png(figure: "Figure", path: Path, dpi: int = 130) -> None:
    """Write a figure to ``path``; raises TrainingError."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    write_whole(path, buffer.getvalue())
