"""Sentences of the page, from values: what changed, how much was watched, how sure it is, why something is unknown.

Promises: the same judgements as `edge.review.alert` and `edge.review.change` make, told so that they can be
translated; a sentence about mood is about a place, never about a person. Refuses to say "no change" where nothing
could be compared.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from edge.diary.change import FALSE_ALERTS_A_YEAR, Alert
from edge.diary.days import Day
from edge.diary.rollup import Estimate, Stretch
from edge.review.alert import AlertReport
from edge.review.change import CLEAR_DIFFERENCE, Change
from edge.review.report import PlaceReport
from edge.review.views import Days, Mark, Point, WhyNot, week_days, why_not
from edge.review.words import Words, marked

HOW: Final = {
    ("valence", "higher"): marked("more pleasant"),
    ("valence", "lower"): marked("less pleasant"),
    ("arousal", "higher"): marked("more stirred"),
    ("arousal", "lower"): marked("calmer"),
}
WHY: Final[dict[WhyNot, str]] = {
    "few": marked("too few walks to tell a mood"),
    "unwatched": marked("watched for less than half of the day"),
    "kept": marked("only the day is kept, its hours are gone"),
    "two models": marked("two models judged this day"),
    "new model": marked("the model changed less than a week before"),
    "no usual": marked("the usual is still being learnt"),
    "no record": marked("nothing on record"),
}
LETTERS: Final = {"alert": marked("A|for alert"), "model": marked("M|for model"), "note": marked("N|for note")}
KINDS: Final = (
    marked("one person"),
    marked("several people"),
    marked("nobody there"),
    marked("unusable"),
    marked("paused"),
    marked("fault"),
)
REASONS: Final = (
    marked("paused by the household"),
    marked("paused for guests"),
    marked("quiet hours"),
    marked("quiet hours and a clock that was never set"),
    marked("its state cannot be read"),
    marked("no consent"),
)
"""Of `edge.permission.Reason`."""
ROLES: Final = (marked("household"), marked("carer"), marked("engineer"))
MOODS: Final = (marked("angry"), marked("happy"), marked("neutral"), marked("sad"))


class Changed(msgspec.Struct, frozen=True):
    """The one thing that changed: a headline, what stands behind it, and whether it is an alert, a hint or nothing."""

    weight: str
    headline: str
    detail: str


def what_changed(place: PlaceReport, words: Words) -> Changed:
    """This week's one thing at a place."""
    week = week_days(place)
    alerts = [a for a in place.alerts if a.alert.day >= week[0].day]
    raised = [a for a in alerts if a.raised] or alerts
    if raised:
        return Changed("alert", alert_headline(raised[0].alert, words), alert_evidence(raised[0].alert, words))
    if not _compared(place, week):
        text = words.say("It cannot be said whether anything changed at %(place)s this week.", place=place.place)
        return Changed(
            "unknown", text, words.say("The reason: %(why)s.", why=words.say(WHY[_main_reason(place, week)]))
        )
    changed = next((c for c in place.changes if c.verdict in ("higher", "lower")), None)
    if changed is None:
        text = words.say("Nothing new at %(place)s this week.", place=place.place)
        return Changed("nothing", text, change_sentence(place.changes[0], words))
    return Changed("hint", _hint(changed, place.place, words), hint_detail(changed, words))


def _compared(place: PlaceReport, week: Sequence[Day]) -> int:
    return sum(v.day >= week[0].day and any(d.z is not None for d in v.deviations) for v in place.watched)


def _main_reason(place: PlaceReport, week: Sequence[Day]) -> WhyNot:
    verdicts = {v.day: v.deviations[0] for v in place.watched}
    reasons = [why_not(day, verdicts.get(day.day)) or "no usual" for day in week]
    known: list[WhyNot] = [reason for reason in reasons if reason != "no record"]
    return max(known, key=lambda reason: known.count(reason)) if known else "no record"


def alert_headline(alert: Alert, words: Words) -> str:
    """Since when, where and how."""
    how = words.say(HOW[alert.quantity, alert.direction])
    return words.say(
        "Since about %(day)s the walks at %(place)s look %(how)s than usual.",
        day=words.day(alert.since),
        place=alert.place,
        how=how,
    )


def alert_evidence(alert: Alert, words: Words) -> str:
    """How far, from how many days, and how often such an alert is false."""
    return words.say(
        "The difference is %(mean)s (%(between)s), from %(n)s well-observed days of %(span)s against %(usual)s usual "
        "ones. About %(false)s such alert a year at a place comes without any change.",
        mean=words.score(alert.difference.mean),
        between=words.between(alert.difference.low, alert.difference.high),
        n=alert.n_days,
        span=alert.n_span_days,
        usual=alert.n_usual_days,
        false=f"{FALSE_ALERTS_A_YEAR:.0f}",
    )


def alert_title(one: AlertReport, words: Words) -> str:
    """The alert's headline, with what became of it."""
    return alert_headline(one.alert, words) + kept_back(one, words)


def kept_back(one: AlertReport, words: Words) -> str:
    """A sentence to hang on where an alert was not raised."""
    return "" if one.raised else words.say(" Not raised: one alert a week is enough.")


