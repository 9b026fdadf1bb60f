"""Body of ``quietstep-train swaps``: how near a transferred walk comes to the one that was recorded.

With ``--work`` a model that was trained before is asked about all cells of the data; the answer says whether these are
the very cycles it was trained on. Where they are and the folder is that of a whole run, its folds are asked too;
without ``--work`` folds are trained here. ``people`` swaps among people their model has never seen; ``recordings`` has
as targets only recordings (in a run's folder: cycles) of known people held out of training, while the sources may be
any: with one recording of each cell, cells the model has never seen. Folds in which nothing can be swapped are left
out; figures are over the swaps there are.

Promises: means that swaps are compared with come from training cycles only, where models are trained here. Refuses
(TrainingError) what ``trainer.swaps`` and the folds refuse.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import torch
from rich.console import Console, Group
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from edge.errors import TrainingError
from trainer.compare import fingerprint
from trainer.cycles import Cycles
from trainer.folds import Split, by_cycle, by_people
from trainer.measured import write_json
from trainer.protocols import by_recording, people
from trainer.readers import read_cycles
from trainer.refusals import tell_left_out
from trainer.swaps import Errors, Estimate, SwapFigures, figures, joined, swap_errors
from trainer.train import Fitted, Settings, fit
from trainer.work import read_began, read_fit

Tell = Callable[[str, int, int], None]
_PROTOCOLS = {"people": people, "recordings": by_recording}
_SHARES = {
    "nearer_than_sources": "nearer its true target than either source",
    "nearest_of_four": "nearer than either source and the opposite cell",
    "beats_copying": "nearer the target than both sources are",
    "beats_mean_walk": "nearer the target than the mean walk is",
    "beats_additive": "nearer the target than x_kl + mean_j - mean_l is",
}


class SwapReport(msgspec.Struct, frozen=True):
    """What the JSON holds: figures by protocol, of what data, by which model."""

    data: str
    trained: str
    by_protocol: dict[str, SwapFigures]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A trained model's folder, or how to train: settings and folds."""

    work: Path | None
    settings: Settings
    n_folds: int


def run(data: str, wanted: Wanted, json: Path | None) -> None:
    """Swap, tell and write; raises TrainingError."""
    torch.set_num_threads(1)
    reading = read_cycles(data)
    cycles = reading.cycles.acted()
    tell_left_out(reading, len(cycles))
    if wanted.work is not None:
        report = _by_work(cycles, wanted.work, reading.provenance)
    else:
        with _bar() as progress:
            report = _by_folds(cycles, wanted, reading.provenance, _telling(progress))
    if json is not None:
        write_json(json, report)
    Console().print(table(report))


def table(report: SwapReport) -> Group:
    """For the terminal: shares, then mean errors."""
    columns = [f"{name} ({found.n_swaps} swaps, {found.n_people} people)" for name, found in report.by_protocol.items()]
    shares = Table("share of swaps", *columns, title=f"Swaps on {report.data}", caption=report.trained)
    for name, words in _SHARES.items():
        shares.add_row(words, *(_text(getattr(found, name)) for found in report.by_protocol.values()))
    errors = Table("mean squared error, in spreads", *report.by_protocol)
    for name in dict.fromkeys(name for found in report.by_protocol.values() for name in found.errors):
        found_errors = (found.errors.get(name) for found in report.by_protocol.values())
        errors.add_row(name.replace("_", " "), *(_text(each) for each in found_errors))
    return Group(shares, errors)


def _by_work(cycles: Cycles, work: Path, provenance: str) -> SwapReport:
    trained, began = read_fit(work), read_began(work)
    same = fingerprint(cycles) == trained.data_sha256
    told = "the very cycles it was trained on" if same else "other cycles than it was trained on, perhaps known people"
    seed = trained.settings.seed
    found = {"all cells": figures(swap_errors(trained.paper_a(), cycles, seed=seed))}
    if same and began is not None:
        for name, fits, spread in (("people", "people", by_people), ("recordings", "cycles", by_cycle)):
            folds = enumerate(spread(cycles, began.belongs.n_folds, began.belongs.fold_seed))
            models = ((read_fit(work, f"{fits}-{at}").paper_a(), split) for at, split in folds)
            found[name] = _pooled(models, cycles, name, seed)
    return SwapReport(provenance, f"{trained.settings.epochs} epochs; all cells: {told}", found)


def _by_folds(cycles: Cycles, wanted: Wanted, provenance: str, tell: Tell) -> SwapReport:
    by_protocol = {}
    for name, protocol in _PROTOCOLS.items():
        splits = [split for split in protocol(cycles, wanted.n_folds, wanted.settings.seed) if len(split[1])]

        def models(name: str = name, splits: list[Split] = splits) -> Iterator[tuple[Fitted, Split]]:
            for at, split in enumerate(splits):
                tell(name, at, len(splits))
                yield fit(cycles.take(split[0]), wanted.settings), split
            tell(name, len(splits), len(splits))

        by_protocol[name] = _pooled(models(), cycles, name, wanted.settings.seed)
    return SwapReport(provenance, f"{wanted.n_folds} folds, {wanted.settings.epochs} epochs", by_protocol)


def _pooled(models: Iterable[tuple[Fitted, Split]], cycles: Cycles, protocol: str, seed: int) -> SwapFigures:
    """Over the folds in which something can be swapped; raises TrainingError when there is none."""
    parts: list[Errors] = []
    nothing: TrainingError | None = None
    for model, split in models:
        try:
            parts.append(_held_out(model, cycles, split, protocol, seed))
        except TrainingError as error:
            nothing = error
    if not parts and nothing is not None:
        raise nothing
    return figures(joined(parts))


def _held_out(model: Fitted, cycles: Cycles, split: Split, protocol: str, seed: int) -> Errors:
    train, test = split
    known = cycles.take(train)
    if protocol == "people":
        return swap_errors(model, cycles.take(test), known, seed=seed)
    return swap_errors(model, cycles, known, np.isin(np.arange(len(cycles)), test), seed)


def _text(found: Estimate | None) -> str:
    return "-" if found is None else f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"


def _bar() -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=Console(file=sys.stderr))


def _telling(progress: Progress) -> Tell:
    tasks = {name: progress.add_task(name, total=None) for name in _PROTOCOLS}
    return lambda name, done, total: progress.update(tasks[name], completed=done, total=total)
