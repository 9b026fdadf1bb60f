"""The diary's rows as they are kept: a table for a terminal, and JSON for machines.

Promises: each row as it is in the file, "<10" where counts are held back, a dot where nothing is told; times are the
household's with their offset from UTC, so that the hour that comes twice a year can be told apart. Refuses to round,
fill or join anything.
"""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Final

import msgspec
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge.diary.trend import KINDS, TrendRow

UNTOLD: Final = "·"
WIDTH: Final = 220
"""A row is not broken over lines, also where the terminal is narrower or is a file."""
HEADS: Final = ("obs", "sev", "nob", "unu", "pau", "fau")
LEGEND: Final = (
    "Minutes: obs observed, sev several people, nob nobody, unu unusable, pau paused, fau fault. abst: share of cycles "
    "abstained. <10: fewer than 10 judged cycles or 3 walks, held back. ·: not told."
)


class LoggedRow(msgspec.Struct, frozen=True):
    """A row with its local start."""

    local_start: str
    row: TrendRow


def log_table(rows: Sequence[TrendRow], zone: tzinfo | None, kind: str) -> RenderableType:
    """All rows, oldest first."""
    head = [Text("DEMO  a simulated walker, not a home", style="reverse")] if kind == "demo" else []
    if not rows:
        return Group(*head, Text("The diary is empty. A row comes at the end of each hour."))
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="dim")
    table.add_column("from", no_wrap=True)
    table.add_column("place", no_wrap=True)
    for name in ("min", *HEADS, "walks", "cycles", "abst", "angry", "happy", "neutr", "sad"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("valence", justify="right", no_wrap=True)
    table.add_column("arousal", justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*_cells(row, zone))
    sources = sorted({f"{row.model_id} on {row.rung}" for row in rows})
    return Group(*head, table, Text(LEGEND, style="dim"), Text(f"Model {', '.join(sources)}", style="dim"))


def log_json(rows: Sequence[TrendRow], zone: tzinfo | None) -> str:
    """The same rows, one object each."""
    logged = [LoggedRow(_local(row.bucket_start_s, zone), row) for row in rows]
    return msgspec.json.format(msgspec.json.encode(logged)).decode()


def _cells(row: TrendRow, zone: tzinfo | None) -> list[str]:
    minutes = [str(getattr(row, f"minutes_{kind}")) for kind in KINDS]
    shares = [_told(share) for share in (row.share_abstained, row.p_angry, row.p_happy, row.p_neutral, row.p_sad)]
    spreads = [
        _spread(row.valence, row.valence_low, row.valence_high),
        _spread(row.arousal, row.arousal_low, row.arousal_high),
    ]
    head = [_local(row.bucket_start_s, zone), row.place, str(row.bucket_length_s // 60)]
    return [*head, *minutes, str(row.n_walks), str(row.n_cycles), *shares, *spreads]


def _told(share: float | None) -> str:
    return UNTOLD if share is None else f"{share:.2f}"


def _spread(mean: float | None, low: float | None, high: float | None) -> str:
    return UNTOLD if mean is None else f"{mean:+.2f} [{low:+.2f}, {high:+.2f}]"


def _local(t_s: int, zone: tzinfo | None) -> str:
    moment = datetime.fromtimestamp(t_s, zone)
    return (moment if moment.tzinfo else moment.astimezone()).isoformat(" ", "minutes")
