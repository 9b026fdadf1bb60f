"""Body of ``quietstep-train codes``: what both codes know before and after training, as figures and as a picture.

Promises: ``codes.json`` is written before the picture. Refuses (TrainingError) data with one person or one affect, and
what ``trainer.work`` refuses.
"""

from pathlib import Path

import msgspec
import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from trainer.codes import INPUT, Known, Share, codes_of, drawn, input_of, known, refuse_one_of_a_kind, untrained
from trainer.codes_picture import AFTER, BEFORE, draw_codes
from trainer.compare import fingerprint
from trainer.measured import write_json
from trainer.readers import read_cycles
from trainer.refusals import tell_left_out
from trainer.work import read_fit


class CodesReport(msgspec.Struct, frozen=True):
    """What ``codes.json`` holds: space, then when, then what it knows; ``trained_on_these``: the very same cycles."""

    data: str
    n: int
    n_people: int
    trained_on_these: bool
    spaces: dict[str, dict[str, Known]]


def run(work: Path, data: str, out: Path, most: int) -> None:
    """Measure, write, draw; raises TrainingError."""
    torch.set_num_threads(1)
    trained = read_fit(work)
    fitted = trained.paper_a()
    reading = read_cycles(data)
    everyone, seed = reading.cycles.acted(), trained.settings.seed
    tell_left_out(reading, len(everyone))
    cycles = drawn(everyone, most, seed)
    refuse_one_of_a_kind(cycles)
    models = {BEFORE: untrained(fitted, seed), AFTER: fitted}
    code_of = {(space, when): code for when, model in models.items() for space, code in codes_of(model, cycles).items()}
    known_of = {key: known(code_NP, cycles, seed) for key, code_NP in code_of.items()}
    spaces: dict[str, dict[str, Known]] = {INPUT: {"as seen": known(input_of(fitted, cycles), cycles, seed)}}
    for (space, when), found in known_of.items():
        spaces.setdefault(space, {})[when] = found
    same = fingerprint(everyone) == trained.data_sha256
    report = CodesReport(reading.provenance, len(cycles), len(np.unique(cycles.subject_N)), same, spaces)
    write_json(out / "codes.json", report)
    console = Console(highlight=False)
    console.print(table(report))
    draw_codes(code_of, known_of, cycles, out / "codes.png", _of(report), seed)
    console.print(f"Written: codes.json and codes.png in {out}", markup=False, soft_wrap=True)


def table(report: CodesReport) -> Table:
    """For the terminal."""
    title = f"What the codes know of {_of(report)}"
    columns = "space", "", "affect, from strangers", "person, across affects", "silhouette affect", "person"
    found = Table(*columns, title=title, caption=_chance(report))
    for space, by_when in report.spaces.items():
        for when, each in by_when.items():
            shares = (_text(each.affect_of_strangers), _text(each.person_across_affects))
            found.add_row(space, when, *shares, _number(each.silhouette_affect), _number(each.silhouette_person))
    return found


def _of(report: CodesReport) -> str:
    on = "that the model was trained on" if report.trained_on_these else "other than the model was trained on"
    return f"{report.n} cycles of {report.n_people} people, {on}"


def _chance(report: CodesReport) -> str:
    each = next(iter(report.spaces[INPUT].values()))
    asked = {"affect": each.affect_of_strangers, "person": each.person_across_affects}
    return "Chance: " + ", ".join(f"{name} {share.chance:.3f}" for name, share in asked.items() if share is not None)


def _text(share: Share | None) -> str:
    return "-" if share is None else f"{share.value:.2f} ({share.low:.2f} to {share.high:.2f})"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"
