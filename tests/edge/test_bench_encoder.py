"""The bench of the encoder: everyone in turn, figures for who is there, a reason for who is not."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from edge import bench_encoder
from edge.bench_encoder import BASE, Competitor, Report, competitors_for, measure, row_of
from edge.bench_table import bench_encoder as bench_command
from edge.bundle import GOLDEN
from edge.config import REFERENCE_BUNDLE
from edge.encoder.golden import read_golden
from edge.encoder.timing import Absent, Answer, Open, Order, compete, memory_mib
from edge.rungs import RUNGS


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_encoder, "ONE", Order(1, 5))
    monkeypatch.setattr(bench_encoder, "BATCHES", (Order(16, 2),))
    monkeypatch.setattr(bench_encoder.importlib.util, "find_spec", lambda name: None)


def test_the_cpu_is_measured_and_absent_rungs_have_their_reason(quick: None) -> None:
    told: list[str] = []
    report = measure(REFERENCE_BUNDLE, "", 2, told.append)
    rows = {row.name: row for row in report.rows}
    assert list(rows) == list(RUNGS)
    cpu = rows["cpu"]
    assert cpu.one_median_ms is not None
    assert cpu.one_p99_ms is not None
    assert 0 < cpu.one_median_ms <= cpu.one_p99_ms
    assert set(cpu.cycles_per_s) == {1, 16}
    assert cpu.memory_mib
    assert cpu.start_s
    assert cpu.gap is not None
    assert cpu.gap < 1e-4
    for row in report.rows:
        assert row.reason or row.one_median_ms
        assert bool(row.reason) != bool(row.one_median_ms)
    assert "round 2 of 2, 16 cycles a call" in told


def test_the_command_prints_a_table_and_writes_json(quick: None, tmp_path: Path) -> None:
    out = Console(record=True, width=160)
    bench_command(REFERENCE_BUNDLE, "", 1, tmp_path / "bench.json", out, Console(stderr=True))
    assert "cpu" in out.export_text()
    rows = json.loads((tmp_path / "bench.json").read_text())["rows"]
    assert [row["name"] for row in rows] == list(RUNGS)


def test_torch_runs_beside_where_the_trainer_is_installed() -> None:
    pytest.importorskip("torch", reason="torch comes with the extra quietstep[trainer]")
    names = [competitor.name for competitor in competitors_for(REFERENCE_BUNDLE, "")]
    assert names == [*RUNGS, BASE, "torch compile, cpu", "torch eager, cuda", "torch compile, cuda"]


def test_the_ratio_is_taken_round_by_round() -> None:
    def ran(name: str, *rounds: float) -> Competitor:
        opened = Open("float32", 0.0)
        return Competitor(name, [], opened=opened, seconds={1: [[seconds] * 3 for seconds in rounds]})

    base, cpu = ran(BASE, 0.003, 0.030, 0.004), ran("cpu", 0.001, 0.010, 0.001)
    assert row_of(cpu, base).times_torch == 3.0
    assert row_of(cpu, base).one_median_ms == 1.0
    assert row_of(cpu, None).times_torch is None


def test_who_is_not_there_has_no_figure() -> None:
    row = row_of(Competitor("cuda", [], absent=Absent("no driver", "Install one.")), None)
    assert (row.reason, row.do) == ("no driver", "Install one.")
    assert row.one_median_ms is None
    assert row.cycles_per_s == {}
    assert Report("b", 1, (row,)).rows == (row,)


def test_a_competitor_that_fails_says_why(tmp_path: Path) -> None:
    def open_it() -> tuple[Open, Answer]:
        raise RuntimeError("tensors on two devices\nand more")

    golden = read_golden((REFERENCE_BUNDLE / GOLDEN).read_bytes())
    with (tmp_path / "said").open("wb") as out:
        assert compete(out, golden, open_it) == 1
    absent = msgspec.json.decode((tmp_path / "said").read_bytes(), type=Open | Absent)
    assert isinstance(absent, Absent)
    assert "RuntimeError: tensors on two devices)" in absent.reason


def test_the_memory_of_whoever_started_a_process_is_not_its_own() -> None:
    large = bytearray(b"1" * (400 << 20))
    command = [sys.executable, "-c", "from edge.encoder.timing import memory_mib; print(memory_mib())"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert 5 < float(said) < 300
    assert memory_mib() > 400
    del large
