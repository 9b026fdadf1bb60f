"""Mixed precision lives in the graph: it is written, named with its tolerance, proven, and float32 at its borders."""

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest
from typer.testing import CliRunner

import edge
from edge.bundle import GOLDEN, GRAPH, MIXED_GRAPH, read_bundle
from edge.encoder import open_encoder
from edge.encoder.cpu import CpuRung
from edge.encoder.golden import read_golden
from edge.encoder.ladder import MIXED
from trainer import cli
from trainer.mixed import TOLERANCE, Mixed, mixed_bytes, try_mixed
from trainer.walkers import golden_walkers

REFERENCE = Path(edge.__file__).parent / "models" / "reference"
FLOAT32 = (REFERENCE / GRAPH).read_bytes()
GOLDEN_ANSWERS = read_golden((REFERENCE / GOLDEN).read_bytes())


def test_the_reference_in_mixed_precision_answers_within_its_tolerance() -> None:
    mixed = try_mixed(FLOAT32, GOLDEN_ANSWERS)
    assert isinstance(mixed, Mixed)
    assert 0 < mixed.gap < TOLERANCE
    x, duration_s = golden_walkers(seed=5)
    wanted, found = CpuRung(FLOAT32).run(x, duration_s), CpuRung(mixed.onnx).run(x, duration_s)
    assert np.abs(found.logits_NK - wanted.logits_NK).max() < TOLERANCE
    np.testing.assert_array_equal(found.ood_score_N, wanted.ood_score_N)
    np.testing.assert_array_equal(found.logits_NK.argmax(axis=1), wanted.logits_NK.argmax(axis=1))


def test_only_the_affect_part_is_halved_with_one_cast_at_each_border() -> None:
    halved = mixed_bytes(FLOAT32)
    assert halved is not None
    model = onnx.load_from_string(halved)
    inside = [each for each in model.graph.initializer if each.name.startswith(("affect.", "classifier."))]
    assert {tensor.data_type for tensor in inside} == {onnx.TensorProto.FLOAT16}
    n_borders = 6  # of the reference: what enters the three members, and the logits
    assert Counter(node.op_type for node in model.graph.node)["Cast"] == n_borders
    ports = [*model.graph.input, *model.graph.output]
    assert {port.type.tensor_type.elem_type for port in ports} == {onnx.TensorProto.FLOAT}
    assert len(halved) < 0.6 * len(FLOAT32)


def test_a_mixed_graph_that_misses_the_golden_answers_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.mixed.TOLERANCE", 1e-5)
    assert "golden answers off by" in str(try_mixed(FLOAT32, GOLDEN_ANSWERS))


def test_a_graph_with_nothing_to_halve_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.mixed.HALVED", ("/elsewhere/",))
    assert try_mixed(FLOAT32, GOLDEN_ANSWERS) == "a graph without operators in /elsewhere/"


def test_the_command_adds_it_to_a_copy_that_a_home_opens(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli.app, ["mixed", str(REFERENCE), str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    bundle = read_bundle(tmp_path / "out")
    assert bundle.manifest.tolerance[MIXED] == TOLERANCE
    assert bundle.path(MIXED_GRAPH).is_file()
    assert open_encoder(tmp_path / "out").precision == "float32"
    again = CliRunner().invoke(cli.app, ["mixed", str(REFERENCE), str(tmp_path / "out")])
    assert again.exit_code == 1
    assert "exists" in again.stderr
