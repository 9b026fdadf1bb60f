"""The tables of the diary, and the whitelist that says that nothing else is in the file.

Promises: `differences` names every table, column, view, trigger or index that is there and should not be, or should
be and is not. Refuses free text but in `annotation`, which the household writes itself: any other row's words are a
place's name, a model's and a rung's.
"""

from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa

REVISION: Final = "0003"
"""The newest migration; a test holds it against the migrations folder."""
APPLICATION_ID: Final = 0x51535444
"""Marks the file as a Quietstep diary ("QSTD")."""

_SUMS: Final = ("s", "s_squared", "s_times_n")
_MINUTES: Final = tuple(
    f"minutes_{kind}" for kind in ("observed", "several_people", "nobody", "unusable", "paused", "fault")
)
_POSTERIOR: Final = ("p_angry", "p_happy", "p_neutral", "p_sad")
_SPREAD: Final = ("valence", "valence_low", "valence_high", "arousal", "arousal_low", "arousal_high")

WHITELIST: Final[Mapping[str, tuple[str, ...]]] = {
    # one row: is this a home's diary or a demonstration's
    "meta": ("id", "kind"),
    # design.md, "Trend row"; nothing of the gait, no track, no person, no finer time
    "trend": (
        *("bucket_start_s", "bucket_length_s", "place", *_MINUTES, "n_walks", "n_cycles", "share_abstained"),
        *(*_POSTERIOR, *_SPREAD, "model_id", "rung"),
    ),
    # one row a place and day of the household, of rows that were told and nothing else; stays when its hours go
    "day": (
        *("day_start_s", "place", "day_length_s", *_MINUTES, "n_walks", "n_cycles", "n_told", "n_held_back"),
        *("share_abstained", *_POSTERIOR, *_SPREAD, "weight", "model_id", "rung"),
    ),
    # the bucket that is still open, one row a place, overwritten each minute and never read out: sums only
    "open_bucket": (
        *("place", "start_s", "length_s", "booked_until_minute", "running", "model_id", "rung", *_MINUTES),
        *("n_noted", "n_usable", "n_judged", "n_walks", "n_walks_judged", "n_bouts_judged", "n_squared"),
        *(*_POSTERIOR, *(f"valence_{s}" for s in _SUMS), *(f"arousal_{s}" for s in _SUMS)),
    ),
    # what the household wrote beside a day: a number, the midnight at which the day begins, one line of text
    "annotation": ("n", "day_start_s", "text"),
    "alembic_version": ("version_num",),
}


def _table(name: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in WHITELIST[name]))


META: Final = _table("meta")
TREND: Final = _table("trend")
OPEN_BUCKET: Final = _table("open_bucket")
DAY: Final = _table("day")
ANNOTATION: Final = _table("annotation")


def differences(connection: sa.Connection) -> tuple[str, ...]:
    """What the live schema has beyond the whitelist, or lacks of it; empty when they are equal."""
    found: list[str] = []
    listed = connection.exec_driver_sql("SELECT type, name, tbl_name FROM sqlite_master").all()
    tables = {name for kind, name, _table_name in listed if kind == "table"}
    for kind, name, _table_name in listed:
        automatic = kind == "index" and name.startswith("sqlite_autoindex_")
        if kind != "table" and not automatic:
            found.append(f"{kind} {name} is not on the whitelist")
    found += [f"table {name} is not on the whitelist" for name in sorted(tables - set(WHITELIST))]
    found += [f"table {name} is missing" for name in sorted(set(WHITELIST) - tables)]
    for name in sorted(tables & set(WHITELIST)):
        columns = tuple(row[1] for row in connection.exec_driver_sql(f"PRAGMA table_xinfo({name})"))
        found += [f"column {name}.{c} is not on the whitelist" for c in columns if c not in WHITELIST[name]]
        found += [f"column {name}.{c} is missing" for c in WHITELIST[name] if c not in columns]
    return tuple(found)
