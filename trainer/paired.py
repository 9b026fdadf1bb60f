"""Is one method better than another on the same folds? The corrected resampled t-test.

Nadeau & Bengio 2003, "Inference for the Generalization Error": training sets of resampled folds overlap, so the plain
t-test over folds finds differences that are none. The variance of the mean difference is taken as
(1 / n + n_test / n_train) times the variance of the differences; n - 1 degrees of freedom over all folds of all seeds
(Bouckaert & Frank 2004).

Promises: two-sided p; equal scores in every fold give p = 1. Where every fold differs by one and the same amount, or
there is one fold only, nothing can be said and p is NaN, not 0. Refuses nothing.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

_NO_SPREAD: Final = 1e-12


def corrected_p(difference_F: npt.ArrayLike, n_train: float, n_test: float) -> float:
    """p of the mean difference over F folds (of all seeds); NaN where the folds say nothing about its spread."""
    difference_F = np.asarray(difference_F, dtype=np.float64)
    n_folds = len(difference_F)
    if n_folds < 2:
        return float("nan")
    mean, variance = difference_F.mean(), difference_F.var(ddof=1)
    if variance < _NO_SPREAD:
        return 1.0 if abs(mean) < _NO_SPREAD else float("nan")
    return float(2 * student.sf(abs(mean) / np.sqrt((1 / n_folds + n_test / n_train) * variance), n_folds - 1))
