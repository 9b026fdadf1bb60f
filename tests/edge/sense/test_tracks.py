"""Track numbers: kept by one person, never mixed between two, never given twice."""

from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.sense.tracks import ABSENCE_S, Spot, TrackKeeper

RATE_HZ = 30.0
SIZE = 0.5


def walk(keeper: TrackKeeper, frames: list[list[float]], t0_s: float = 0.0) -> list[tuple[int, ...]]:
    """Update with people at these x positions, frame by frame."""
    return [keeper.update(t0_s + i / RATE_HZ, [Spot(x, 0.5, SIZE) for x in people]) for i, people in enumerate(frames)]


def test_one_walker_keeps_one_number() -> None:
    numbers = walk(TrackKeeper(), [[0.1 + 0.02 * i] for i in range(60)])
    assert numbers == [(1,)] * 60


def test_a_short_gap_keeps_the_number_and_a_long_one_does_not() -> None:
    for gap_s, same in ((0.5, True), (ABSENCE_S + 0.1, False)):
        keeper = TrackKeeper()
        before = walk(keeper, [[0.5]] * 10)[-1]
        after = keeper.update(9 / RATE_HZ + gap_s, [Spot(0.55, 0.5, SIZE)])
        assert (before == after) is same


def test_a_jump_across_the_room_is_another_person() -> None:
    keeper = TrackKeeper()
    walk(keeper, [[0.2]] * 10)
    assert walk(keeper, [[1.4]], t0_s=10 / RATE_HZ) == [(2,)]


def test_four_people_apart_keep_their_numbers_in_any_order() -> None:
    keeper = TrackKeeper()
    first = keeper.update(0.0, [Spot(x, 0.5, 0.3) for x in (0.1, 0.5, 0.9, 1.3)])
    second = keeper.update(0.1, [Spot(x, 0.5, 0.3) for x in (1.3, 0.1, 0.9, 0.5)])
    assert sorted(first) == [1, 2, 3, 4]
    assert second == (first[3], first[0], first[2], first[1])


def test_two_people_who_cross_are_renumbered_and_not_swapped() -> None:
    frames = [[0.2 + 0.015 * i, 1.4 - 0.015 * i] for i in range(80)]
    numbers = walk(TrackKeeper(), frames)
    assert len(set(numbers[0]) | set(numbers[-1])) == 4
    places: dict[int, list[float]] = {}
    for frame, people in zip(numbers, frames, strict=True):
        for number, x in zip(frame, people, strict=True):
            places.setdefault(number, []).append(x)
    steps = [abs(b - a) for xs in places.values() for a, b in pairwise(xs)]
    assert max(steps) < 0.02, "a number jumped to the other"


def test_one_of_two_who_cross_is_hidden_for_a_while_and_both_are_renumbered() -> None:
    frames = []
    for i in range(80):
        left, right = 0.2 + 0.015 * i, 1.4 - 0.015 * i
        frames.append([left] if abs(left - right) < 0.08 else [left, right])
    numbers = walk(TrackKeeper(), frames)
    assert not set(numbers[0]) & set(numbers[-1])
    alone = {frame[0] for frame in numbers if len(frame) == 1}
    assert not alone & (set(numbers[0]) | set(numbers[-1])), "nobody can say which of the two is seen"


def test_time_that_runs_backwards_forgets_everybody() -> None:
    keeper = TrackKeeper()
    assert keeper.update(5.0, [Spot(0.5, 0.5, SIZE)]) == (1,)
    assert keeper.update(4.0, [Spot(0.5, 0.5, SIZE)]) == (2,)


SPOTS = st.lists(st.builds(Spot, st.floats(0, 1.8), st.floats(0, 1), st.floats(0.05, 1.0)), min_size=0, max_size=4)


@given(st.lists(st.tuples(st.floats(0.01, 2.0), SPOTS), max_size=25))
@settings(deadline=None)
def test_numbers_are_never_shared_and_never_come_back(frames: list[tuple[float, list[Spot]]]) -> None:
    keeper, t_s = TrackKeeper(), 0.0
    last_seen_s: dict[int, float] = {}
    newest = 0
    for passed_s, spots in frames:
        t_s += passed_s
        numbers = keeper.update(t_s, spots)
        assert len(numbers) == len(spots) == len(set(numbers))
        for number in numbers:
            assert number > newest or t_s - last_seen_s[number] <= ABSENCE_S + 1e-9
            last_seen_s[number] = t_s
        newest = max([newest, *numbers])


@given(SPOTS, SPOTS, st.randoms())
@settings(deadline=None)
def test_the_order_in_which_bodies_are_given_does_not_matter(
    first: list[Spot], second: list[Spot], chance: Random
) -> None:
    order = list(range(len(second)))
    chance.shuffle(order)
    straight, shuffled = TrackKeeper(), TrackKeeper()
    before = straight.update(0.0, first)
    assert shuffled.update(0.0, first) == before
    kept = [n if n in before else None for n in straight.update(0.1, second)]
    kept_shuffled = [n if n in before else None for n in shuffled.update(0.1, [second[i] for i in order])]
    costs_tie = len({(s.x, s.y) for s in second}) < len(second) or len({(s.x, s.y) for s in first}) < len(first)
    assert costs_tie or sorted(filter(None, kept)) == sorted(filter(None, kept_shuffled))
