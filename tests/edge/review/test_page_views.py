"""What the views decide: the usual's band, why a day is unknown, heat, hours, and the one thing that changed."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

import pytest

from edge.affect import Affect
from edge.diary.annotation import Annotation
from edge.diary.trend import TrendRow
from edge.review import figures, sentences, views
from edge.review.history import Counts, History, main_place
from edge.review.report import PlaceReport, build_report
from edge.review.views import Bucket
from edge.review.words import Words
from tests.edge.review.test_report import DAY0, GLAD, LOW, hour, weeks

ENGLISH = Words("en", UTC)
FIRST = date(2026, 11, 3)
LESS = Affect((0.05, 0.3, 0.45, 0.2))


def history(rows: Sequence[TrendRow], notes: Sequence[tuple[date, str]] = ()) -> History:
    told = tuple((day, Annotation(n, 0, text)) for n, (day, text) in enumerate(notes))
    return History(build_report(rows, 110, UTC), told, Counts(len(rows), 0, len(told), 0, DAY0, DAY0, None))


def of(rows: Sequence[TrendRow]) -> tuple[History, PlaceReport]:
    known = history(rows)
    place = main_place(known)
    assert place is not None
    return known, place


def wave(n: int) -> list[Affect | None]:
    """Days that differ a little."""
    return [Affect((0.05, 0.4 + 0.05 * (day % 3), 0.4 - 0.05 * (day % 3), 0.15)) for day in range(n)]


def test_the_band_is_where_the_verdicts_say_the_usual_was() -> None:
    known, place = of(weeks(wave(60)))
    days = views.days_view(place, known, *views.days_back(place, 60))
    verdicts = {v.day: v.deviations[0] for v in place.watched}
    compared = [p for p in days.points if p.usual is not None]
    assert len(compared) > 40
    for point in compared:
        deviation = verdicts[point.day]
        assert point.value is not None
        assert deviation.estimate is not None
        assert point.usual == pytest.approx(point.value.mean - deviation.estimate.mean)
        if deviation.z:
            assert point.usual_half is not None
            inside = abs(point.value.mean - point.usual) <= point.usual_half
            assert inside == (abs(deviation.z) <= views.BAND + 1e-9)
    assert all(p.usual_half is None for p in days.points if verdicts[p.day].z is None)


def test_each_unknown_day_has_its_reason() -> None:
    told = weeks(wave(20))
    few = [hour(24 * 20 + h, observed=5 * (h == 9)) for h in range(24)]
    off = [hour(24 * 21 + h, GLAD if h in (9, 13) else None, paused=60) for h in range(24)]
    new_model = weeks(wave(9), model_id="n", first=23)
    _known, place = of([*told, *few, *off, *new_model])
    verdicts = {v.day: v.deviations[0] for v in place.watched}
    reasons = {day.day: views.why_not(day, verdicts.get(day.day)) for day in place.days}
    at = [reasons[FIRST + timedelta(days=n)] for n in (0, 19, 20, 21, 22, 23, 31)]
    assert at == ["no usual", None, "few", "unwatched", "no record", "new model", "no usual"]
    assert views.model_changes(place.days) == ((FIRST + timedelta(days=23), "n"),)


def test_an_alert_a_model_and_a_note_are_marks_of_their_days() -> None:
    moods = [*wave(40), *([LOW] * 12)]
    known = history(weeks(moods), [(FIRST + timedelta(days=41), "new tablets"), (FIRST - timedelta(days=1), "before")])
    place = main_place(known)
    assert place is not None
    marks = views.days_view(place, known, *views.days_back(place, 52)).marks
    assert {mark.kind for mark in marks} == {"alert", "note"}
    assert [m.text for m in marks if m.kind == "note"] == ["new tablets"]
    assert "alert: less pleasant than usual" in [sentences.mark_words(mark, ENGLISH) for mark in marks]


def test_the_one_thing_is_the_alert_else_a_hint_else_nothing_else_unknown() -> None:
    told = []
    for moods in ([*wave(40), *([LOW] * 6)], [*wave(42), *([LESS] * 5)], wave(47), wave(5)):
        _known, place = of(weeks(moods))
        told.append(sentences.what_changed(place, ENGLISH))
    assert [changed.weight for changed in told] == ["alert", "hint", "nothing", "unknown"]
    assert told[0].headline.startswith("Since about")
    assert told[0].headline.endswith("than usual.")
    assert "no alert" in told[1].detail
    assert told[3].detail == "The reason: the usual is still being learnt."


def test_the_page_and_the_terminal_say_the_same() -> None:
    for moods in ([*wave(40), *([LOW] * 6)], wave(47), wave(5)):
        _known, place = of(weeks(moods))
        ours, theirs = sentences.what_changed(place, ENGLISH), place.this_week
        assert (ours.weight == "alert") == ("became" in theirs)
        assert (ours.weight == "unknown") == ("cannot be said" in theirs)


def test_a_place_with_an_alert_is_shown_first_else_the_one_that_tells_most() -> None:
    quiet = [hour(24 * d + h, GLAD, place="attic") for d in range(46) for h in range(8, 20)]
    changed = weeks([*wave(40), *([LOW] * 6)])
    first = main_place(history([*quiet, *changed]))
    assert first is not None
    assert first.place == "hall"
    most = main_place(history([*quiet, *weeks(wave(46))]))
    assert most is not None
    assert most.place == "attic"


def test_the_hour_that_comes_twice_is_there_twice() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start_s = 1_792_879_200  # 2026-10-25 00:00 in Berlin
    rows = [hour((start_s - DAY0) // 3600 + n, GLAD) for n in range(25)]
    labels = [h.label for h in views.hours_view(rows, berlin)]
    assert labels[1:5] == ["01:00", "02:00", "02:00", "03:00"]


def test_heat_is_the_mean_of_told_hours_and_hatched_where_none_told() -> None:
    monday_s = DAY0 - 86_400
    buckets = [Bucket(monday_s + 9 * 3600, 60, 60, 0.2), Bucket(monday_s + 7 * 86_400 + 9 * 3600, 30, 60, 0.4)]
    heat = views.heat_view([*buckets, Bucket(monday_s + 10 * 3600, 0, 60, None)], UTC)
    assert heat.value_WH[0][9] == pytest.approx(0.3)
    assert heat.n_told_WH[0][9] == 2
    assert heat.watched_WH[0][9:11] == (0.75, 0.0)
    assert heat.value_WH[0][10] is None
    assert heat.watched_WH[1][0] is None


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_chart_has_no_style_words_of_its_own_and_a_spot_for_each_day(language: str) -> None:
    known, place = of(weeks([*wave(40), *([LOW] * 6)]))
    days = views.days_view(place, known, *views.days_back(place, 28))
    figure = figures.days_figure(days, Words(language, UTC), "x")
    root = ET.fromstring(figure.wide)
    assert not [e for e in root.iter() if "style" in e.attrib or e.tag.endswith("style")]
    assert "http" not in figure.wide.replace("http://www.w3.org/2000/svg", "")
    ids = [e.attrib["id"] for e in root.iter() if "id" in e.attrib]
    assert len(ids) == len(set(ids))
    assert set(ids).isdisjoint(e.attrib["id"] for e in ET.fromstring(figure.narrow).iter() if "id" in e.attrib)
    spots = [e for e in root.iter() if e.attrib.get("class") == "spot"]
    assert [spot.attrib["data-day"] for spot in spots] == [p.day.isoformat() for p in days.points]
    assert len(figure.table.rows) == 28
    titles = [e.text for e in root.iter() if e.tag.endswith("title")]
    assert all(titles)
