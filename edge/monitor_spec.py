"""What the supervisor tells the monitor: one JSON document on its stdin.

Promises: importing this brings neither numpy nor a socket library, so the monitor can lock itself in first. Refuses
fields it does not know.
"""

from typing import Literal

import msgspec


class MonitorSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Endpoint, places, files, inherited descriptor, parent, kind of diary ("home" or "demo"), form of the log."""

    endpoint: str
    places: tuple[str, ...]
    bundle: str
    diary: str
    key: str
    gauges_fd: int
    parent_pid: int
    kind: Literal["home", "demo"] = "home"
    json_log: bool = False
