"""Several ranks train the network one would; real processes, real gloo."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from edge.encoder import open_encoder
from edge.errors import TrainingError
from trainer.disentangle import Shape
from trainer.place import Place, placed
from trainer.shared_norm import SharedBatchNorm, share_norms
from trainer.train import Fitted, Settings, fit
from trainer.walkers import walker_cycles
from trainer.weights import read_fitted

ROOT = Path(__file__).parents[2]
CYCLES = walker_cycles(n_people=4, n_cycles=1)
SMALL = Shape((8, 8, 8), (8, 8, 8), (8, 8), dropout=0.0)
EXACT = Settings(epochs=3, classifier_epochs=0, batch_size=8, n_takes=2, shape=SMALL)
FIT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_place import CYCLES, EXACT
from trainer.loss_log import LossLog
from trainer.place import placed
from trainer.resume import Kept
from trainer.train import fit
from trainer.weights import write_fitted
folder = Path(sys.argv[1])
with placed("cpu") as place:
    whole = fit(CYCLES, EXACT, None, Kept(folder / "whole", LossLog(folder / "losses.csv"), place))
    write_fitted(folder / f"rank{place.rank}", whole, EXACT)

    def stop(epoch, losses):
        if epoch == 1:
            raise InterruptedError

    kept = Kept(folder / "stopped", LossLog(folder / "more.csv"), place)
    try:
        fit(CYCLES, EXACT, stop, kept)
    except InterruptedError:
        write_fitted(folder / f"resumed{place.rank}", fit(CYCLES, EXACT, None, kept), EXACT)
"""


def torchrun(*words: str, n_ranks: int = 2) -> subprocess.CompletedProcess[str]:
    ranks = ["--standalone", "--nproc-per-node", str(n_ranks)]
    command = [sys.executable, "-m", "torch.distributed.run", *ranks, *words]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)


def weights(model: Fitted) -> torch.Tensor:
    return torch.cat([value.flatten().double() for value in model.autoencoder.state_dict().values()])


def test_two_ranks_train_the_network_that_one_does(tmp_path: Path) -> None:
    (tmp_path / "fit.py").write_text(FIT)
    done = torchrun(str(tmp_path / "fit.py"), str(tmp_path), str(Path(__file__).parent))
    assert done.returncode == 0, done.stderr[-4000:]
    ranks = [weights(read_fitted(tmp_path / f"rank{rank}").fitted) for rank in (0, 1)]
    assert torch.equal(*ranks)
    resumed = [weights(read_fitted(tmp_path / f"resumed{rank}").fitted) for rank in (0, 1)]
    assert torch.equal(*resumed)
    assert torch.equal(ranks[0], resumed[0])
    torch.set_num_threads(1)
    alone, untrained = weights(fit(CYCLES, EXACT)), weights(fit(CYCLES, replace(EXACT, epochs=0)))
    moved = float((alone - untrained).norm())
    assert float((alone - ranks[0]).norm()) < 1e-3 * moved
    assert len((tmp_path / "losses.csv").read_text().splitlines()) == 1 + EXACT.epochs


def test_the_command_under_torchrun_makes_one_bundle_and_one_rank_speaks(tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    words = ["--data", "walkers:4x4x1x1", "--out", str(out), "--epochs", "1", "--folds", "2", "--device", "cpu"]
    done = torchrun("-m", "trainer.cli", "train", "--method", "paper-a", *words)
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.count("Bundle paper-a 0.1.0") == 1
    assert open_encoder(out).rung == "cpu"
    assert len((tmp_path / "bundle.work" / "losses.csv").read_text().splitlines()) == 1 + 6


def test_layers_that_share_have_the_same_state_and_evaluate_alike() -> None:
    torch.manual_seed(0)
    plain = torch.nn.Sequential(torch.nn.Sequential(torch.nn.BatchNorm1d(5)), torch.nn.Conv1d(5, 2, 1))
    plain(torch.randn(7, 5, 3))
    x_NFT = torch.randn(4, 5, 3)
    wanted = plain.eval()(x_NFT)
    names = list(plain.state_dict())
    share_norms(plain)
    assert isinstance(plain[0][0], SharedBatchNorm)
    assert list(plain.state_dict()) == names
    assert torch.equal(plain(x_NFT), wanted)


def test_rows_are_dealt_out_without_loss() -> None:
    value = torch.arange(7)
    parts = [Place(rank=rank, n_ranks=3).rows(value) for rank in range(3)]
    assert sorted(np.concatenate(parts)) == list(range(7))
    with pytest.raises(TrainingError, match="a batch of 2 for 3 processes"):
        Place(rank=0, n_ranks=3).rows(value[:2])


@pytest.mark.parametrize(
    ("device", "precision", "told"),
    [("tpu", "float32", "--device tpu"), ("cpu", "half", "half"), ("cpu", "mixed", "mixed precision on a CPU")],
)
def test_what_is_not_there_is_refused(device: str, precision: str, told: str) -> None:
    with pytest.raises(TrainingError, match=told), placed(device, precision):
        pass


def test_cuda_is_refused_where_there_is_none() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(TrainingError, match="no CUDA device"), placed("cuda"):
        pass
