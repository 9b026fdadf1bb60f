"""Cells of the subject x affect grid, and the quadruples the losses are made of.

Promises: quadruples are drawn only from cells the training fold has; a crossed cell it lacks is masked and never
read. Refuses a fold in which no two people and no two affects can be crossed.

Shape letters: N cycle, B quadruple.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.errors import TrainingError

Index = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Positions of the cycles x_ij, x_kl, x_kj, x_il and whether the crossed ones exist.

    Where a crossed cell is missing its position repeats the pair's own cycle, which its mask then ignores.
    """

    ij_B: Index
    kl_B: Index
    kj_B: Index
    il_B: Index
    has_kj_B: npt.NDArray[np.bool_]
    has_il_B: npt.NDArray[np.bool_]


class Grid:
    """Which cycles stand in which (subject, affect) cell."""

    def __init__(self, subject_N: npt.ArrayLike, affect_N: npt.ArrayLike) -> None:
        self._cells: dict[tuple[str, int], list[int]] = defaultdict(list)
        for at, (who, how) in enumerate(zip(np.asarray(subject_N), np.asarray(affect_N), strict=True)):
            self._cells[str(who), int(how)].append(at)
        self._others = {cell: self._crossable(cell) for cell in self._cells}
        if not any(self._others.values()):
            found = "training data in which no two people show two different affects"
            raise TrainingError(found, "two people and two affects at least", "Add recordings to the training set.")

    def __len__(self) -> int:
        return len(self._cells)

    def epoch(self, batch_size: int, rng: np.random.Generator) -> list[Drawn]:
        """Every cell once as x_ij, in random order, cut into batches of even size."""
        pairs = [cell for cell, others in self._others.items() if others]
        order = [pairs[at] for at in rng.permutation(len(pairs))]
        n_batches = -(-len(order) // batch_size)
        return [self._draw(order[start::n_batches], rng) for start in range(n_batches)]

    def _crossable(self, cell: tuple[str, int]) -> list[tuple[str, int]]:
        return [other for other in self._cells if other[0] != cell[0] and other[1] != cell[1]]

    def _draw(self, cells: list[tuple[str, int]], rng: np.random.Generator) -> Drawn:
        rows = [self._quadruple(cell, rng) for cell in cells]
        columns = [np.array(column) for column in zip(*rows, strict=True)]
        return Drawn(*columns)

    def _quadruple(self, ij: tuple[str, int], rng: np.random.Generator) -> tuple[int, int, int, int, bool, bool]:
        others = self._others[ij]
        kl = others[rng.integers(len(others))]
        kj, il = (kl[0], ij[1]), (ij[0], kl[1])
        has_kj, has_il = kj in self._cells, il in self._cells
        at_ij, at_kl = self._one_of(ij, rng), self._one_of(kl, rng)
        at_kj = self._one_of(kj, rng) if has_kj else at_ij
        at_il = self._one_of(il, rng) if has_il else at_ij
        return at_ij, at_kl, at_kj, at_il, has_kj, has_il

    def _one_of(self, cell: tuple[str, int], rng: np.random.Generator) -> int:
        cycles = self._cells[cell]
        return cycles[rng.integers(len(cycles))]
