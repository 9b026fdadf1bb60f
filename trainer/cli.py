"""The command ``quietstep-train``.

Promises: an expected failure is one sentence on standard error and a non-zero exit; tracebacks only with --debug.
Refuses bad data before any training starts.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import torch
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from edge.errors import QuietstepError
from trainer import compare_command, evaluate_command, inspect_command, privacy_command
from trainer.attack import Effort
from trainer.cycles import Reading
from trainer.disentangle import Losses
from trainer.export import Release, copy_with_mixed
from trainer.methods import METHODS
from trainer.protocols import USUAL
from trainer.readers import read_cycles
from trainer.release import Plan, make
from trainer.train import Settings

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
_SHOWN_REFUSALS = 10
_DEFAULT_EPOCHS = Settings().epochs


@app.callback()
def _group() -> None:
    """Train the models Quietstep carries."""


@app.command()
def train(
    data: Annotated[str, typer.Option(help="Training data as kind:path, e.g. egait:FOLDER.")],
    out: Annotated[Path, typer.Option(help="New folder for the bundle.")],
    seed: Annotated[int, typer.Option(help="Decides everything random.")] = 0,
    epochs: Annotated[int, typer.Option(min=1, help="Fixed beforehand, for every fold and the final model.")] = (
        _DEFAULT_EPOCHS
    ),
    folds: Annotated[int, typer.Option(min=2, help="Folds of both protocols.")] = 5,
    model_id: Annotated[str, typer.Option("--id", help="Name of the model in the manifest.")] = "paper-a",
    version: Annotated[str, typer.Option(help="Version in the manifest.")] = "0.1.0",
    threads: Annotated[int, typer.Option(min=1, help="More than one may change the last digits.")] = 1,
    debug: Annotated[bool, typer.Option(help="Show a traceback when it fails.")] = False,
) -> None:
    """Evaluate, train on everyone, calibrate, attack, and write a bundle."""
    torch.set_num_threads(threads)
    plan = Plan(out=out, settings=Settings(seed=seed, epochs=epochs), model_id=model_id, version=version, n_folds=folds)
    with _one_sentence(debug):
        _train(data, plan)


@app.command()
def inspect(
    data: Annotated[str, typer.Argument(help="Data as kind:path, e.g. egait:FOLDER or walkers:30x4x5x20.")],
    json: Annotated[Path | None, typer.Option(help="Where to write the counts and every refusal; - for here.")] = None,
    png: Annotated[Path | None, typer.Option(help="Where to draw a typical cycle of each affect.")] = None,
    strip: Annotated[str | None, typer.Option(help="Draw the cycle with this key instead.")] = None,
    debug: Annotated[bool, typer.Option(help="Show a traceback when it fails.")] = False,
) -> None:
    """Show what is in a data source: who, how, how long, what was refused and why."""
    with _one_sentence(debug):
        inspect_command.run(data, json, png, strip)


@app.command()
def mixed(
    source: Annotated[Path, typer.Argument(help="A bundle.")],
    out: Annotated[Path, typer.Argument(help="New folder for its copy with a mixed-precision graph.")],
    debug: Annotated[bool, typer.Option(help="Show a traceback when it fails.")] = False,
) -> None:
    """Copy a bundle and add a mixed-precision graph for accelerators, proven on the golden answers."""
    with _one_sentence(debug):
        manifest = copy_with_mixed(source, out)
    Console(soft_wrap=True).print(f"Bundle {manifest.id} {manifest.version} with mixed precision in {out}")


@app.command()
def evaluate(
    bundle: Annotated[Path, typer.Option(help="Folder of the bundle.")],
    data: Annotated[str, typer.Option(help="Labelled data as kind:path, e.g. egait:FOLDER.")],
    json: Annotated[Path | None, typer.Option(help="Where to write the figures.")] = None,
    policy: Annotated[Path | None, typer.Option(help="TOML with bounds; exits non-zero when one is broken.")] = None,
    debug: Annotated[bool, typer.Option(help="Show a traceback when it fails.")] = False,
) -> None:
    """Score any bundle on any labelled data, as a home would run it, abstentions counted."""
    with _one_sentence(debug):
        evaluate_command.run(bundle, data, json, policy)


@app.command()
def privacy(
    bundle: Annotated[Path, typer.Option(help="Folder of the bundle.")],
    data: Annotated[str, typer.Option(help="Data with several cycles a person as kind:path, e.g. egait:FOLDER.")],
    json: Annotated[Path | None, typer.Option(help="Where to write the figures.")] = None,
    policy: Annotated[Path | None, typer.Option(help="TOML with bounds; exits non-zero when one is broken.")] = None,
    permutations: Annotated[int, typer.Option(min=0, help="Searches on permuted names, for the best by luck.")] = 20,
    most: Annotated[int, typer.Option(min=2, help="At most so many cycles of each person, drawn at random.")] = 40,
    recordings: Annotated[bool, typer.Option(help="Hold out whole recordings: know the person, not the day.")] = False,
    debug: Annotated[bool, typer.Option(help="Show a traceback when it fails.")] = False,
) -> None:
    """Attack every surface of a bundle: who can be named from landmarks, codes and answers?"""
    with _one_sentence(debug):
        privacy_command.run(
            bundle, data, json, policy, Effort("recordings" if recordings else "cycles", permutations, most)
        )


@app.command()
def compare(
    data: Annotated[str, typer.Option(help="Data with acted labels as kind:path, e.g. egait:FOLDER.")],
    out: Annotated[Path, typer.Option(help="Folder for results; a run that was stopped goes on in it.")],
    methods: Annotated[str, typer.Option(help="Names with commas between.")] = ",".join(METHODS),
    protocols: Annotated[str, typer.Option(help="Names with commas between.")] = ",".join(USUAL),
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds, from 0.")] = 3,
    folds: Annotated[int | None, typer.Option(min=2, help="Folds of every protocol; by default each its own.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="More than one may change the last digits.")] = 1,
    label: Annotated[Literal["acted", "perceived"], typer.Option(help="Which label is learnt and tested.")] = "acted",
    debug: Annotated[bool, typer.Option(help="Show a traceback when it fails.")] = False,
) -> None:
    """Compare paper A with its baselines, by cycle, by recording and on strangers, beside the paper's Table I."""
    with _one_sentence(debug):
        wanted = compare_command.Wanted(methods.split(","), protocols.split(","), seeds, folds, threads, label)
        compare_command.run(data, out, wanted)


