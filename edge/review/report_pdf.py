"""The report as a PDF that a clinician would file: one A4 page for each place, with all it takes to read it.

Promises: one page a place, whatever is on it (what has no room is counted, never dropped in silence); text as text
(TrueType); the same diary gives the same bytes, for no clock and no machine's name is in it; title and language are
those of the report. Refuses a period that tells no mood a chart: the page says why there is none. It is no tagged PDF,
for matplotlib writes none: who reads by ear takes the HTML.
"""

import io
from collections.abc import Sequence
from typing import Any, Final

import matplotlib as mpl
from matplotlib.backends.backend_pdf import PdfPages

from edge.review.chart_bars import MINUTE_LOOKS
from edge.review.history import History
from edge.review.paper import HEIGHT, INNER, LEADING, MARGIN, WIDTH, Paper, n_lines, shortened
from edge.review.pdf_catalog import with_language
from edge.review.report_chart import draw_trend
from edge.review.sheet import Sheet, sheets_of
from edge.review.svg import LOCK, MUTED, STYLE, VERMILLION
from edge.review.views import Days, days_view
from edge.review.words import Words

PDF_STYLE: Final[Any] = {
    **STYLE,
    "font.size": 7.0,
    "pdf.fonttype": 42,
    "pdf.compression": 6,
    "hatch.linewidth": 0.5,
    "text.parse_math": False,
}
MOST_WEEKS, MOST_MODELS, MOST_NOTES, MOST_ALERTS = 6, 4, 4, 2
GAP: Final = 18.0
HALF: Final = (INNER - GAP) / 2
COLUMNS: Final = (0.0, 50.0, 108.0, 186.0, 280.0, 374.0, 408.0, 446.0, 482.0)
ABSENT: Final = ("#FFFFFF", "..")
CHART_LEAST, CHART_MOST = 120.0, 236.0


def report_pdf(history: History, words: Words, software: str, place: str | None = None) -> bytes:
    """The whole file. ``place`` None: all of them; of an empty diary one page that says so."""
    sheets = sheets_of(history, words, place)
    is_demo = history.report.kind == "demo"
    with LOCK, mpl.rc_context(PDF_STYLE):
        if sheets:
            pages = [_page(s, _days(history, s), words, is_demo=is_demo) for s in sheets]
        else:
            pages = [_empty_page(words, is_demo=is_demo)]
        for n, paper in enumerate(pages, start=1):
            _foot(paper, words, software, n, len(pages))
        title = sheets[0].title if len(sheets) == 1 else words.say("Mood trends by place")
        subject = sheets[0].span if sheets else words.say("The diary is empty")
        return with_language(_bytes(pages, title, subject, software), words.language)


def _bytes(pages: Sequence[Paper], title: str, subject: str, software: str) -> bytes:
    out = io.BytesIO()
    said = {"Title": title, "Subject": subject, "Creator": software, "Author": software, "CreationDate": None}
    with PdfPages(out, metadata=said) as document:
        for paper in pages:
            document.savefig(paper.figure)
    return out.getvalue()


def _days(history: History, sheet: Sheet) -> Days:
    """What the chart shows is what the headline is about."""
    place = history.place(sheet.place)
    assert place is not None
    return days_view(place, history, place.days[0].day, place.days[-1].day, sheet.quantity)


def _page(sheet: Sheet, days: Days, words: Words, *, is_demo: bool) -> Paper:
    paper = Paper()
    _head(paper, sheet, words, is_demo=is_demo)
    _changed(paper, sheet)
    below = Paper()  # measured first: the chart gets what is left of the page
    below.y = 0.0
    _below(below, sheet, words)
    room = HEIGHT - MARGIN - 14 - below.y - paper.y
    if sheet.untold:
        _untold(paper, sheet, words)
    else:
        _chart(paper, days, words, max(CHART_LEAST, min(CHART_MOST, room - 34)))
    _below(paper, sheet, words)
    return paper


def _head(paper: Paper, sheet: Sheet, words: Words, *, is_demo: bool) -> None:
    if is_demo:
        _demo(paper, words)
    paper.say(sheet.title, 16, bold=True, gap=1)
    paper.say(sheet.span, 9, colour=MUTED, gap=5)
    height = 8.2 * LEADING * n_lines([sheet.whose], INNER - 16, 8.2) + 10
    paper.box(MARGIN, paper.y, INNER, height, "#f4efe2")
    paper.y += 5
    paper.say(sheet.whose, 8.2, x=MARGIN + 8, width=INNER - 16)
    paper.y += 9
    by_hand = words.say("Filed for (by hand, only where one person lives here):")
    paper.put(by_hand, MARGIN, paper.y, 7.5, colour=MUTED)
    paper.box(MARGIN + 258, paper.y + 9, INNER - 258, 0.5, "#7b8794")
    paper.y += 18


def _demo(paper: Paper, words: Words) -> None:
    paper.box(MARGIN, paper.y - 3, INNER, 16, "#1c2733")
    demo = words.say("DEMO: a simulated walker, not a home")
    paper.put(demo, MARGIN + 8, paper.y, 8.5, bold=True, colour="white")
    paper.y += 20


def _changed(paper: Paper, sheet: Sheet) -> None:
    top = paper.y
    paper.say(sheet.changed.headline, 11.5, bold=True, x=MARGIN + 10, width=INNER - 10, gap=1)
    if sheet.changed.detail:
        paper.say(sheet.changed.detail, 8.2, x=MARGIN + 10, width=INNER - 10)
    colour = VERMILLION if sheet.changed.weight == "alert" else "#9aa5b1"
    paper.box(MARGIN, top, 3.5, paper.y - top, colour)
    paper.y += 8


