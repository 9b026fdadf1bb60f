"""Quadruples come only from cells the fold has; crossed cells it lacks are masked."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import TrainingError
from trainer.cells import Grid

CELLS = st.sets(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=2, max_size=20)


def crossable(cells: set[tuple[int, int]]) -> bool:
    return any(a[0] != b[0] and a[1] != b[1] for a in cells for b in cells)


@settings(max_examples=60, deadline=None)
@given(cells=CELLS.filter(crossable), repeats=st.integers(1, 3), seed=st.integers(0, 99))
def test_quadruples_obey_the_paper(cells: set[tuple[int, int]], repeats: int, seed: int) -> None:
    rows = sorted(cells) * repeats
    who, how = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    first = []
    for drawn in Grid(who, how).epoch(7, np.random.default_rng(seed)):
        columns = zip(drawn.ij_B, drawn.kl_B, drawn.kj_B, drawn.il_B, drawn.has_kj_B, drawn.has_il_B, strict=True)
        for ij, kl, kj, il, has_kj, has_il in columns:
            first.append(rows[ij])
            assert who[ij] != who[kl]
            assert how[ij] != how[kl]
            assert has_kj == ((who[kl], how[ij]) in cells)
            assert has_il == ((who[ij], how[kl]) in cells)
            assert rows[kj] == ((who[kl], how[ij]) if has_kj else rows[ij])
            assert rows[il] == ((who[ij], how[kl]) if has_il else rows[ij])
    assert len(first) == len(set(first))


def test_every_cell_of_a_full_grid_comes_once_per_epoch() -> None:
    rows = [(who, how) for who in range(5) for how in range(4)]
    who, how = zip(*rows, strict=True)
    batches = Grid(who, how).epoch(8, np.random.default_rng(0))
    assert sorted(at for drawn in batches for at in drawn.ij_B) == list(range(20))
    assert max(len(drawn.ij_B) for drawn in batches) - min(len(drawn.ij_B) for drawn in batches) <= 1


@pytest.mark.parametrize("rows", [[("a", 0), ("a", 1)], [("a", 0), ("b", 0)]])
def test_nothing_to_cross_is_refused(rows: list[tuple[str, int]]) -> None:
    with pytest.raises(TrainingError, match="two people"):
        Grid(*zip(*rows, strict=True))
