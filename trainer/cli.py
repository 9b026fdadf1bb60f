"""The command ``quietstep-train``.

Promises: an expected failure is one sentence on standard error and a non-zero exit; tracebacks only with --debug.
Refuses bad data before any training starts.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Annotated, Literal

import torch
import typer
from rich.console import Console

from edge.errors import QuietstepError, TrainingError
from trainer import (
    attack_diary_command,
    codes_command,
    compare_command,
    evaluate_command,
    inspect_command,
    privacy_command,
    release,
    swaps_command,
    train_command,
    transfer_command,
)
from trainer.attack import Effort
from trainer.disentangle import Shape
from trainer.export import copy_with_mixed
from trainer.home_rows import Habits, Homes
from trainer.methods import METHODS
from trainer.place import placed
from trainer.protocols import USUAL
from trainer.release import Plan
from trainer.train import Method, Settings, settings_of
from trainer.transfer import Asked

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
_DEFAULT_EPOCHS = Settings().epochs


@app.callback()
def _group() -> None:
    """Train the models Quietstep carries."""


@app.command()
def train(
    data: Annotated[str, typer.Option(help="Training data as kind:path, e.g. egait:FOLDER.")],
    out: Annotated[Path, typer.Option(help="New folder for the bundle.")],
    method: Annotated[
        Method, typer.Option(help="swaps: what ships, trained on exchanged people; paper-a: the autoencoder.")
    ] = "swaps",
    seed: Annotated[int, typer.Option(help="Decides everything random.")] = 0,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Fixed beforehand, for every fold and the final model; else the method's.")
    ] = None,
    folds: Annotated[int, typer.Option(min=2, help="Folds of both protocols.")] = 5,
    model_id: Annotated[str, typer.Option("--id", help="Name in the manifest; else the method's.")] = "",
    version: Annotated[str, typer.Option(help="Version in the manifest.")] = "0.1.0",
    work: Annotated[Path | None, typer.Option(help="Folder a killed run goes on in; by default BUNDLE.work.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda; auto takes CUDA where it is.")] = "auto",
    precision: Annotated[str, typer.Option(help="float32, or mixed on an accelerator.")] = "float32",
    threads: Annotated[int, typer.Option(min=1, help="More than one may change the last digits.")] = 1,
    debug: Annotated[bool, typer.Option(help="Show a traceback when it fails.")] = False,
) -> None:
    """Evaluate, train on everyone, calibrate, attack, and write a bundle; a killed run goes on where it stopped."""
    torch.set_num_threads(threads)
    work = work or Path(f"{out.resolve()}.work")
    settings = settings_of(method, seed, epochs)
    with _one_sentence(debug), placed(device, precision) as place:
        train_command.run(data, Plan(out, settings, model_id or method, version, folds, work=work, place=place))


@app.command()
def export(
    work: Annotated[Path, typer.Option(help="Work folder of a finished training.")],
    out: Annotated[Path, typer.Option(help="New folder for the bundle.")],
    model_id: Annotated[str | None, typer.Option("--id", help="Name in the manifest; by default the run's.")] = None,
    version: Annotated[str | None, typer.Option(help="Version in the manifest; by default the run's.")] = None,
    debug: Annotated[bool, typer.Option(help="Show a traceback when it fails.")] = False,
) -> None:
    """Make and prove the bundle of a finished training again, without its data."""
    torch.set_num_threads(1)
    with _one_sentence(debug):
        train_command.tell(release.export(work, out, model_id, version), out)


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
    png: Annotated[Path | None, typer.Option(help="Where to draw reliability, risk and coverage, confusion.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Where to write the report.")] = None,
    policy: Annotated[Path | None, typer.Option(help="TOML with bounds; exits non-zero when one is broken.")] = None,
    debug: Annotated[bool, typer.Option(help="Show a traceback when it fails.")] = False,
) -> None:
    """Score any bundle on any labelled data, as a home would run it, abstentions counted."""
    with _one_sentence(debug):
        evaluate_command.run(bundle, data, evaluate_command.Outputs(json, png, markdown), policy)


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
def attack_diary(
    bundle: Annotated[Path, typer.Option(help="Folder of the bundle.")],
    people: Annotated[int, typer.Option(min=2, help="Simulated people, one in each home.")] = Homes().n_people,
    periods: Annotated[int, typer.Option(min=1, help="Four weeks so often, for each fifth of the recordings.")] = 2,
    habits: Annotated[
        Literal["same", "own", "both"], typer.Option(help="May times and moods give them away?")
    ] = "both",
    json: Annotated[Path | None, typer.Option(help="Where to write the figures.")] = None,
    permutations: Annotated[int, typer.Option(min=0, help="Searches on permuted people, for the best by luck.")] = 20,
    seed: Annotated[int, typer.Option(help="Decides everything random.")] = 0,
    debug: Annotated[bool, typer.Option(help="Show a traceback when it fails.")] = False,
) -> None:
    """Attack the diary itself: who lives there, from a day, a week, four weeks of its rows?"""
    ways: list[Habits] = ["same", "own"] if habits == "both" else [habits]
    with _one_sentence(debug):
        attack_diary_command.run(bundle, Homes(people, n_periods=periods, seed=seed), ways, json, permutations)


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


@app.command()
def explain(
    work: Annotated[
        Path, typer.Option(help="Work folder of a run (its final model), or of one fit in it, WORK/fits/NAME.")
    ],
    data: Annotated[str, typer.Option(help="Labelled data as kind:path, e.g. egait:FOLDER.")],
    out: Annotated[Path, typer.Option(help="Folder for maps, pictures and the report.")],
    people: Annotated[str, typer.Option(help="Only these people, names with commas between.")] = "",
    other: Annotated[Path | None, typer.Option(help="Another seed's model: how alike are the maps of two?")] = None,
    threads: Annotated[int, typer.Option(min=1, help="More than one may change the last digits.")] = 1,
    debug: Annotated[bool, typer.Option(help="Show a traceback when it fails.")] = False,
) -> None:
    """Show which landmarks a model looks at, when in the gait cycle, and whether that may be believed."""
    torch.set_num_threads(threads)
    with _one_sentence(debug):
        _explain_command().run(work, data, out, [name for name in people.split(",") if name], other)


@app.command()
def swaps(
    data: Annotated[str, typer.Option(help="Data with acted labels as kind:path, e.g. walkers:12x4x2x3.")],
    work: Annotated[Path | None, typer.Option(help="Folder of a trained model; without, models are trained.")] = None,
    json: Annotated[Path | None, typer.Option(help="Where to write the figures.")] = None,
    seed: Annotated[int, typer.Option(help="Decides everything random.")] = 0,
    epochs: Annotated[int, typer.Option(min=1, help="Of each model that is trained here.")] = _DEFAULT_EPOCHS,
    batch: Annotated[int, typer.Option(min=2, help="Quadruples a step.")] = Settings().batch_size,
    dropout: Annotated[float, typer.Option(min=0.0, max=0.9, help="In every IC layer.")] = Settings().shape.dropout,
    undisturbed: Annotated[bool, typer.Option(help="Train on the recorded cycles alone.")] = False,
    folds: Annotated[int, typer.Option(min=2, help="Folds of both protocols.")] = 5,
    debug: Annotated[bool, typer.Option(help="Show a traceback when it fails.")] = False,
) -> None:
    """Put equation 1 to the test: is a walk with another's affect near the walk that was really recorded?"""
    shape, plain = Shape(dropout=dropout), Settings(seed=seed, epochs=epochs, batch_size=batch)
    settings = replace(plain, shape=shape, disturbance=None if undisturbed else plain.disturbance)
    with _one_sentence(debug):
        swaps_command.run(data, swaps_command.Wanted(work, settings, folds), json)