def _chart(paper: Paper, days: Days, words: Words, height: float) -> None:
    top = paper.y + 13
    low = 26.0
    value = paper.axes(top, height - low - 38)
    watched = paper.axes(top + height - low - 17, low)
    draw_trend(value, watched, days, words)
    paper.y = top + height + 5
    legend = (
        words.say("Dot and bar: the day's mean and its 95 % interval."),
        words.say("Hatched band: where days of this place usually lie; dashed line: its middle."),
        words.say("Grey bars below: how much of the day was watched; crossed: no mood was told."),
        words.say("A: alert, M: the model changed, N: note."),
    )
    paper.small([" ".join(legend)], 6.6)


def _untold(paper: Paper, sheet: Sheet, words: Words) -> None:
    height = 9 * LEADING * n_lines([sheet.untold], INNER - 20, 9) + 34
    paper.box(MARGIN, paper.y, INNER, height, "#eef1f4")
    paper.y += 8
    heading = words.say("No trend to draw")
    paper.say(heading, 9.5, bold=True, x=MARGIN + 10, width=INNER - 20, gap=2)
    paper.say(sheet.untold, 9, x=MARGIN + 10, width=INNER - 20)
    paper.y += 16


def _below(paper: Paper, sheet: Sheet, words: Words) -> None:
    paper.y += 5
    if not sheet.untold:
        _weeks(paper, sheet, words)
        paper.y += 7
    top = paper.y
    _coverage(paper, sheet, words)
    end, paper.y = paper.y, top
    _sources(paper, sheet, words)
    paper.y = max(end, paper.y) + 5
    paper.rule()
    paper.y += 4
    paper.heading(words.say("How far this can be trusted"))
    paper.small(sheet.limits, 6.8)


def _weeks(paper: Paper, sheet: Sheet, words: Words) -> None:
    paper.heading(words.say("Week by week"))
    for at, end, name in zip(COLUMNS, (*COLUMNS[1:], INNER + 4), sheet.head, strict=True):
        paper.put(shortened(name, end - at - 2, 6.8), MARGIN + at, paper.y, 6.8, colour=MUTED)
    paper.y += 10.5
    paper.rule()
    paper.y += 2
    for line in sheet.weeks[-MOST_WEEKS:]:
        for at, cell in zip(COLUMNS, line.cells, strict=True):
            paper.put(cell, MARGIN + at, paper.y, 7.2)
        paper.y += 10.6
    n_more = len(sheet.weeks) - MOST_WEEKS
    if n_more > 0:
        paper.small(
            [words.count("%(n)s earlier week is in the chart.", "%(n)s earlier weeks are in the chart.", n_more)]
        )


def _coverage(paper: Paper, sheet: Sheet, words: Words) -> None:
    paper.heading(words.say("How much was watched"), width=HALF)
    paper.small(sheet.coverage, 7.2, width=HALF)
    paper.y += 3
    x = MARGIN
    for kind, (colour, hatch) in zip(sheet.kinds, (*MINUTE_LOOKS, ABSENT), strict=True):
        paper.box(x, paper.y, HALF * kind.share, 9, colour, hatch * 2)
        x += HALF * kind.share
    paper.box(MARGIN, paper.y + 9, HALF, 0.5, "#7b8794")
    paper.y += 13
    paper.put(words.say("minutes of each kind"), MARGIN, paper.y, 6.8, colour=MUTED)
    paper.y += 10
    for kind, (colour, hatch) in zip(sheet.kinds, (*MINUTE_LOOKS, ABSENT), strict=True):
        paper.box(MARGIN, paper.y + 1, 9, 6.5, colour, hatch * 2, outlined=True)
        paper.put(kind.name, MARGIN + 14, paper.y, 7.2)
        paper.put(kind.told, MARGIN + HALF, paper.y, 7.2, ha="right")
        paper.y += 9.8


def _sources(paper: Paper, sheet: Sheet, words: Words) -> None:
    x = MARGIN + HALF + GAP
    paper.heading(words.say("The model that judged"), x, HALF)
    _few(paper, sheet.models, MOST_MODELS, words)
    if sheet.other_alerts:
        paper.y += 3
        paper.heading(words.say("Other alerts in this time"), x, HALF)
        _few(paper, sheet.other_alerts, MOST_ALERTS, words)
    paper.y += 3
    paper.heading(words.say("Notes of the household"), x, HALF)
    notes = [shortened(note, HALF, 7.2) for note in sheet.notes] or [words.say("None in this time.")]
    _few(paper, notes, MOST_NOTES, words)


def _few(paper: Paper, texts: Sequence[str], most: int, words: Words) -> None:
    """The first of them, and how many more there are."""
    x = MARGIN + HALF + GAP
    paper.small(texts[:most], 7.2, x, HALF)
    if len(texts) > most:
        paper.small([words.say("and %(n)s more", n=len(texts) - most)], 7.2, x, HALF)


def _foot(paper: Paper, words: Words, software: str, n: int, n_pages: int) -> None:
    y = HEIGHT - MARGIN + 8
    said = words.say("Made by %(software)s from the home's own diary; this file is not encrypted.", software=software)
    paper.put(said, MARGIN, y, 6.8, colour=MUTED)
    page = words.say("page %(n)s of %(all)s", n=n, all=n_pages)
    paper.put(page, WIDTH - MARGIN, y, 6.8, colour=MUTED, ha="right")


def _empty_page(words: Words, *, is_demo: bool) -> Paper:
    paper = Paper()
    if is_demo:
        _demo(paper, words)
    paper.say(words.say("The diary is empty"), 16, bold=True, gap=4)
    paper.say(
        words.say(
            "No hour has been closed yet, so there is nothing to report. A row comes at the end of each hour. An "
            "empty report says nothing about anybody."
        ),
        9.5,
    )
    return paper
