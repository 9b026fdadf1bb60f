"""Cut one operation everywhere and judge what is left.

Promises: after each event that the disk takes, the states of `disk.Disk.states`, each different one once for each
number of acknowledgements; the same seed gives the same draws. Refuses to count a state twice.
"""

import hashlib
import random
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.power_cut.disk import Disk, State
from tests.bench.power_cut.operations import Operation
from tests.bench.power_cut.recorder import Event, record

MEMORY: Final = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many events, different states, and verdicts of each kind."""

    name: str
    n_events: int
    n_states: int
    verdicts: Counter[str]


def cut(operation: Operation, n_drawn: int = 8, seed: int = 0, most_states: int | None = None) -> Outcome:
    """Every cut of the operation, or ``most_states`` of them, evenly spread over its events."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as scratch:
        work = Path(scratch)
        home = work / "home"
        home.mkdir(mode=0o700)
        operation.prepare(home)
        if (home / "diary.key").exists():
            shutil.copy(home / "diary.key", work / "old.key")
        before = contents(home)
        events = record(operation.program, home)
        cases = _cases(events, before, random.Random(seed), n_drawn)
        step = 1 if most_states is None else max(1, len(cases) // most_states)
        verdicts = Counter(_judged(operation, work / "cut", state, said) for state, said in cases[::step])
        return Outcome(operation.name, len(events), len(cases[::step]), verdicts)


def contents(folder: Path) -> State:
    """All files of a folder."""
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if not p.name.endswith(("-shm", ".lock"))}


def _cases(events: list[Event], before: State, rng: random.Random, n_drawn: int) -> list[tuple[State, list[bytes]]]:
    disk, said, seen = Disk(before), [], set()
    cases: list[tuple[State, list[bytes]]] = []
    for event in events:
        if event.kind == "said":
            said.append(event.data)
        disk.update(event)
        for state in disk.states(rng, n_drawn):
            mark = hashlib.sha256(repr((len(said), sorted(state.items()))).encode()).digest()
            if mark not in seen:
                seen.add(mark)
                cases.append((state, list(said)))
    return cases


def _judged(operation: Operation, folder: Path, state: State, said: list[bytes]) -> str:
    folder.mkdir(mode=0o700)
    try:
        for name, content in state.items():
            (folder / name).write_bytes(content)
            (folder / name).chmod(0o600)
        return operation.judge(folder, said)
    finally:
        shutil.rmtree(folder)
