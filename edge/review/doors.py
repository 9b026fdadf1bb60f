"""What the page changes: pauses through state.db's door, notes and erasures through the diary's. Nothing else.

Promises: the same doors as the commands', so what they promise holds here; what was asked for and is not true is said.
Reads the clock. Refuses a place that nobody knows, with ConfigError.
"""

import time
from datetime import date, datetime, timedelta
from typing import Final, Literal

import msgspec

from edge.diary.annotation import annotate, remove_annotation
from edge.diary.days import midnight_s
from edge.diary.erase import Erased, count, erase_span
from edge.diary.receipts import Receipt
from edge.diary.span import Span
from edge.errors import ConfigError, StateError
from edge.pause import ALL_PLACES, next_time_s, time_of
from edge.permission import Reason, State, rest_of
from edge.review.home import Home
from edge.review.words import marked
from edge.running_note import RunningNote, read_note
from edge.state import open_door, read_clock, read_state

CLOSED_WITHIN_S: Final = 5.0
NOTHING_CHANGED: Final = marked("Nothing was changed.")
Length = Literal["hour", "morning", "open"]


class PlaceStanding(msgspec.Struct, frozen=True):
    """One place now: why it rests (None: it does not), until when (None: open), and what its camera does."""

    place: str
    reason: Reason | None
    until_s: float | None
    stage: str | None


class Standing(msgspec.Struct, frozen=True):
    """The home now; ``state_error`` where pauses cannot be read (then everything rests)."""

    now_s: float
    running: bool
    places: tuple[PlaceStanding, ...]
    state_error: bool

    @property
    def all_rest(self) -> bool:
        """Nothing is watched, and it is meant so or must be so."""
        return self.state_error or (bool(self.places) and all(place.reason for place in self.places))

    @property
    def resting(self) -> tuple[PlaceStanding, ...]:
        """The places that rest."""
        return tuple(place for place in self.places if place.reason)

    @property
    def told(self) -> tuple[PlaceStanding, ...]:
        """The places that rest; one for all (``*``) where all of them rest for the same reason and as long."""
        if len(self.resting) > 1 and len({(one.reason, one.until_s) for one in self.resting}) == 1 and self.all_rest:
            return (msgspec.structs.replace(self.resting[0], place=ALL_PLACES),)
        return self.resting


def standing(home: Home) -> Standing:
    """How everything stands now."""
    note, now = read_note(home.running_note), read_clock()
    state: State | StateError
    try:
        state = read_state(home.state)
    except StateError as error:
        state = error
    live = {watched.place: watched.live for watched in home.watched}
    places = []
    for name in sorted({*live, *(note.cameras if note else ())}):
        rest = rest_of(name, live.get(name, False), state, home.settings, now)
        until_s = rest.until_s if rest else None
        places.append(PlaceStanding(name, rest.reason if rest else None, until_s, _stage(note, name)))
    if not places and not isinstance(state, StateError) and any(p.lasts(now) for p in state.pauses):
        pause = next(p for p in state.pauses if p.lasts(now))
        places.append(PlaceStanding(pause.place, Reason.HOUSEHOLD, pause.end_s(now), None))
    return Standing(now.wall_s, note is not None, tuple(places), isinstance(state, StateError))


def pause(home: Home, place: str, length: Length) -> bool:
    """Pause a place or all, and wait until the cameras of a running service are closed; whether they are."""
    _refuse_strange(home, place)
    now = read_clock()
    until_s = None
    if length == "hour":
        until_s = now.wall_s + 3600
    elif length == "morning":
        until_s = next_time_s(time_of("08:00"), now.wall_s, home.zone)
    with open_door(home.state) as door:
        door.pause(place, now, until_s)
    return _closed(home, place)


def resume(home: Home) -> None:
    """End every pause. Raises StateError where the state is lost or damaged."""
    read_state(home.state)
    with open_door(home.state) as door:
        door.resume(ALL_PLACES)


def span_of_days(home: Home, first: date, last: date, place: str | None) -> Span:
    """From the first day's midnight to the last one's end."""
    return Span(midnight_s(first, home.zone), midnight_s(last + timedelta(days=1), home.zone), place)


def would_erase(home: Home, span: Span) -> Receipt:
    """What an erasure would take. Raises DiaryError."""
    return count(home.diary, home.key, span)


def erase(home: Home, span: Span) -> Erased:
    """Erase it, beside a running monitor, too. Raises DiaryError."""
    places = frozenset(watched.place for watched in home.watched)
    return erase_span(home.diary, home.key, span, int(time.time()), places)


def write_note(home: Home, day: date, text: str) -> None:
    """Write a note beside a day. Raises DiaryError."""
    annotate(home.diary, home.key, midnight_s(day, home.zone), text)


def take_note_back(home: Home, n: int) -> bool:
    """Remove a note. Raises DiaryError."""
    return remove_annotation(home.diary, home.key, n)


def today(home: Home) -> date:
    """The household's date now."""
    return datetime.fromtimestamp(time.time(), home.zone).date()


def _refuse_strange(home: Home, place: str) -> None:
    note = read_note(home.running_note)
    known = {watched.place for watched in home.watched} | set(note.cameras if note else ())
    if place != ALL_PLACES and place not in known:
        raise ConfigError("a place of another name", "one that is watched", NOTHING_CHANGED)


def _stage(note: RunningNote | None, place: str) -> str | None:
    return note.cameras.get(place) if note else None


def _closed(home: Home, place: str) -> bool:
    """Whether no camera of ``place`` is open, a moment later at the latest."""
    deadline_s = time.monotonic() + CLOSED_WITHIN_S
    while True:
        note = read_note(home.running_note)
        cameras = note.cameras.items() if note else ()
        if all(stage in ("closed", "over") for name, stage in cameras if place in (ALL_PLACES, name)):
            return True
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.1)
