"""What ``quietstep export`` does.

Promises: reads the diary beside a running writer, and writes one whole file or none. Reads the clock and draws the
identifiers of a FHIR bundle, which the forms themselves do not. Refuses an unknown place, a stretch without a row, and
a subject that is no reference.
"""

import re
import sys
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Final, Literal, NamedTuple

from rich.console import Console

from edge.config import Config
from edge.diary.export.csv_text import csv_bytes
from edge.diary.export.lines import By, Line, lines_of
from edge.diary.export.new_file import write_new
from edge.diary.span import END_S, FIRST_S, Span, local_text, span_of
from edge.diary.store import DiaryReader
from edge.diary.trend import TrendRow
from edge.diary_commands import zone_of
from edge.errors import DiaryError

Form = Literal["csv", "parquet", "fhir"]
UNPROTECTED: Final = "It is not encrypted, and `quietstep erase` does not reach it: it is yours to keep and to delete."
_REFERENCE: Final = re.compile(
    r"((https?://\S+/)?(Patient|Group|Device|Location)/[A-Za-z0-9.-]{1,64}|urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)


class Wish(NamedTuple):
    """What was asked for on the command line."""

    form: Form
    by: By
    from_: str | None
    to: str | None
    place: str | None
    zone: str | None
    out: Path | None
    subject: str | None
    force: bool


def export_command(config: Config, wish: Wish, console: Console) -> None:
    """Write the file, or CSV and FHIR to the terminal where none is named."""
    _refuse(wish)
    zone, span = zone_of(wish.zone), span_of(wish.from_, wish.to, wish.place, zone_of(wish.zone))
    with DiaryReader.open(config.diary, config.key) as reader:
        kind = reader.kind()
        rows = reader.rows(_bound(span.from_s), _bound(span.to_s))
    lines = lines_of(_own(rows, span, zone), wish.by, zone)
    content = _content(lines, wish, zone, kind)
    if wish.out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    write_new(wish.out, content, force=wish.force)
    said = f"{len(lines)} lines in {wish.out}. {UNPROTECTED}"
    console.print(said, soft_wrap=True, highlight=False, markup=False)


def _refuse(wish: Wish) -> None:
    if wish.out is None and wish.form == "parquet":
        raise DiaryError("no file for Parquet, which is no text", "--out FILE", "Name the file to write.")
    if wish.subject is None:
        return
    if wish.form != "fhir":
        raise DiaryError(f"--subject-reference with {wish.form}", "--format fhir with it", "Leave it out.")
    if not _REFERENCE.fullmatch(wish.subject):
        raise DiaryError(
            f"the subject {wish.subject!r}",
            "a FHIR reference to a Patient, Group, Device or Location, such as Patient/123",
            "Take it from the system that is to read the file.",
        )


def _bound(t_s: int) -> int | None:
    return None if t_s in (FIRST_S, END_S) else t_s


def _own(rows: Sequence[TrendRow], span: Span, zone: tzinfo | None) -> Sequence[TrendRow]:
    own = [row for row in rows if span.place in (None, row.place)]
    if own:
        return own
    stretch = f"from {local_text(span.from_s, zone)} to {local_text(span.to_s, zone)}"
    if rows:
        known = ", ".join(sorted({row.place for row in rows}))
        raise DiaryError(f"no row of {span.place!r} {stretch}", f"one of {known}", "Write it so.")
    raise DiaryError(f"no row {stretch}", "a stretch with rows", "See what there is with `quietstep log`.")


def _content(lines: Sequence[Line], wish: Wish, zone: tzinfo | None, kind: str) -> bytes:
    if wish.form == "csv":
        return csv_bytes(lines, zone, kind)
    from edge.bundle import EDGE_VERSION

    software = ".".join(map(str, EDGE_VERSION))
    try:
        if wish.form == "parquet":
            from edge.diary.export.parquet import parquet_bytes

            return parquet_bytes(lines, zone, kind, wish.by, software)
        from edge.diary.export.fhir import About, fhir_bytes
    except ModuleNotFoundError as error:
        raise DiaryError(
            f"no {error.name} on this machine",
            f"what {wish.form} needs, which is an extra",
            "Install it with: pip install 'quietstep[export]'. CSV needs nothing.",
        ) from None
    about = About(kind, software, datetime.now(UTC).replace(microsecond=0), uuid.uuid4(), wish.subject)
    return fhir_bytes(lines, zone, about)
