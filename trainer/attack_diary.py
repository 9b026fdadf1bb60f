"""Who lives there? Attackers retrained on what a diary keeps: a day, a week, four weeks of one home's rows.

Every attacker of `trainer.attack` learns people from stretches of rows and names whoever lived in another; what it is
asked about was walked with recordings it never met. Two views of the same rows: ``by hour`` (each hour of the day over
the days of the stretch) and ``summed up`` (mean, spread, least and most of each column over the hours that tell it).
The last surface is a control: beside the same four weeks stand quantiles of the stride time, one of the things that the
diary's contract forbids to keep; attackers that do not see it there would see nothing anywhere.

Promises: chance, and what the best attacker reaches on permuted people, beside every figure. Refuses nothing.

Shape letters: N stretch, P feature, D day, H hour, C column of a row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from edge.diary.trend import KINDS, TrendRow
from trainer.attack import Effort, Identified, Progress, Surface, identify
from trainer.cycles import Cycles, joined
from trainer.home_rows import PERIOD_DAYS, Period

Floats = npt.NDArray[np.float64]
STRETCHES: Final[Mapping[str, int]] = {"a day": 1, "a week": 7, "four weeks": PERIOD_DAYS}
MOST_OF_A_PERIOD: Final = 4
CONTROL: Final = "four weeks and what is never kept (stride time)"
_MOOD: Final = ("share_abstained", "p_angry", "p_happy", "p_neutral", "p_sad", "valence", "valence_low",
                "valence_high", "arousal", "arousal_low", "arousal_high")  # fmt: skip
_FEW: Final = 2.5
"""An attacker's guess at "<10"."""


@dataclass(frozen=True, slots=True)
class Attacked:
    """One surface's figures under one assumption about habits."""

    habits: str
    surface: str
    figures: Identified


def attack_rows(
    periods: Sequence[Period],
    habits: str,
    effort: Effort,
    tell: Progress | None = None,
    stretches: Mapping[str, int] = STRETCHES,
) -> list[Attacked]:
    """All views of these stretches (name and days) of the periods, and the control."""
    found = []
    for name, n_days in stretches.items():
        parts = [_columns_DHC(period)[at] for period in periods for at in _stretches(n_days)]
        owners = [period for period in periods for _ in _stretches(n_days)]
        views = {"by hour": _by_hour, "summed up": _summed_up}
        for view, features in views.items():
            surface = Surface(f"{name}, {view}", np.stack([features(part_DHC) for part_DHC in parts]))
            found.append(Attacked(habits, surface.name, identify(surface, _as_cases(owners), effort, tell)))
    return [*found, Attacked(habits, CONTROL, identify(_control(periods), _as_cases(periods), effort, tell))]


def _stretches(n_days: int) -> list[slice]:
    """Of four weeks so many stretches at most, spread over them."""
    n = min(MOST_OF_A_PERIOD, PERIOD_DAYS // n_days)
    firsts = np.arange(n) * (PERIOD_DAYS // n)
    return [slice(int(first), int(first) + n_days) for first in firsts]


def _columns_DHC(period: Period) -> Floats:
    """What a row says in numbers; not-a-number where it holds back."""
    flat = np.array([_numbers(row) for row in period.rows], dtype=np.float64)
    return flat.reshape(PERIOD_DAYS, 24, -1)


def _numbers(row: TrendRow) -> list[float]:
    counts = [_FEW if row.held_back else float(row.n_walks), _FEW if row.held_back else float(row.n_cycles)]
    minutes = [float(getattr(row, f"minutes_{kind}")) for kind in KINDS]
    mood = [getattr(row, name) for name in _MOOD]
    return [*minutes, *counts, float(row.held_back), *(np.nan if value is None else float(value) for value in mood)]


def _by_hour(part_DHC: Floats) -> Floats:
    """Mean over days of each hour and column; 0 for an hour that never tells (how often it does is a column)."""
    told_DHC = ~np.isnan(part_DHC)
    sums_HC = np.where(told_DHC, part_DHC, 0.0).sum(axis=0)
    return (sums_HC / np.maximum(told_DHC.sum(axis=0), 1)).ravel()


def _summed_up(part_DHC: Floats) -> Floats:
    """Mean, standard deviation, least and most of each column over all hours that tell it."""
    by_column = [column[~np.isnan(column)] for column in part_DHC.reshape(-1, part_DHC.shape[2]).T]
    return np.array([_four(told) for told in by_column]).ravel()


def _four(told: Floats) -> tuple[float, float, float, float]:
    if not len(told):
        return (0.0, 0.0, 0.0, 0.0)
    return (float(told.mean()), float(told.std()), float(told.min()), float(told.max()))


def _control(periods: Sequence[Period]) -> Surface:
    rows = [np.concatenate([_summed_up(_columns_DHC(period)), _strides(period)]) for period in periods]
    return Surface(CONTROL, np.stack(rows))


def _strides(period: Period) -> Floats:
    told = period.stride_s_DH[~np.isnan(period.stride_s_DH)]
    return np.quantile(told, [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0]) if len(told) else np.zeros(7)


def _as_cases(owners: Sequence[Period]) -> Cycles:
    """Who lived in each stretch, and in which fifth; there are no landmarks here, and no attacker looks for any."""
    nothing = joined([])
    n = len(owners)
    who = np.array([owner.person for owner in owners])
    fifth = np.array([f"{owner.person} {owner.fifth}" for owner in owners])
    blank = np.zeros((n, *nothing.x_NTJC.shape[1:]), np.float32)
    label = np.zeros(n, dtype=np.int64)
    return Cycles(blank, np.ones(n, np.float32), fifth, who, fifth, label, label, fifth)
