"""The synthetic factorial: every cell full, labels true, the same words the same people."""

import numpy as np
import pytest

from edge.affect import CLASSES
from edge.errors import TrainingError
from trainer.readers import read_cycles
from trainer.walkers_factorial import NOISES, Factorial, factorial_cycles


def test_every_cell_is_full_and_its_labels_are_true() -> None:
    cycles = read_cycles("walkers:3x4x2x5").cycles
    assert cycles.x_NTJC.shape == (3 * 4 * 2 * 5, 64, 16, 3)
    cells, counts = np.unique(np.stack([cycles.subject_N, cycles.acted_N.astype(str), cycles.recording_N]),
                              axis=1, return_counts=True)  # fmt: skip
    assert cells.shape[1] == 24
    assert set(counts) == {5}
    assert len(set(cycles.key_N)) == len(cycles)
    for who, how, recording in cells.T:
        assert recording.startswith(f"{who}-{CLASSES[int(how)]}-")


def test_the_same_words_give_the_same_cycles_and_another_seed_others() -> None:
    one, again, other = (read_cycles(f"walkers:2x2x1x2?seed={seed}&noise=any").cycles for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.x_NTJC, again.x_NTJC)
    assert np.abs(one.x_NTJC - other.x_NTJC).max() > 1e-3


def test_a_smaller_factorial_is_part_of_a_larger_one() -> None:
    small, large = factorial_cycles(Factorial(2, 4, 1, 2)), factorial_cycles(Factorial(3, 4, 2, 2))
    at = [list(large.key_N).index(key) for key in small.key_N]
    np.testing.assert_allclose(large.x_NTJC[at], small.x_NTJC, atol=1e-6)


def test_the_first_person_can_be_named_and_is_the_same_one() -> None:
    later, all_of_them = read_cycles("walkers:2x1x1x1?first=1"), read_cycles("walkers:3x1x1x1")
    assert sorted(set(later.cycles.subject_N)) == ["walker1", "walker2"]
    np.testing.assert_array_equal(later.cycles.x_NTJC, all_of_them.cycles.x_NTJC[1:])
    assert "people from 1" in later.provenance


def spread_between_recordings(day: float) -> float:
    """How far apart the mean cycles of one person's recordings are, in metres."""
    cycles = factorial_cycles(Factorial(1, 1, 6, 4, day=day))
    means = [cycles.x_NTJC[cycles.recording_N == name].mean(axis=0) for name in np.unique(cycles.recording_N)]
    return float(np.std(means, axis=0).mean())


def test_days_set_recordings_of_one_person_apart() -> None:
    assert spread_between_recordings(0.06) > 2 * spread_between_recordings(0.0)


def test_happy_and_sad_differ_more_than_two_days() -> None:
    cycles = factorial_cycles(Factorial(1, 4, 4, 3))
    means = [cycles.x_NTJC[cycles.acted_N == at].mean(axis=0) for at in (1, 3)]
    assert np.abs(means[0] - means[1]).mean() > 2 * spread_between_recordings(0.03)


def test_strength_says_how_far_an_affect_is_from_neutral() -> None:
    away_m = []
    for strength in (0.0, 0.3, 1.0):
        cycles = factorial_cycles(Factorial(1, 4, 1, 4, day=0.0, strength=strength))
        means = [cycles.x_NTJC[cycles.acted_N == at].mean(axis=0) for at in (2, 3)]
        away_m.append(float(np.abs(means[0] - means[1]).mean()))
    assert away_m[0] < 0.004
    assert 2 * away_m[0] < away_m[1] < 0.5 * away_m[2]


@pytest.mark.parametrize("noise", [name for name in NOISES if name != "none"])
def test_every_error_spoils_but_leaves_a_walk(noise: str) -> None:
    clean, spoiled = (read_cycles(f"walkers:1x2x1x3?noise={name}&seed=1").cycles for name in ("none", noise))
    away_m = np.abs(clean.x_NTJC - spoiled.x_NTJC).mean()
    assert 0.003 < away_m < 0.15


def test_where_the_pose_is_lost_for_long_the_cycle_is_refused_and_counted() -> None:
    reading = read_cycles("walkers:12x4x1x10?noise=filmed-frontal")
    assert len(reading.cycles) + len(reading.refused) == 12 * 4 * 10
    assert reading.refused
    assert all("lost for" in refused.reason and refused.what == "cycle" for refused in reading.refused)


def test_it_tells_how_far_it_is_and_what_it_made() -> None:
    told: list[tuple[int, int]] = []
    reading = read_cycles("walkers:2x1x2x1?seed=5", lambda *at: told.append(at))
    assert told == [(done, 4) for done in range(1, 5)]
    assert "seed 5" in reading.provenance
    assert [looked.n_cycles for looked in reading.looked] == [1] * 4


@pytest.mark.parametrize("sizes", ["3x4x5", "3x5x1x1", "0x4x1x1", "axbxcxd", "3x4x1x1x", "-1x4x1x1"])
def test_sizes_that_are_none_are_refused(sizes: str) -> None:
    with pytest.raises(TrainingError, match="factorial"):
        read_cycles(f"walkers:{sizes}")


@pytest.mark.parametrize("option", ["noise=fog", "seed=-1", "seed=x", "day=nan", "day=-0.1", "strength=-1"])
def test_options_that_mean_nothing_are_refused(option: str) -> None:
    with pytest.raises(TrainingError, match=option.split("=")[0]):
        read_cycles(f"walkers:1x1x1x1?{option}")
