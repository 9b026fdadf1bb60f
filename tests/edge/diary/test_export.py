"""What other programs read of an export is what the diary keeps: no more, no less, in the right hours."""

import io
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from edge.cli import app
from edge.diary.day_rows import day_row
from edge.diary.days import days_of_rows
from edge.diary.export.columns import COLUMNS
from edge.diary.export.csv_text import csv_bytes, harmless, meant
from edge.diary.export.lines import By, Line, lines_of
from edge.diary.export.new_file import write_new
from edge.diary.export.parquet import parquet_bytes
from edge.diary.store import Store
from edge.diary.trend import FEW, KINDS, TrendRow
from edge.errors import DiaryError, DiaryReadOnlyError

SUNDAY_S = 1_792_886_400  # 2026-10-25T00:00Z: Berlin's clocks go back at 01:00 UTC
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"]).map(ZoneInfo)
MOOD = ("share_abstained", "p_angry", "p_happy", "p_neutral", "p_sad")
SCORES = ("valence_low", "valence", "valence_high", "arousal_low", "arousal", "arousal_high")


def told_row(start_s: int, place: str = "hall", **other: object) -> TrendRow:
    mood = {"share_abstained": 0.1, "p_angry": 0.1, "p_happy": 0.4, "p_neutral": 0.3, "p_sad": 0.2}
    scores = {"valence": 0.15, "valence_low": -0.05, "valence_high": 0.35}
    scores |= {"arousal": 0.21, "arousal_low": 0.11, "arousal_high": 0.31}
    minutes = dict.fromkeys((f"minutes_{kind}" for kind in KINDS), 0) | {"minutes_observed": 12, "minutes_nobody": 48}
    head = {"bucket_start_s": start_s, "bucket_length_s": 3600, "place": place, "n_walks": 5, "n_cycles": 40}
    return TrendRow(**(head | minutes | mood | scores | {"model_id": "reference-2", "rung": "cpu"} | other))  # type: ignore[arg-type]


def held_row(start_s: int, place: str = "hall", **other: object) -> TrendRow:
    nothing = dict.fromkeys((*MOOD, *SCORES)) | {"n_walks": FEW, "n_cycles": FEW}
    return told_row(start_s, place, **(nothing | other))


@st.composite
def one_row(draw: st.DrawFn, hour: int, place: str) -> TrendRow:
    cuts = sorted(draw(st.lists(st.integers(0, 60), min_size=5, max_size=5)))
    parts = [b - a for a, b in zip([0, *cuts], [*cuts, 60], strict=True)]
    minutes = {f"minutes_{kind}": n for kind, n in zip(KINDS, parts, strict=True)}
    start_s = SUNDAY_S + 3600 * hour
    if draw(st.booleans()):
        return held_row(start_s, place, **minutes)
    whole = st.integers(0, 100).map(lambda n: n / 100)
    mood = {name: draw(whole) for name in MOOD} | {"p_sad": 0.01}
    scores = sorted(draw(st.lists(st.integers(-100, 100), min_size=3, max_size=3)))
    named = {name: value / 100 for name, value in zip(SCORES, [*scores, *scores], strict=True)}
    counts = {"n_walks": 5 * draw(st.integers(1, 20)), "n_cycles": 5 * draw(st.integers(2, 100))}
    return told_row(start_s, place, **(minutes | mood | named | counts), model_id=draw(st.sampled_from(["a", "=b"])))


PLACES = st.sampled_from(["hall", "stairs 2", "=1+1", "@cell", "'quoted", 'a "b", c', "-x", "küche"])
ROWS = (
    st.sets(st.tuples(st.integers(0, 400), PLACES), min_size=1, max_size=12)
    .map(sorted)
    .flatmap(lambda keys: st.tuples(*(one_row(hour, place) for hour, place in keys)))
)


