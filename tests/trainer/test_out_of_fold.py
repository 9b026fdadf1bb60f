"""F1 as scikit-learn has it, also where a class is missing."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from trainer.evaluate import OutOfFold


@pytest.mark.parametrize("n_cycles", [1, 2, 7, 120])
def test_f1_is_that_of_scikit_learn(n_cycles: int) -> None:
    rng = np.random.default_rng(n_cycles)
    for n_told in (1, 2, 4):
        label_N = rng.integers(0, 4, n_cycles)
        logits_NK = np.eye(4)[rng.integers(0, n_told, n_cycles)]
        found = OutOfFold(logits_NK, label_N, label_N.astype(str))
        wanted = f1_score(label_N, logits_NK.argmax(axis=1), average=None, labels=range(4), zero_division=0)
        assert list(found.per_class_f1().values()) == pytest.approx(list(wanted), abs=1e-12)
        assert found.macro_f1() == pytest.approx(wanted.mean(), abs=1e-12)
