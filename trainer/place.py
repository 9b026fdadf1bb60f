"""Where the loop runs: on which device, in which precision, alone or as one of several ranks under ``torchrun``.

Several ranks train the network that one would: all draw the same batches from the same generator, each takes every
n-th quadruple, batch normalisation looks at the whole batch (``nn.SyncBatchNorm`` on CUDA, ``shared_norm`` on the
CPU), and ``DistributedDataParallel`` averages the gradients. What differs: dropout is drawn by each rank for itself,
sums are added in another order, and a loss is the mean of the ranks' means, so where shares are uneven or crossed
cells are missing one quadruple may weigh a little more than another. Same seed and same number of ranks: same weights.

Mixed precision is ``torch.autocast`` on an accelerator, in bfloat16 where it has that, else in float16 with scaled
gradients. Losses' targets, optimiser and weights stay float32.

Promises: one process on a CPU does exactly what the loop would do without this module; only the first rank writes.
Refuses mixed precision on a CPU, a device that is not there, batches too small to share, and ranks that end with
different weights.
On an H200 the network is the CPU's up to rounding, the same seed gives the same bits, and mixed precision learns as
float32 does (``tests/trainer/test_place_cuda.py``). Not run on hardware: several ranks over NCCL, hence SyncBatchNorm.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, fields
from typing import Final, Literal, TypeVar

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from edge.errors import TrainingError
from trainer.disentangle import Quadruples
from trainer.shared_norm import share_norms

Precision = Literal["float32", "mixed"]
PRECISIONS: Final = ("float32", "mixed")
DEVICES: Final = ("auto", "cpu", "cuda")
_APART: Final = 1_000_003
Module = TypeVar("Module", bound=nn.Module)


@dataclass(frozen=True, slots=True)
class Place:
    """One process's place among its ranks; the default is a CPU, alone."""

    device: str = "cpu"
    precision: Precision = "float32"
    rank: int = 0
    n_ranks: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and draws bars."""
        return self.rank == 0

    def settle(self, model: nn.Module, seed: int) -> None:
        """Bring a new model to this place, before its optimiser is made; ranks' dropout goes apart from here on."""
        model.to(self.device)
        if self.n_ranks > 1 and not self._on_cuda:
            share_norms(model)
        if self.rank:
            torch.manual_seed(seed + self.rank * _APART)

    def together(self, step: nn.Module) -> nn.Module:
        """``step``, a module around a settled model, with equal weights on all ranks and averaged gradients."""
        if self.n_ranks == 1:
            return step
        if self._on_cuda:
            step = nn.SyncBatchNorm.convert_sync_batchnorm(step)
        return DistributedDataParallel(step, forward_sync_buffers=False)

    def home(self, trained: nn.Module, fresh: Module) -> Module:
        """The trained weights in ``fresh``, on the CPU and of plain layers; TrainingError if ranks' weights differ."""
        fresh.load_state_dict(trained.state_dict())
        if self.n_ranks > 1:
            whole = torch.cat([value.flatten().double() for value in fresh.state_dict().values()])
            weights_RW = self.gathered(whole)
            if not torch.equal(weights_RW, weights_RW[:1].expand_as(weights_RW)):
                do = "Report this, and train with one process meanwhile."
                raise TrainingError("processes with different weights", "the same on all", do)
        return fresh.eval().requires_grad_(False)

    def share(self, batch: Quadruples) -> Quadruples:
        """This rank's quadruples of a batch, on its device; raises TrainingError when there are none for some rank."""
        if self.n_ranks == 1 and not self._on_cuda:
            return batch
        return Quadruples(*(self.rows(getattr(batch, each.name)) for each in fields(Quadruples)))

    def rows(self, value: Tensor) -> Tensor:
        """This rank's rows of a batch, on its device; raises TrainingError."""
        if len(value) < self.n_ranks:
            found = f"a batch of {len(value)} for {self.n_ranks} processes"
            raise TrainingError(found, "one row for each at least", "Start fewer processes, or give more people.")
        return value[self.rank :: self.n_ranks].to(self.device)

    def autocast(self) -> AbstractContextManager[object]:
        """Around the forward pass."""
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device, dtype=self._half)

    def scaler(self) -> torch.amp.GradScaler:
        """For the backward pass; it does nothing unless gradients are float16."""
        return torch.amp.GradScaler(self.device, enabled=self.precision == "mixed" and self._half == torch.float16)

    def told(self, content: bytes | None) -> bytes | None:
        """What the first rank has, on every rank."""
        if self.n_ranks == 1:
            return content
        size = torch.tensor([-1 if content is None else len(content)], device=self.device)
        dist.broadcast(size, src=0)
        if int(size) < 0:
            return None
        mine = np.zeros(int(size), np.uint8) if content is None else np.frombuffer(content, np.uint8).copy()
        value = torch.from_numpy(mine).to(self.device)
        dist.broadcast(value, src=0)
        return value.cpu().numpy().tobytes()

    def gathered(self, value: Tensor) -> Tensor:
        """A tensor of one size from every rank, stacked (R, ...)."""
        if self.n_ranks == 1:
            return value[None]
        parts = [torch.empty_like(value, device=self.device) for _ in range(self.n_ranks)]
        dist.all_gather(parts, value.to(self.device))
        return torch.stack(parts).cpu()

    @property
    def _on_cuda(self) -> bool:
        return self.device != "cpu"

    @property
    def _half(self) -> torch.dtype:
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


ALONE: Final = Place()


@contextmanager
def placed(device: str = "auto", precision: str = "float32") -> Iterator[Place]:
    """This process's place; joins the other ranks where ``torchrun`` started it. Raises TrainingError."""
    if device not in DEVICES or precision not in PRECISIONS:
        wanted = f"one of {', '.join(DEVICES)} and one of {', '.join(PRECISIONS)}"
        raise TrainingError(f"--device {device} --precision {precision}", wanted, "Correct them.")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise TrainingError("no CUDA device that torch can use", "one for --device cuda", "Use --device cpu.")
    if device == "cpu" and precision == "mixed":
        do = "Use --precision float32, which gives the same weights each time."
        raise TrainingError("mixed precision on a CPU", "an accelerator for it", do)
    precise: Precision = "mixed" if precision == "mixed" else "float32"
    if "RANK" not in os.environ or "WORLD_SIZE" not in os.environ:
        yield _ready(Place(device, precise))
        return
    dist.init_process_group("nccl" if device == "cuda" else "gloo")
    try:
        yield _ready(Place(device, precise, dist.get_rank(), dist.get_world_size()))
    finally:
        dist.destroy_process_group()


def _ready(place: Place) -> Place:
    if place.device == "cuda":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    return place