def _hint(change: Change, place: str, words: Words) -> str:
    how = words.say(HOW[change.quantity, change.verdict])
    if change.difference is not None and abs(change.difference.mean) >= CLEAR_DIFFERENCE:
        return words.say("This week the walks at %(place)s look clearly %(how)s than before.", place=place, how=how)
    return words.say("This week the walks at %(place)s look a little %(how)s than before.", place=place, how=how)


def hint_detail(change: Change, words: Words) -> str:
    """The evidence of a difference without an alert, and what it is worth."""
    assert change.difference is not None
    return words.say(
        "The difference is %(mean)s (%(between)s), %(n)s days against %(usual)s before them. It is no alert: one quiet "
        "week in ten reads so by chance.",
        mean=words.score(change.difference.mean),
        between=words.between(change.difference.low, change.difference.high),
        n=change.n_days,
        usual=change.n_usual_days,
    )


def change_sentence(change: Change, words: Words) -> str:
    """One quantity of this week against the weeks before."""
    if change.difference is None:
        return words.say(
            "There is no usual yet to compare with: %(n)s days this week, %(usual)s before it; 3 and 7 are needed.",
            n=change.n_days,
            usual=change.n_usual_days,
        )
    if change.verdict in ("higher", "lower"):
        return hint_detail(change, words)
    return words.say(
        "Compared with the weeks before, these days show no difference: %(mean)s (%(between)s), %(n)s days against "
        "%(usual)s.",
        mean=words.score(change.difference.mean),
        between=words.between(change.difference.low, change.difference.high),
        n=change.n_days,
        usual=change.n_usual_days,
    )


def watched_sentence(stretch: Stretch, n_minutes: int, words: Words) -> str:
    """How much was observed."""
    return words.say(
        "Watched for %(watched)s of %(all)s (%(share)s); for %(seen)s of that somebody was there alone.",
        watched=words.hours(stretch.n_watched),
        all=words.hours(n_minutes),
        share=words.percent(stretch.n_watched / n_minutes if n_minutes else 0),
        seen=words.hours(stretch.minutes.observed),
    )


def told_sentence(stretch: Stretch, words: Words) -> str:
    """How many hours tell a mood, and how many were held back."""
    told = words.count(
        "In %(n)s hour there were walks enough to tell a mood",
        "In %(n)s hours there were walks enough to tell a mood",
        stretch.n_told,
    )
    held = words.count("in %(n)s hour there were too few", "in %(n)s hours there were too few", stretch.n_held_back)
    return f"{told}; {held}."


def compared_sentence(place: PlaceReport, words: Words) -> str:
    """How many days of the week could be held against the usual."""
    week = week_days(place)
    compared = _compared(place, week)
    said = words.say("%(n)s of %(all)s days could be compared with the usual of this place.", n=compared, all=len(week))
    if compared < len(week) and any(alert.alert.day >= week[0].day for alert in place.alerts):
        anew = words.say("Since the alert the usual is being learnt anew.")
        return f"{said} {anew}"
    return said


def people_sentence(place: PlaceReport, words: Words) -> str:
    """Whose trend this is."""
    several = place.weeks[-1].stretch.minutes.several_people
    if several:
        return words.say(
            "Several people were in view for %(time)s this week. Those minutes are left out, and this is the place's "
            "trend, not one person's.",
            time=words.hours(several),
        )
    return words.say("This is the trend of a place. It is one person's trend only where one person lives.")


def mark_letter(mark: Mark, words: Words) -> str:
    """One letter that stands in the chart."""
    return words.say(LETTERS[mark.kind]).partition("|")[0]


def mark_words(mark: Mark, words: Words) -> str:
    """What a mark means."""
    if mark.kind == "alert":
        quantity, _, direction = mark.text.partition(" ")
        return words.say("alert: %(how)s than usual", how=words.say(HOW[quantity, direction]))
    if mark.kind == "model":
        return words.say("another model judges from here on (%(model)s); nothing compares across this", model=mark.text)
    return words.say("your note: %(text)s", text=mark.text)


def day_words(point: Point, quantity: str, words: Words) -> str:
    """What a pointer tells of a day."""
    day = words.day(point.day)
    watched = words.say("watched %(share)s", share=words.percent(point.share_watched))
    if point.value is None:
        why = words.say(WHY[point.why_not]) if point.why_not else words.say("nothing told")
        return f"{day}: {why}; {watched}"
    value = f"{words.score(point.value.mean)} ({words.between(point.value.low, point.value.high)})"
    usual = ""
    if point.usual is not None:
        usual = "; " + words.say("usual %(usual)s", usual=words.score(point.usual))
    return f"{day}: {value}{usual}; {watched}"


def spread(value: Estimate | None, words: Words) -> str:
    """A value with its interval, or a dot."""
    return "·" if value is None else f"{words.score(value.mean)} [{words.score(value.low)}, {words.score(value.high)}]"


def chart_description(days: Days, words: Words) -> str:
    """The chart in words, for those who do not see it."""
    told = [p.value.mean for p in days.points if p.value is not None]
    if not told:
        return words.say("None of these days told a mood. All of them stand in the table below.")
    return words.say(
        "%(n)s of %(all)s days told a mood, from %(low)s to %(high)s. All of them stand in the table below.",
        n=len(told),
        all=len(days.points),
        low=words.score(min(told)),
        high=words.score(max(told)),
    )
