"""The packet: its one spelling, what many of them tell, and the weeks and days they are about."""

import contextlib
import random
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.diary.packet import (
    QUESTIONS,
    RANGES,
    Packet,
    Question,
    decode_packet,
    encode_packet,
    estimate,
    half_width,
    mean_of,
    truth_probability,
)
from edge.diary.period import newest_over, period_of
from edge.errors import SharingError

PACKET = Packet(
    schema_version=1,
    packet_id="0f" * 16,
    period="2026-W48",
    model_id="reference",
    question="valence",
    answer=True,
    epsilon=1.0,
)
BERLIN = ZoneInfo("Europe/Berlin")


def test_a_packet_has_these_fields_and_no_others() -> None:
    names = {field.name for field in msgspec.structs.fields(Packet)}
    assert names == {"schema_version", "packet_id", "period", "model_id", "question", "answer", "epsilon"}


def test_what_was_encoded_is_decoded() -> None:
    assert decode_packet(encode_packet(PACKET)) == PACKET


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-1],
        lambda data: data + b"\n",
        lambda data: data.replace(b":", b": "),
        lambda data: data.replace(b"}", b',"place":"hall"}'),
        lambda data: data.replace(b'"answer":true', b'"answer":1'),
        lambda data: data.replace(b'"answer":true,', b""),
        lambda data: data.replace(b'"answer":true', b'"answer":false,"answer":true'),
        lambda data: data.replace(b"W48", b"W54"),
        lambda data: data.replace(b"2026-W48", b"2026-11-31"),
        lambda data: data.replace(b"2026-W48", b"20261124"),
        lambda data: data.replace(b'"epsilon":1.0', b'"epsilon":2.5'),
        lambda data: data.replace(b'"epsilon":1.0', b'"epsilon":0.0'),
        lambda data: data.replace(b'"schema_version":1', b'"schema_version":2'),
        lambda data: data.replace(b"valence", b"anger"),
        lambda data: data.replace(b"0f0f", b"0F0F"),
        lambda data: data.replace(b"reference", b"r" * 2000),
        lambda _: b"",
        lambda _: b"\xff",
        lambda _: b"[" * 5000,
    ],
)
def test_anything_else_is_refused(change) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SharingError):
        decode_packet(change(encode_packet(PACKET)))


@given(st.binary(max_size=200), st.integers(0, 140))
def test_bytes_of_strangers_are_a_sentence_or_a_packet(noise: bytes, at: int) -> None:
    whole = encode_packet(PACKET)
    data = whole[:at] + noise + whole[at + len(noise) :]
    with contextlib.suppress(SharingError):
        assert encode_packet(decode_packet(data)) == data


@pytest.mark.parametrize("question", QUESTIONS)
def test_one_answer_is_right_on_average_and_far_outside_the_range(question: Question) -> None:
    low, high = RANGES[question]
    packet = msgspec.structs.replace(PACKET, question=question)
    yes, no = (estimate(msgspec.structs.replace(packet, answer=answer)) for answer in (True, False))
    p = truth_probability(1.0)
    assert no < low < high < yes
    for share in (0.0, 0.3, 1.0):
        chance = share * p + (1 - share) * (1 - p)
        assert chance * yes + (1 - chance) * no == pytest.approx(low + share * (high - low))


def test_the_interval_of_a_mean_covers_the_truth_as_often_as_it_says() -> None:
    rng, true, n_covered = random.Random(5), 0.35, 0
    chances = {
        epsilon: 0.35 * (2 * truth_probability(epsilon) - 1) + 1 - truth_probability(epsilon) for epsilon in (0.5, 2.0)
    }
    for _ in range(200):
        packets = [
            msgspec.structs.replace(PACKET, question="watched", epsilon=epsilon, answer=rng.random() < chances[epsilon])
            for epsilon in rng.choices((0.5, 2.0), k=60)
        ]
        told = mean_of(packets, "watched")
        assert told is not None
        n_covered += abs(told.mean - true) <= told.half
    assert n_covered >= 180  # 190 expected of 200, standard deviation 3.1
    assert mean_of([PACKET], "watched") is None
    assert half_width("watched", 0.5, 4) == pytest.approx(half_width("watched", 0.5) / 2)


def test_weeks_and_days_by_the_households_clock() -> None:
    week = period_of("2026-W44")  # clocks go back on the 25th, the last day of the week before
    assert (week.text, week.length, week.first) == ("2026-W44", "week", date(2026, 10, 26))
    from_s, to_s = period_of("2026-W43").bounds_s(BERLIN)
    assert to_s - from_s == 7 * 86_400 + 3600
    assert to_s == week.bounds_s(BERLIN)[0]
    assert period_of("2020-W53").first == date(2020, 12, 28)


def test_the_newest_that_is_over_ended_six_hours_ago() -> None:
    monday = datetime(2026, 11, 23, 5, 59, tzinfo=BERLIN).timestamp()
    assert newest_over("week", monday, BERLIN).text == "2026-W46"
    assert newest_over("week", monday + 60, BERLIN).text == "2026-W47"
    assert newest_over("day", monday, BERLIN).text == "2026-11-21"
    assert newest_over("day", monday + 60, BERLIN).text == "2026-11-22"
    assert not period_of("2026-W48").is_over(monday, UTC)


@pytest.mark.parametrize("text", ["", "2026-W00", "2026-W54", "2026-w48", "2026-11-31", "20261124", "0000-W01", "48"])
def test_no_such_week_or_day(text: str) -> None:
    with pytest.raises(SharingError, match="period"):
        period_of(text)
