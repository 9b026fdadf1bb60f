"""All settings chosen on some people and reported on the rest: `python -m tests.bench.segmentation choose --data PATH`.

For each person left out: a coordinate search over `candidates`, from the frozen defaults. What is made as large as
possible, on everybody else: the mean over groups of (F1@50 + F1@100) / 2, over clean trials and a few faults, with and
without feet, each setting with the offset that suits everybody else best. A setting that tells a cycle in what is not
gait is out; one that gains no more than `--tie` over the default value is not worth leaving it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console

from edge.gait.settings import GaitSettings
from tests.bench.segmentation.cached_counts import OFFSETS_S, Counts, Part, counts
from tests.bench.segmentation.candidates import candidates
from tests.bench.segmentation.measure import selected
from tests.bench.segmentation.offset import leave_one_person_out
from tests.bench.segmentation.tables import Table, share
from tests.bench.segmentation.trials import GROUPS, trials

CHOSEN_UNDER = ("clean", "20 mm noise", "3 % swaps", "30 % drops, 15 ms jitter", "frontal, 60 mm depth")
_LABELLED, _NOT_GAIT = GROUPS[:-1], GROUPS[-1]
_DEFAULTS = GaitSettings()


@dataclass(frozen=True, slots=True)
class Held:
    """What was chosen without a person, and the (found, told, true) counts of that person under each condition.

    counts_CN23: condition, part (of the person), tolerance, count.
    """

    person: str
    settings: GaitSettings
    offset_s: float
    counts_CN23: np.ndarray
    frozen_CN23: np.ndarray


class Search:
    """Scores of settings on some of the people, from cached counts."""

    def __init__(self, parts: tuple[Part, ...], folder: Path, pool: ProcessPoolExecutor) -> None:
        self.parts, self._folder, self._pool = parts, folder, pool
        self._known: dict[tuple[GaitSettings, str], Counts] = {}
        self._person_N = np.array([part.trial.person for part in parts])
        self._group_N = np.array([part.trial.group for part in parts])
        self._offsets: dict[GaitSettings, dict[str, float]] = {}
        self.people = sorted({p.trial.person for p in parts if p.trial.group != _NOT_GAIT})

    def measure(self, wanted: set[GaitSettings]) -> None:
        """Have the counts of all these settings."""
        missing = [(s, c) for s in wanted for c in CHOSEN_UNDER if (s, c) not in self._known]
        made = self._pool.map(partial(_measured, parts=self.parts, folder=self._folder), missing)
        self._known.update(zip(missing, made, strict=True))
        for settings in wanted:
            found = self._known[settings, CHOSEN_UNDER[0]].errors
            self._offsets.setdefault(settings, leave_one_person_out(found, self.people))

    def offset(self, settings: GaitSettings, person: str) -> int:
        """The index of the offset that everybody but this person would give."""
        return int(np.argmin(np.abs(OFFSETS_S - self._offsets[settings][person])))

    def objective(self, settings: GaitSettings, left_out: str) -> float:
        """On everybody but the one left out; minus infinity when something that is not gait gave a cycle."""
        others = self._person_N != left_out
        at, scores = self.offset(settings, left_out), []
        for condition in CHOSEN_UNDER:
            known = self._known[settings, condition]
            if known.n_cycles_N[others & (self._group_N == _NOT_GAIT)].any():
                return -np.inf
            for group in _LABELLED:
                found, told, true = known.counts_NO23[others & (self._group_N == group), at].sum(axis=0).T
                if true.all():
                    scores.append(np.mean(2.0 * found / (told + true)))
        return float(np.mean(scores))

    def counts_of(self, person: str, settings: GaitSettings) -> np.ndarray:
        """(condition, part of this person, tolerance, count) with the offset of everybody else."""
        mine, at = self._person_N == person, self.offset(settings, person)
        return np.array([self._known[settings, c].counts_NO23[mine, at] for c in CHOSEN_UNDER])


def _measured(what: tuple[GaitSettings, str], parts: tuple[Part, ...], folder: Path) -> Counts:
    return counts(*what, parts, folder)


def search(walker: Search, fields: dict[str, tuple[float, ...]], n_sweeps: int, tie: float) -> list[Held]:
    """Coordinate search for every person left out, all in step so that what they share is measured once."""
    chosen = dict.fromkeys(walker.people, _DEFAULTS)
    walker.measure({_DEFAULTS})
    for _ in range(n_sweeps):
        for name, values in fields.items():
            walker.measure({replace(s, **{name: v}) for s in set(chosen.values()) for v in values})
            for person, settings in chosen.items():
                chosen[person] = _best(walker, person, settings, name, values, tie)
    return [_held(walker, person, settings) for person, settings in chosen.items()]


def _best(
    walker: Search, person: str, settings: GaitSettings, name: str, values: tuple[float, ...], tie: float
) -> GaitSettings:
    frozen = replace(settings, **{name: getattr(_DEFAULTS, name)})
    tried = [replace(settings, **{name: value}) for value in values]
    best = max(tried, key=lambda s: walker.objective(s, person))
    return best if walker.objective(best, person) > walker.objective(frozen, person) + tie else frozen


def _held(walker: Search, person: str, settings: GaitSettings) -> Held:
    offset_s = float(OFFSETS_S[walker.offset(settings, person)])
    frozen = walker.counts_of(person, _DEFAULTS)
    return Held(person, settings, offset_s, walker.counts_of(person, settings), frozen)


def main(words: list[str]) -> None:
    arguments = _arguments(words)
    fields = candidates(arguments.fields)
    found = selected(trials(arguments.data), GROUPS, arguments.walks)
    parts = tuple(Part(t, feet) for t in found for feet in ((True, False) if t.has_feet else (False,)))
    with ProcessPoolExecutor(arguments.processes) as pool:
        walker = Search(parts, arguments.cache, pool)
        held = search(walker, fields, arguments.sweeps, arguments.tie)
    console = Console(width=160)
    for table in (_people_table(held), _groups_table(held, walker.parts), _values_table(held, fields)):
        table.print(console)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(_document(held), indent=1))


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.segmentation choose", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the motion data folder")
    parser.add_argument("--json", type=Path, help="write what was chosen here")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "quietstep-segmentation",
                        help="folder for counts, so that a search can be taken up again")  # fmt: skip
    parser.add_argument("--fields", nargs="+", help="only these settings")
    parser.add_argument("--walks", type=int, default=2, help="walks of each person on video")
    parser.add_argument("--sweeps", type=int, default=1)
    parser.add_argument("--tie", type=float, default=0.001, help="gain below which the default stays")
    parser.add_argument("--processes", type=int, default=2)
    return parser.parse_args(words)


def _changes(settings: GaitSettings) -> dict[str, float]:
    frozen = asdict(_DEFAULTS)
    return {name: value for name, value in asdict(settings).items() if value != frozen[name]}


def _pair(counts_23: np.ndarray) -> str:
    return " / ".join(share(2.0 * found / (told + true)) if true else "–" for found, told, true in counts_23)


def _people_table(held: list[Held]) -> Table:
    heads = (
        "left out",
        "chosen on the others",
        "offset ms",
        "chosen, clean",
        "frozen, clean",
        "chosen, all",
        "frozen, all",
    )
    table = Table("Held out: F1@50 / F1@100 of each person with what was chosen on the others", heads, n_left=2)
    for one in held:
        what = ", ".join(f"{name} {value:g}" for name, value in _changes(one.settings).items()) or "the defaults"
        clean = [_pair(c[0].sum(axis=0)) for c in (one.counts_CN23, one.frozen_CN23)]
        everything = [_pair(c.sum(axis=(0, 1))) for c in (one.counts_CN23, one.frozen_CN23)]
        table.rows.append((one.person, what, f"{1e3 * one.offset_s:+.0f}", *clean, *everything))
    table.note = f"All: {', '.join(CHOSEN_UNDER)}."
    return table


def _groups_table(held: list[Held], parts: tuple[Part, ...]) -> Table:
    table = Table("Held out by group: F1@50 / F1@100, chosen on the others | frozen defaults", ("group", *CHOSEN_UNDER))
    for group in _LABELLED:
        cells = []
        for c in range(len(CHOSEN_UNDER)):
            told = [_in_group(one, parts, group)[:, c].sum(axis=1) for one in held]
            chosen, frozen = np.sum(told, axis=0)
            cells.append(f"{_pair(chosen)} | {_pair(frozen)}")
        table.rows.append((group, *cells))
    return table


def _in_group(one: Held, parts: tuple[Part, ...], group: str) -> np.ndarray:
    """(chosen or frozen, condition, part, tolerance, count) of this person's trials of the group."""
    mine = [part for part in parts if part.trial.person == one.person]
    inside = np.array([part.trial.group == group for part in mine])
    return np.stack([one.counts_CN23[:, inside], one.frozen_CN23[:, inside]])


def _values_table(held: list[Held], fields: dict[str, tuple[float, ...]]) -> Table:
    table = Table(
        f"How often each value was chosen, of {len(held)} people left out", ("setting", "value x times"), n_left=2
    )
    for name in fields:
        times = Counter(getattr(one.settings, name) for one in held)
        table.rows.append((name, ", ".join(f"{value:g} x {n}" for value, n in sorted(times.items()))))
    return table


def _document(held: list[Held]) -> dict[str, object]:
    return {
        "frozen": asdict(_DEFAULTS),
        "conditions": CHOSEN_UNDER,
        "people": [
            {
                "left_out": one.person,
                "chosen": _changes(one.settings),
                "offset_s": one.offset_s,
                "counts": one.counts_CN23.sum(axis=1).tolist(),
                "counts_frozen": one.frozen_CN23.sum(axis=1).tolist(),
            }
            for one in held
        ],
    }
