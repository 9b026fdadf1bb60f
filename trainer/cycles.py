"""Gait cycles ready for training, whatever they were read from.

Promises: every cycle went through ``edge.gait`` and nothing else; whoever was left out is listed with the reason.
Refuses nothing itself: readers do.

Shape letters: N cycle, T time, J landmark, C coordinate.
"""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

UNLABELLED = -1


@dataclass(frozen=True, slots=True, repr=False)
class Cycles:
    """Normalised cycles (N, 64, 16, 3) metres with durations (N,) seconds, and who, how and whence.

    ``acted_N`` and ``perceived_N`` index ``edge.affect.CLASSES``, UNLABELLED where unknown.
    """

    x_NTJC: npt.NDArray[np.float32]
    duration_s_N: npt.NDArray[np.float32]
    key_N: npt.NDArray[np.str_]
    subject_N: npt.NDArray[np.str_]
    source_N: npt.NDArray[np.str_]
    acted_N: npt.NDArray[np.int64]
    perceived_N: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.x_NTJC)

    def __repr__(self) -> str:
        return f"Cycles({len(self)} cycles, {len(set(self.subject_N))} people)"

    def take(self, index_N: npt.ArrayLike) -> "Cycles":
        """The cycles at ``index_N`` (positions or a mask), in that order."""
        index_N = np.asarray(index_N)
        return Cycles(*(getattr(self, field.name)[index_N] for field in fields(self)))

    def acted(self) -> "Cycles":
        """Only the cycles with an acted label."""
        return self.take(self.acted_N != UNLABELLED)


@dataclass(frozen=True, slots=True)
class Refused:
    """A recording that was left out, and why."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader found: usable cycles and the refused recordings."""

    cycles: Cycles
    refused: tuple[Refused, ...]
    provenance: str
