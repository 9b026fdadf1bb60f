"""Protocols hold out what they say, and the corrected test does not find what is not there."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from edge.errors import TrainingError
from trainer.paired import corrected_p
from trainer.protocols import USUAL, inner_splits, one_cycle_per_recording, splits_of
from trainer.walkers import walker_cycles

CYCLES = walker_cycles(n_people=6, n_cycles=6)
PAIRED = replace(CYCLES, recording_N=np.array([f"{at // 2}" for at in range(len(CYCLES))]))


@pytest.mark.parametrize("name", USUAL)
def test_everything_is_tested_once_and_seeds_differ(name: str) -> None:
    splits = splits_of(name, PAIRED, 0, 3)
    assert sorted(np.concatenate([test for _, test in splits])) == list(range(len(PAIRED)))
    for train, test in splits:
        assert not set(train) & set(test)
        assert len(train) + len(test) == len(PAIRED)
    other = splits_of(name, PAIRED, 1, 3)
    assert any(set(a[1]) != set(b[1]) for a, b in zip(splits, other, strict=True))
    again = splits_of(name, PAIRED, 0, 3)
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(splits, again, strict=True))


def test_by_cycle_spreads_every_cell_over_the_folds() -> None:
    for _, test in splits_of("by_cycle", CYCLES, 0, 3):
        _, n_of_cell = np.unique(np.stack([CYCLES.subject_N[test], CYCLES.acted_N[test]]), axis=1, return_counts=True)
        assert len(n_of_cell) == 24
        assert np.ptp(n_of_cell) <= 1  # some walkers have five cycles of six


def test_by_recording_keeps_a_recording_on_one_side() -> None:
    splits = splits_of("by_recording", PAIRED, 0, 3)
    for train, test in splits:
        assert not set(PAIRED.recording_N[train]) & set(PAIRED.recording_N[test])
        assert set(PAIRED.subject_N[test]) <= set(PAIRED.subject_N[train])
    crossed = [set(PAIRED.recording_N[a]) & set(PAIRED.recording_N[b]) for a, b in splits_of("by_cycle", PAIRED, 0, 3)]
    assert any(crossed)


def test_people_keeps_a_person_on_one_side_also_inside() -> None:
    for train, test in splits_of("people", CYCLES, 0, 3):
        assert not set(CYCLES.subject_N[train]) & set(CYCLES.subject_N[test])
        known = CYCLES.take(train)
        for learn, choose in inner_splits("people", known, 0):
            assert not set(known.subject_N[learn]) & set(known.subject_N[choose])


def test_one_cycle_of_each_recording_makes_both_protocols_one() -> None:
    single = walker_cycles(n_people=5, n_cycles=1)
    assert one_cycle_per_recording(single)
    assert not one_cycle_per_recording(PAIRED)
    pairs = zip(splits_of("by_cycle", single, 0), splits_of("by_recording", single, 0), strict=True)
    assert all(len(a[1]) == len(b[1]) for a, b in pairs)


def test_a_fold_without_an_affect_is_refused_by_name() -> None:
    sad_of_one = (CYCLES.acted_N != 3) | (CYCLES.subject_N == "walker0")
    with pytest.raises(TrainingError, match="no sad to train on in fold"):
        splits_of("people", CYCLES.take(sad_of_one), 0, 3)


def test_a_fold_with_one_person_leaves_nobody_to_choose_on() -> None:
    three = CYCLES.take(np.isin(CYCLES.subject_N, ["walker0", "walker1", "walker2"]))
    with pytest.raises(TrainingError, match="one person to train on"):
        splits_of("people", three, 0, 2)


def test_more_folds_than_people_are_refused() -> None:
    with pytest.raises(TrainingError, match="10 folds over 6 people"):
        splits_of("people", CYCLES, 0)


def test_the_corrected_test_is_the_formula_and_more_careful_than_the_plain_one() -> None:
    """By hand: mean 0.05, variance 0.0025/3 (n = 4), factor 1/4 + 1/4: t = 0.05 / sqrt(0.5 * 0.0025 / 3)."""
    difference = np.array([0.025, 0.025, 0.075, 0.075])
    variance = 4 * 0.025**2 / 3
    plain = ttest_1samp(difference, 0.0).pvalue
    assert corrected_p(difference, 100, 0) == pytest.approx(plain)
    assert corrected_p(difference, 80, 20) > plain
    wanted = ttest_1samp(difference, 0.0).statistic * np.sqrt((variance / 4) / (0.5 * variance))
    assert corrected_p(difference, 80, 20) == pytest.approx(2 * (1 - _student_cdf(wanted, 3)))


def test_equal_methods_are_never_different_and_no_spread_is_no_proof() -> None:
    assert corrected_p(np.zeros(10), 80, 20) == 1.0
    assert np.isnan(corrected_p([0.1], 80, 20))
    assert np.isnan(corrected_p([1 / 60, 2 / 60 - 1 / 60], 60, 60))


def test_overlapping_folds_of_luck_are_seldom_called_different() -> None:
    """Differences that share a common part, as those of overlapping training sets do; no method is better."""
    rng = np.random.default_rng(0)
    shared = rng.normal(0.0, 0.5, (2000, 1)) + rng.normal(0.0, 1.0, (2000, 10))
    called = np.mean([corrected_p(row, 80, 20) < 0.05 for row in shared])
    plain = np.mean([ttest_1samp(row, 0.0).pvalue < 0.05 for row in shared])
    assert called < 0.07 < plain


def _student_cdf(value: float, df: int) -> float:
    """By counting: a million draws would do, the closed form for 3 degrees of freedom is shorter."""
    assert df == 3
    x = value / np.sqrt(3)
    return 0.5 + (x / (1 + x**2) + np.arctan(x)) / np.pi


def test_by_source_keeps_a_source_on_one_side_also_inside() -> None:
    far, mid = {"walker0", "walker1"}, {"walker2", "walker3"}
    source_N = np.array(["far" if who in far else "mid" if who in mid else "near" for who in CYCLES.subject_N])
    several = replace(CYCLES, source_N=source_N)
    splits = splits_of("by_source", several, 0)
    assert [set(source_N[test]) for _, test in splits] == [{"far"}, {"mid"}, {"near"}]
    for train, test in splits:
        assert not set(source_N[train]) & set(source_N[test])
        assert len(inner_splits("by_source", several.take(train), 0)) == 2


def test_by_source_chooses_on_people_where_one_source_is_left_and_refuses_one_alone() -> None:
    two = replace(CYCLES, source_N=np.where(np.char.endswith(CYCLES.subject_N, "0"), "far", "near"))
    for train, _ in splits_of("by_source", two, 0)[:1]:
        known = two.take(train)
        for inner, chosen in inner_splits("by_source", known, 0):
            assert not set(known.subject_N[inner]) & set(known.subject_N[chosen])
    with pytest.raises(TrainingError, match="the only source"):
        splits_of("by_source", CYCLES, 0)


def test_perceived_labels_take_the_place_of_acted_ones() -> None:
    half = np.where(np.arange(len(CYCLES)) % 2 == 0, 3 - CYCLES.acted_N, -1)
    told = replace(CYCLES, perceived_N=half).labelled("perceived")
    assert len(told) == len(CYCLES) // 2 + len(CYCLES) % 2
    np.testing.assert_array_equal(told.acted_N, told.perceived_N)
    np.testing.assert_array_equal(CYCLES.labelled("acted").acted_N, CYCLES.acted_N)
