"""Samples a second of the training step: `python -m tests.bench.training_step [--rounds N] [--compiled] [--json OUT]`.

The same network, losses, optimiser and batch size, stepped by

- ours: the trainer's own loop, takes drawn from the prepared pool, one pass of each encoder and of the decoder;
- plain step: the same pool, but a pass of each encoder for each of the four cells and one of the decoder for each of
  the four reconstructions (so batch statistics are those of 32 cycles, not of 128);
- plain loop: the plain step as one would write it at first, cycles disturbed and standardised anew for each batch;
- ours compiled (--compiled): ``torch.compile`` of our losses, compiled before the clock starts.

Promises: everything in turn, round by round, in one run, one thread, on the same people; the clock is the CPU time of
the process, so that other programs count for little, and the wall's beside it. A sample is a cycle the encoders see:
four a quadruple. Refuses to judge: it prints, and asserts nothing. Not run on hardware: an accelerator.

Shapes: B quadruple, N cycle, F feature channel, T time, J landmark, C coordinate.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor, nn

from trainer.augment import disturbed
from trainer.cells import Drawn, Grid
from trainer.cycles import Cycles
from trainer.disentangle import (
    Codes,
    Disentangler,
    Losses,
    Objective,
    Quadruples,
    masked_mean,
    squared_error,
    triplet_loss,
)
from trainer.measured import write_json
from trainer.train import Settings, Takes, standardiser_of, takes_of
from trainer.walkers_factorial import Factorial, factorial_cycles

OURS = "ours"
SETTINGS = Settings(n_takes=4)
CELLS = ("ij", "kl", "kj", "il")
Draw = Callable[[Drawn], Quadruples]


@dataclass(slots=True)
class Contestant:
    """One way to step; its own network and optimiser, seconds of each step by round."""

    name: str
    draw: Draw
    losses_of: Callable[[Disentangler], nn.Module]
    rounds_cpu_s: list[list[float]] = field(default_factory=list)
    rounds_wall_s: list[list[float]] = field(default_factory=list)
    _model: Disentangler = field(init=False)
    _objective: nn.Module = field(init=False)
    _optimiser: torch.optim.Adam = field(init=False)

    def begin(self) -> None:
        """A new network, the same for each contestant."""
        torch.manual_seed(0)
        self._model = Disentangler(SETTINGS.shape).train()
        self._objective = self.losses_of(self._model)
        self._optimiser = torch.optim.Adam(self._model.parameters(), SETTINGS.learning_rate)

    def run(self, batches: list[Drawn]) -> None:
        """One round."""
        costs = [self._step(drawn) for drawn in batches]
        self.rounds_cpu_s.append([cpu_s for cpu_s, _ in costs])
        self.rounds_wall_s.append([wall_s for _, wall_s in costs])

    def _step(self, drawn: Drawn) -> tuple[float, float]:
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        self._optimiser.zero_grad()
        self._objective(self.draw(drawn)).total().backward()
        self._optimiser.step()
        return time.process_time() - cpu_s, time.perf_counter() - wall_s


class PlainObjective(nn.Module):
    """The paper's losses pass by pass."""

    def __init__(self, model: Disentangler) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Quadruples) -> Losses:
        """The three losses of one batch."""
        model = self.model
        subject = {cell: model.subject(getattr(batch, cell)) for cell in CELLS}
        affect = {cell: model.affect(getattr(batch, cell)) for cell in CELLS}
        ij = squared_error(model.decoder(subject["ij"], affect["ij"]), batch.target_ij).mean()
        kl = squared_error(model.decoder(subject["kl"], affect["kl"]), batch.target_kl).mean()
        kj_B = squared_error(model.decoder(subject["kl"], affect["ij"]), batch.target_kj)
        il_B = squared_error(model.decoder(subject["ij"], affect["kl"]), batch.target_il)
        cross = masked_mean(kj_B, batch.has_kj_B) + masked_mean(il_B, batch.has_il_B)
        return Losses(ij + kl, cross, triplet_loss(Codes(subject, affect), batch, SETTINGS.margin))


