"""Every method through every condition: what each told about each trial.

A run is one method under one condition with or without foot landmarks. Under stress, video pose is a sample of its
walks (the same for every method).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from edge.gait.skeleton import SkeletonFrame
from tests.bench.segmentation.conditions import CLEAN, CONDITIONS, Condition
from tests.bench.segmentation.found import Found
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


def measure(found: list[Trial], stressed: list[Trial], conditions: list[Condition]) -> Iterator[tuple[Run, Outcome]]:
    """Clean on all trials found, every other condition on the stressed ones."""
    chosen = methods()
    for condition in conditions:
        concerned = [method for method in chosen if _concerns(method.name, condition)]
        for trial in found if condition is CLEAN else stressed:
            changed = condition.change(trial)
            if changed is not None:
                yield from _trial(changed, condition, concerned)


def collect(parts: Iterable[tuple[Run, Outcome]]) -> Outcomes:
    outcomes: Outcomes = {}
    for run, outcome in parts:
        outcomes.setdefault(run, []).append(outcome)
    return outcomes


def _trial(trial: Trial, condition: Condition, concerned: list[Method]) -> Iterator[tuple[Run, Outcome]]:
    for with_feet in (True, False) if trial.has_feet else (False,):
        frames = condition.frames(trial, with_feet)
        for method in concerned:
            found = method.run(frames, condition.camera_hz)
            yield Run(method.name, condition.name, with_feet), Outcome(trial, found)


def _concerns(method: str, condition: Condition) -> bool:
    return condition is CLEAN or method not in _MATTERS or condition.name in _MATTERS[method]
