"""Training on an accelerator: the network the CPU trains, up to rounding; skipped where there is none."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from edge.encoder import open_encoder
from tests.trainer.test_place import CYCLES, EXACT, torchrun, weights
from trainer.loss_log import LossLog, Told
from trainer.place import placed
from trainer.resume import Kept
from trainer.train import Fitted, fit

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
LEARNING = replace(EXACT, epochs=30)


def fitted(folder: Path, device: str, precision: str = "float32") -> tuple[Fitted, list[float]]:
    """The network, and the sum of the losses of each epoch."""
    totals: list[float] = []

    def note(_epoch: int, losses: Told) -> None:
        totals.append(sum(losses.told().values()))

    with placed(device, precision) as place:
        return fit(CYCLES, LEARNING, note, Kept(folder / "kept", LossLog(folder / "losses.csv"), place)), totals


@pytest.fixture
def folder_of(tmp_path: Path) -> Callable[[str], Path]:
    def made(name: str) -> Path:
        (tmp_path / name).mkdir()
        return tmp_path / name

    return made


def test_the_accelerator_trains_the_network_that_the_cpu_does(folder_of: Callable[[str], Path]) -> None:
    cpu, _ = fitted(folder_of("cpu"), "cpu")
    cuda, _ = fitted(folder_of("cuda"), "cuda")
    untrained = weights(fit(CYCLES, replace(EXACT, epochs=0)))
    assert float((weights(cuda) - weights(cpu)).norm()) < 0.02 * float((weights(cpu) - untrained).norm())


def test_the_same_seed_gives_the_same_bits(folder_of: Callable[[str], Path]) -> None:
    first, second = (weights(fitted(folder_of(name), "cuda")[0]) for name in ("first", "second"))
    assert torch.equal(first, second)


def test_mixed_precision_learns_as_float32_does(folder_of: Callable[[str], Path]) -> None:
    _, whole = fitted(folder_of("whole"), "cuda")
    model, mixed = fitted(folder_of("mixed"), "cuda", "mixed")
    assert torch.isfinite(weights(model)).all()
    assert mixed[-1] < 0.9 * mixed[0]
    assert mixed[-1] == pytest.approx(whole[-1], rel=0.1)


def test_nccl_makes_a_bundle(tmp_path: Path) -> None:
    """As many ranks as there are accelerators: NCCL takes one each."""
    out = tmp_path / "bundle"
    words = ["--data", "walkers:4x4x1x1", "--out", str(out), "--epochs", "1", "--folds", "2", "--device", "cuda"]
    ranks = min(torch.cuda.device_count(), 2)
    done = torchrun("-m", "trainer.cli", "train", "--method", "paper-a", *words, n_ranks=ranks)
    assert done.returncode == 0, done.stderr[-4000:]
    assert open_encoder(out).rung == "cpu"
