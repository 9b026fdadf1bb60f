"""torch beside the rungs computes the very network of the bundle."""

from pathlib import Path

import numpy as np
import pytest
import torch

import edge
from edge.bundle import GOLDEN, GRAPH, read_bundle
from edge.encoder.golden import read_golden
from edge.errors import TrainingError
from trainer.bench_encoder import _answer, _on, _opened, rebuilt

REFERENCE = Path(edge.__file__).parent / "models" / "reference"
ANSWERS = read_golden((REFERENCE / GOLDEN).read_bytes())


def test_the_rebuilt_network_gives_the_golden_logits() -> None:
    bundle = read_bundle(REFERENCE)
    logits_NK, score_N = _answer(rebuilt(bundle.path(GRAPH), bundle.manifest), "cpu")(
        ANSWERS.x_NTJC, ANSWERS.duration_s_N
    )
    np.testing.assert_allclose(logits_NK, ANSWERS.answer.logits_NK, atol=1e-5)
    assert score_N.shape == (len(ANSWERS.x_NTJC),)


def test_it_opens_eagerly_on_the_cpu_with_its_gap() -> None:
    opened, _answered = _opened("eager", "cpu", REFERENCE, ANSWERS)
    assert opened.gap < 1e-5


def test_without_a_cuda_device_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(TrainingError, match="not run on hardware"):
        _opened("eager", "cuda", REFERENCE, ANSWERS)


def _left_behind(thing: object, seen: set[int]) -> list[torch.Tensor]:
    """Tensors on the CPU anywhere below a network, also those that are no parameters."""
    if isinstance(thing, torch.Tensor):
        return [thing] if thing.device.type == "cpu" else []
    if id(thing) in seen or not hasattr(thing, "__dict__") | isinstance(thing, dict | list | tuple):
        return []
    seen.add(id(thing))
    parts = thing if isinstance(thing, list | tuple) else (thing if isinstance(thing, dict) else vars(thing)).values()
    return [tensor for part in parts for tensor in _left_behind(part, seen)]


def test_nothing_stays_behind_when_the_network_moves_to_a_device() -> None:
    bundle = read_bundle(REFERENCE)
    network = rebuilt(bundle.path(GRAPH), bundle.manifest)
    assert len(_left_behind(network, set())) > 20
    assert _left_behind(_on(network, "meta"), set()) == []
