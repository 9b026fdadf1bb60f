"""The model page in words: which model runs, what is on its way and how far, what is kept out, when it asks again.

Promises: what is said is what `quietstep update status` says, for both are `edge.update.standing.ModelStatus`; nothing
here knows more of how people walked than counts in fives. What the program says in English is told apart, to be shown
as its own words. Refuses to guess: what no file tells is said to be unknown.
"""

from typing import Final

import msgspec

from edge.review.words import Words, marked
from edge.update.standing import SHIPS, Asking, ModelStatus, Quarantined

CAME: Final = {
    "staged": marked("A newer model was fetched."),
    "here": marked("The newest model is here already."),
    "nothing": marked("There was nothing new for this home."),
    "no answer": marked("Nobody answered. It is asked again, ever more slowly; nothing was changed."),
    "refused": marked("What came could not be trusted and was refused. Nothing was changed."),
}
"""Of `edge.update.outcome.Outcome.event`."""
WHY: Final = {
    "always the same answer": marked("it always gives the same answer"),
    "too slow to keep up": marked("it is too slow to keep up"),
    "another share of abstentions than the committed model": marked("it holds back far more or less often than before"),
    "another mood than the committed model too often": marked("it says another mood than before far too often"),
    "a self-test that hung": marked("it hung when it was tested"),
}
"""Reasons that people can do something with, by their words in `edge.update.decide` without where they were found."""


class Reason(msgspec.Struct, frozen=True):
    """Why a model is kept out; ``translated`` is False where it stands in the program's own English words."""

    model: str
    since: str
    reason: str
    translated: bool


class ModelTold(msgspec.Struct, frozen=True):
    """The page: the model that runs, the one on its way, asking, those kept out; and the program's own words."""

    runs: tuple[str, ...]
    coming: tuple[str, ...]
    asking: tuple[str, ...]
    kept_out: tuple[Reason, ...]
    own_words: tuple[str, ...]


def model_told(now: ModelStatus, words: Words) -> ModelTold:
    """All of it."""
    own = (now.error, now.waits_for, now.updates.outcome.said if now.updates and now.updates.outcome else None)
    return ModelTold(
        _runs(now, words),
        _coming(now, words),
        _asking(now, words),
        tuple(_kept_out(one, words) for one in now.quarantined),
        tuple(text for text in own if text),
    )


def _runs(now: ModelStatus, words: Words) -> tuple[str, ...]:
    say = words.say
    if now.by_hand:
        return (say("A model that was named by hand in the settings runs. No other one is taken meanwhile."),)
    told = [say("The model that ships with Quietstep runs.") if now.active == SHIPS else _one_runs(now, words)]
    if now.active_since_s is not None and now.active == SHIPS:
        told.append(say("It took over on %(time)s, when the one before it failed.", time=_time(now, words)))
    if now.active != SHIPS:
        back = say("the one that ships with Quietstep") if now.fallback == SHIPS else now.fallback
        told.append(say("Should it fail, this one takes over at once: %(model)s.", model=back))
    if now.answers not in (None, now.active, SHIPS) and now.stage == "trial":
        told.append(say("At this moment %(model)s answers, on trial.", model=now.answers))
    return tuple(told)


def _one_runs(now: ModelStatus, words: Words) -> str:
    if now.active_since_s is None:
        return words.say("%(model)s runs.", model=now.active)
    return words.say("%(model)s runs, since %(time)s.", model=now.active, time=_time(now, words))


def _time(now: ModelStatus, words: Words) -> str:
    return words.date_of(now.active_since_s or 0)


def _coming(now: ModelStatus, words: Words) -> tuple[str, ...]:
    say = words.say
    if now.error:
        return (say("The file of models cannot be read. The model that ships runs, and no new one is taken."),)
    if now.candidate is None:
        return (say("No newer model is on its way."),)
    return (say("%(model)s is on its way:", model=now.candidate) + " " + _step(now, words),)


def _step(now: ModelStatus, words: Words) -> str:
    say = words.say
    if now.stage == "shadow":
        counted = words.count("%(n)s gait cycle so far.", "%(n)s gait cycles so far.", now.n_compared)
        return say("It runs beside the old one, and what it says is only compared.") + " " + counted
    if now.stage == "trial":
        counted = words.count("%(n)s gait cycle so far.", "%(n)s gait cycles so far.", now.n_answered)
        return say("It answers on trial, with the old one ready beside it.") + " " + counted
    if now.testing:
        return say("It is being tested on this device, and has not seen anybody yet.")
    return say("It was fetched and proven, and waits for its test on this device.")


def _asking(now: ModelStatus, words: Words) -> tuple[str, ...]:
    say = words.say
    told = []
    if now.held and now.held_until_s is None:
        told.append(say("Updates are on hold until somebody ends that on the device."))
    elif now.held:
        told.append(say("Updates are on hold until %(time)s.", time=words.moment(now.held_until_s or 0)))
    if now.updates is None:
        return (*told, say("Updates are off: nobody is asked for a newer model. They are set on the device."))
    server = say("It asks %(url)s, for the group “%(ring)s”.", url=now.updates.url, ring=now.updates.ring)
    return (*told, server, *_asked(now.updates, words))


def _asked(asking: Asking, words: Words) -> tuple[str, ...]:
    say = words.say
    if asking.last_check_s is None or asking.outcome is None:
        told = [say("It has not been asked yet.")]
    else:
        came = say(CAME[asking.outcome.event])
        told = [say("Asked last %(time)s:", time=words.moment(asking.last_check_s)) + " " + came]
    if asking.next_poll_s is None:
        return (*told, say("When it is asked next is not known: Quietstep is not running, or updates are on hold."))
    return (*told, say("Asked next %(time)s.", time=words.moment(asking.next_poll_s)))


def _kept_out(one: Quarantined, words: Words) -> Reason:
    since = "" if one.since_s is None else words.date_of(one.since_s)
    known = WHY.get(one.reason.removeprefix("in the shadow: "))
    return Reason(one.model, since, words.say(known) if known else one.reason, known is not None)
