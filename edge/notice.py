"""The note for the door: what a visitor should know before walking in. Printed by ``quietstep notice``.

Promises: one page, readable from two metres, self-contained (no script, no address that a browser would open, no
picture), the same for the same places. Refuses to name anybody: who to ask is left to be written by hand.
"""

from html import escape
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Final

from edge.errors import ConfigError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TITLE: Final = "A camera looks at how people walk here"
_PARAGRAPHS: Final = (
    "It estimates, hour by hour, how the people who pass seem to feel. It is often wrong.",
    "It keeps no pictures, no sound and no names, and it does not know who you are. What it keeps are numbers for each "
    "hour, on a device in this home. It sends nothing.",
    "You do not have to be watched. Say so, and it is paused while you are here:  quietstep pause --guest",
    "It is not for workplaces, schools or diagnosis.",
    "Ask:  ______________________________",
)
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>
@page {{ size: A4; margin: 20mm }}
body {{ font: 20pt/1.45 sans-serif; color: #000; background: #fff; max-width: 170mm; margin: 15mm auto }}
h1 {{ font-size: 38pt; line-height: 1.15 }}
p {{ margin: 0 0 8mm }}
</style></head>
<body><h1>{title}</h1>
{paragraphs}
</body></html>
"""


def paragraphs(places: tuple[str, ...]) -> tuple[str, ...]:
    """What the note says, below its title; ``places`` are those with a camera."""
    where = f"Where: {', '.join(places)}." if places else "Where:  ______________________________"
    return (where, *_PARAGRAPHS)


def write_notice(out: Path, places: tuple[str, ...]) -> None:
    """Write the note as ``.txt``, ``.html`` or ``.pdf``; raises ConfigError for another ending."""
    if out.suffix == ".txt":
        out.write_text("\n\n".join((_TITLE.upper(), *paragraphs(places))) + "\n", encoding="utf-8")
    elif out.suffix == ".html":
        lines = "\n".join(f"<p>{escape(text)}</p>" for text in paragraphs(places))
        out.write_text(_PAGE.format(title=escape(_TITLE), paragraphs=lines), encoding="utf-8")
    elif out.suffix == ".pdf":
        _page(places).savefig(out, format="pdf", metadata={"CreationDate": None, "Title": _TITLE})
    else:
        raise ConfigError(f"the file name {out}", "one that ends in .pdf, .html or .txt", "Choose one of them.")


def _page(places: tuple[str, ...]) -> "Figure":
    # MediaPipe brings matplotlib along; it is slow to load, and nothing else at home needs it.
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError("no matplotlib, which makes the PDF", "it", "Write a .html file and print that.") from error

    page = Figure(figsize=(8.27, 11.69))
    page.text(0.1, 0.93, fill(_TITLE, 24), size=30, weight="bold", va="top", linespacing=1.2)
    top = 0.78
    for text in paragraphs(places):
        lines = fill(text, 54)
        page.text(0.1, top, lines, size=17, va="top", linespacing=1.4)
        top -= 0.034 * (lines.count("\n") + 1) + 0.03
    return page
