"""The exported CSV in a real spreadsheet: LibreOffice takes its times for dates and its numbers for numbers.

Imports with what the help says to tick: comma, UTF-8, English (USA), "Detect special numbers".
"""

import os
import random
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from edge.diary.export.csv_text import csv_bytes
from edge.diary.export.lines import By, lines_of
from tests.bench.diary import rows_of

OFFICE = shutil.which("soffice")
TICKED = "CSV:44,34,76,1,,1033,false,true"
"""Comma, quotation mark, UTF-8, from line 1, all columns, English (USA), no quoted text, special numbers."""
BERLIN = ZoneInfo("Europe/Berlin")
BEFORE_WINTER_S = int(datetime(2026, 10, 24, 22, tzinfo=UTC).timestamp())
CELL = re.compile(r'office:value-type="(\w+)"(?: office:(?:date-)?value="([^"]*)")?')


@pytest.mark.skipif(OFFICE is None, reason="no LibreOffice here: apt-get install libreoffice-calc")
def test_times_are_dates_and_numbers_are_numbers(tmp_path: Path) -> None:
    rows = list(rows_of(4, random.Random(1), BEFORE_WINTER_S))  # the night in which 2 o'clock comes twice
    written: dict[By, bytes] = {by: csv_bytes(lines_of(rows, by, BERLIN), BERLIN, "home") for by in ("hour", "day")}
    for by, content in written.items():
        (tmp_path / f"{by}.csv").write_bytes(content)
    _convert(tmp_path, [f"{by}.csv" for by in written])
    cells = _cells(tmp_path / "hour.fods")
    local = ["2026-10-25", *(f"2026-10-25T0{hour}:00:00" for hour in (1, 2, 2))]
    assert [row["start_local"] for row in cells[::3]] == [("date", t) for t in local]
    assert [row["start_offset_min"][1] for row in cells[::3]] == ["120", "120", "120", "60"]
    assert cells[0]["start_utc"] == ("string", "2026-10-24T22:00:00Z"), (
        "UTC stays a text: nobody takes it for the clock"
    )
    told = [row for row in cells if row["valence_score"][0]]
    assert told
    assert {row[name][0] for row in told for name in ("valence_score", "share_watched", "n_walks")} == {"float"}
    assert _cells(tmp_path / "day.fods")[0]["start_local"] == ("date", "2026-10-25")


def _convert(folder: Path, names: list[str]) -> None:
    assert OFFICE is not None
    command = [OFFICE, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", f"--infilter={TICKED}"]
    done = subprocess.run(
        [*command, "--convert-to", "fods", "--outdir", folder, *(folder / name for name in names)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | {"HOME": str(folder)},
    )
    assert done.returncode == 0, done.stderr


def _cells(path: Path) -> list[dict[str, tuple[str, str]]]:
    """Each line's columns: the kind of value (empty: none) and the value."""
    table = path.read_text().partition("<table:table ")[2]
    rows = [_row(row) for row in table.split("<table:table-row")[1:]]
    names = [text for _kind, text in rows[0]]
    return [dict(zip(names, row, strict=False)) for row in rows[1:] if len(row) >= len(names)]


def _row(text: str) -> list[tuple[str, str]]:
    cells: list[tuple[str, str]] = []
    for cell in text.split("<table:table-cell")[1:]:
        found, said = CELL.search(cell), re.search(r"<text:p>([^<]*)</text:p>", cell)
        n = re.search(r'number-columns-repeated="(\d+)"', cell)
        kind, value = (found[1], found[2] or (said[1] if said else "")) if found else ("", "")
        cells += [(kind, value)] * min(64, int(n[1]) if n else 1)
    return cells
