"""Risk and coverage against what can be counted by hand, and against curves whose area is known."""

import numpy as np
import pytest

from trainer.risk_coverage import MOST_POINTS, ideal_curve, risk_coverage


def test_by_hand() -> None:
    found = risk_coverage([0.9, 0.2, 0.8, 0.5], [True, False, False, True])
    assert [(point.coverage, point.confidence) for point in found.points] == [
        (0.25, 0.9),
        (0.5, 0.8),
        (0.75, 0.5),
        (1.0, 0.2),
    ]
    assert [point.risk for point in found.points] == pytest.approx([0.0, 1 / 2, 1 / 3, 1 / 2])
    assert found.aurc == pytest.approx((0.0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert found.aurc_random == 0.5
    assert found.aurc_ideal == pytest.approx((0.0 + 0.0 + 1 / 3 + 1 / 2) / 4)


def test_knowing_ones_errors_is_ideal_and_hiding_them_is_worse_than_random() -> None:
    right_N = np.random.default_rng(0).random(200) < 0.7
    knowing, hiding = risk_coverage(right_N * 1.0, right_N), risk_coverage(-1.0 * right_N, right_N)
    assert knowing.aurc == pytest.approx(knowing.aurc_ideal)
    assert hiding.aurc > hiding.aurc_random > knowing.aurc
    np.testing.assert_allclose(ideal_curve(knowing.aurc_random, 200)[1][-1], 1 - right_N.mean())


def test_one_confidence_for_all_is_random_whatever_the_order_of_the_file() -> None:
    right_N = np.arange(50) < 30
    for order_N in (right_N, right_N[::-1]):
        found = risk_coverage(np.full(50, 0.4), order_N)
        assert found.aurc == pytest.approx(found.aurc_random) == pytest.approx(0.4)


def test_a_long_curve_is_thinned_and_keeps_both_ends() -> None:
    rng = np.random.default_rng(0)
    points = risk_coverage(rng.random(5000), rng.random(5000) < 0.5).points
    assert len(points) == MOST_POINTS
    assert (points[0].coverage, points[-1].coverage) == (1 / 5000, 1.0)


def test_no_cycle_has_no_curve() -> None:
    with pytest.raises(ValueError, match="no cycle"):
        risk_coverage([], [])