def row_of(cells: dict[str, object]) -> TrendRow:
    """An hour as a reader of the table would rebuild it."""
    start = pd.Timestamp(cells["start_utc"])  # type: ignore[arg-type]
    end = pd.Timestamp(cells["end_utc"])  # type: ignore[arg-type]
    values = {name.replace("_score", ""): None if pd.isna(value) else value for name, value in cells.items()}  # type: ignore[call-overload]
    counts = {name: FEW if values[name] in (None, FEW) else int(values[name]) for name in ("n_walks", "n_cycles")}
    floats = {name: values[name] if values[name] is None else float(values[name]) for name in (*MOOD, *SCORES)}
    minutes = {f"minutes_{kind}": int(values[f"minutes_{kind}"]) for kind in KINDS}
    head = {"bucket_start_s": int(start.timestamp()), "bucket_length_s": int((end - start).total_seconds())}
    texts = {name: str(values[name]) for name in ("place", "model_id", "rung")}
    return TrendRow(**(head | counts | floats | minutes | texts))  # type: ignore[arg-type]


def frame_of(csv: bytes) -> pd.DataFrame:
    frame = pd.read_csv(io.BytesIO(csv), parse_dates=["start_utc", "end_utc"], keep_default_na=False, na_values=[""])
    for name in ("place", "model_id"):
        frame[name] = frame[name].map(meant)
    return frame


@settings(max_examples=25, deadline=None)
@given(ROWS, ZONES)
def test_a_table_reads_back_equal_to_the_rows(rows: tuple[TrendRow, ...], zone: ZoneInfo) -> None:
    lines = lines_of(rows, "hour", zone)
    frame = frame_of(csv_bytes(lines, zone, "home"))
    assert [row_of(cells) for cells in frame.to_dict("records")] == list(rows)
    table = pq.read_table(io.BytesIO(parquet_bytes(lines, zone, "home", "hour", "0.1.0")))
    assert [row_of(cells) for cells in table.to_pylist()] == list(rows)
    assert table["held_back"].to_pylist() == [row.held_back for row in rows]
    assert str(frame["start_utc"].dtype.tz) == "UTC"  # type: ignore[union-attr]
    clocks = [datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() for text in frame["start_local"]]
    ahead_s = [int(minutes) * 60 for minutes in frame["start_offset_min"]]
    assert [clock - ahead for clock, ahead in zip(clocks, ahead_s, strict=True)] == [r.bucket_start_s for r in rows]


@settings(max_examples=20, deadline=None)
@given(ROWS, ZONES, st.sampled_from(["day", "week"]))
def test_days_and_weeks_are_those_of_the_day_rules_and_add_up(
    rows: tuple[TrendRow, ...], zone: ZoneInfo, by: By
) -> None:
    lines = lines_of(rows, by, zone)
    for kind in KINDS:
        assert sum(getattr(line, f"minutes_{kind}") for line in lines) == sum(
            getattr(r, f"minutes_{kind}") for r in rows
        )
    for row in rows:
        (own,) = [x for x in lines if x.place == row.place and x.start_s <= row.bucket_start_s < x.end_s]
        assert row.model_id in own.model_ids
        assert own.held_back is (own.n_told == 0)
        assert datetime.fromtimestamp(own.start_s, zone).hour == 0
    if by == "day":
        moods = {(d.place, round(d.stretch.mood.valence.mean, 2)) for d in days_of_rows(rows, zone) if d.stretch.mood}
        assert moods == {(line.place, line.valence) for line in lines if line.valence is not None}
    table = pq.read_table(io.BytesIO(parquet_bytes(lines, zone, "home", by, "0.1.0")))
    assert table["valence_score"].to_pylist() == [line.valence for line in lines]
    assert table["n_cycles"].to_pylist() == [line.n_cycles for line in lines]


