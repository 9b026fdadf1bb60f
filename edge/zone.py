"""The household's time zone.

Promises: the zone that was named, else the system's, else UTC. Refuses, with ValueError, a name that no zone has.
"""

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_SYSTEM = "/etc/localtime"


def household_zone(name: str | None) -> tzinfo:
    """The zone called ``name``; None: the system's."""
    try:
        if name is not None:
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError('the name of a time zone, like "Europe/Berlin"') from None
    try:
        with open(_SYSTEM, "rb") as file:
            return ZoneInfo.from_file(file)
    except (OSError, ValueError):
        return UTC
