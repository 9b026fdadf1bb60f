"""Body of ``quietstep-train attack-diary``: who of some simulated people lives there, from a home's rows.

Promises: the worst attacker's figure beside chance and luck, as a table and as JSON. Refuses what the bundle's reader
refuses.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from trainer.attack import Effort
from trainer.attack_diary import STRETCHES, Attacked, attack_rows
from trainer.home_rows import Habits, Homes, Walks, periods_of, walks_of
from trainer.measured import write_json


def run(
    bundle: Path,
    homes: Homes,
    habits: list[Habits],
    json: Path | None,
    n_permutations: int,
    stretches: Mapping[str, int] = STRETCHES,
) -> None:
    """Walk, judge, book, attack and tell; raises BundleError, EncoderError, TrainingError."""
    effort = Effort("recordings", n_permutations, seed=homes.seed)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(file=sys.stderr)) as progress:
        walking = progress.add_task("walking and judging", total=None)
        walks = walks_of(bundle, homes)
        progress.update(walking, total=1, completed=1)
        found = [each for way in habits for each in _of_one_way(walks, homes, way, effort, progress, stretches)]
    if json is not None:
        write_json(json, found)
    Console().print(_table(found))


def _of_one_way(
    walks: Walks, homes: Homes, habits: Habits, effort: Effort, progress: Progress, stretches: Mapping[str, int]
) -> list[Attacked]:
    booking = progress.add_task(f"{habits} habits: booking", total=None)

    def booked(done: int, total: int) -> None:
        progress.update(booking, completed=done, total=total)

    periods = list(periods_of(walks, homes, habits, booked))
    tasks: dict[str, TaskID] = {}

    def searched(surface: str, done: int, total: int) -> None:
        if surface not in tasks:
            tasks[surface] = progress.add_task(f"{habits} habits: {surface}", total=total)
        progress.update(tasks[surface], completed=done)

    return attack_rows(periods, habits, effort, searched, stretches)


def _table(found: list[Attacked]) -> Table:
    first = found[0].figures
    caption = (
        f"{first.n_people} people, one in each home: chance {first.chance:.3f}. Stretches asked about were walked "
        "with recordings that no attacker met; luck: 95 % quantile of the best attacker on "
        f"{first.n_permutations} permutations."
    )
    table = Table("habits", "rows of", "top-1", "upper 95 %", "luck, 95 %", "n", "worst attacker",
                  title="Who lives there? Top-1 of attackers retrained on a diary's rows", caption=caption)  # fmt: skip
    for each in found:
        seen = each.figures
        luck = "-" if seen.null95_of_max is None else f"{seen.null95_of_max:.3f}"
        figures = (f"{seen.worst_top1:.3f}", f"{seen.upper95:.3f}", luck, str(seen.n), seen.worst)
        table.add_row(each.habits, each.surface, *figures)
    return table
