"""The messages themselves: discovery, availability, and what each place says. Values only.

Promises: one discovery message for the home (`homeassistant/device/.../config`, Home Assistant 2024.11 or newer) with
``expire_after`` on every sensor; no message names a command topic; a valence has no device class, for there is none
that would be honest. What says how a home is expires at the broker too. Refuses two places with one topic.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from edge.errors import HomeAssistantError
from edge.homeassistant.news import STANDINGS, DayNews, Standing

STATUS_AGAIN_S: Final = 60
DAY_AGAIN_S: Final = 3600
EXPIRES: Final = 3
"""So many repetitions may be missed."""


class Message(NamedTuple):
    """Retained, quality of service 1; ``expires_s`` None: until it is written over."""

    topic: str
    payload: str
    expires_s: int | None


class Topics(NamedTuple):
    """Where a home speaks."""

    prefix: str
    home: str

    @property
    def availability(self) -> str:
        """online, or offline by the last will."""
        return f"quietstep/{self.home}/availability"

    @property
    def discovery(self) -> str:
        """The one discovery message."""
        return f"{self.prefix}/device/quietstep-{self.home}/config"

    def status(self, place: str) -> str:
        """How a place stands."""
        return f"quietstep/{self.home}/{slug(place)}/status"

    def day(self, place: str) -> str:
        """A place's day before today."""
        return f"quietstep/{self.home}/{slug(place)}/day"


class Sensor(msgspec.Struct, frozen=True, omit_defaults=True):
    """One sensor as Home Assistant's MQTT discovery takes it."""

    name: str
    unique_id: str
    state_topic: str
    value_template: str
    expire_after: int
    icon: str
    device_class: str | None = None
    options: tuple[str, ...] | None = None
    unit_of_measurement: str | None = None
    suggested_display_precision: int | None = None
    entity_category: str | None = None
    json_attributes_topic: str | None = None

    def mapped(self) -> dict[str, object]:
        """As JSON's; what is not said is left out."""
        return {"platform": "sensor", **msgspec.to_builtins(self)}


def slug(place: str) -> str:
    """A place in a topic."""
    return place.replace(" ", "_")


def refuse_same_slug(places: Sequence[str]) -> None:
    """Raises HomeAssistantError for two places that would speak on one topic."""
    slugs = [slug(place) for place in places]
    twice = sorted({place for place in places if slugs.count(slug(place)) > 1})
    if twice:
        raise HomeAssistantError(
            f"{' and '.join(twice)}, which are one topic", "places that differ in more than blanks", "Rename one."
        )


def discovery(topics: Topics, places: Sequence[str], software: str) -> Message:
    """What makes Home Assistant show the sensors."""
    sensors = {sensor.unique_id: sensor.mapped() for place in places for sensor in _sensors(topics, place)}
    said = {
        "device": {
            "identifiers": [f"quietstep-{topics.home}"],
            "name": "Quietstep",
            "manufacturer": "Quietstep",
            "sw_version": software,
        },
        "origin": {"name": "quietstep", "sw_version": software},
        "availability_topic": topics.availability,
        "qos": 1,
        "components": sensors,
    }
    return Message(topics.discovery, msgspec.json.encode(said).decode(), None)


def _sensors(topics: Topics, place: str) -> list[Sensor]:
    day, status = topics.day(place), topics.status(place)
    name, until, own = f"quietstep_{topics.home}_{slug(place)}", EXPIRES * DAY_AGAIN_S, f"{place}:"
    values = {key: f"{{{{ value_json.{key} }}}}" for key in DayNews._fields}
    return [
        Sensor(
            f"{own} status",
            f"{name}_status",
            status,
            "{{ value_json.status }}",
            EXPIRES * STATUS_AGAIN_S,
            "mdi:cctv",
            device_class="enum",
            options=STANDINGS,
        ),
        Sensor(
            f"{own} mood of the walks (valence, -1 to 1) on the day told",
            f"{name}_valence",
            day,
            values["valence"],
            until,
            "mdi:walk",
            suggested_display_precision=2,
            json_attributes_topic=day,
        ),
        Sensor(
            f"{own} watched share of the day told",
            f"{name}_watched",
            day,
            values["watched_percent"],
            until,
            "mdi:percent",
            unit_of_measurement="%",
            suggested_display_precision=0,
        ),
        Sensor(f"{own} day told", f"{name}_day", day, values["day"], until, "mdi:calendar", device_class="date"),
        Sensor(f"{own} model", f"{name}_model", day, values["model"], until, "mdi:tag", entity_category="diagnostic"),
    ]


def status_message(topics: Topics, place: str, standing: Standing) -> Message:
    """How a place stands."""
    payload = msgspec.json.encode({"status": standing}).decode()
    return Message(topics.status(place), payload, EXPIRES * STATUS_AGAIN_S)


def day_message(topics: Topics, place: str, news: DayNews) -> Message:
    """A place's yesterday; null is what Home Assistant shows as unknown."""
    return Message(topics.day(place), msgspec.json.encode(news._asdict()).decode(), EXPIRES * DAY_AGAIN_S)


def availability(topics: Topics, *, is_online: bool) -> Message:
    """That somebody speaks, or no longer."""
    return Message(topics.availability, "online" if is_online else "offline", None)