@app.command()
def transfer(
    work: Annotated[Path, typer.Option(help="Folder of a trained model.")],
    data: Annotated[str, typer.Option(help="Data with acted labels as kind:path, e.g. egait:FOLDER.")],
    from_subject: Annotated[str, typer.Option(help="Whose affect.")],
    from_affect: Annotated[str, typer.Option(help="Which affect of theirs.")],
    to: Annotated[str, typer.Option(help="Who is to walk with it.")],
    out: Annotated[Path, typer.Option(help="The animation, .gif or .mp4.")],
    to_affect: Annotated[str | None, typer.Option(help="How they are seen walking; neutral, where recorded.")] = None,
    cycles: Annotated[float, typer.Option(min=0.1, max=20.0, help="Length, in cycles of the slowest walk.")] = 3.0,
    debug: Annotated[bool, typer.Option(help="Show a traceback when it fails.")] = False,
) -> None:
    """Show equation 1: one person's walk with another's affect, beside the sources and the true walk."""
    with _one_sentence(debug):
        asked = Asked(from_subject, from_affect, to, to_affect)
        transfer_command.run(work, data, transfer_command.Wanted(asked, cycles, out))


@app.command()
def codes(
    work: Annotated[Path, typer.Option(help="Folder of a trained model.")],
    data: Annotated[str, typer.Option(help="Data with acted labels as kind:path, e.g. egait:FOLDER.")],
    out: Annotated[Path, typer.Option(help="Folder for codes.json and codes.png.")],
    most: Annotated[int, typer.Option(min=10, help="At most so many cycles, drawn at random.")] = 1500,
    debug: Annotated[bool, typer.Option(help="Show a traceback when it fails.")] = False,
) -> None:
    """Show what the subject code and the affect code know, before and after training."""
    with _one_sentence(debug):
        codes_command.run(work, data, out, most)


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
        if os.environ.get("RANK", "0") == "0":  # under torchrun one process speaks for all
            Console(stderr=True, soft_wrap=True).print(str(error), style="red", markup=False, highlight=False)
        raise typer.Exit(error.exit_code) from error


def _explain_command() -> ModuleType:
    """Loaded when it is asked for: no other command needs captum."""
    try:
        from trainer import explain_command
    except ImportError as error:
        do = "Install it: pip install 'captum>=0.9,<1'."
        raise TrainingError(f"no {error.name}", "the libraries that explain and draw", do) from error
    return explain_command


if __name__ == "__main__":
    main()
