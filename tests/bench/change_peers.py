"""river's and ruptures' detectors on the same days: for `tests.bench.usual_and_change --peers`.

Promises: each gets what suits it: days of both quantities, in units of the home's first 28 well-observed days, one
alarm per change (river's restart themselves; of ruptures an alarm silences the next four weeks). Refuses to be a
dependency: both are looked for when asked for.

Shapes: N home, D day, Q quantity.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.bench.change_rules import Days, in_one_slot
from tests.bench.simulated_homes import BoolArray, FloatArray

N_FIRST = 28
STRETCH = 56
QUIET_DAYS = 28


def standardised(days: Days) -> FloatArray:
    """Day means less the mean of the first 28 observed days, in their standard deviations."""
    value_NDQ = in_one_slot(days).value_NDSQ[:, :, 0]
    out = np.full_like(value_NDQ, np.nan)
    for home_DQ, out_DQ in zip(value_NDQ, out, strict=True):
        first_DQ = home_DQ[~np.isnan(home_DQ[:, 0])][:N_FIRST]
        if len(first_DQ) == N_FIRST:
            out_DQ[:] = (home_DQ - first_DQ.mean(axis=0)) / np.maximum(first_DQ.std(axis=0, ddof=1), 0.01)
    return out


def online(z_NDQ: FloatArray, make: Callable[[], Any]) -> BoolArray:
    """A river detector over every series."""
    alarm_NDQ = np.zeros(z_NDQ.shape, dtype=bool)
    for n, q in np.ndindex(z_NDQ.shape[0], z_NDQ.shape[2]):
        detector = make()
        for d in np.flatnonzero(~np.isnan(z_NDQ[n, :, q])):
            detector.update(float(z_NDQ[n, d, q]))
            alarm_NDQ[n, d, q] = detector.drift_detected
    return alarm_NDQ


def adwin(z_NDQ: FloatArray, limit: float) -> BoolArray:
    """Adaptive windows (Bifet & Gavalda 2007); the limit is -log10 of delta."""
    from river.drift import ADWIN  # noqa: PLC0415  (only when asked for)

    return online(z_NDQ, lambda: ADWIN(delta=10.0**-limit, clock=1, min_window_length=5, grace_period=10))


def page_hinkley(z_NDQ: FloatArray, limit: float) -> BoolArray:
    """Page-Hinkley, both sides, with our drift."""
    from river.drift import PageHinkley  # noqa: PLC0415  (only when asked for)

    return online(z_NDQ, lambda: PageHinkley(min_instances=14, delta=0.5, threshold=limit, alpha=1.0))


def gains(z_NDQ: FloatArray) -> FloatArray:
    """What the best split of the last 56 observed days gains in squared error, once a week (N, D); else 0.

    ruptures' binary segmentation of both quantities together; only splits within the last 28 of them count.
    """
    import ruptures  # noqa: PLC0415  (only when asked for)

    gain_ND = np.zeros(z_NDQ.shape[:2])
    for n, z_DQ in enumerate(z_NDQ):
        for day in range(STRETCH, len(z_DQ), 7):
            x_DQ = z_DQ[: day + 1][~np.isnan(z_DQ[: day + 1, 0])][-STRETCH:]
            if len(x_DQ) < STRETCH // 2:
                continue
            search = ruptures.Binseg(model="l2", min_size=5, jump=1).fit(x_DQ)
            split, end = search.predict(n_bkps=1)
            whole, parts = search.cost.sum_of_costs([end]), search.cost.sum_of_costs([split, end])
            gain_ND[n, day] = whole - parts if end - split <= QUIET_DAYS else 0.0
    return gain_ND


def split_alarms(gain_ND: FloatArray, limit: float) -> BoolArray:
    """Alarms (N, D, 1) of splits that gain more than the limit, four weeks apart."""
    alarm_ND1 = np.zeros((*gain_ND.shape, 1), dtype=bool)
    for gain_D, alarm_D1 in zip(gain_ND, alarm_ND1, strict=True):
        last = -QUIET_DAYS
        for day in np.flatnonzero(gain_D > limit):
            if day - last >= QUIET_DAYS:
                alarm_D1[day] = True
                last = day
    return alarm_ND1
