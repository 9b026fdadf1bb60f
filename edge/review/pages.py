"""The pages that only look: this week, days, a day, hours, moods, minutes, alerts, how sure.

Promises: a page of a diary that does not open, is empty, or knows no such place says just that, with its status; what
it shows is a view of `edge.review.views`. Refuses to change anything: all of them are GET.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from edge.diary.days import WEEK_DAYS, midnight_s
from edge.review import figures, sentences, views
from edge.review.doors import standing, today
from edge.review.history import Broken, History, day_at, main_place
from edge.review.report import PlaceReport
from edge.review.site import answer, right, site_of, visitor_of, words_of

router: Final = APIRouter()
LOOK: Final = [right("look")]
Place = Annotated[str | None, Query(max_length=64)]
Weeks = Annotated[int, Query(ge=1, le=104)]
STALE_S: Final = 3 * 3600
CHART_DAYS: Final = 28
Shown = Callable[[History, PlaceReport], HTMLResponse]


def shown(request: Request, place: str | None, page: Shown) -> HTMLResponse:
    """The page of a place, or the page that says why there is none."""
    history = site_of(request).reading.look()
    if isinstance(history, Broken):
        return answer(request, "broken.html", 503 if history.trouble != "none" else 200, broken=history)
    if not history.places:
        return answer(request, "empty.html", history=history)
    one = main_place(history) if place is None else history.place(place)
    if one is None:
        return answer(request, "lost.html", 404)
    return page(history, one)


@router.get("/", response_class=HTMLResponse, response_model=None)
def week(request: Request, place: Place = None) -> Response:
    """This week, in words and one chart."""
    if not visitor_of(request).may("look"):
        return RedirectResponse("/minutes", 303)
    words = words_of(request)

    def page(history: History, one: PlaceReport) -> HTMLResponse:
        first, last = views.days_back(one, CHART_DAYS)
        days = views.days_view(one, history, first, last)
        stretch, own = one.weeks[-1].stretch, views.week_days(one)
        return answer(
            request,
            "week.html",
            history=history,
            place=one,
            changed=sentences.what_changed(one, words),
            watched=sentences.watched_sentence(stretch, sum(day.n_minutes for day in own), words),
            told=sentences.told_sentence(stretch, words),
            compared=sentences.compared_sentence(one, words),
            people=sentences.people_sentence(one, words),
            chart=figures.days_figure(days, words, "week") if stretch.mood else None,
            minutes=_week_minutes(one, request) if not stretch.mood else None,
            first=own[0].day,
            last=own[-1].day,
            stale_s=_stale(history, request),
            yesterday=today(site_of(request).home) - timedelta(days=1),
        )

    return shown(request, place, page)


def _week_minutes(place: PlaceReport, request: Request) -> figures.Figure:
    words = words_of(request)
    days = views.week_days(place)
    parts = views.day_parts_view(place, days[0].day, days[-1].day)
    return figures.minutes_figure(parts, [words.short_day(part.first) for part in parts], words, "week")


def _stale(history: History, request: Request) -> int | None:
    newest_s = history.counts.newest_end_s
    return newest_s if newest_s is not None and standing(site_of(request).home).now_s - newest_s > STALE_S else None


@router.get("/days", response_class=HTMLResponse, dependencies=LOOK)
def days(
    request: Request,
    place: Place = None,
    weeks: Weeks = 12,
    first: date | None = None,
    last: date | None = None,
    quantity: views.Quantity = "valence",
) -> HTMLResponse:
    """Valence or arousal day by day, of some weeks or of a stretch."""
    words = words_of(request)

    def page(history: History, one: PlaceReport) -> HTMLResponse:
        begin, end = _stretch(one, weeks, first, last)
        drawn = [figures.days_figure(views.days_view(one, history, begin, end, quantity), words, quantity)]
        title = words.say("Day by day")
        return _trend(request, history, one, drawn, weeks, (begin, end), title, "/days", quantity)

    return shown(request, place, page)


@router.get("/moods", response_class=HTMLResponse, dependencies=LOOK)
def moods(request: Request, place: Place = None, weeks: Weeks = 12) -> HTMLResponse:
    """Shares of the four moods, week by week."""
    words = words_of(request)

    def page(history: History, one: PlaceReport) -> HTMLResponse:
        parts = views.parts_view(one, weeks)
        drawn = [figures.moods_figure(parts, [words.short_day(part.first) for part in parts], words, "moods")]
        return _trend(request, history, one, drawn, weeks, None, words.say("Moods"), "/moods")

    return shown(request, place, page)


@router.get("/minutes", response_class=HTMLResponse, dependencies=[right("minutes")])
def minutes(request: Request, place: Place = None, weeks: Weeks = 12) -> HTMLResponse:
    """Minutes of the six kinds, week by week."""
    words = words_of(request)

    def page(history: History, one: PlaceReport) -> HTMLResponse:
        parts = views.parts_view(one, weeks)
        drawn = [figures.minutes_figure(parts, [words.short_day(part.first) for part in parts], words, "minutes")]
        return _trend(request, history, one, drawn, weeks, None, words.say("How much was watched"), "/minutes")

    return shown(request, place, page)


@router.get("/hours", response_class=HTMLResponse, dependencies=LOOK)
def hours(request: Request, place: Place = None, weeks: Weeks = 12) -> HTMLResponse:
    """By weekday and hour."""
    words, site = words_of(request), site_of(request)

    def page(history: History, one: PlaceReport) -> HTMLResponse:
        first, last = views.days_back(one, weeks * WEEK_DAYS)
        zone = site.home.zone
        buckets = site.reading.buckets(one.place, midnight_s(first, zone), midnight_s(last + timedelta(days=1), zone))
        heat = views.heat_view(buckets, zone)
        drawn = [figures.heat_figure(heat, words, f"heat-{m}", is_mood=m) for m in (True, False)]
        return _trend(request, history, one, drawn, weeks, None, words.say("Hours of the week"), "/hours")

    return shown(request, place, page)


@router.get("/day", response_class=HTMLResponse, dependencies=LOOK)
def day(request: Request, place: Place = None, day: date | None = None) -> HTMLResponse:
    """One day, hour by hour."""
    words, site = words_of(request), site_of(request)

    def page(history: History, one: PlaceReport) -> HTMLResponse:
        at = day or one.days[-1].day
        if not date(1971, 1, 1) <= at <= date(2200, 1, 1):
            return answer(request, "lost.html", 404)
        hours = views.hours_view(site.reading.hours(one.place, at), site.home.zone)
        parts = [views.Part(at, hour.minutes, hour.shares, int(hour.value is not None)) for hour in hours]
        labels = [hour.label for hour in hours]
        drawn = []
        if hours:
            drawn = [
                figures.hours_figure(hours, at, words, "hours"),
                figures.minutes_figure(parts, labels, words, "minutes"),
            ]
        notes = history.notes_between(at, at)
        return answer(
            request,
            "day.html",
            history=history,
            place=one,
            at=at,
            before=at - timedelta(days=1),
            after=at + timedelta(days=1),
            kept=day_at(one, at),
            figures=drawn,
            notes=notes,
        )

    return shown(request, place, page)


@router.get("/alerts", response_class=HTMLResponse, dependencies=LOOK)
def alerts(request: Request) -> HTMLResponse:
    """Every alert of the history, with its evidence."""
    words = words_of(request)

    def page(history: History, _one: PlaceReport) -> HTMLResponse:
        found = sorted(
            (alert for place in history.report.places for alert in place.alerts),
            key=lambda one: one.alert.day,
            reverse=True,
        )
        told = [(one, sentences.alert_title(one, words), sentences.alert_evidence(one.alert, words)) for one in found]
        return answer(request, "alerts.html", history=history, alerts=told)

    return shown(request, None, page)


@router.get("/sure", response_class=HTMLResponse, dependencies=LOOK)
def sure(request: Request, place: Place = None) -> HTMLResponse:
    """How sure all this is."""
    words = words_of(request)

    def page(history: History, one: PlaceReport) -> HTMLResponse:
        return answer(
            request,
            "sure.html",
            history=history,
            place=one,
            people=sentences.people_sentence(one, words),
            compared=sentences.compared_sentence(one, words),
            told=sentences.told_sentence(one.weeks[-1].stretch, words),
            models=[(words.day(day), model) for day, model in views.model_changes(one.days)],
        )

    return shown(request, place, page)


def _stretch(place: PlaceReport, weeks: int, first: date | None, last: date | None) -> tuple[date, date]:
    known = views.days_back(place, weeks * WEEK_DAYS)
    if first is None or last is None or first > last:
        return known
    begin, end = max(first, place.days[0].day), min(last, place.days[-1].day)
    return (begin, end) if begin <= end else known


def _trend(
    request: Request, history: History, place: PlaceReport, drawn: list[Any], weeks: int, *rest: Any
) -> HTMLResponse:
    stretch, title, here, *quantity = rest
    return answer(
        request,
        "trend.html",
        history=history,
        place=place,
        figures=drawn,
        weeks=weeks,
        stretch=stretch,
        title=title,
        here=here,
        quantity=quantity[0] if quantity else None,
    )
