"""Folds hold out what they say, and everything once."""

import numpy as np
import pytest

from edge.errors import TrainingError
from trainer.folds import by_cycle, by_people
from trainer.walkers import walker_cycles

CYCLES = walker_cycles(n_people=6, n_cycles=1)


@pytest.mark.parametrize("split", [by_people, by_cycle])
def test_everything_is_tested_once(split) -> None:
    tested = np.concatenate([test for _, test in split(CYCLES, 3, 0)])
    assert sorted(tested) == list(range(len(CYCLES)))


def test_people_never_stand_on_both_sides() -> None:
    for train, test in by_people(CYCLES, 3, 0):
        assert not set(CYCLES.subject_N[train]) & set(CYCLES.subject_N[test])


def test_cells_of_one_person_and_affects_are_spread() -> None:
    for train, test in by_cycle(CYCLES, 4, 0):
        assert set(CYCLES.subject_N[test]) <= set(CYCLES.subject_N[train])
        assert np.ptp(np.bincount(CYCLES.acted_N[test], minlength=4)) <= 1


def test_more_folds_than_people_are_refused() -> None:
    with pytest.raises(TrainingError, match="7 folds over 6 people"):
        list(by_people(CYCLES, 7, 0))
