"""How long the diary keeps what it holds: hours first, then only days, then nothing.

Promises: importing this brings nothing heavy, so that the monitor's specification may name it. Refuses nothing: what a
household may set is checked in ``edge.config``.
"""

import msgspec


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hourly rows for ``keep_hours_days`` days, day rows for ``keep_days_years`` years (of 365.25 days)."""

    keep_hours_days: int = 400
    keep_days_years: int = 10
