"""The loop: look at the note and the diary, tell what is new, tell it again before it expires.

Promises: reads the diary for a moment at a time and never stands in its writer's way; a diary that does not open is a
day unknown, and the rest goes on; after a new connection everything is told anew; at a good end it says offline, and
the days that it told are unknown. Refuses to hold anything but the last thing told.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Final, NamedTuple

from edge.diary.store import DiaryReader
from edge.diary.trend import TrendRow
from edge.errors import DiaryError
from edge.homeassistant import messages
from edge.homeassistant.broker import Broker, Clock
from edge.homeassistant.messages import Message, Topics
from edge.homeassistant.news import UNKNOWN, DayNews, DayTeller, span_of, standing_of, yesterday
from edge.running_note import read_note

LOOK_S: Final = 2.0
DIARY_S: Final = 300.0
PATIENCE_S: Final = 0.5
Said = Callable[[str], None]


class Home(NamedTuple):
    """What this process may know of a home."""

    diary: Path
    key: Path
    note: Path
    zone: tzinfo
    places: tuple[str, ...]


class Publisher:
    """One home, one broker. ``clock`` is the wall clock: days are the household's."""

    def __init__(self, home: Home, topics: Topics, broker: Broker, clock: Clock, software: str) -> None:
        messages.refuse_same_slug(home.places)
        self._home, self._topics, self._broker, self._clock = home, topics, broker, clock
        self._tellers = {place: DayTeller(place, home.zone) for place in home.places}
        self._days: dict[str, DayNews] = dict.fromkeys(home.places, UNKNOWN)
        self._discovery = messages.discovery(topics, home.places, software)
        self._sent: dict[str, tuple[str, float]] = {}
        self._looked_s: float | None = None
        self.trouble = ""

    def update(self) -> None:
        """Look, and publish what is new or about to expire."""
        now_s = self._clock()
        if self._is_time_for_the_diary(now_s):
            self._read(now_s)
        note = read_note(self._home.note)
        for place in self._home.places:
            status = messages.status_message(self._topics, place, standing_of(place, note))
            self._tell(status, messages.STATUS_AGAIN_S, now_s)
            self._tell(messages.day_message(self._topics, place, self._days[place]), messages.DAY_AGAIN_S, now_s)

    def begin(self) -> None:
        """After a new connection: who we are, and everything again."""
        self._sent.clear()
        self._broker.publish(self._discovery)
        self._broker.publish(messages.availability(self._topics, is_online=True))
        self.update()

    def end(self) -> tuple[Message, ...]:
        """The last words."""
        unknown = [messages.day_message(self._topics, place, UNKNOWN) for place in self._home.places]
        return (*unknown, messages.availability(self._topics, is_online=False))

    def _is_time_for_the_diary(self, now_s: float) -> bool:
        """Also when a day has ended since, or the clock was set back."""
        before_s = self._looked_s
        if before_s is None or not 0 <= now_s - before_s < DIARY_S:
            return True
        return yesterday(now_s, self._home.zone) != yesterday(before_s, self._home.zone)

    def _read(self, now_s: float) -> None:
        self._looked_s = now_s
        try:
            rows = self._rows(now_s)
        except DiaryError as error:
            self.trouble = str(error)
            self._days = dict.fromkeys(self._home.places, UNKNOWN)
            return
        self.trouble = ""
        self._days = {place: teller.update(rows, now_s) for place, teller in self._tellers.items()}

    def _rows(self, now_s: float) -> Sequence[TrendRow]:
        with DiaryReader.open(self._home.diary, self._home.key) as reader:
            return reader.rows(*span_of(yesterday(now_s, self._home.zone), self._home.zone))

    def _tell(self, message: Message, again_s: float, now_s: float) -> None:
        payload, at_s = self._sent.get(message.topic, ("", 0.0))
        if payload != message.payload or not 0 <= now_s - at_s < again_s:
            self._broker.publish(message)
            self._sent[message.topic] = (message.payload, now_s)


def publish_until(stop: threading.Event, publisher: Publisher, broker: Broker, clock: Clock, said: Said) -> None:
    """Publish until ``stop``. Raises HomeAssistantError when it is hopeless."""
    next_s, trouble = 0.0, ""
    try:
        while not stop.is_set():
            if broker.step(PATIENCE_S):
                said("connected")
                publisher.begin()
            if broker.is_connected:
                if not 0 <= next_s - clock() <= LOOK_S:
                    publisher.update()
                    next_s = clock() + LOOK_S
            else:
                stop.wait(PATIENCE_S)
            newest = broker.trouble or publisher.trouble
            if newest and newest != trouble:
                said(newest)
            trouble = newest
    finally:
        broker.close(publisher.end())
