"""What a report to be filed says of one place, as words and numbers, for the HTML page and the PDF alike.

Promises: pure and clockless; the same judgements as on the terminal and on the page, in one language; the thing that
changed is the newest alert of the *whole* period, so that a report of four weeks does not hide an alert of the second.
Refuses to name a person, and to leave out what it does not know: untold, paused and faulty time each have a sentence.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

import msgspec

from edge.diary.days import Week
from edge.diary.rollup import Stretch, stretch_of_stretches
from edge.diary.trend import KINDS
from edge.diary.usual import Quantity
from edge.review import sentences as say
from edge.review.alert import AlertReport
from edge.review.history import History
from edge.review.report import PlaceReport
from edge.review.sentences import Changed
from edge.review.terminal import why_untold
from edge.review.views import model_changes
from edge.review.words import Words, marked

UNTOLD: Final = "·"
UNTOLD_REASONS: Final = (
    marked(
        "No mood is told: in every hour there were fewer than 10 judged gait cycles or 3 walks. "
        "So little would say too much about single moments."
    ),
    marked("No mood is told: nobody was seen walking."),
    marked("No mood is told: nobody was there alone, or nobody was there at all."),
    marked("No mood is told: nothing was watched in this time; it was paused."),
    marked("No mood is told: the camera could not be used in any minute. Run `quietstep doctor`."),
    marked("No mood is told: nothing was watched in this time."),
)
"""Of `edge.review.terminal.why_untold`."""
HEAD: Final = (marked("week from"), marked("watched"), marked("hours told"), marked("valence"), marked("arousal"))
NOT_ON_RECORD: Final = marked("not on record")


class Kind(msgspec.Struct, frozen=True):
    """Minutes of one kind and their share of the period; the last one is what is on no record."""

    name: str
    n_minutes: int
    share: float
    told: str


class WeekLine(msgspec.Struct, frozen=True):
    """One week in words: from, watched, hours told, valence and arousal with intervals, the four shares."""

    cells: tuple[str, ...]


class Sheet(msgspec.Struct, frozen=True):
    """One place; ``quantity`` is the one that changed, ``untold`` is empty where some day tells a mood."""

    place: str
    title: str
    span: str
    changed: Changed
    quantity: Quantity
    untold: str
    other_alerts: tuple[str, ...]
    whose: str
    coverage: tuple[str, ...]
    kinds: tuple[Kind, ...]
    head: tuple[str, ...]
    weeks: tuple[WeekLine, ...]
    models: tuple[str, ...]
    notes: tuple[str, ...]
    limits: tuple[str, ...]


def sheet_of(place: PlaceReport, history: History, words: Words) -> Sheet:
    """The sheet of one place over the report's period."""
    first, last = place.days[0].day, place.days[-1].day
    stretch = stretch_of_stretches([day.stretch for day in place.days])
    n_minutes = sum(day.n_minutes for day in place.days)
    main = _main_alert(place)
    changed, untold = what_changed(place, words), "" if stretch.mood else words.say(why_untold(place))
    return Sheet(
        place=place.place,
        title=words.say("Mood trend at %(place)s", place=place.place),
        span=_span(first, last, len(place.weeks), words),
        changed=msgspec.structs.replace(changed, detail="") if untold else changed,  # the reason is said once
        quantity="valence" if main is None else main.alert.quantity,
        untold=untold,
        other_alerts=tuple(_alerts(place, words)),
        whose=_whose(place.place, stretch, words),
        coverage=_coverage(place, stretch, n_minutes, words),
        kinds=_kinds(stretch, n_minutes, words),
        head=_head(words),
        weeks=tuple(_week_line(week, words) for week in place.weeks),
        models=_models(place, words),
        notes=tuple(f"{words.short_day(day)}: {note.text}" for day, note in history.notes_between(first, last)),
        limits=limits(words),
    )


def _span(first: date, last: date, n_weeks: int, words: Words) -> str:
    weeks = words.count("%(n)s week", "%(n)s weeks", n_weeks)
    zone = getattr(words.zone, "key", None) or words.say("local time")
    return f"{words.span(first, last)} ({weeks}; {zone})"


def what_changed(place: PlaceReport, words: Words) -> Changed:
    """The newest raised alert of the period (else one kept back, of valence first), else what the last week says."""
    main = _main_alert(place)
    if main is None:
        return say.what_changed(place, words)
    told = words.say("This alert was told on %(day)s.", day=words.day(main.alert.day))
    return Changed("alert", say.alert_title(main, words), f"{say.alert_evidence(main.alert, words)} {told}")


def _main_alert(place: PlaceReport) -> AlertReport | None:
    raised = [a for a in place.alerts if a.raised]
    if raised:
        return max(raised, key=lambda one: one.alert.day)
    return max(place.alerts, key=lambda one: (one.alert.quantity == "valence", one.alert.day), default=None)


