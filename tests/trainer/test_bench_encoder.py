"""torch beside the rungs computes the very network of the bundle."""

from pathlib import Path

import numpy as np
import pytest
import torch

import edge
from edge.bundle import GOLDEN, GRAPH, read_bundle
from edge.encoder.golden import read_golden
from edge.errors import TrainingError
from trainer.bench_encoder import _answer, _opened, rebuilt

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
