"""What packets tell of one home, and of many: `python -m tests.bench.sharing [--homes 1000] [--seed 0]`.

First table: the best attacker against one home. Two homes that differ in everything share n packets each, made by the
real mechanism (`edge.diary.sharing`, OpenDP's coin, any question); the attacker holds all n, knows that they are of one
home, and says which it was (the likelihood ratio: more than half of the answers high, ties by lot). Advantage: right
on the one less wrong on the other, 0 for guessing, 1 for certainty; beside it the exact best for any attacker (total
variation of two binomials) and the bound of OpenDP's composed epsilon. Second table: error of the mean valence (root of
the mean square, against the true mean of the same homes) over so many homes of one packet each, beside two other ways
to spend the same epsilon: OpenDP's Laplace noise on all five numbers, and five coins. Promises the mechanism that
ships, and peers at the same epsilon, proven by OpenDP's map. Refuses to judge.

Shapes: H home, R round.
"""

import argparse
import math
import random
from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np
import opendp.prelude as dp
from rich.console import Console
from rich.table import Table

from edge.diary.coin import SCALE, Coin
from edge.diary.home_numbers import HomeNumbers
from edge.diary.packet import QUESTIONS, RANGES, Packet, estimate, half_width, mean_of
from edge.diary.period import period_of
from edge.diary.share_terms import advantage
from edge.diary.sharing import _drawn

HIGH: Final = HomeNumbers(valence=1.0, arousal=1.0, told=1.0, watched=1.0, abstained=1.0)
LOW: Final = HomeNumbers(valence=-1.0, arousal=-1.0, told=0.0, watched=0.0, abstained=0.0)
WEEK: Final = period_of("2026-W48")
ROUNDS: Final = {10: 300, 100: 100, 1000: 30}
Z95: Final = 1.96


def packet(coin: Coin, numbers: HomeNumbers) -> Packet:
    """One, as `quietstep share` makes it."""
    return _drawn(coin, numbers, WEEK, "reference")


def caught(coin: Coin, numbers: HomeNumbers, n_packets: int, n_homes: int, rng: random.Random) -> float:
    """Share of homes that the attacker says are the high one."""
    n_said = 0
    for _ in range(n_homes):
        n_high = sum(packet(coin, numbers).answer for _ in range(n_packets))
        n_said += rng.random() < 0.5 if 2 * n_high == n_packets else 2 * n_high > n_packets
    return n_said / n_homes


def attack(n_homes: int, rng: random.Random) -> Table:
    """The first table."""
    table = Table(title=f"One home, {n_homes} homes of each kind", title_justify="left")
    for column in ("epsilon a packet", "packets", "measured", "+-", "best there is", "bound"):
        table.add_column(column, justify="right")
    for epsilon in (0.25, 1.0):
        coin = Coin(epsilon)
        for n in (1, 4, 8, 52):
            high, low = (caught(coin, numbers, n, n_homes, rng) for numbers in (HIGH, LOW))
            error = Z95 * math.sqrt((high * (1 - high) + low * (1 - low)) / n_homes)
            bound = math.tanh(coin.composed(n) / 2)
            figures = (high - low, error, advantage(coin.epsilon, n), bound)
            table.add_row(f"{epsilon:g}", str(n), *(f"{figure:.3f}" for figure in figures))
    return table


def one_question(epsilon: float) -> Callable[[list[HomeNumbers]], float]:
    """What ships."""
    coin = Coin(epsilon)

    def mean(homes: list[HomeNumbers]) -> float:
        told = mean_of((packet(coin, home) for home in homes), "valence")
        return 0.0 if told is None else told.mean

    return mean


def five_coins(epsilon: float) -> Callable[[list[HomeNumbers]], float]:
    """All five questions at a fifth of epsilon each."""
    coin = Coin(epsilon / len(QUESTIONS))

    def mean(homes: list[HomeNumbers]) -> float:
        like = packet(coin, HIGH)
        answers = (coin.answer(home.position("valence")) for home in homes)
        told = (msgspec.structs.replace(like, question="valence", answer=answer) for answer in answers)
        return float(np.mean([estimate(one) for one in told]))

    return mean


def five_laplace(epsilon: float) -> Callable[[list[HomeNumbers]], float]:
    """Whole numbers with Laplace noise for the full range, at a fifth of epsilon each."""
    dp.enable_features("contrib")
    share = epsilon / len(QUESTIONS)
    space = dp.vector_domain(dp.atom_domain(T=int)), dp.l1_distance(T=int)
    noise = dp.m.make_laplace(*space, scale=SCALE / share * (1 + 1e-12))
    assert noise.map(SCALE) <= share * (1 + 1e-9)
    low, width = RANGES["valence"].low, RANGES["valence"].width

    def mean(homes: list[HomeNumbers]) -> float:
        return low + width * float(np.mean(noise([home.position("valence") for home in homes]))) / SCALE

    return mean


def errors(epsilon: float, rng: np.random.Generator) -> Table:
    """The second table."""
    table = Table(title=f"Mean valence over homes, epsilon {epsilon:g} each: error", title_justify="left")
    ways = {"one question, one coin (ships)": one_question, "five coins": five_coins, "five Laplace": five_laplace}
    for column in ("homes", "rounds", *ways, "+-95 % told (ships)"):
        table.add_column(column, justify="right")
    for n_homes, n_rounds in ROUNDS.items():
        off = {name: 0.0 for name in ways}
        for _ in range(n_rounds):
            valence_H = np.clip(rng.normal(0.1, 0.15, n_homes), *RANGES["valence"])
            homes = [HomeNumbers(float(valence), 0.1, 1.0, 0.4, 0.2) for valence in valence_H]
            for name, way in ways.items():
                off[name] += (way(epsilon)(homes) - valence_H.mean()) ** 2 / n_rounds
        told = half_width("valence", epsilon, n_homes / len(QUESTIONS))
        table.add_row(
            str(n_homes), str(n_rounds), *(f"{math.sqrt(value):.2f}" for value in off.values()), f"{told:.2f}"
        )
    return table


def main() -> None:
    """Both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--homes", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    console = Console(width=140)
    console.print(attack(options.homes, random.Random(options.seed)))
    for epsilon in (0.25, 1.0):
        console.print(errors(epsilon, np.random.default_rng(options.seed)))


if __name__ == "__main__":
    main()
