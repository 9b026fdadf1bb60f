"""The report as one HTML file: nothing in it asks for anything, on any host, and nothing in it runs.

Promises: charts are drawn inside (SVG), with the table of the same numbers below each; the style is inside, known to
the policy by its hash; the policy allows nothing else, so not even a household's note could do more than be read. It
prints on A4, and the same diary gives the same bytes. Refuses scripts, forms, frames, pictures and fonts from anywhere.
"""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from edge.review import figures, sheet
from edge.review.figures import Figure, Table
from edge.review.history import History
from edge.review.report import PlaceReport
from edge.review.sheet import Sheet
from edge.review.views import days_view, parts_view
from edge.review.words import Words

STYLE: Final = Path(__file__).with_name("templates") / "report.css"


class Page(msgspec.Struct, frozen=True):
    """One place: its sheet, its weeks as a table, and its charts."""

    sheet: Sheet
    weeks: Table
    figures: tuple[Figure, ...]


def report_html(history: History, words: Words, software: str, place: str | None = None) -> bytes:
    """The whole file. ``place`` None: all of them; of an empty diary it says that it is."""
    places = [one for one in history.report.places if place in (None, one.place)]
    pages = [_page(one, history, words, n) for n, one in enumerate(places, start=1)]
    style = STYLE.read_text(encoding="utf-8")
    text = (
        _environment()
        .get_template("report.html")
        .render(
            w=words,
            _=words.say,
            pages=pages,
            title=_title(pages, words),
            is_demo=history.report.kind == "demo",
            software=software,
            style=style,
            policy=policy_of(style),
            limits=sheet.limits(words),
        )
    )
    return text.encode()


def policy_of(style: str) -> str:
    """Nothing but this very style."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _title(pages: Sequence[Page], words: Words) -> str:
    if len(pages) == 1:
        return f"{pages[0].sheet.title}, {pages[0].sheet.span}"
    return words.say("Mood trends by place") if pages else words.say("The diary is empty")


def _page(place: PlaceReport, history: History, words: Words, n: int) -> Page:
    told = sheet.sheet_of(place, history, words)
    weeks = Table(words.say("Week by week"), told.head, tuple(line.cells for line in told.weeks))
    return Page(told, weeks, tuple(_figures(place, history, words, f"place{n}", is_told=not told.untold)))


def _figures(place: PlaceReport, history: History, words: Words, name: str, *, is_told: bool) -> list[Figure]:
    first, last = place.days[0].day, place.days[-1].day
    parts = parts_view(place, len(place.weeks))
    labels = [words.short_day(part.first) for part in parts]
    minutes = figures.minutes_figure(parts, labels, words, f"{name}-minutes")
    if not is_told:
        return [minutes]
    trends = [
        figures.days_figure(days_view(place, history, first, last, quantity), words, f"{name}-{quantity}")
        for quantity in ("valence", "arousal")
    ]
    return [*trends, figures.moods_figure(parts, labels, words, f"{name}-moods"), minutes]


@cache
def _environment() -> Environment:
    env = Environment(
        loader=PackageLoader("edge.review", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["drawn"] = Markup
    return env
