"""What the supervisor tells the updater: one JSON document on its stdin.

Promises: paths, an address and times; nothing of a body or a diary is in it. Refuses fields it does not know.
"""

import msgspec


class UpdateSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where from, which files, when to ask (seconds; windows as ``22:00``; zone by name, None: the system's); where
    to beat while something moves."""

    url: str
    root: str
    ring: str
    folder: str
    models: str
    shipped: str
    note: str
    every_s: float
    metered: bool
    quiet: tuple[tuple[str, str], ...]
    zone: str | None
    parent_pid: int
    json_log: bool = False
    heartbeat_fd: int | None = None
