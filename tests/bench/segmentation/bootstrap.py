"""95 % bootstrap intervals over people; over trials, or labelled events, where there are fewer than three of them."""

from __future__ import annotations

import numpy as np

N_DRAWS = 2000
_ENOUGH = 3
Interval = tuple[float, float]


def units(people: list[str], counts: list[np.ndarray]) -> tuple[str, np.ndarray]:
    """What is drawn ("people", "trials" or "events") and the counts of each; counts: one (E, n) array per trial."""
    per_trial = np.array([c.sum(axis=0) for c in counts])
    names = sorted(set(people))
    if len(names) >= _ENOUGH:
        who = np.array(people)
        return "people", np.array([per_trial[who == name].sum(axis=0) for name in names])
    if len(per_trial) >= _ENOUGH:
        return "trials", per_trial
    return "events", np.concatenate(counts)


def sums(drawn_from: np.ndarray, seed: int = 0) -> np.ndarray:
    """(N_DRAWS, n) sums over as many units as there are, drawn with replacement."""
    n = len(drawn_from)
    # How often each unit is drawn says the same as which ones, in less memory.
    times = np.random.default_rng(seed).multinomial(n, np.full(n, 1.0 / n), size=N_DRAWS)
    return times @ drawn_from


def interval(values: np.ndarray) -> Interval:
    """2.5 and 97.5 percent; NaN where nothing can be said."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return float("nan"), float("nan")
    low, high = np.percentile(finite, [2.5, 97.5])
    return float(low), float(high)
