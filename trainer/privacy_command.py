"""Body of ``quietstep-train privacy``: who can be named from what, as a table, JSON, and against the policy.

Promises: the JSON maps each surface to its figures and holds nothing else; it is written before the policy is asked.
Refuses (TrainingError) a bundle that breaks the policy, with one sentence for each bound.
"""

import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from trainer.attack import Effort
from trainer.attack_bundle import attack_bundle, table
from trainer.measured import write_json
from trainer.policy import privacy_violations, read_policy, refuse


def run(bundle: Path, data: str, json: Path | None, policy: Path | None, effort: Effort) -> None:
    """Attack ``bundle`` on ``data`` and tell; raises BundleError, EncoderError, TrainingError."""
    bounds = None if policy is None else read_policy(policy)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(file=sys.stderr)) as progress:
        found = attack_bundle(bundle, data, effort, _Bars(progress).tell)
    if json is not None:
        write_json(json, found)
    Console().print(table(found))
    if bounds is not None:
        refuse(privacy_violations(found, bounds))


class _Bars:
    """One bar for each surface."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def tell(self, surface: str, done: int, total: int) -> None:
        if surface not in self._tasks:
            self._tasks[surface] = self._progress.add_task(surface, total=total)
        self._progress.update(self._tasks[surface], completed=done)