def _alerts(place: PlaceReport, words: Words) -> list[str]:
    """The other alerts of the period, the newest first, with the day on which each was told."""
    main = _main_alert(place)
    newest_first = sorted(place.alerts, key=lambda one: one.alert.day, reverse=True)
    return [
        words.say("Told on %(day)s: %(alert)s", day=words.day(one.alert.day), alert=_with_difference(one, words))
        for one in newest_first
        if one is not main
    ]


def _with_difference(one: AlertReport, words: Words) -> str:
    difference = one.alert.difference
    between = words.between(difference.low, difference.high)
    told = f"{say.alert_headline(one.alert, words)} {words.score(difference.mean)} ({between})."
    return told + say.kept_back(one, words)


def _whose(place: str, stretch: Stretch, words: Words) -> str:
    whose = words.say(
        "This is not a diagnosis. The trend belongs to a place (%(place)s), not to a person: Quietstep cannot know who "
        "walked. It is one person's trend only where one person lives.",
        place=place,
    )
    several = stretch.minutes.several_people
    if not several:
        return whose
    left_out = words.say(
        "Several people were in view for %(time)s of this time; those minutes are left out.", time=words.hours(several)
    )
    return f"{whose} {left_out}"


def _coverage(place: PlaceReport, stretch: Stretch, n_minutes: int, words: Words) -> tuple[str, ...]:
    n_compared = sum(any(d.z is not None for d in verdict.deviations) for verdict in place.watched)
    compared = words.say(
        "%(n)s of %(all)s days could be compared with the usual of this place.", n=n_compared, all=len(place.days)
    )
    if place.alerts:
        compared += " " + words.say("Since the alert the usual is being learnt anew.")
    lines = [say.watched_sentence(stretch, n_minutes, words), say.told_sentence(stretch, words), compared]
    if stretch.share_abstained is not None:
        share = words.percent(stretch.share_abstained)
        lines.append(words.say("The model abstained from %(share)s of the gait cycles.", share=share))
    return tuple(lines)


def _kinds(stretch: Stretch, n_minutes: int, words: Words) -> tuple[Kind, ...]:
    counts = [getattr(stretch.minutes, kind) for kind in KINDS]
    names = [words.say(name) for name in (*say.KINDS, NOT_ON_RECORD)]
    counts.append(max(0, n_minutes - sum(counts)))
    return tuple(
        Kind(name, n, n / n_minutes, f"{words.whole(n)} ({_percent(n / n_minutes, words)})")
        for name, n in zip(names, counts, strict=True)
    )


def _percent(share: float, words: Words) -> str:
    """A little is not nothing."""
    return f"<{words.percent(0.01)}" if 0 < share < 0.005 else words.percent(share)


def _head(words: Words) -> tuple[str, ...]:
    return tuple(words.say(name) for name in (*HEAD, *say.MOODS))


def _week_line(week: Week, words: Words) -> WeekLine:
    stretch, mood = week.stretch, week.stretch.mood
    watched = words.hours(stretch.n_watched) if stretch.n_watched else UNTOLD
    told = (words.short_day(week.first), watched, words.whole(stretch.n_told))
    if mood is None:
        return WeekLine((*told, *[UNTOLD] * 6))
    estimates = say.spread(mood.valence, words), say.spread(mood.arousal, words)
    return WeekLine((*told, *estimates, *(words.percent(share) for share in mood.shares)))


def _models(place: PlaceReport, words: Words) -> tuple[str, ...]:
    if not place.model_ids:
        return (words.say("No model judged anything in this time."),)
    ids = ", ".join(place.model_ids)
    lines = [words.say("%(models)s, on %(rungs)s", models=ids, rungs=", ".join(place.rungs))]
    changes = model_changes(place.days)
    if not changes:
        return (*lines, words.say("It has not changed in this time."))
    lines += [words.say("%(day)s: %(model)s from here on", day=words.short_day(day), model=m) for day, m in changes]
    return (*lines, words.say("Nothing is compared across a change of model."))


def limits(words: Words) -> tuple[str, ...]:
    """What the reader must know of all of it."""
    return (
        words.say(
            "A model guesses a mood from the way steps look, as actors walked it. On actors it never saw it is right "
            "for about 6 of 10 gait cycles; luck would be right for 2 or 3. A way of walking is not a feeling."
        ),
        words.say(
            "The intervals are 95 % intervals that know that the steps of one walk are not independent. That the model "
            "itself may be wrong is not in them."
        ),
        words.say(
            "Hours with fewer than 10 judged gait cycles or 3 walks say nothing of the mood and are left out. Counts "
            "are rounded to 5."
        ),
        words.say(
            "An alert is rare on purpose: about one a year at a place comes without any change. A week that reads "
            "differently without an alert is weaker: one still week in ten reads so by chance."
        ),
        words.say("It is not a diagnosis, it is not an alarm, and it does not notice falls."),
    )


def sheets_of(history: History, words: Words, place: str | None = None) -> Sequence[Sheet]:
    """All places' sheets, or that of one."""
    return [sheet_of(one, history, words) for one in history.report.places if place in (None, one.place)]