def main() -> None:
    """Entry point of the console script."""
    app()


@contextmanager
def _one_sentence(debug: bool) -> Iterator[None]:
    """An expected failure becomes one sentence and an exit code."""
    try:
        yield
    except QuietstepError as error:
        if debug:
            raise
        Console(stderr=True, soft_wrap=True).print(str(error), style="red", markup=False, highlight=False)
        raise typer.Exit(error.exit_code) from error


def _train(data: str, plan: Plan) -> None:
    console = Console(file=sys.stderr)
    reading = read_cycles(data)
    _tell_refused(console, reading)
    with _bar(console) as bar:
        release = make(reading, plan, _Bars(bar).tell)
    Console().print(_figures(release))
    Console(soft_wrap=True).print(f"Bundle {release.model_id} {release.version} in {plan.out}", highlight=False)


class _Bars:
    """One bar per stage, with the losses of the latest epoch."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def tell(self, stage: str, done: int, total: int, losses: Losses | None) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=total, losses="")
        self._progress.update(self._tasks[stage], completed=done, losses=_losses(losses))


def _losses(losses: Losses | None) -> str:
    if losses is None:
        return ""
    own, cross, triplet = (float(part.detach()) for part in (losses.reconstruction, losses.cross, losses.triplet))
    return f"reconstruction {own:.2f} cross {cross:.2f} triplet {triplet:.2f}"


def _bar(console: Console) -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, TextColumn("{task.fields[losses]}"), console=console)


def _tell_refused(console: Console, reading: Reading) -> None:
    for refused in reading.refused[:_SHOWN_REFUSALS]:
        console.print(f"left out {refused.key}: {refused.reason}", style="yellow", markup=False)
    if len(reading.refused) > _SHOWN_REFUSALS:
        console.print(f"and {len(reading.refused) - _SHOWN_REFUSALS} more", style="yellow")


def _figures(release: Release) -> Table:
    table = Table("figure", "value", "95 %", title=f"{release.model_id} {release.version}")
    for figure in (*release.evaluation, *release.privacy):
        interval = "" if figure.low is None or figure.high is None else f"{figure.low:.3f} to {figure.high:.3f}"
        table.add_row(figure.name, f"{figure.value:.3f}", interval)
    return table


if __name__ == "__main__":
    main()
