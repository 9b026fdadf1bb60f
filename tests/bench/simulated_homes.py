"""Homes over a year, as their hourly rows would tell them: for `tests.bench.usual_and_change`.

Promises: rows are made as the diary makes them: walks come by chance within an hour, an hour with fewer than 3 walks or
10 judged cycles is held back, values are rounded to two decimals; days have effects that last, weekends and hours of
the day differ, a slow season drifts, cameras fail, people go on holiday and have guests. All seeds are given; home i of
a seed is the same whatever number of homes is asked for in blocks of `BLOCK`. Refuses to be more than assumptions: no
real home has been watched for a year; `HOME` says what was assumed.

Shapes: N home, D day, H hour of the day (UTC, and the household's), S slot of the day, Q quantity (valence, arousal).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.diary.trend import FEW, KINDS, TrendRow

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

N_DAYS: Final = 365
FIRST_S: Final = 1_767_225_600  # 2026-01-01 00:00 UTC
BLOCK: Final = 100
SIZES: Final = (0.05, 0.10, 0.20)
SHAPES: Final = ("step", "ramp")
RAMP_DAYS: Final = 21
FIRST_HOUR, LAST_HOUR = 7, 23
SLOT_OF_H: Final = np.arange(24) // 6


@dataclass(frozen=True, slots=True)
class Assumed:
    """What homes are drawn from; sd are of valence (and arousal) as the rows tell them."""

    level_sd: float = 0.12
    slot_sd: float = 0.03
    weekend_sd: float = 0.02
    day_sd_median: float = 0.04
    day_sd_log_sd: float = 0.4
    lasting_most: float = 0.5  # correlation of one day's effect with the next: 0 to this
    odd_days: float = 0.04  # share of days three times as far out
    season_most: float = 0.04
    walk_sd_median: float = 0.15
    walk_sd_log_sd: float = 0.3
    walks_per_hour_median: float = 3.0
    walks_per_hour_log_sd: float = 0.5
    cycles_per_walk: float = 6.0
    share_judged: float = 0.8
    unwatched_days: float = 0.03
    n_holidays: int = 2
    n_guests: int = 3
    guest_shift_sd: float = 0.06


HOME: Final = Assumed()


@dataclass(frozen=True, slots=True)
class Homes:
    """Rows and truth. Held-back hours are NaN; ``onset_N`` is -1 in homes in which nothing changes; ``truth_NDQ`` is a
    day's own level, whatever the hour."""

    value_NDHQ: NDArray[np.float32]
    half_NDHQ: NDArray[np.float32]
    judged_NDH: NDArray[np.int32]
    watched_ND: BoolArray
    onset_N: NDArray[np.int64]
    size_N: FloatArray
    shape_N: NDArray[np.int64]
    truth_NDQ: FloatArray


