"""Gait cycles ready for training, whatever they were read from.

Promises: every cycle went through ``edge.gait`` and nothing else; whoever was left out is listed with the reason.
Cycles of one recording share its name, so that they can be held out together.
Refuses nothing itself: readers do.

Shape letters: N cycle, T time, J landmark, C coordinate.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from edge.gait.normalise import N_SAMPLES
from edge.gait.skeleton import N_BODY

UNLABELLED = -1


@dataclass(frozen=True, slots=True, repr=False)
class Cycles:
    """Normalised cycles (N, 64, 16, 3) metres with durations (N,) seconds, and who, how and whence.

    ``acted_N`` and ``perceived_N`` index ``edge.affect.CLASSES``, UNLABELLED where unknown. ``recording_N`` tells
    which cycles were cut from one recording; where a reader names none, every cycle is a recording of its own.
    """

    x_NTJC: npt.NDArray[np.float32]
    duration_s_N: npt.NDArray[np.float32]
    key_N: npt.NDArray[np.str_]
    subject_N: npt.NDArray[np.str_]
    source_N: npt.NDArray[np.str_]
    acted_N: npt.NDArray[np.int64]
    perceived_N: npt.NDArray[np.int64]
    recording_N: npt.NDArray[np.str_] = field(default=None)  # type: ignore[arg-type]

    def __post_init__(self) -> None:
        if self.recording_N is None:
            object.__setattr__(self, "recording_N", self.key_N)

    def __len__(self) -> int:
        return len(self.x_NTJC)

    def __repr__(self) -> str:
        return f"Cycles({len(self)} cycles, {len(set(self.subject_N))} people)"

    def take(self, index_N: npt.ArrayLike) -> "Cycles":
        """The cycles at ``index_N`` (positions or a mask), in that order."""
        index_N = np.asarray(index_N)
        return Cycles(*(getattr(self, each.name)[index_N] for each in fields(self)))

    def labelled(self, how: Literal["acted", "perceived"]) -> "Cycles":
        """Only the cycles with such a label, and that label as the one that methods learn."""
        label_N = self.acted_N if how == "acted" else self.perceived_N
        return replace(self, acted_N=label_N).take(label_N != UNLABELLED)

    def with_landmarks(self, x_NTJC: npt.NDArray[np.float32], duration_s_N: npt.NDArray[np.float32]) -> "Cycles":
        """The same people, affects and recordings, seen otherwise."""
        return replace(self, x_NTJC=x_NTJC, duration_s_N=duration_s_N)

    def acted(self) -> "Cycles":
        """Only the cycles with an acted label."""
        return self.take(self.acted_N != UNLABELLED)


def joined(parts: Sequence[Cycles]) -> Cycles:
    """All cycles of several parts, in order; no part at all gives no cycle."""
    if not parts:
        names = np.zeros(0, dtype=np.str_)
        labels = np.zeros(0, dtype=np.int64)
        return Cycles(np.zeros((0, N_SAMPLES, N_BODY, 3), np.float32), np.zeros(0, np.float32), *3 * (names,),
                      labels, labels)  # fmt: skip
    return Cycles(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Cycles)))


@dataclass(frozen=True, slots=True)
class Refused:
    """A recording, or one cycle of a recording that was otherwise used, that was left out, and why."""

    key: str
    reason: str
    what: Literal["recording", "cycle"] = "recording"


@dataclass(frozen=True, slots=True)
class Looked:
    """A recording that could be read: frames a second, how long it is, how many usable cycles were in it."""

    key: str
    source: str
    rate_hz: float
    duration_s: float
    n_cycles: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader found: usable cycles, what was refused, and ``notes``: what else an engineer must know."""

    cycles: Cycles
    refused: tuple[Refused, ...]
    provenance: str
    looked: tuple[Looked, ...] = ()
    notes: tuple[str, ...] = ()
