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
from tests.bench.segmentation.conditions import CLEAN, CONDITIONS, OFFSET_FROM
from tests.bench.segmentation.figures import Offsets, offsets, rows, source_of
from tests.bench.segmentation.measure import Outcomes, Run, measure, selected
from tests.bench.segmentation.misses import misses
from tests.bench.segmentation.ours import NAME
from tests.bench.segmentation.report import CLEAN_STRESSED, Figures, tables
from tests.bench.segmentation.tables import Table, ms
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
    made = [*verdict_tables(figures), *tables(figures), _offset_table(shifts)]
    console = Console(width=_WIDTH)
    for table in made:
        table.print(console)
    if arguments.json is not None:
        arguments.json.write_text(_document(figures, shifts))
    if arguments.markdown is not None:
        arguments.markdown.write_text(_page(made))
    if arguments.misses is not None:
        arguments.misses.write_text(misses(outcomes, shifts, ["clean", *(arguments.conditions or [])]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.segmentation", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the motion data folder")
    parser.add_argument("--json", type=Path, help="write every figure here")
    parser.add_argument("--markdown", type=Path, help="write the tables here")
    parser.add_argument("--keep", type=Path, help="folder for what was told, so that only what changed is run again")
    parser.add_argument("--misses", type=Path, help="write every contact that ours missed here")
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
    outcomes = measure(found, stressed, conditions, arguments.keep)
    names_stressed = {trial.name for trial in stressed}
    for run in list(outcomes):
        if run.condition == CLEAN.name:
            same = [o for o in outcomes[run] if o.trial.name in names_stressed]
            outcomes[Run(run.method, CLEAN_STRESSED, run.with_feet)] = same
    return outcomes


def _offset_table(shifts: Offsets) -> Table:
    heads = ("method", "frames of", "contacts", "least ms", "most ms")
    table = Table("Offsets taken off, over the people left out", heads, n_left=3)
    of_source = {source: next((c for _, c, _ in shifts if source_of(c) == source), None) for source in OFFSET_FROM}
    for method in dict.fromkeys(method for method, _, _ in shifts):
        for source, condition in of_source.items():
            for kind in ("initial", "final"):
                values = shifts.get((method, condition or "", kind), {}).values()
                if values:
                    table.rows.append((method, source, kind, ms(1e3 * min(values), 0, True),
                                       ms(1e3 * max(values), 0, True)))  # fmt: skip
    told_ms = 1e3 * GaitSettings().contact_offset_s
    table.note = f"{NAME} has its frozen {told_ms:.0f} ms already: what is taken off is what it errs by after that."
    return table


def _document(figures: Figures, shifts: Offsets) -> str:
    return json.dumps(
        {
            "settings": asdict(GaitSettings()),
            "offsets_s": {", ".join(key): by_person for key, by_person in shifts.items()},
            "rows": [asdict(row) for row in figures.rows],
        },
        indent=1,
        default=lambda value: value.item(),  # numpy's numbers
    )


def _page(made: list[Table]) -> str:
    command = "Made by `python -m tests.bench.segmentation --data PATH --markdown OUT.md`."
    return "\n".join([command, "", *(table.markdown() for table in made), ""])


if __name__ == "__main__":
    main()
