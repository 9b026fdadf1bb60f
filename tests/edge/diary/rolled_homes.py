"""Hours of a simulated home for tests of day rows: some told, some held back, minutes of every kind."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime

from edge.affect import Affect
from edge.diary.trend import BoutSums, Minutes, MoodSums, TrendRow, trend_row

HOUR_S, DAY_S = 3600, 86_400
PLACES = ("hall", "big hall")


def at(year: int, month: int, day: int, hour: int = 0) -> int:
    """Unix time of an hour of UTC."""
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp())


def hours_of(start_s: int, n_hours: int, places: tuple[str, ...] = PLACES, seed: int = 1) -> Iterator[TrendRow]:
    """Each hour of each place, by time."""
    rng = random.Random(seed)
    for n in range(n_hours):
        for place in places:
            yield hour(start_s + n * HOUR_S, place, rng)


def hour(start_s: int, place: str, rng: random.Random) -> TrendRow:
    """One hour: a third tells a mood, a third held it back, a third saw nobody."""
    n_walks = rng.choice((0, 2, rng.randrange(3, 8)))
    observed, fault = (rng.randrange(1, 40) if n_walks else 0), rng.randrange(10)
    mood = MoodSums()
    for _walk in range(n_walks):
        bout, sad = BoutSums(), rng.uniform(0.05, 0.6)
        for _cycle in range(rng.randrange(4, 9)):
            bout.update(Affect((0.1, 0.7 - sad, 0.2, sad)))
        mood = mood.plus(bout.closed())
    minutes = Minutes(observed=observed, fault=fault, nobody=60 - observed - fault)
    return trend_row(place, start_s, HOUR_S, minutes, mood, "m", "cpu")
