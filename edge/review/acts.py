"""The pages that change something, and what is stored: notes, pause, erase, export.

Promises: what changes something is a POST with the session's token, does one thing, and says what became of it; before
anything goes for good its page says how much. Refuses a stretch the wrong way round.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import uuid4

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from edge.bundle import EDGE_VERSION
from edge.diary import receipts
from edge.diary.days import WEEK_DAYS
from edge.diary.erase import LIMITS
from edge.diary.export.csv_text import csv_bytes
from edge.diary.export.lines import By, Line, lines_of
from edge.diary.span import Span
from edge.errors import ConfigError, DiaryError
from edge.review import doors
from edge.review.doors import NOTHING_CHANGED
from edge.review.history import Broken
from edge.review.rows_told import row_words
from edge.review.site import GENUINE, Refused, answer, right, site_of, words_of
from edge.review.words import marked

router: Final = APIRouter()
MOST_EXPORTED_DAYS: Final = 400
NOTHING_ERASED: Final = marked("Nothing was erased.")
BACKWARDS: Final = marked("The last day was before the first. Nothing was erased.")
TOO_LONG: Final = marked("Those were too many days at once, or none. For more, on the device: quietstep export.")
NEWEST_ROWS: Final = 24
FORMS: Final = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet", "fhir": "application/fhir+json"}
EARLIEST, LATEST = date(1971, 1, 1), date(2200, 1, 1)
Day = Annotated[date, Form()]


@router.get("/notes", response_class=HTMLResponse, dependencies=[right("look")])
def notes(request: Request) -> HTMLResponse:
    """What the household wrote beside its days."""
    history = site_of(request).reading.look()
    if isinstance(history, Broken):
        return answer(request, "broken.html", 503, broken=history)
    return answer(request, "notes.html", notes=history.notes[::-1], today=doors.today(site_of(request).home))


@router.post("/notes", dependencies=[right("note"), GENUINE])
def write_note(request: Request, day: Day, text: Annotated[str, Form(max_length=400)]) -> Response:
    """One more."""
    _within(day)
    doors.write_note(site_of(request).home, day, text)
    return RedirectResponse("/notes?done=written", 303)


@router.post("/notes/remove", dependencies=[right("note"), GENUINE])
def remove_note(request: Request, n: Annotated[int, Form(ge=1, le=2**53)]) -> Response:
    """One less."""
    doors.take_note_back(site_of(request).home, n)
    return RedirectResponse("/notes?done=removed", 303)


@router.get("/pause", response_class=HTMLResponse, dependencies=[right("pause")])
def pause(request: Request) -> HTMLResponse:
    """How to stop the watching."""
    return answer(request, "pause.html", watched=site_of(request).home.watched)


@router.post("/pause", dependencies=[right("pause"), GENUINE])
def begin_pause(
    request: Request, length: Annotated[doors.Length, Form()], place: Annotated[str, Form(max_length=64)] = "*"
) -> Response:
    """Stop it; when this answers, the cameras are closed or it says that they are not."""
    is_closed = doors.pause(site_of(request).home, place, length)
    return RedirectResponse(f"/pause?done={'paused' if is_closed else 'not-closed'}", 303)


@router.post("/resume", dependencies=[right("pause"), GENUINE])
def end_pause(request: Request) -> Response:
    """Watch again."""
    doors.resume(site_of(request).home)
    return RedirectResponse("/pause?done=resumed", 303)


@router.get("/data", response_class=HTMLResponse, dependencies=[right("stored")])
def data(request: Request) -> HTMLResponse:
    """What is stored about us, with the newest rows as they are."""
    site, words = site_of(request), words_of(request)
    history = site.reading.look()
    if isinstance(history, Broken):
        return answer(request, "broken.html", 503 if history.trouble != "none" else 200, broken=history)
    rows = [row_words(row, words) for row in site.reading.newest_rows(NEWEST_ROWS)]
    return answer(
        request,
        "data.html",
        history=history,
        rows=rows,
        accounts=site.accounts.all(),
        erasures=[r for r in receipts.read(site.home.diary) if r.state == "finished"],
        retention=site.home.retention,
        files=site.home,
    )


@router.get("/erase", response_class=HTMLResponse, dependencies=[right("erase")])
def choose(
    request: Request,
    first: date | None = None,
    last: date | None = None,
    place: Annotated[str, Query(max_length=64)] = "",
) -> HTMLResponse:
    """Choose a stretch; then how much would go, before it goes."""
    site = site_of(request)
    history = site.reading.look()
    if isinstance(history, Broken):
        return answer(request, "broken.html", 503, broken=history)
    today = doors.today(site.home)
    chosen = (first, last or first) if first else None
    there = None
    if chosen:
        there = doors.would_erase(site.home, _span(request, *chosen, place))
    return answer(
        request,
        "erase.html",
        today=today,
        yesterday=today - timedelta(days=1),
        week_ago=today - timedelta(days=WEEK_DAYS - 1),
        places=history.places,
        chosen=chosen,
        place=place,
        there=there,
        limits=LIMITS,
    )


@router.post("/erase", response_class=HTMLResponse, dependencies=[right("erase"), GENUINE])
def erase(request: Request, first: Day, last: Day, place: Annotated[str, Form(max_length=64)] = "") -> HTMLResponse:
    """Erase it, look whether anything is left, and say so."""
    site = site_of(request)
    try:
        erased = doors.erase(site.home, _span(request, first, last, place))
    finally:
        site.reading.forget()
    status = 200 if erased.found.clean else 500
    return answer(request, "erased.html", status, erased=erased, first=first, last=last, place=place, limits=LIMITS)


def _span(request: Request, first: date | None, last: date | None, place: str) -> Span:
    if first is None or last is None or first > last:
        raise DiaryError("a last day before the first", "a first day, then a last one", BACKWARDS)
    _within(first, last)
    history = site_of(request).reading.look()
    known = () if isinstance(history, Broken) else history.places
    if place and place not in known:
        raise DiaryError("a place of another name", "one that the diary knows", NOTHING_ERASED)
    return doors.span_of_days(site_of(request).home, first, last, place or None)


def _within(*days: date) -> None:
    if not all(EARLIEST <= day <= LATEST for day in days):
        raise DiaryError("a day out of all time", f"one from {EARLIEST} to {LATEST}", NOTHING_CHANGED)


@router.get("/export", response_class=HTMLResponse, dependencies=[right("export")])
def export(request: Request) -> HTMLResponse:
    """What can be taken along, and in what form."""
    site = site_of(request)
    history = site.reading.look()
    newest_s = None if isinstance(history, Broken) else history.counts.newest_end_s
    last = doors.today(site.home) if newest_s is None else datetime.fromtimestamp(newest_s - 1, site.home.zone).date()
    return answer(request, "export.html", last=last, first=last - timedelta(days=12 * WEEK_DAYS))


@router.get("/export/file", dependencies=[right("export")])
def export_file(
    request: Request, first: date, last: date, by: By = "hour", form: Literal["csv", "parquet", "fhir"] = "csv"
) -> Response:
    """The file. It is not encrypted, and erasing does not reach it."""
    if not 0 <= (last - first).days <= MOST_EXPORTED_DAYS:
        most = f"a first day, then a last one at most {MOST_EXPORTED_DAYS} days later"
        raise DiaryError("another stretch", most, TOO_LONG)
    _within(first, last)
    site = site_of(request)
    span = doors.span_of_days(site.home, first, last, None)
    history = site.reading.look()
    if isinstance(history, Broken):
        raise Refused(503)
    lines = lines_of(site.reading.rows(span.from_s, span.to_s), by, site.home.zone)
    content = _content(form, by, lines, request, history.report.kind)
    name = f"quietstep-{first}-{last}-{by}.{'json' if form == 'fhir' else form}"
    return Response(content, media_type=FORMS[form], headers={"content-disposition": f'attachment; filename="{name}"'})


def _content(form: str, by: By, lines: Sequence[Line], request: Request, kind: str) -> bytes:
    zone = site_of(request).home.zone
    if form == "csv":
        return csv_bytes(lines, zone, kind)
    software = ".".join(map(str, EDGE_VERSION))
    try:
        if form == "parquet":
            from edge.diary.export.parquet import parquet_bytes  # noqa: PLC0415  (an extra)

            return parquet_bytes(lines, zone, kind, by, software)
        from edge.diary.export.fhir import About, fhir_bytes  # noqa: PLC0415  (an extra)
    except ModuleNotFoundError:
        raise ConfigError("no program for that form here", "the extra", "pip install 'quietstep[export]'") from None
    return fhir_bytes(lines, zone, About(kind, software, datetime.now(UTC).replace(microsecond=0), uuid4(), None))
