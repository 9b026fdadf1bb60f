"""What is in a data source, counted: by subject, affect and source, with durations, rates and refusals.

Promises: numbers only, no landmark; every refusal is listed whole, and counted by its reason with the figures in it
taken out. The same reading gives the same summary. Refuses nothing.
"""

import re
from collections import Counter, defaultdict

import msgspec
import numpy as np
import numpy.typing as npt

from edge.affect import CLASSES
from trainer.cycles import UNLABELLED, Cycles, Reading
from trainer.labels import is_known

UNKNOWN = "no label"
NOBODY = "(not known)"
_FIGURE = re.compile(r"(?<![\w:.])\d+(?:\.\d+)?(?:e[-+]?\d+)?(?!\w)")


class Spread(msgspec.Struct, frozen=True):
    """Least, middle and largest of some numbers."""

    min: float
    median: float
    max: float


class Counts(msgspec.Struct, frozen=True):
    """Of one source or subject: people who are named, recordings, cycles, and cycles by acted and perceived affect."""

    name: str
    n_people: int
    n_recordings: int
    n_cycles: int
    acted: dict[str, int]
    perceived: dict[str, int]
    cycle_s: Spread


class Reason(msgspec.Struct, frozen=True):
    """Why something was refused, how often, and one that was."""

    what: str
    reason: str
    n: int
    example: str


class RefusedOut(msgspec.Struct, frozen=True):
    """One refusal."""

    key: str
    reason: str
    what: str


class Summary(msgspec.Struct, frozen=True):
    """What ``quietstep-train inspect --json`` writes. Lengths are of what was read, cycles only the usable ones."""

    data: str
    provenance: str
    everything: Counts
    sources: tuple[Counts, ...]
    subjects: tuple[Counts, ...]
    recording_s: Spread | None
    rate_hz: Spread | None
    n_read: int
    n_refused_recordings: int
    n_refused_cycles: int
    reasons: tuple[Reason, ...]
    notes: tuple[str, ...]
    refused: tuple[RefusedOut, ...]


def summary_of(data: str, reading: Reading) -> Summary:
    """Count a reading; ``data`` is how it was named."""
    cycles = reading.cycles
    kinds = Counter(refused.what for refused in reading.refused)
    return Summary(
        data=data,
        provenance=reading.provenance,
        everything=_counts("all", cycles),
        sources=_by(cycles, cycles.source_N),
        subjects=_by(cycles, _named(cycles)),
        recording_s=_spread(np.array([looked.duration_s for looked in reading.looked])),
        rate_hz=_spread(np.array([looked.rate_hz for looked in reading.looked])),
        n_read=len(reading.looked),
        n_refused_recordings=kinds["recording"],
        n_refused_cycles=kinds["cycle"],
        reasons=reasons_of(reading),
        notes=reading.notes,
        refused=tuple(RefusedOut(each.key, each.reason, each.what) for each in reading.refused),
    )


def labels_of(cycles: Cycles) -> npt.NDArray[np.int64]:
    """The acted affects where there are such, else the perceived."""
    return cycles.acted_N if (cycles.acted_N != UNLABELLED).any() else cycles.perceived_N


def _named(cycles: Cycles) -> npt.NDArray[np.str_]:
    return np.array([who if is_known(who) else NOBODY for who in cycles.subject_N.tolist()], dtype=np.str_)


def _by(cycles: Cycles, name_N: npt.NDArray[np.str_]) -> tuple[Counts, ...]:
    return tuple(_counts(str(name), cycles.take(name_N == name)) for name in np.unique(name_N))


def _counts(name: str, cycles: Cycles) -> Counts:
    return Counts(
        name=name,
        n_people=sum(is_known(subject) for subject in set(cycles.subject_N.tolist())),
        n_recordings=len(set(cycles.recording_N.tolist())),
        n_cycles=len(cycles),
        acted=_affects(cycles.acted_N),
        perceived=_affects(cycles.perceived_N),
        cycle_s=_spread(cycles.duration_s_N) or Spread(0.0, 0.0, 0.0),
    )


def _affects(label_N: npt.NDArray[np.int64]) -> dict[str, int]:
    names = {at: name for at, name in enumerate(CLASSES)} | {UNLABELLED: UNKNOWN}
    return {name: int((label_N == at).sum()) for at, name in names.items()}


def _spread(value_N: npt.NDArray[np.floating]) -> Spread | None:
    if not len(value_N):
        return None
    least, middle, largest = (round(float(each(value_N)), 4) for each in (np.min, np.median, np.max))
    return Spread(least, middle, largest)


def reasons_of(reading: Reading) -> tuple[Reason, ...]:
    """Refusals counted by reason, figures in it taken out; the commonest first."""
    keys: dict[tuple[str, str], list[str]] = defaultdict(list)
    for refused in reading.refused:
        keys[refused.what, _FIGURE.sub("…", refused.reason)].append(refused.key)
    ordered = sorted(keys.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(Reason(what, reason, len(each), each[0]) for (what, reason), each in ordered)