def homes(n_homes: int, seed: int) -> Homes:
    """``n_homes`` homes; in every second one something changes, for good, at a day from 90 to 299."""
    blocks = [_block(min(BLOCK, n_homes - i), seed, i // BLOCK) for i in range(0, n_homes, BLOCK)]
    return Homes(*(np.concatenate([getattr(b, name) for b in blocks]) for name in Homes.__slots__))


def _block(n: int, seed: int, number: int) -> Homes:
    rng = np.random.default_rng([seed, number])
    onset_N, size_N, shape_N, shift_NDQ = _changes(rng)
    guests_ND, guest_NDQ = _guests(rng)
    away_ND = _stretches(rng, HOME.n_holidays, 5, 16) > 0
    truth_NDQ = _days(rng) + shift_NDQ + guest_NDQ
    slot_NSQ = rng.normal(0, HOME.slot_sd, (BLOCK, 4, 2))
    rate_NDH = _rates(rng) * np.where(guests_ND, 0.5, 1.0)[:, :, None] * ~away_ND[:, :, None]
    watched_ND = rng.random((BLOCK, N_DAYS)) >= HOME.unwatched_days
    n_walks_NDH = rng.poisson(rate_NDH * watched_ND[:, :, None])
    value_NDHQ, half_NDHQ = _hours(rng, n_walks_NDH, truth_NDQ[:, :, None] + slot_NSQ[:, None, SLOT_OF_H])
    judged_NDH = rng.binomial(
        n_walks_NDH * 3 + rng.poisson(n_walks_NDH * (HOME.cycles_per_walk - 3)), HOME.share_judged
    )
    held_NDH = (n_walks_NDH < 3) | (judged_NDH < 10)
    value_NDHQ[held_NDH] = np.nan
    half_NDHQ[held_NDH] = np.nan
    made = Homes(value_NDHQ, half_NDHQ, judged_NDH.astype(np.int32), watched_ND, onset_N, size_N, shape_N, truth_NDQ)
    return Homes(*(getattr(made, name)[:n] for name in Homes.__slots__))


def _changes(rng: np.random.Generator) -> tuple[NDArray[np.int64], FloatArray, NDArray[np.int64], FloatArray]:
    onset_N = np.where(np.arange(BLOCK) % 2, rng.integers(90, 300, BLOCK), -1)
    kind_N = np.arange(BLOCK) // 2 % (len(SIZES) * len(SHAPES))
    size_N, shape_N = np.array(SIZES)[kind_N % len(SIZES)], kind_N // len(SIZES)
    since_ND = np.arange(N_DAYS) - onset_N[:, None] + 1
    grown_ND = np.where(shape_N[:, None] == 0, since_ND > 0, np.clip(since_ND / RAMP_DAYS, 0, 1))
    grown_ND = grown_ND * (onset_N >= 0)[:, None]
    sign_N = rng.choice([-1.0, 1.0], BLOCK)
    aside_N = rng.uniform(-0.5, 0.5, BLOCK)
    shift_NQ = (sign_N * size_N)[:, None] * np.stack([np.ones(BLOCK), aside_N], axis=1)
    return onset_N, size_N, shape_N, grown_ND[:, :, None] * shift_NQ[:, None]


def _stretches(rng: np.random.Generator, n: int, shortest: int, longest: int) -> NDArray[np.int64]:
    """Number of the stretch that a day is in, 0 for none."""
    in_ND = np.zeros((BLOCK, N_DAYS), dtype=np.int64)
    days_D = np.arange(N_DAYS)
    for number in range(1, n + 1):
        first_N = rng.integers(0, N_DAYS, BLOCK)[:, None]
        length_N = rng.integers(shortest, longest + 1, BLOCK)[:, None]
        in_ND[(days_D >= first_N) & (days_D < first_N + length_N)] = number
    return in_ND


def _guests(rng: np.random.Generator) -> tuple[BoolArray, FloatArray]:
    in_ND = _stretches(rng, HOME.n_guests, 2, 6)
    shift_NGQ = rng.normal(0, HOME.guest_shift_sd, (BLOCK, HOME.n_guests + 1, 2))
    shift_NGQ[:, 0] = 0
    return in_ND > 0, shift_NGQ[np.arange(BLOCK)[:, None], in_ND]


def _days(rng: np.random.Generator) -> FloatArray:
    """What a day is like: level, season, weekend, and effects that last (autoregressive, of one day)."""
    sd_NQ = HOME.day_sd_median * np.exp(rng.normal(0, HOME.day_sd_log_sd, (BLOCK, 1))) * np.array([1.0, 0.8])
    lasting_N = rng.uniform(0, HOME.lasting_most, BLOCK)[:, None]
    shocks_NDQ = rng.normal(size=(BLOCK, N_DAYS, 2))
    shocks_NDQ[..., 1] = 0.4 * shocks_NDQ[..., 0] + np.sqrt(1 - 0.4**2) * shocks_NDQ[..., 1]
    effect_NDQ = np.empty_like(shocks_NDQ)
    state_NQ = shocks_NDQ[:, 0]
    for day in range(N_DAYS):
        state_NQ = lasting_N * state_NQ + np.sqrt(1 - lasting_N**2) * shocks_NDQ[:, day]
        effect_NDQ[:, day] = state_NQ
    odd_ND = rng.random((BLOCK, N_DAYS)) < HOME.odd_days
    effect_NDQ *= np.where(odd_ND, 3.0, 1.0)[:, :, None] * sd_NQ[:, None]
    level_NQ = rng.normal([0.05, 0.0], HOME.level_sd, (BLOCK, 2))
    days_D = np.arange(N_DAYS)
    phase_NQ = rng.uniform(0, 2 * np.pi, (BLOCK, 1, 2))
    season_NDQ = rng.uniform(0, HOME.season_most, (BLOCK, 1, 2)) * np.sin(
        2 * np.pi * days_D[None, :, None] / 365 + phase_NQ
    )
    weekend_NDQ = rng.normal(0, HOME.weekend_sd, (BLOCK, 1, 2)) * (days_D % 7 >= 5)[None, :, None]
    return level_NQ[:, None] + season_NDQ + weekend_NDQ + effect_NDQ


def _rates(rng: np.random.Generator) -> FloatArray:
    """Expected walks in an hour: a home's own rate and its own profile over the day, nothing at night."""
    rate_N = HOME.walks_per_hour_median * np.exp(rng.normal(0, HOME.walks_per_hour_log_sd, BLOCK))
    profile_NH = rng.gamma(2.0, 0.5, (BLOCK, 24)) * ((np.arange(24) >= FIRST_HOUR) & (np.arange(24) < LAST_HOUR))
    weekend_ND = np.where(np.arange(N_DAYS) % 7 >= 5, rng.uniform(0.6, 1.4, BLOCK)[:, None], 1.0)
    return rate_N[:, None, None] * weekend_ND[:, :, None] * profile_NH[:, None]


def _hours(
    rng: np.random.Generator, n_walks_NDH: NDArray[np.int64], truth_NDHQ: FloatArray
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and half width of the 95 % interval of an hour whose walks differ, as the rows round them."""
    walk_sd_N = HOME.walk_sd_median * np.exp(rng.normal(0, HOME.walk_sd_log_sd, BLOCK))
    n_NDH = np.maximum(n_walks_NDH, 2)
    error_NDH1 = (walk_sd_N[:, None, None] / np.sqrt(n_NDH))[..., None]
    value_NDHQ = truth_NDHQ + rng.normal(size=truth_NDHQ.shape) * error_NDH1
    freedom_NDH1 = (n_NDH - 1)[..., None]
    chi_NDHQ = np.sqrt(rng.chisquare(freedom_NDH1, truth_NDHQ.shape) / freedom_NDH1)
    quantile_H = _T_975[np.minimum(n_NDH - 1, len(_T_975) - 1)][..., None]
    value_NDHQ = np.clip(value_NDHQ, [-0.63, -0.27], [0.81, 0.59])
    return np.round(value_NDHQ, 2).astype(np.float32), np.round(chi_NDHQ * error_NDH1 * quantile_H, 2).astype(
        np.float32
    )


def _student() -> FloatArray:
    from scipy.special import stdtrit  # noqa: PLC0415  (a table of 60 numbers, once)

    return np.concatenate([[np.nan], stdtrit(np.arange(1, 60), 0.975)])


_T_975: Final = _student()


def rows_of(sim: Homes, n: int) -> list[TrendRow]:
    """The simulated hours of one home as the diary's rows."""
    rows = []
    for d, h in np.ndindex(N_DAYS, 24):
        value_Q, half_Q = sim.value_NDHQ[n, d, h], sim.half_NDHQ[n, d, h]
        minutes = {"minutes_observed": 10, "minutes_nobody": 50} if sim.watched_ND[n, d] else {"minutes_fault": 60}
        rows.append(_row(FIRST_S + 3600 * int(24 * d + h), minutes, value_Q, half_Q, int(sim.judged_NDH[n, d, h])))
    return rows


def _row(
    start_s: int, minutes: dict[str, int], value_Q: NDArray[np.float32], half_Q: NDArray[np.float32], judged: int
) -> TrendRow:
    booked = {f"minutes_{kind}": 0 for kind in KINDS} | minutes
    said: dict[str, object] = dict.fromkeys(TrendRow.__struct_fields__[9:22]) | {"n_walks": FEW, "n_cycles": FEW}
    if not np.isnan(value_Q[0]):
        said |= {"n_walks": 5, "n_cycles": 5 * round(judged / 5), "share_abstained": 0.2}
        said |= dict.fromkeys(("p_angry", "p_happy", "p_neutral", "p_sad"), 0.25)
        for name, value, half in zip(("valence", "arousal"), value_Q, half_Q, strict=True):
            said |= {name: round(float(value), 2)}
            said |= {f"{name}_low": round(float(value - half), 2), f"{name}_high": round(float(value + half), 2)}
    head = {"bucket_start_s": start_s, "bucket_length_s": 3600, "place": "hall", "model_id": "m", "rung": "cpu"}
    return msgspec.convert(head | booked | said, TrendRow)
