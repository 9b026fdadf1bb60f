"""Measure the segmenter beside its peers: `python -m tests.bench.segmentation --data PATH`.

Every trial of gait_events/ and gaitvalidation/ goes through the CycleSegmenter of the device and through gaitkit's
detectors at 30 frames a second, with and without foot landmarks, clean and under stress. Each method gets one constant
offset, for each person chosen on all the others. `choose` does the same for all settings; `--plot TRIAL` draws one.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from edge.gait.settings import GaitSettings
from tests.bench.segmentation import choose, picture
from tests.bench.segmentation.conditions import CLEAN, CONDITIONS
from tests.bench.segmentation.figures import Offsets, offsets, rows
from tests.bench.segmentation.measure import Outcomes, Run, collect, measure, selected
from tests.bench.segmentation.ours import NAME
from tests.bench.segmentation.report import CLEAN_STRESSED, Figures, tables
from tests.bench.segmentation.tables import Table
from tests.bench.segmentation.targets import verdict_tables
from tests.bench.segmentation.trials import GROUPS, trials

_WIDTH = 160
_QUICK = ("clean", "10 mm noise", "3 % swaps", "30 % drops, 15 ms jitter", "one foot hidden", "frontal, 60 mm depth")


def main() -> None:
    if sys.argv[1:2] == ["choose"]:
        choose.main(sys.argv[2:])
        return
    arguments = _arguments()
    if arguments.plot is not None:
        picture.draw(arguments.data, *arguments.plot)
        return
    outcomes = _measured(arguments)
    shifts = offsets(outcomes)
    figures = Figures(rows(outcomes, shifts))
    made = [*verdict_tables(figures), *tables(figures)]
    console = Console(width=_WIDTH)
    for table in made:
        table.print(console)
    console.print(_offset_line(shifts))
    if arguments.json is not None:
        arguments.json.write_text(_document(figures, shifts))
    if arguments.markdown is not None:
        arguments.markdown.write_text(_page(made, shifts))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.segmentation", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the motion data folder")
    parser.add_argument("--json", type=Path, help="write every figure here")
    parser.add_argument("--markdown", type=Path, help="write the tables here")
    parser.add_argument("--groups", nargs="+", choices=GROUPS, default=list(GROUPS), help="only these groups")
    parser.add_argument("--conditions", nargs="+", choices=list(CONDITIONS), help="only these, and clean")
    parser.add_argument("--quick", action="store_true", help="one walk of each person on video, the chief faults")
    parser.add_argument("--plot", nargs=2, metavar=("TRIAL", "OUT.png"), help="draw one trial instead")
    return parser.parse_args()


def _measured(arguments: argparse.Namespace) -> Outcomes:
    groups = tuple(arguments.groups)
    everything = list(trials(arguments.data))
    found = selected(everything, groups, 1 if arguments.quick else None)
    stressed = selected(everything, groups, 1 if arguments.quick else 2)
    names = arguments.conditions or (_QUICK if arguments.quick else tuple(CONDITIONS))
    conditions = [CLEAN, *(CONDITIONS[name] for name in names if name != CLEAN.name)]
    outcomes = collect(measure(found, stressed, conditions))
    names_stressed = {trial.name for trial in stressed}
    for run in list(outcomes):
        if run.condition == CLEAN.name:
            same = [o for o in outcomes[run] if o.trial.name in names_stressed]
            outcomes[Run(run.method, CLEAN_STRESSED, run.with_feet)] = same
    return outcomes


def _offset_line(shifts: Offsets) -> str:
    told = []
    for (method, kind), by_person in shifts.items():
        values = sorted(1e3 * s for s in by_person.values())
        told.append(f"{method} ({kind}) {values[0]:+.0f} to {values[-1]:+.0f}")
    return (
        f"Offsets taken off, in ms, over the people left out: {'; '.join(told)}. Ours has its frozen "
        f"{1e3 * GaitSettings().contact_offset_s:.0f} ms already: what is taken off {NAME} is what it errs by."
    )


def _document(figures: Figures, shifts: Offsets) -> str:
    return json.dumps(
        {
            "settings": asdict(GaitSettings()),
            "offsets_s": {f"{method}, {kind}": by_person for (method, kind), by_person in shifts.items()},
            "rows": [asdict(row) for row in figures.rows],
        },
        indent=1,
        default=lambda value: value.item(),  # numpy's numbers
    )


def _page(made: list[Table], shifts: Offsets) -> str:
    command = "Made by `python -m tests.bench.segmentation --data PATH --markdown OUT.md`."
    return "\n".join([command, "", *(table.markdown() for table in made), _offset_line(shifts), ""])


if __name__ == "__main__":
    main()