def drawn_anew(cycles: Cycles, rng: np.random.Generator) -> Draw:
    """Cycles disturbed and standardised for each batch."""
    standardiser, strength = standardiser_of(cycles), SETTINGS.disturbance
    assert strength is not None

    def features(at_B: np.ndarray, spoil: bool) -> Tensor:
        x_NTJC, duration_s_N = cycles.x_NTJC[at_B], cycles.duration_s_N[at_B]
        if spoil:
            x_NTJC, duration_s_N = disturbed(x_NTJC, duration_s_N, strength, rng)
        return standardiser.features(torch.tensor(x_NTJC), torch.tensor(duration_s_N))

    def draw(drawn: Drawn) -> Quadruples:
        at = (drawn.ij_B, drawn.kl_B, drawn.kj_B, drawn.il_B)
        masks = [torch.as_tensor(has, dtype=torch.float32) for has in (drawn.has_kj_B, drawn.has_il_B)]
        return Quadruples(*(features(each, True) for each in at), *(features(each, False) for each in at), *masks)

    return draw


def contestants(cycles: Cycles, compiled: bool) -> list[Contestant]:
    """Everyone who runs."""
    rng = np.random.default_rng(0)
    pool: Takes = takes_of(cycles, standardiser_of(cycles), SETTINGS, rng)

    def from_pool(drawn: Drawn) -> Quadruples:
        return pool.quadruples(drawn, rng)

    def ours(model: Disentangler) -> nn.Module:
        return Objective(model, SETTINGS.margin)

    found = [
        Contestant(OURS, from_pool, ours),
        Contestant("plain step", from_pool, PlainObjective),
        Contestant("plain loop", drawn_anew(cycles, rng), PlainObjective),
    ]
    if compiled:
        found.append(Contestant("ours compiled", from_pool, lambda model: torch.compile(ours(model))))
    return found


class Row(msgspec.Struct, frozen=True):
    """Samples a second: over all steps, and the least and most of the rounds' medians; the ratio to ours by round."""

    name: str
    cpu_samples_per_s: float
    least: float
    most: float
    wall_samples_per_s: float
    ours_is_faster: float
    ours_is_faster_least: float
    ours_is_faster_most: float


def row(one: Contestant, ours: Contestant, n_samples: int) -> Row:
    """Sum up what the rounds brought."""
    by_round = [statistics.median(costs) for costs in one.rounds_cpu_s]
    ratios = [each / statistics.median(own) for each, own in zip(by_round, ours.rounds_cpu_s, strict=True)]
    wall_s = statistics.median(cost for costs in one.rounds_wall_s for cost in costs)
    return Row(
        name=one.name,
        cpu_samples_per_s=n_samples / statistics.median(cost for costs in one.rounds_cpu_s for cost in costs),
        least=n_samples / max(by_round),
        most=n_samples / min(by_round),
        wall_samples_per_s=n_samples / wall_s,
        ours_is_faster=statistics.median(ratios),
        ours_is_faster_least=min(ratios),
        ours_is_faster_most=max(ratios),
    )


def table(rows: list[Row]) -> Table:
    """For people."""
    out = Table("step", "samples / CPU s", "samples / s", "ours is faster by")
    for each in rows:
        ratio = f"{each.ours_is_faster:.2f} ({each.ours_is_faster_least:.2f} to {each.ours_is_faster_most:.2f})"
        cpu = f"{each.cpu_samples_per_s:.0f} ({each.least:.0f} to {each.most:.0f})"
        out.add_row(each.name, cpu, f"{each.wall_samples_per_s:.0f}", "" if each.name == OURS else ratio)
    return out


def main() -> None:
    """Run the rounds and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--compiled", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    cycles = factorial_cycles(Factorial(n_people=16, n_recordings=1, n_cycles=1))
    grid, rng = Grid(cycles.subject_N, cycles.acted_N), np.random.default_rng(1)
    everyone = contestants(cycles, given.compiled)
    for one in everyone:
        one.begin()
        one.run(grid.epoch(SETTINGS.batch_size, rng))
        one.rounds_cpu_s.clear()
        one.rounds_wall_s.clear()
    for _ in track(range(given.rounds), console=Console(stderr=True)):
        batches = grid.epoch(SETTINGS.batch_size, rng) + grid.epoch(SETTINGS.batch_size, rng)
        for one in everyone:
            one.run(batches)
    rows = [row(one, everyone[0], 4 * SETTINGS.batch_size) for one in everyone]
    Console().print(table(rows))
    if given.json:
        write_json(given.json, rows)


if __name__ == "__main__":
    main()
