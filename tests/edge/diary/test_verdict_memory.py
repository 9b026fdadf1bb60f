"""What remembers verdicts says what one who forgets everything would say."""

import random
from datetime import UTC

import msgspec
import pytest

from edge.diary import verdict_memory
from edge.diary.change import verdicts_of
from edge.diary.days import Day, days_of_rows
from edge.diary.verdict_memory import VerdictMemory
from tests.bench.simulated_homes import homes, rows_of


@pytest.fixture(scope="module")
def two_places() -> list[Day]:
    """A year with a step in one place and a ramp in the other: there are alerts, and usuals that start over."""
    years = homes(100, 99)
    places = (("hall", 5), ("stairs", 11))
    return [
        msgspec.structs.replace(day, place=place) for place, n in places for day in days_of_rows(rows_of(years, n), UTC)
    ]


def test_a_history_that_grows_is_shortened_and_is_changed_in_the_middle(two_places: list[Day]) -> None:
    assert any(verdict.alerts for verdict in verdicts_of(two_places))
    rng, memory = random.Random(7), VerdictMemory()
    days = sorted(two_places, key=lambda day: day.day)
    for _ in range(25):
        given = days[: rng.randrange(len(days) // 2, len(days) + 1)]
        if rng.random() < 0.3:
            del given[rng.randrange(len(given))]
        rng.shuffle(given)
        assert memory.verdicts_of(given) == verdicts_of(given)
    assert memory.verdicts_of([]) == ()


def test_only_new_days_go_through_the_watches(two_places: list[Day], monkeypatch: pytest.MonkeyPatch) -> None:
    n_days: list[int] = []
    through = verdict_memory.through
    monkeypatch.setattr(verdict_memory, "through", lambda *given: (n_days.append(1), through(*given))[1])
    memory = VerdictMemory()
    memory.verdicts_of(two_places)
    n_days.clear()
    memory.verdicts_of(two_places)
    assert len(n_days) == 2 * verdict_memory.STILL_CHANGING.days
