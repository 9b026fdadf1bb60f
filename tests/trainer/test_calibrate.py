"""One temperature, found again; calibration error against a hand count."""

import numpy as np
import pytest
from scipy.special import softmax

from trainer.calibrate import calibration_error, temperature_of


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_a_known_temperature_is_found(temperature: float) -> None:
    rng = np.random.default_rng(0)
    honest_NK = rng.normal(0.0, 1.5, (20000, 4))
    label_N = (softmax(honest_NK, axis=1).cumsum(axis=1) < rng.random((20000, 1))).sum(axis=1).clip(0, 3)
    assert temperature_of(honest_NK * temperature, label_N) == pytest.approx(temperature, rel=0.07)


def test_calibration_error_of_a_sure_and_half_right_model() -> None:
    logits_NK = np.tile([50.0, 0.0, 0.0, 0.0], (10, 1))
    assert calibration_error(logits_NK, np.array([0] * 5 + [1] * 5)) == pytest.approx(0.5, abs=1e-6)
    assert calibration_error(logits_NK, np.zeros(10, dtype=np.int64)) == pytest.approx(0.0, abs=1e-6)
