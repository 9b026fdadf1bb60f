"""Every method through every condition: what each told about each trial.

A run is one method under one condition with or without foot landmarks. Under stress, video pose is a sample of its
walks (the same for every method).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Protocol

from edge.gait.settings import GaitSettings
from edge.gait.skeleton import SkeletonFrame
from tests.bench.segmentation.conditions import CLEAN, CONDITIONS, Condition
from tests.bench.segmentation.faults import Frames
from tests.bench.segmentation.found import Found
from tests.bench.segmentation.kept import kept
from tests.bench.segmentation.ours import LEFT_OUT, VARIANTS, Ours, variant
from tests.bench.segmentation.peers import NAMES, Peer
from tests.bench.segmentation.trials import GROUPS, Trial

# Under which conditions a thing left out should matter.
_MATTERS = {
    "no singular spectrum": tuple(CONDITIONS),
    "five-tap average": tuple(CONDITIONS),
    "leading pair only": ("10 mm noise",),
    "no heading": ("10 mm noise", "start, stop, turn"),
    "no un-swap": ("1 % swaps", "3 % swaps"),
    "no gate": ("10 mm noise", "start, stop, turn"),
    "no resampling": ("5 % drops, 8 ms jitter", "30 % drops, 15 ms jitter", "15 frames a second"),
}


class Method(Protocol):
    """Something that finds contacts in frames."""

    name: str
    online: bool

    def run(self, frames: list[SkeletonFrame], camera_hz: float) -> Found: ...


@dataclass(frozen=True, slots=True)
class Run:
    """Which figures belong together."""

    method: str
    condition: str
    with_feet: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """One trial (as the condition changed it) and what was told about it."""

    trial: Trial
    found: Found


Outcomes = dict[Run, list[Outcome]]


def methods() -> list[Method]:
    """Ours, the peers, and ours with one thing less."""
    return [Ours(), *(Peer(name) for name in NAMES), *(variant(name) for name in (*VARIANTS, *LEFT_OUT))]


def selected(found: Iterable[Trial], groups: tuple[str, ...], walks_per_person: int | None) -> list[Trial]:
    """Trials of these groups; of each person's walks on video at most so many."""
    kept, n_walks = [], dict[str, int]()
    for trial in found:
        if trial.group not in groups or trial.group not in GROUPS:
            continue
        if trial.group == "video pose" and walks_per_person is not None:
            n_walks[trial.person] = n_walks.get(trial.person, 0) + 1
            if n_walks[trial.person] > walks_per_person:
                continue
        kept.append(trial)
    return kept


def measure(found: list[Trial], stressed: list[Trial], conditions: list[Condition], folder: Path | None) -> Outcomes:
    """Clean on all trials found, every other condition on the stressed ones; kept in the folder, if there is one."""
    outcomes: Outcomes = {}
    chosen = methods()
    for condition in conditions:
        changed = [condition.change(trial) for trial in (found if condition is CLEAN else stressed)]
        for with_feet in (True, False):
            parts = [trial for trial in changed if trial is not None and (trial.has_feet or not with_feet)]
            if parts:
                outcomes |= _condition(condition, with_feet, parts, chosen, folder)
    return outcomes


def _condition(
    condition: Condition, with_feet: bool, parts: list[Trial], chosen: list[Method], folder: Path | None
) -> Outcomes:
    # Each trial's frames are made once, and for nobody where everything is kept.
    frames = cache(lambda i: condition.frames(parts[i], with_feet))
    outcomes: Outcomes = {}
    names = ",".join(trial.name for trial in parts)
    for method in chosen:
        if _concerns(method.name, condition):
            settings = "" if method.name in NAMES else repr(GaitSettings())
            what = (method.name, condition.name, str(with_feet), names, settings)
            told = kept(folder, what, partial(_run, method, condition, frames, len(parts)))
            run = Run(method.name, condition.name, with_feet)
            outcomes[run] = [Outcome(trial, found) for trial, found in zip(parts, told, strict=True)]
    return outcomes


def _run(method: Method, condition: Condition, frames: Callable[[int], Frames], n: int) -> list[Found]:
    return [method.run(frames(i), condition.camera_hz) for i in range(n)]


def _concerns(method: str, condition: Condition) -> bool:
    return condition is CLEAN or method not in _MATTERS or condition.name in _MATTERS[method]
