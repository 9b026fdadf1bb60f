"""The columns of a table that is exported: name, unit, limits, and where the value comes from.

Promises: a name tells the unit (minutes_…, n_…, share_…, p_… a share of 1, …_score from -1 to 1); times are there
twice, by the household's clock (with its minutes ahead of UTC) and UTC. Refuses a column that a row or the day rules do
not have.
"""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Final, Literal, NamedTuple

from edge.diary.export.lines import Line, local_time
from edge.diary.trend import KINDS, Few

Kind = Literal["text", "time", "whole", "count", "share", "score", "flag"]
Cell = str | int | float | bool | datetime | None


class Column(NamedTuple):
    """One column; ``of`` takes the line and the household's zone."""

    name: str
    kind: Kind
    unit: str
    limits: str
    of: Callable[[Line, tzinfo | None], Cell]


def _local(name: str, which: str) -> tuple[Column, Column]:
    """The clock's time in the form that spreadsheets take for a date, and what it was ahead of UTC."""
    clock, ahead = f"{name}_local", f"{name}_offset_min"
    return (
        Column(
            clock, "text", "ISO 8601", "by the household's clock", lambda x, z: _clock(local_time(getattr(x, which), z))
        ),
        Column(
            ahead, "whole", "min", "that clock, ahead of UTC", lambda x, z: _ahead(local_time(getattr(x, which), z))
        ),
    )


def _utc(name: str, which: str) -> Column:
    return Column(name, "time", "UTC", "half-open", lambda x, _z: datetime.fromtimestamp(getattr(x, which), UTC))


def _plain(name: str, kind: Kind, unit: str, limits: str, source: str | None = None) -> Column:
    return Column(name, kind, unit, limits, lambda line, _zone: _cell(getattr(line, source or name)))


def _cell(value: object) -> Cell:
    if isinstance(value, tuple):
        return "; ".join(value)
    assert value is None or isinstance(value, str | int | float)
    return value


def _clock(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(" ", "seconds")


def _ahead(moment: datetime) -> int:
    offset = moment.utcoffset()
    assert offset is not None
    return round(offset.total_seconds() / 60)


_MINUTES_LIMITS: Final = "each minute is of one kind; what is missing to minutes_in_all is on no record"
_COUNT_LIMITS: Final = 'rounded to 5; held back below 10 judged cycles or 3 walks ("<10" in text)'
_MOOD_LIMITS: Final = "of the place, not of a person; not a diagnosis; empty where held back"
_INTERVAL: Final = f"end of a 95 % interval; {_MOOD_LIMITS}"

COLUMNS: Final = (
    _plain("place", "text", "", "the camera's name"),
    *_local("start", "start_s"),
    *_local("end", "end_s"),
    _utc("start_utc", "start_s"),
    _utc("end_utc", "end_s"),
    _plain("minutes_in_all", "whole", "min", "the length", "n_minutes"),
    *(_plain(f"minutes_{kind}", "whole", "min", _MINUTES_LIMITS) for kind in KINDS),
    _plain("share_watched", "share", "1", "observed, several people or nobody, of all minutes", "coverage"),
    _plain("n_buckets_told", "whole", "1", "buckets that tell a mood", "n_told"),
    _plain("n_buckets_held_back", "whole", "1", "buckets with somebody in view that tell none", "n_held_back"),
    _plain("held_back", "flag", "", "no mood is told: fewer than 10 judged cycles or 3 walks"),
    _plain("n_walks", "count", "1", _COUNT_LIMITS),
    _plain("n_cycles", "count", "1", _COUNT_LIMITS),
    _plain("share_abstained", "share", "1", "of the cycles, those that the model did not judge"),
    *(_plain(f"p_{name}", "share", "1", _MOOD_LIMITS) for name in ("angry", "happy", "neutral", "sad")),
    *(
        _plain(f"{name}_score{suffix}", "score", "score from -1 to 1", limits, f"{name}{suffix}")
        for name in ("valence", "arousal")
        for suffix, limits in (("", _MOOD_LIMITS), ("_low", _INTERVAL), ("_high", _INTERVAL))
    ),
    _plain("model_id", "text", "", "nothing compares across a change of model", "model_ids"),
    _plain("rung", "text", "", "the runtime that computed it", "rungs"),
)


def is_few(value: Cell | Few) -> bool:
    """A count that is held back."""
    return isinstance(value, str)
