"""Scores from one table of counts agree with scikit-learn, and say what an abstention costs."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support

from trainer.scores import ABSTAINED, accuracy, macro_f1, score, tables

RNG = np.random.default_rng(3)
LABEL = RNG.integers(4, size=200)
ANSWER = np.where(RNG.random(200) < 0.6, LABEL, RNG.integers(4, size=200))
PERSON = np.array([f"p{at}" for at in RNG.integers(12, size=200)])


def test_answered_scores_are_those_of_scikit_learn() -> None:
    found = score(LABEL, ANSWER, PERSON)
    precision, recall, f1, support = precision_recall_fscore_support(LABEL, ANSWER, labels=range(4))
    assert found.accuracy.value == pytest.approx(accuracy_score(LABEL, ANSWER))
    assert found.macro_f1.value == pytest.approx(f1_score(LABEL, ANSWER, average="macro"))
    np.testing.assert_allclose(
        [found.precision, found.recall, found.f1, found.support], [precision, recall, f1, support]
    )
    assert found.accuracy_all == found.accuracy
    assert found.n_people == len(set(PERSON))


def test_an_abstention_is_left_out_of_one_score_and_wrong_in_the_other() -> None:
    heard = ANSWER.copy()
    heard[::3] = ABSTAINED
    found = score(LABEL, heard, PERSON)
    kept = heard != ABSTAINED
    assert found.accuracy.value == pytest.approx(accuracy_score(LABEL[kept], heard[kept]))
    assert found.macro_f1.value == pytest.approx(f1_score(LABEL[kept], heard[kept], average="macro"))
    assert found.accuracy_all.value == pytest.approx(np.mean(heard == LABEL))
    assert found.macro_f1_all.value == pytest.approx(f1_score(LABEL, heard, average="macro", labels=range(4)))
    assert found.abstained == pytest.approx(np.mean(~kept))


def test_nothing_answered_is_not_a_number_and_not_zero() -> None:
    found = score(LABEL, np.full(200, ABSTAINED), PERSON)
    assert np.isnan([found.accuracy.value, found.macro_f1.value, found.accuracy.low]).all()
    assert found.accuracy_all.value == 0.0
    assert found.abstained == 1.0


def test_a_class_that_never_occurs_stays_in_the_mean() -> None:
    label = np.array([0, 0, 1, 1])
    assert score(label, label, ["a", "a", "b", "b"]).macro_f1.value == 0.5


def test_people_are_resampled_not_cycles() -> None:
    """Two people, one always right and one always wrong, many cycles each: cycles alone would seem certain."""
    label, person = np.zeros(2000, dtype=int), np.repeat(["right", "wrong"], 1000)
    found = score(label, np.where(person == "right", 0, 1), person).accuracy
    assert (found.value, found.low, found.high) == (0.5, 0.0, 1.0)


def test_tables_of_people_add_up_and_can_be_stacked() -> None:
    table_PKA = tables(LABEL, ANSWER, PERSON)
    assert table_PKA.sum() == 200
    one = tables(LABEL[PERSON == "p3"], ANSWER[PERSON == "p3"], PERSON[PERSON == "p3"])[0]
    at = sorted(set(PERSON)).index("p3")
    assert accuracy(table_PKA)[at] == accuracy(one)
    assert macro_f1(table_PKA)[at] == macro_f1(one)
