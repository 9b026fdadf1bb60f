"""Rules that say when a home has changed, over all homes at once: the batch formulas of `edge.diary.usual` and others.

Promises: with the settings of the house this gives the alarms of the shipped online code, day for day (a test holds the
two against each other). Every rule starts over after an alarm, as ours does, so that rules are compared like with like.
Refuses to look ahead: what is said on a day uses rows to that day.

Shapes: N home, D day, S slot of the day, Q quantity (valence, arousal).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.diary.change import CLIP, DRIFT
from edge.diary.usual import FLOOR, GAP_DAYS, LEAST_HOURS, LEAST_LEVEL, LEAST_SCALE, SCALE_DAYS, TO_SD, USUAL_DAYS
from tests.bench.simulated_homes import SLOT_OF_H, BoolArray, FloatArray, Homes


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and its settings; ``gap`` days before today do not teach, ``limit`` is what is calibrated."""

    name: str
    limit: float
    k: float = DRIFT
    clip: float = CLIP
    gap: int = GAP_DAYS
    window: int = USUAL_DAYS
    scale_window: int = SCALE_DAYS
    robust: bool = True
    slots: bool = True
    sums: bool = True
    least_level: int = LEAST_LEVEL
    least_scale: int = LEAST_SCALE


@dataclass(frozen=True, slots=True)
class Days:
    """Days made of hours: slot means (NaN where untold or not well observed) and their weights in judged cycles."""

    value_NDSQ: FloatArray
    weight_NDS: FloatArray
    well_ND: BoolArray


