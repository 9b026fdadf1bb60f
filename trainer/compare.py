"""Every method on every fold of every protocol, kept one by one, so that a killed run goes on where it stopped.

One result is one file ``DIR/results/PROTOCOL-sSEED-fFOLD-METHOD.json`` with the probabilities of the tested cycles.
``DIR/plan.json`` says which cycles these are (SHA-256 over what a method sees) and how many folds; results of other
data or folds are refused, not mixed in.

Promises: a result on disk is never computed again and is whole; seeds and folds decide everything random. Refuses a
folder that holds another comparison, and data with one subject only.

Shape letters: N cycle, K class.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from edge.errors import TrainingError
from trainer.cycles import Cycles
from trainer.folds import Split
from trainer.measured import write_json
from trainer.methods import Method, Task
from trainer.protocols import PROTOCOLS, inner_splits, splits_of

Tell = Callable[[str, int, int, float], None]
"""Told protocol and method, results there are, of how many, and the seconds of the latest (0: it was there)."""


class Result(msgspec.Struct, frozen=True):
    """One method on one fold: positions tested, probabilities (N, K), what was chosen inside, seconds it took."""

    protocol: str
    seed: int
    fold: int
    method: str
    test: list[int]
    n_train: int
    proba: list[list[float]]
    chosen: dict[str, float]
    seconds: float


class _Known(msgspec.Struct, frozen=True):
    data_sha256: str
    n_folds: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to compare: protocols by name, methods, seeds, and the folds of each protocol (None: its own number)."""

    protocols: Sequence[str]
    methods: Mapping[str, Method]
    seeds: Sequence[int]
    n_folds: int | None = None


@dataclass(frozen=True, slots=True)
class _Step:
    protocol: str
    seed: int
    fold: int
    split: Split
    method: str


def compare(cycles: Cycles, plan: Plan, out: Path, tell: Tell) -> list[Result]:
    """Compute what is missing in ``out`` and return every result of the plan; raises TrainingError."""
    _refuse_unusable(cycles, plan)
    steps = list(_steps(cycles, plan))
    _refuse_foreign(cycles, plan, out)
    results = []
    for done, step in enumerate(steps):
        path = out / "results" / f"{step.protocol}-s{step.seed}-f{step.fold}-{step.method}.json"
        kept = _kept(path)
        result = kept or _computed(cycles, plan.methods[step.method], step)
        if kept is None:
            write_json(path, result)
        tell(f"{step.protocol} {step.method}", done + 1, len(steps), 0.0 if kept else result.seconds)
        results.append(result)
    return results


def fingerprint(cycles: Cycles) -> str:
    """SHA-256 over everything a method or a protocol sees of the data."""
    digest = hashlib.sha256()
    for name in ("x_NTJC", "duration_s_N", "acted_N"):
        digest.update(np.ascontiguousarray(getattr(cycles, name)).tobytes())
    # One source alone decides nothing, and results from before sources counted stay good.
    several = ("source_N",) if len(np.unique(cycles.source_N)) > 1 else ()
    for name in ("subject_N", "recording_N", *several):
        digest.update("\n".join(getattr(cycles, name).tolist()).encode())
    return digest.hexdigest()


def _steps(cycles: Cycles, plan: Plan) -> Iterator[_Step]:
    for protocol in plan.protocols:
        for seed in plan.seeds:
            for fold, split in enumerate(splits_of(protocol, cycles, seed, plan.n_folds)):
                for method in plan.methods:
                    yield _Step(protocol, seed, fold, split, method)


def _computed(cycles: Cycles, method: Method, step: _Step) -> Result:
    train, test = step.split
    known = cycles.take(train)
    began_s = time.perf_counter()
    task = Task(known, inner_splits(step.protocol, known, step.seed), cycles.take(test), step.seed)
    answer = method(task)
    return Result(
        protocol=step.protocol,
        seed=step.seed,
        fold=step.fold,
        method=step.method,
        test=test.tolist(),
        n_train=len(train),
        proba=answer.proba_NK.tolist(),
        chosen={name: float(value) for name, value in answer.chosen.items()},
        seconds=time.perf_counter() - began_s,
    )


def _kept(path: Path) -> Result | None:
    """A whole result from before, or None; a file nobody can read is computed again."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Result)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _refuse_unusable(cycles: Cycles, plan: Plan) -> None:
    unknown = sorted(set(plan.protocols) - set(PROTOCOLS))
    if unknown:
        raise TrainingError(f"the protocol {', '.join(unknown)}", f"some of {', '.join(PROTOCOLS)}", "Correct it.")
    if len(np.unique(cycles.subject_N)) < 2:
        found = f"{len(np.unique(cycles.subject_N))} people with acted affect"
        raise TrainingError(found, "at least two people", "Give data with acted labels of several people.")


def _refuse_foreign(cycles: Cycles, plan: Plan, out: Path) -> None:
    here, path = _Known(fingerprint(cycles), plan.n_folds), out / "plan.json"
    if path.exists() and _known(path) != here:
        found = f"results of other data or folds in {out}"
        raise TrainingError(found, "an empty folder, or the one this comparison began in", "Name another --out.")
    write_json(path, here)


def _known(path: Path) -> _Known | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Known)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
