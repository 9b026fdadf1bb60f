"""The rung on a real accelerator, in its locked process; skipped where ONNX Runtime has none."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.config import REFERENCE_BUNDLE
from edge.encoder import AffectEncoder, open_encoder
from edge.encoder.runtime import onnxruntime
from edge.rungs import CPU, CUDA, LadderSettings
from tests.edge.encoder.test_faults import Told, cycles

pytestmark = pytest.mark.skipif(
    "CUDAExecutionProvider" not in onnxruntime.get_available_providers() or not Path("/dev/nvidia0").exists(),
    reason="no accelerator that ONNX Runtime can use",
)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def on_cuda(told: Told) -> Iterator[AffectEncoder]:
    encoder = open_encoder(REFERENCE_BUNDLE, LadderSettings((CUDA, CPU), memory_mib=512), told)
    yield encoder
    encoder.close()


def test_it_is_proven_and_answers_as_the_cpu_does(on_cuda: AffectEncoder, told: Told) -> None:
    assert (on_cuda.rung, told.left) == (CUDA, [])
    for n in (1, 3, 20):
        answers = on_cuda.encode(*cycles(n)), open_encoder(REFERENCE_BUNDLE).encode(*cycles(n))
        np.testing.assert_allclose(answers[0].posterior_NK, answers[1].posterior_NK, atol=0.01)
        np.testing.assert_array_equal(*(answer.posterior_NK.argmax(axis=1) for answer in answers))


def test_its_process_is_locked_and_its_death_costs_no_answer(on_cuda: AffectEncoder, told: Told) -> None:
    [child] = [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    status = Path(f"/proc/{child}/status").read_text()
    assert "NoNewPrivs:\t1" in status
    assert "Seccomp:\t2" in status
    os.kill(child, signal.SIGKILL)
    assert np.isfinite(on_cuda.encode(*cycles(3)).posterior_NK).all()
    assert on_cuda.rung == CPU
    assert [(rung, answered) for rung, _reason, answered in told.left] == [(CUDA, True)]