def test_days_whose_hours_are_gone_are_told_as_before() -> None:
    rows = [told_row(SUNDAY_S + 3600 * n, valence=n / 100) for n in range(48)]
    kept = [day_row(SUNDAY_S + 86_400 * n, 86_400, rows[24 * n : 24 * n + 24]) for n in range(2)]
    for by in ("day", "week"):
        whole = lines_of(rows, by, UTC)
        assert lines_of(rows[24:], by, UTC, kept) == lines_of([], by, UTC, kept) == whole
    assert lines_of(rows[24:], "hour", UTC, kept) == lines_of(rows[24:], "hour", UTC)


def test_the_hour_that_comes_twice_is_told_apart_and_its_day_has_25_hours() -> None:
    rows = [told_row(SUNDAY_S), held_row(SUNDAY_S + 3600)]
    text = csv_bytes(lines_of(rows, "hour", BERLIN), BERLIN, "home").decode()
    assert [line.split(",")[2:4] for line in text.splitlines()[1:]] == [
        ["2026-10-25 02:00:00", "120"],
        ["2026-10-25 02:00:00", "60"],
    ]
    (day,) = lines_of(rows, "day", BERLIN)
    assert (day.n_minutes, day.coverage, day.n_told, day.n_held_back) == (25 * 60, round(120 / 1500, 4), 1, 1)
    (week,) = lines_of(rows, "week", BERLIN)
    assert datetime.fromtimestamp(week.start_s, BERLIN).isoformat() == "2026-10-19T00:00:00+02:00"
    assert week.n_minutes == 7 * 24 * 60 + 60


def test_the_csv_of_one_hour_to_the_letter() -> None:
    """Golden: whoever reads these files has programs that rely on them."""
    rows = [told_row(SUNDAY_S), held_row(SUNDAY_S + 3600, "=cmd", minutes_observed=0, minutes_nobody=60)]
    head, told, held = csv_bytes(lines_of(rows, "hour", BERLIN), BERLIN, "home").decode().split("\r\n")[:3]
    assert head == (
        "diary,place,start_local,start_offset_min,end_local,end_offset_min,start_utc,end_utc,minutes_in_all,minutes_observed,minutes_several_people,"
        "minutes_nobody,minutes_unusable,minutes_paused,minutes_fault,share_watched,n_buckets_told,n_buckets_held_back,"
        "held_back,n_walks,n_cycles,share_abstained,p_angry,p_happy,p_neutral,p_sad,valence_score,valence_score_low,"
        "valence_score_high,arousal_score,arousal_score_low,arousal_score_high,model_id,rung"
    )
    assert told == (
        "home,hall,2026-10-25 02:00:00,120,2026-10-25 02:00:00,60,2026-10-25T00:00:00Z,2026-10-25T01:00:00Z,"
        "60,12,0,48,0,0,0,1.0000,1,0,false,5,40,0.10,0.10,0.40,0.30,0.20,0.15,-0.05,0.35,0.21,0.11,0.31,reference-2,cpu"
    )
    assert held == (
        "home,'=cmd,2026-10-25 02:00:00,60,2026-10-25 03:00:00,60,2026-10-25T01:00:00Z,2026-10-25T02:00:00Z,"
        "60,0,0,60,0,0,0,1.0000,0,0,true,<10,<10,,,,,,,,,,,,reference-2,cpu"
    )


@given(st.text())
def test_no_text_begins_like_a_formula_and_every_text_comes_back(text: str) -> None:
    assert not harmless(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert meant(harmless(text)) == text


def test_every_field_of_a_parquet_file_has_its_unit_and_limits() -> None:
    content = parquet_bytes(lines_of([told_row(SUNDAY_S)], "day", UTC), UTC, "demo", "day", "0.1.0")
    schema = pq.read_schema(io.BytesIO(content))
    assert schema.names == [column.name for column in COLUMNS]
    assert {name: schema.field(name).metadata[b"unit"] for name in ("minutes_paused", "p_sad")} == {
        "minutes_paused": b"min",
        "p_sad": b"1",
    }
    assert all(schema.field(name).metadata[b"limits"] for name in schema.names)
    assert schema.metadata[b"diary"] == b"demo"
    assert b"not a diagnosis" in schema.metadata[b"limits"]
    assert str(schema.field("start_utc").type) == "timestamp[ms, tz=UTC]"


def test_a_whole_file_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "out.csv"
    write_new(target, b"one", force=False)
    assert target.stat().st_mode & 0o777 == 0o600
    with pytest.raises(DiaryError, match="already"):
        write_new(target, b"two", force=False)
    with pytest.raises(DiaryError, match="no file"):
        write_new(tmp_path, b"two", force=True)
    with pytest.raises(DiaryReadOnlyError):
        write_new(tmp_path / "nowhere" / "out.csv", b"two", force=False)
    monkeypatch.setattr("os.fsync", _full)
    with pytest.raises(DiaryReadOnlyError, match="No space left"):
        write_new(target, b"two", force=True)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"one"]


