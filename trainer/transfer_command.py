"""Body of ``quietstep-train transfer``: one person's walk with another's affect, as an animation.

Promises: what stands beside the walks was measured on these very walks. Refuses (TrainingError) what
``trainer.transfer`` refuses, and other files than GIF and MP4, before it reads anything.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from rich.console import Console

from trainer.animation_file import refuse_other_suffixes, write_animation
from trainer.readers import read_cycles
from trainer.refusals import tell_left_out
from trainer.transfer import Asked, Transfer, Walk, transfer
from trainer.walk_animation import Panel, pictures_of
from trainer.work import read_fit

_AS_SEEN: Final = (
    "All walks as the model sees them: trunk set upright, stride of one size. This is taken out before encoding and "
    "cannot be put back.\n"
    "Each walk at its own duration, which is transferred too. Faint loops: paths of wrists and ankles. "
    "The floor moves with the standing foot."
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for."""

    asked: Asked
    n_cycles: float
    out: Path


def run(work: Path, data: str, wanted: Wanted) -> None:
    """Transfer and write the animation; raises TrainingError."""
    torch.set_num_threads(1)
    refuse_other_suffixes(wanted.out)
    fitted, reading = read_fit(work).paper_a(), read_cycles(data)
    cycles = reading.cycles.acted()
    tell_left_out(reading, len(cycles))
    found = transfer(fitted, cycles, wanted.asked)
    panels = panels_of(found)
    seconds = wanted.n_cycles * max(panel.duration_s for panel in panels)
    write_animation(pictures_of(panels, _heading(found), _AS_SEEN, seconds), wanted.out)
    console = Console(soft_wrap=True, highlight=False)
    for panel in panels:
        console.print(f"{panel.title}: {'; '.join(filter(None, panel.lines))}", markup=False)
    console.print(f"Written: {wanted.out}", markup=False)


def panels_of(found: Transfer) -> list[Panel]:
    """Both sources, the transferred walk, and the true one where it was recorded."""
    panels = [
        _panel("Person from", found.person_from, found),
        _panel("Affect from", found.affect_from, found),
        _panel("Transferred", found.found, found, strong=True),
    ]
    return panels if found.true is None else [*panels, _panel("Recorded (the truth)", found.true, found)]


def _panel(title: str, walk: Walk, found: Transfer, strong: bool = False) -> Panel:
    away_cm = found.away_cm(walk)
    far = "" if away_cm is None or walk is found.true else f"{away_cm:.1f} cm from the truth"
    lines = f"{walk.person}, {walk.affect}", f"{walk.duration_s:.2f} s a cycle", far
    return Panel(title, lines, walk.x_TJC, walk.duration_s, strong)


def _heading(found: Transfer) -> str:
    return f"{found.person_from.person} walks as {found.affect_from.affect} as {found.affect_from.person}"
