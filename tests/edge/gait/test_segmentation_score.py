"""The scoring of the segmentation benchmark: what counts as found, and who has a part in a person's offset."""

import numpy as np
import pytest

from tests.bench.segmentation import bootstrap
from tests.bench.segmentation.found import Told, cycles_of
from tests.bench.segmentation.offset import Error, leave_one_person_out
from tests.bench.segmentation.score import f1, match, score, stride_errors_s


def told(side: str, *times_s: float) -> list[Told]:
    return [Told(side, t_s, t_s + 0.1) for t_s in times_s]


def test_one_label_takes_one_contact_the_nearest():
    assert match([0.97, 1.01], [1.0], 0.05) == [(1, 0)]
    counts = score(told("left", 0.97, 1.01), {"left": (1.0,), "right": ()}, 0.05).counts_E3
    assert counts.tolist() == [[1, 2, 1]]


def test_a_contact_between_two_labels_is_taken_once():
    assert match([1.0], [0.96, 1.04], 0.05) == [(0, 0)]


def test_the_other_foot_does_not_count():
    counts = score(told("right", 1.0), {"left": (1.0,), "right": ()}, 0.05).counts_E3
    assert counts.sum(axis=0).tolist() == [0, 0, 1]


def test_only_what_lies_between_the_first_and_the_last_label_counts():
    found = told("left", 0.2, 1.0, 1.5, 2.0, 2.9)
    counts = score(found, {"left": (1.0, 2.0), "right": (0.1, 3.0)}, 0.05).counts_E3
    # 1.5 is told but untrue, 0.2 and 2.9 lie outside the left foot's labels; the right foot's two are missed.
    assert counts.sum(axis=0).tolist() == [2, 3, 4]
    assert f1(counts.sum(axis=0)) == pytest.approx(4 / 7)


def test_an_offset_is_taken_off_before_matching():
    late = told("left", 1.09, 2.09)
    truth = {"left": (1.0, 2.0)}
    assert score(late, truth, 0.05).counts_E3[:, 0].sum() == 0
    assert score(late, truth, 0.05, offset_s=0.09).counts_E3[:, 0].sum() == 2


def test_stride_times_need_two_contacts_in_succession():
    truth = {"left": (1.0, 2.0, 3.0, 4.0)}
    assert stride_errors_s(told("left", 1.0, 2.03, 4.0), truth, 0.0) == pytest.approx([0.03])


def test_an_offset_is_that_of_the_others():
    errors = [Error("anna", "straight", 0.5), Error("ben", "straight", 0.01), Error("cleo", "straight", 0.03)]
    found = leave_one_person_out(errors, ["anna", "ben", "nobody told"])
    assert found["anna"] in (0.01, 0.03)
    moved = [Error("anna", "straight", -9.0), *errors[1:]]
    assert leave_one_person_out(moved, ["anna"])["anna"] == found["anna"]
    assert leave_one_person_out(moved, ["ben"])["ben"] != found["ben"]


def test_a_group_of_many_weighs_no_more_than_a_group_of_few():
    many = [Error("ben", "video pose", 0.02)] * 99
    few = [Error("cleo", "turning", 0.0), Error("dora", "parkinson", 0.0)]
    assert leave_one_person_out(many + few, ["anna"])["anna"] == 0.0


def test_an_only_person_gets_no_offset():
    assert leave_one_person_out([Error("anna", "treadmill", 0.02)], ["anna"]) == {"anna": 0.0}


def test_cycles_of_a_peer_need_one_left_contact_and_a_plausible_length():
    assert cycles_of(told("right", 0.0, 1.0, 2.0, 9.0) + told("left", 0.5, 4.0)) == 1


def test_an_interval_holds_what_was_measured_and_is_drawn_over_people():
    rng = np.random.default_rng(5)
    people = [f"{i // 2}" for i in range(20)]
    counts = [np.column_stack([rng.integers(0, 2, 8), np.ones(8), np.ones(8)]).astype(int) for _ in people]
    what, drawn_from = bootstrap.units(people, counts)
    drawn = bootstrap.sums(drawn_from)
    low, high = bootstrap.interval(2 * drawn[:, 0] / (drawn[:, 1] + drawn[:, 2]))
    assert what == "people"
    assert low < f1(drawn_from.sum(axis=0)) < high


def test_few_people_are_drawn_by_trial_and_a_single_trial_by_event():
    counts = [np.ones((4, 3), dtype=int)] * 3
    assert bootstrap.units(["anna", "anna", "ben"], counts)[0] == "trials"
    assert bootstrap.units(["anna"], counts[:1])[0] == "events"