def _full(_descriptor: int) -> None:
    raise OSError(28, "No space left on device")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    rows = [told_row(SUNDAY_S + 3600 * n, place) for n in range(30) for place in ("hall", "stairs")]
    with Store.open(folder / "diary.db") as store:
        store.save(rows, [])
    return folder


def export(home: Path, *arguments: object) -> Result:
    return CliRunner().invoke(app, ["export", "--data-dir", str(home), "--zone", "UTC", *map(str, arguments)])


def test_the_command_writes_what_was_asked_for(home: Path, tmp_path: Path) -> None:
    day = ("--from", "2026-10-25", "--to", "2026-10-26")
    shown = export(home, "--format", "csv", *day, "--place", "hall")
    assert (shown.exit_code, len(shown.stdout.splitlines())) == (0, 25)
    for form in ("csv", "parquet", "fhir"):
        file = tmp_path / f"out.{form}"
        done = export(home, "--format", form, "--by", "day", "--out", file)
        assert done.exit_code == 0, done.output
        assert "4 lines" in done.output
        assert "not encrypted" in done.output
    assert len(pd.read_csv(tmp_path / "out.csv")) == pq.read_table(tmp_path / "out.parquet").num_rows == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--format", "csv", "--place", "attic"), "one of hall, stairs"),
        (("--format", "csv", "--from", "2027-01-01"), "no row from 2027-01-01"),
        (("--format", "csv", "--from", "2026-10-26", "--to", "2026-10-26"), "no time"),
        (("--format", "csv", "--from", "soon"), "the date 'soon'"),
        (("--format", "csv", "--out", "/proc/nowhere/out.csv"), "no way to write"),
        (("--format", "parquet"), "--out FILE"),
        (("--format", "csv", "--subject-reference", "Patient/1"), "--format fhir"),
        (("--format", "fhir", "--subject-reference", "my mother"), "such as Patient/123"),
    ],
)
def test_what_cannot_be_is_one_sentence(home: Path, arguments: tuple[str, ...], said: str) -> None:
    done = export(home, *arguments)
    assert done.exit_code == 1
    assert said in done.stderr
    assert done.stdout == ""


def test_a_missing_extra_is_one_sentence(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "edge.diary.export.fhir", None)
    done = export(home, "--format", "fhir", "--out", tmp_path / "x")
    assert done.exit_code == 1
    assert "quietstep[export]" in done.stderr


def test_a_file_that_is_there_stays(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    file.write_text("mine")
    assert "--force" in export(home, "--format", "csv", "--out", file).stderr
    assert file.read_text() == "mine"
    assert export(home, "--format", "csv", "--out", file, "--force").exit_code == 0
    assert file.read_text().startswith("diary,")


def test_help_says_that_the_file_is_open() -> None:
    said = " ".join(CliRunner().invoke(app, ["export", "--help"]).output.split())
    assert "NOT encrypted" in said
    assert "erase" in said


def test_lines_know_all_fields_of_a_row() -> None:
    assert set(TrendRow.__struct_fields__) - set(Line.__struct_fields__) == {
        "bucket_start_s",
        "bucket_length_s",
        "model_id",
        "rung",
    }