def days_of(homes: Homes) -> Days:
    """Slots of each day, weighted by judged cycles, only of well-observed days."""
    told_NDH = ~np.isnan(homes.value_NDHQ[..., 0])
    # rows tell cycles to 5 and the judged share to 0.01; the weight is their product, here the cycles themselves
    weight_NDH = homes.judged_NDH * told_NDH
    well_ND = (told_NDH.sum(axis=2) >= LEAST_HOURS) & homes.watched_ND
    n, d = well_ND.shape
    value_NDSQ, weight_NDS = np.zeros((n, d, 4, 2)), np.zeros((n, d, 4))
    filled_NDHQ = np.nan_to_num(homes.value_NDHQ)
    for slot in range(4):
        hours = slot == SLOT_OF_H
        weight_NDS[:, :, slot] = weight_NDH[:, :, hours].sum(axis=2)
        value_NDSQ[:, :, slot] = (weight_NDH[:, :, hours, None] * filled_NDHQ[:, :, hours]).sum(axis=2)
    weight_NDS *= well_ND[:, :, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        return Days(value_NDSQ / np.where(weight_NDS > 0, weight_NDS, np.nan)[..., None], weight_NDS, well_ND)


def in_one_slot(days: Days) -> Days:
    """The same without times of day."""
    total_ND1 = days.weight_NDS.sum(axis=2, keepdims=True)
    sum_NDQ = (np.nan_to_num(days.value_NDSQ) * days.weight_NDS[..., None]).sum(axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        value_NDQ = np.where(total_ND1 > 0, sum_NDQ / total_ND1, np.nan)
    return Days(value_NDQ[:, :, None], total_ND1, days.well_ND)


def median_of(x: FloatArray, axis: int) -> tuple[FloatArray, NDArray[np.int64]]:
    """Median along an axis without its NaNs, and how many there were; NaN of none."""
    n = (~np.isnan(x)).sum(axis=axis, keepdims=True)
    ordered = np.sort(x, axis=axis)  # NaN last
    last = x.shape[axis] - 1
    low = np.take_along_axis(ordered, np.clip((n - 1) // 2, 0, last), axis)
    high = np.take_along_axis(ordered, np.clip(n // 2, 0, last), axis)
    return np.squeeze((low + high) / 2, axis), np.squeeze(n, axis)


def _mean_of(x: FloatArray, axis: int) -> tuple[FloatArray, NDArray[np.int64]]:
    n = (~np.isnan(x)).sum(axis=axis)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.nansum(x, axis=axis) / n, n


class Watch:
    """A rule at work over all homes and both quantities; `run` gives the days of alarm."""

    def __init__(self, days: Days, rule: Rule) -> None:
        self.rule = rule
        self.days = days if rule.slots else in_one_slot(days)
        n, d = days.well_ND.shape
        self.z_NDQ = np.full((n, d, 2), np.nan)
        self.deviation_NDQ = np.full((n, d, 2), np.nan)
        self._past_NDQ = np.full((n, d, 2), np.nan)  # deviations that teach the scale
        self._since_NQ = np.zeros((n, 2), dtype=np.int64)
        self._sum_NQ2 = np.zeros((n, 2, 2))
        self._onset_NQ2 = np.zeros((n, 2, 2), dtype=np.int64)

    def run(self) -> BoolArray:
        """Alarms (N, D, Q)."""
        n, d = self.days.well_ND.shape
        alarm_NDQ = np.zeros((n, d, 2), dtype=bool)
        for day in range(d):
            alarm_NDQ[:, day] = self._day(day)
        return alarm_NDQ

    def _day(self, day: int) -> BoolArray:
        deviation_NQ = self._deviation(day)
        scale_NQ = self._scale(day)
        self.deviation_NDQ[:, day] = self._past_NDQ[:, day] = deviation_NQ
        self.z_NDQ[:, day] = z_NQ = deviation_NQ / scale_NQ
        return self._alarms(day, z_NQ)

    def _deviation(self, day: int) -> FloatArray:
        r = self.rule
        first, end = max(0, day - r.gap - r.window), max(0, day - r.gap)
        if end == 0:
            return np.full(self._since_NQ.shape, np.nan)
        dates_D = np.arange(first, end)
        taught_NDQ = dates_D[None, :, None] >= self._since_NQ[:, None]
        window_NDSQ = np.where(taught_NDQ[:, :, None], self.days.value_NDSQ[:, first:end], np.nan)
        usual_NSQ, n_NSQ = (median_of if r.robust else _mean_of)(window_NDSQ, 1)
        off_NSQ = self.days.value_NDSQ[:, day] - usual_NSQ
        counts_NSQ = np.where((n_NSQ >= r.least_level) & ~np.isnan(off_NSQ), self.days.weight_NDS[:, day, :, None], 0.0)
        total_NQ = counts_NSQ.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(total_NQ > 0, (counts_NSQ * np.nan_to_num(off_NSQ)).sum(axis=1) / total_NQ, np.nan)

    def _scale(self, day: int) -> FloatArray:
        r = self.rule
        past_NDQ = self._past_NDQ[:, max(0, day - r.scale_window) : day]
        if past_NDQ.shape[1] == 0:
            return np.full(self._since_NQ.shape, np.nan)
        if r.robust:
            spread_NQ, n_NQ = median_of(np.abs(past_NDQ), 1)
            spread_NQ = TO_SD * spread_NQ
        else:
            square_NQ, n_NQ = _mean_of(past_NDQ**2, 1)
            spread_NQ = np.sqrt(square_NQ)
        return np.where(n_NQ >= r.least_scale, np.maximum(spread_NQ, FLOOR), np.nan)

    def _alarms(self, day: int, z_NQ: FloatArray) -> BoolArray:
        r = self.rule
        z_NQ2 = np.stack([z_NQ, -z_NQ], axis=2)
        if r.sums:
            grown_NQ2 = np.maximum(0.0, self._sum_NQ2 + np.clip(z_NQ2, -r.clip, r.clip) - r.k)
            self._sum_NQ2 = np.where(np.isnan(grown_NQ2), self._sum_NQ2, grown_NQ2)
        else:
            self._sum_NQ2 = np.nan_to_num(z_NQ2, nan=0.0)
        self._onset_NQ2[self._sum_NQ2 <= 0] = day + 1
        over_NQ2 = self._sum_NQ2 > r.limit
        over_NQ = over_NQ2.any(axis=2)
        if over_NQ.any():
            self._start_over(day, over_NQ, over_NQ2)
        return over_NQ

    def _start_over(self, day: int, over_NQ: BoolArray, over_NQ2: BoolArray) -> None:
        side_NQ = over_NQ2.argmax(axis=2)
        onset_NQ = np.take_along_axis(self._onset_NQ2, side_NQ[..., None], 2)[..., 0]
        self._since_NQ[over_NQ] = np.minimum(onset_NQ, day)[over_NQ] if self.rule.sums else day
        self._sum_NQ2[over_NQ] = 0.0
        self._onset_NQ2[over_NQ] = day + 1
        days_D = np.arange(self._past_NDQ.shape[1])
        gone_NDQ = over_NQ[:, None] & (days_D[None, :, None] >= self._since_NQ[:, None])
        self._past_NDQ[gone_NDQ] = np.nan


def alarms(days: Days, rule: Rule) -> BoolArray:
    """Alarms (N, D, Q)."""
    return Watch(days, rule).run()
