"""Hourly rows of homes in each of which one known person lives, to ask who it is.

The rows are the diary's own: every walk is cycles of a synthetic walker seen with MediaPipe's measured error, judged by
a real bundle, folded by `edge.diary.trend`, held back where it holds back. What is assumed is when and in which affect
somebody walks:

- ``same``: everybody has the same day and the same mix of affects, so only the gait can tell who it was;
- ``own``: everybody gets up, goes to bed, walks and feels in their own way, as people do.

Each period (four weeks) is walked with recordings of its own fifth, so whoever learns a person from four fifths never
met the walks of the last one. Promises: the same plan gives the same rows. Refuses to be more than assumptions: no real
home was watched for months.

Shape letters: N cycle, H hour of a day, D day, K affect.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from edge.affect import CLASSES, Judgement
from edge.bundle import read_manifest
from edge.diary.trend import BoutSums, Minutes, MoodSums, TrendRow, trend_row
from edge.encoder import judge, open_encoder
from trainer.cycles import Cycles
from trainer.walkers_factorial import Factorial, factorial_cycles

Habits = Literal["same", "own"]
Tell = Callable[[int, int], None]
N_FIFTHS: Final = 5
PERIOD_DAYS: Final = 28
HOUR_S: Final = 3600
FIRST_S: Final = 1_767_225_600  # 2026-01-01 00:00 UTC
_GETS_UP_H, _GOES_TO_BED_H = 7.0, 23.0
_WALKS_PER_HOUR: Final = 5.0
_MIX_K: Final = np.array([1.0, 2.0, 4.0, 1.5])
"""How often each affect is walked by everybody, relative to the others (Dirichlet; our choice)."""
_MINUTES_PER_WALK: Final = 1.2


@dataclass(frozen=True, slots=True)
class Homes:
    """How many people, from which identity on, periods in each fifth, recordings an affect in each, cycles a walk."""

    n_people: int = 30
    first: int = 300
    n_periods: int = 2
    n_recordings: int = 4
    n_cycles: int = 6
    noise: str = "side"
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Period:
    """Four weeks of one home: 24 rows for each day, and the longest stride of each day for the control."""

    person: str
    fifth: int
    rows: tuple[TrendRow, ...]
    stride_s_DH: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Walk:
    """One recording as the bundle judged it, folded as the diary folds a bout."""

    sums: MoodSums
    stride_s: float


def walk_of(judgements: Sequence[Judgement], stride_s: float) -> Walk:
    """Fold the judged cycles of one recording."""
    bout = BoutSums()
    for judgement in judgements:
        bout.update(judgement)
    return Walk(bout.closed(), stride_s)


Walks = Mapping[tuple[str, int, int], tuple[Walk, ...]]
"""By person, affect and fifth."""


def walks_of(bundle: Path, homes: Homes) -> Walks:
    """Every recording of every person through the bundle; raises BundleError, EncoderError."""
    n_recordings = homes.n_recordings * N_FIFTHS
    cycles = factorial_cycles(
        Factorial(
            homes.n_people,
            n_recordings=n_recordings,
            n_cycles=homes.n_cycles,
            seed=homes.seed,
            noise=homes.noise,
            first=homes.first,
        )
    )
    found: dict[tuple[str, int, int], list[Walk]] = {}
    for number, (person, affect, walk) in enumerate(_judged(bundle, cycles)):
        found.setdefault((person, affect, number % N_FIFTHS), []).append(walk)
    return {key: tuple(walks) for key, walks in found.items()}


def periods_of(walks: Walks, homes: Homes, habits: Habits, tell: Tell = lambda *_: None) -> Iterator[Period]:
    """Every person's periods."""
    people = sorted({person for person, _, _ in walks})
    total = len(people) * N_FIFTHS * homes.n_periods
    done = 0
    for at, person in enumerate(people):
        habit = _habit(habits, np.random.default_rng((homes.seed, at, 41)))
        for fifth in range(N_FIFTHS):
            mine = [walks.get((person, affect, fifth), ()) for affect in range(len(CLASSES))]
            for number in range(homes.n_periods):
                yield _period(person, fifth, mine, habit, np.random.default_rng((homes.seed, at, fifth, number, 43)))
                done += 1
                tell(done, total)


@dataclass(frozen=True, slots=True)
class _Habit:
    rate_H: npt.NDArray[np.float64]
    mix_K: npt.NDArray[np.float64]


def _judged(bundle: Path, cycles: Cycles) -> Iterator[tuple[str, int, Walk]]:
    encoder = open_encoder(bundle)
    judgement_N = judge(encoder.encode(cycles.x_NTJC, cycles.duration_s_N), read_manifest(bundle))
    encoder.close()
    for recording in dict.fromkeys(cycles.recording_N):
        at = np.flatnonzero(cycles.recording_N == recording)
        walk = walk_of([judgement_N[n] for n in at], float(cycles.duration_s_N[at].mean()))
        yield str(cycles.subject_N[at[0]]), int(cycles.acted_N[at[0]]), walk


def _habit(habits: Habits, rng: np.random.Generator) -> _Habit:
    hour_H = np.arange(24)
    if habits == "same":
        return _Habit(_rates(hour_H, _GETS_UP_H, _GOES_TO_BED_H, _WALKS_PER_HOUR), _MIX_K)
    up_h, bed_h = _GETS_UP_H + rng.normal(0, 1.0), _GOES_TO_BED_H + rng.normal(0, 1.0)
    own = _rates(hour_H, up_h, bed_h, _WALKS_PER_HOUR * np.exp(rng.normal(0, 0.4)))
    return _Habit(own * np.exp(rng.normal(0, 0.4, 24)), _MIX_K * np.exp(rng.normal(0, 0.5, len(CLASSES))))


def _rates(hour_H: npt.NDArray[np.int64], up_h: float, bed_h: float, walks: float) -> npt.NDArray[np.float64]:
    return walks * np.clip(np.minimum(hour_H + 1, bed_h) - np.maximum(hour_H, up_h), 0.0, 1.0)


def _period(
    person: str, fifth: int, walks_K: list[tuple[Walk, ...]], habit: _Habit, rng: np.random.Generator
) -> Period:
    rows, stride_s_DH = [], np.full((PERIOD_DAYS, 24), np.nan)
    start_s = FIRST_S
    for day in range(PERIOD_DAYS):
        mix_K = rng.dirichlet(habit.mix_K)
        for hour in range(24):
            drawn = [_drawn(walks_K, mix_K, rng) for _ in range(rng.poisson(habit.rate_H[hour]))]
            rows.append(_row(start_s, drawn))
            if drawn:
                stride_s_DH[day, hour] = np.mean([walk.stride_s for walk in drawn])
            start_s += HOUR_S
    return Period(person, fifth, tuple(rows), stride_s_DH)


def _drawn(walks_K: list[tuple[Walk, ...]], mix_K: npt.NDArray[np.float64], rng: np.random.Generator) -> Walk:
    there = walks_K[int(rng.choice(len(mix_K), p=mix_K))]
    return there[int(rng.integers(len(there)))] if there else walk_of((), float("nan"))


def _row(start_s: int, walks: list[Walk]) -> TrendRow:
    mood = MoodSums()
    for walk in walks:
        mood = mood.plus(walk.sums)
    observed = min(60, round(_MINUTES_PER_WALK * len(walks)))
    minutes = Minutes(observed=observed, nobody=60 - observed)
    return trend_row("hall", start_s, HOUR_S, minutes, mood, "attacked", "cpu")
