"""The coin: it falls as OpenDP states, and no attacker tells two extreme homes apart better than epsilon allows."""

import math
import sys

import pytest

from edge.diary.coin import SCALE, Coin, draw_question
from edge.diary.home_numbers import HomeNumbers
from edge.diary.packet import QUESTIONS, Packet, mean_of
from edge.diary.period import period_of
from edge.diary.share_terms import CLOSE, Terms, advantage, explained, homes_until, sure
from edge.diary.sharing import _drawn
from edge.errors import SharingError

pytest.importorskip("opendp", reason="the extra `share` is not installed")
SIGMAS = 4.5
"""A test of this many standard deviations fails by chance once in 150,000 runs."""
HIGH = HomeNumbers(valence=1.0, arousal=1.0, told=1.0, watched=1.0, abstained=1.0)
LOW = HomeNumbers(valence=-1.0, arousal=-1.0, told=0.0, watched=0.0, abstained=0.0)


def off_by(n_yes: int, n: int, chance: float) -> float:
    """How many standard deviations of a binomial."""
    return abs(n_yes - n * chance) / math.sqrt(n * chance * (1 - chance))


@pytest.mark.parametrize("epsilon", [0.25, 1.0])
@pytest.mark.parametrize("position", [0, SCALE // 4, SCALE])
def test_it_falls_as_opendp_states(epsilon: float, position: int) -> None:
    coin, n = Coin(epsilon), 2000
    p = math.exp(coin.epsilon) / (1 + math.exp(coin.epsilon))  # from OpenDP's own figure, not from what we asked for
    share = position / SCALE
    n_yes = sum(coin.answer(position) for _ in range(n))
    assert off_by(n_yes, n, share * p + (1 - share) * (1 - p)) < SIGMAS


@pytest.mark.parametrize("epsilon", [0.25, 0.5, 1.0, 2.0])
def test_it_costs_what_opendp_says_and_never_more_than_was_asked_for(epsilon: float) -> None:
    coin = Coin(epsilon)
    assert epsilon * (1 - 1e-12) < coin.epsilon <= epsilon
    assert coin.cost_nano >= coin.epsilon * 1e9
    for n in (1, 8, 40):
        assert coin.composed(n) <= n * coin.cost_nano / 1e9 + 1e-9, "the ledger would count less than OpenDP does"


@pytest.mark.parametrize("position", [-1, SCALE + 1])
def test_outside_the_range_is_refused(position: int) -> None:
    with pytest.raises(ValueError, match="position"):
        Coin(1.0).answer(position)


def test_each_question_is_drawn_as_often() -> None:
    drawn = [draw_question() for _ in range(5000)]
    assert all(off_by(drawn.count(question), 5000, 0.2) < SIGMAS for question in QUESTIONS)


def packets(numbers: HomeNumbers, coin: Coin, n: int) -> list[Packet]:
    week = period_of("2026-W48")
    return [_drawn(coin, numbers, week, "reference") for _ in range(n)]


def test_the_best_attacker_on_two_homes_that_differ_in_everything() -> None:
    """Likelihood ratio of all that varies in a packet (question and answer), on the whole mechanism."""
    coin, n = Coin(1.0), 2500
    high, low = packets(HIGH, coin, n), packets(LOW, coin, n)
    bound = (math.exp(coin.epsilon) - 1) / (math.exp(coin.epsilon) + 1)
    caught = (sum(packet.answer for packet in high) - sum(packet.answer for packet in low)) / n
    noise = math.sqrt(2 * 0.25 / n)
    assert caught < bound + SIGMAS * noise
    assert caught > bound - SIGMAS * noise, "the attack is too weak to have proven anything"
    for question in QUESTIONS:  # the ratio of each possible outcome stays below e^epsilon, within its own error
        for answer in (True, False):
            a, b = (sum((p.question, p.answer) == (question, answer) for p in side) for side in (high, low))
            assert abs(math.log(a / b)) < coin.epsilon + SIGMAS * math.sqrt(1 / a + 1 / b)


def test_all_else_in_a_packet_is_the_same_for_every_home() -> None:
    coin = Coin(1.0)
    for packet in (*packets(HIGH, coin, 20), *packets(LOW, coin, 20)):
        assert (packet.schema_version, packet.period, packet.model_id) == (1, "2026-W48", "reference")
        assert packet.epsilon == coin.epsilon
    assert len({packet.packet_id for packet in packets(HIGH, coin, 20)}) == 20


def test_the_mean_of_many_homes_is_their_numbers() -> None:
    home = HomeNumbers(valence=0.4, arousal=-0.1, told=1.0, watched=0.25, abstained=0.6)
    many = packets(home, Coin(2.0), 3000)
    for question in QUESTIONS:
        told = mean_of(many, question)
        assert told is not None
        assert abs(told.mean - getattr(home, question)) < told.half * SIGMAS / 1.96


def test_the_figures_of_the_terms() -> None:
    terms = Terms("week", 1.0, 8.0)
    assert terms.n_packets == 8
    assert Terms("week", 0.25, 10.0).n_packets == 40
    assert advantage(1.0, 1) == pytest.approx((math.e - 1) / (math.e + 1))  # one packet reaches the bound exactly
    assert all(advantage(1.0, n) <= 2 * sure(float(n)) - 1 + 1e-12 for n in range(1, 60))
    for row in explained(terms):
        n = homes_until(row.question, 1.0, CLOSE)
        assert row.half_width / math.sqrt(n / len(QUESTIONS)) <= CLOSE < row.half_width / math.sqrt((n - 1) / 5)
    assert "epsilon 1 a file" in terms.text
    assert "73 % of cases" in terms.text
    assert terms.text_sha256 != Terms("week", 0.5, 8.0).text_sha256 != Terms("week", 0.5, 4.0).text_sha256


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opendp.measurements", None)
    with pytest.raises(SharingError, match=r"pip install 'quietstep\[share\]'"):
        Coin(1.0)
