"""What the supervisor tells the monitor: one JSON document on its stdin.

Promises: importing this brings neither numpy nor a socket library, so the monitor can lock itself in first. Refuses
fields it does not know.
"""

from typing import Literal

import msgspec

from edge.model_order import ModelOrder
from edge.retention import Retention
from edge.rungs import CPU_ONLY, LadderSettings


class MonitorSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Endpoint, places, files, inherited descriptor, parent, kind of diary, form of the log, rungs of the encoder, the
    household's time zone by name (None: the system's), how long the diary keeps; the folder of downloaded bundles, and
    which of them is to answer. ``bundle`` is the one that ships with Quietstep."""

    endpoint: str
    places: tuple[str, ...]
    bundle: str
    diary: str
    key: str
    gauges_fd: int
    parent_pid: int
    kind: Literal["home", "demo"] = "home"
    json_log: bool = False
    ladder: LadderSettings = CPU_ONLY
    zone: str | None = None
    retention: Retention = Retention()
    bundles: str = ""
    models: ModelOrder = ModelOrder()
