"""What a household says yes to before anything leaves, and what the figures mean. Pure.

Promises: the text holds the very numbers that are in force, and a yes counts for that text and no other, so changed
numbers ask again. Every figure in it is computed, for these terms. Refuses to take silence, or the consent to be
watched, for a yes to sharing.
"""

import hashlib
import math
from typing import Final

import msgspec

from edge.diary.coin import NANO
from edge.diary.packet import QUESTIONS, RANGES, Question, half_width, truth_probability
from edge.diary.period import Length

CLOSE: Final = 0.05
"""How well a mean over homes is to be known, for the number of homes in the text."""
MEANINGS: Final[dict[Question, str]] = {
    "valence": "how pleasant the mood looked",
    "arousal": "how lively the mood looked",
    "told": "whether a mood was told at all",
    "watched": "share of the time that was watched",
    "abstained": "share of walks not judged",
}


class Terms(msgspec.Struct, frozen=True):
    """One answer for each ``length``, at ``epsilon`` each, ``budget`` for as long as the home has its data folder."""

    length: Length
    epsilon: float
    budget: float

    @property
    def budget_nano(self) -> int:
        """The budget in billionths, rounded down."""
        return math.floor(self.budget * NANO)

    @property
    def n_packets(self) -> int:
        """How many packets the budget allows."""
        return round(self.budget * NANO) // math.ceil(self.epsilon * NANO)

    @property
    def text(self) -> str:
        """What is asked."""
        return _TEXT.format(
            length=self.length,
            epsilon=self.epsilon,
            budget=self.budget,
            n=self.n_packets,
            coin=_percent(truth_probability(self.epsilon)),
            factor=math.exp(self.epsilon),
            sure=_percent(sure(self.epsilon)),
            sure_all=_percent(sure(self.epsilon * self.n_packets)),
            right_all=_percent((1 + advantage(self.epsilon, self.n_packets)) / 2),
            homes=homes_until("valence", self.epsilon, CLOSE),
            close=CLOSE,
        )

    @property
    def text_sha256(self) -> str:
        """What a yes is bound to."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class Explained(msgspec.Struct, frozen=True):
    """One question: its range, how far one answer is off (95 %), and how many homes until the mean is CLOSE."""

    question: Question
    meaning: str
    low: float
    high: float
    half_width: float
    n_homes: int


def explained(terms: Terms) -> tuple[Explained, ...]:
    """Every number that a packet may be about."""
    return tuple(
        Explained(
            question,
            MEANINGS[question],
            *RANGES[question],
            half_width(question, terms.epsilon),
            homes_until(question, terms.epsilon, CLOSE),
        )
        for question in QUESTIONS
    )


def homes_until(question: Question, epsilon: float, half: float) -> int:
    """Homes whose one packet each make the mean known to +- ``half`` (95 %); one in five is asked this question."""
    return math.ceil(len(QUESTIONS) * (half_width(question, epsilon) / half) ** 2)


def sure(epsilon: float) -> float:
    """How sure anybody can be at most who held two histories for equally likely (Wasserman & Zhou 2010)."""
    return 1.0 / (1.0 + math.exp(-epsilon))


def advantage(epsilon: float, n_packets: int) -> float:
    """Best advantage (right on the one, less wrong on the other) at telling apart two homes that differ in everything.

    Of whoever holds all packets and knows that they are of one home: the total variation distance of two binomials.
    """
    p = truth_probability(epsilon)
    weights = [math.comb(n_packets, k) for k in range(n_packets + 1)]
    one = [w * p**k * (1 - p) ** (n_packets - k) for k, w in enumerate(weights)]
    return sum(abs(a - b) for a, b in zip(one, reversed(one), strict=True)) / 2


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %" if share > 0.99 else f"{100 * share:.0f} %"


_TEXT: Final = """\
What would leave
    For a {length} that is over, one file with one answer, yes or no, to one
    of five questions drawn by lot: was the mood pleasant, was it lively, was
    any mood told, was much of the time watched, were many walks not judged.
    The true answer is told in {coin} of cases only; else its opposite. With
    it: the {length}, the model's name, a number drawn for this file. No
    place, no name of the home, nothing of a person, no finer time.

What that protects
    The whole home and everybody in it, without trusting whoever receives it
    (differential privacy of the home, epsilon {epsilon:g} a file). Whatever the
    diary holds, a file is at most {factor:.2f} times as likely as if the diary
    held anything else: who thought two stories of your home equally likely
    can be at most {sure} sure of one afterwards, whatever else they know.

What it adds up to
    The budget is {budget:g}, once and for all: enough for {n} of such files.
    Who has all of them and knows that they are yours could by that bound be
    up to {sure_all} sure of a difference in everything; the best attack there
    is would be right in {right_all} of cases. Few files protect, many do less.

What it is good for
    One file says almost nothing. The mean of many does: how pleasant moods
    are, to within {close}, takes {homes} homes.

What it does not cover
    That a file was sent, when, from which address and for which {length}.
    Decide when to share beforehand, not by what happened. Quietstep writes
    the file into a folder and opens no connection; sending it is yours.

What you can do
    `quietstep share --turn-off` ends it; `quietstep share --receipts` shows
    every file that was made. What was sent cannot be called back. Erasing
    removes files and receipts here; what was spent stays spent.
"""
