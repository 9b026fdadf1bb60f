"""What a home would answer: always something, always within its range."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.affect import Affect
from edge.diary.coin import SCALE
from edge.diary.home_numbers import HomeNumbers, numbers_of
from edge.diary.packet import QUESTIONS, Question
from edge.diary.trend import BoutSums, Minutes, MoodSums, TrendRow, trend_row

DAY_S, START_S = 86_400, 1_793_664_000
HAPPY, SAD = Affect((0.0, 1.0, 0.0, 0.0)), Affect((0.0, 0.0, 0.0, 1.0))
NOTHING = HomeNumbers(0.0, 0.0, 0.0, 0.0, 0.0)


def row(hour: int, affect: Affect = HAPPY, n_walks: int = 3, place: str = "hall", model: str = "m") -> TrendRow:
    total = MoodSums()
    for _ in range(n_walks):
        bout = BoutSums()
        for _ in range(5):
            bout.update(affect)
        total = total.plus(bout.closed())
    minutes = Minutes(observed=20, nobody=25, paused=15)
    return trend_row(place, START_S + 3600 * hour, 3600, minutes, total, model, "cpu")


def test_an_empty_diary_answers_too() -> None:
    assert numbers_of([], DAY_S, "m") == NOTHING
    assert [NOTHING.position(question) for question in QUESTIONS] == [4375, 3140, 0, 0, 0]


def test_moods_and_minutes_of_all_places() -> None:
    told = numbers_of([row(0), row(1, SAD), row(0, place="stairs")], DAY_S, "m")
    assert told.valence == pytest.approx((0.81 - 0.63 + 0.81) / 3, abs=0.01)
    assert told.arousal == pytest.approx((0.51 - 0.27 + 0.51) / 3, abs=0.01)
    assert (told.told, told.abstained) == (1.0, 0.0)
    assert told.watched == pytest.approx(3 * 45 / 1440 / 2)


def test_held_back_and_of_another_model_count_as_untold() -> None:
    shy, strange = row(0, n_walks=2), row(1, model="other")
    assert shy.held_back
    told = numbers_of([shy, strange], DAY_S, "m")
    assert told == msgspec.structs.replace(NOTHING, watched=2 * 45 / 1440)


@given(st.sampled_from(QUESTIONS), st.floats(allow_nan=True, allow_infinity=True))
def test_no_number_whatever_leaves_its_range(question: Question, value: float) -> None:
    numbers = msgspec.structs.replace(NOTHING, **{question: value})
    position = numbers.position(question)
    assert 0 <= position <= SCALE
    if math.isinf(value):
        assert position == (SCALE if value > 0 else 0)
