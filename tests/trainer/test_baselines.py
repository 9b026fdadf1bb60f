"""Baselines learn what is there, choose inside the training people, and repeat themselves."""

import numpy as np
import pytest
import torch

from edge.errors import TrainingError
from edge.gait.skeleton import BODY_BONES, ROOT
from trainer.baseline_classic import knn_man, logistic, svm_man, svm_xyz
from trainer.baseline_cnn import CnnShape, CnnXyz
from trainer.folds import by_people
from trainer.sequences import sequence_of
from trainer.stgcn import GraphShape, StGcn, partitions
from trainer.walkers import walker_cycles

TRAIN = walker_cycles(n_people=6, n_cycles=1)
TEST = walker_cycles(n_people=4, n_cycles=1, first=6)
X, Y = sequence_of(TRAIN), TRAIN.acted_N
CLASSIC = {"KNN-man": knn_man, "SVM-man": svm_man, "SVM-xyz": svm_xyz, "logistic": logistic}
SHORT = GraphShape(channels=(8, 8), strides=(2, 2), epochs=3)


@pytest.mark.parametrize("name", CLASSIC)
def test_walkers_of_strangers_are_told_apart(name: str) -> None:
    model = CLASSIC[name]().fit(X, Y, list(by_people(TRAIN, 3, 0)))
    shares_NK = model.predict_proba(sequence_of(TEST))
    assert (model.classes_[shares_NK.argmax(axis=1)] == TEST.acted_N).mean() >= 0.75
    np.testing.assert_allclose(shares_NK.sum(axis=1), 1.0)
    assert model.choice


@pytest.mark.parametrize("name", CLASSIC)
def test_what_is_tested_never_moves_what_was_learned(name: str) -> None:
    """Standardisation belongs to the training rows: one row is answered alike, alone or beside an absurd one."""
    model = CLASSIC[name]().fit(X, Y, list(by_people(TRAIN, 3, 0)))
    asked = sequence_of(TEST)
    absurd = np.concatenate([asked[:1], 1e3 * asked[1:]])
    np.testing.assert_allclose(model.predict_proba(asked[:1]), model.predict_proba(absurd)[:1], atol=1e-9)


def test_the_choice_follows_the_inner_splits() -> None:
    """Twins on both sides of every inner split ask for one neighbour; honest splits of noisy labels ask for more."""
    rng = np.random.default_rng(0)
    noisy = np.where(rng.random(len(Y)) < 0.5, rng.integers(4, size=len(Y)), Y)
    twins, label = np.concatenate([X, X]), np.concatenate([noisy, noisy])
    here, there = np.arange(len(X)), np.arange(len(X), 2 * len(X))
    leaky = knn_man().fit(twins, label, [(here, there), (there, here)])
    honest = knn_man().fit(X, noisy, list(by_people(TRAIN, 3, 0)))
    assert leaky.choice == {"n_neighbors": 1}
    assert honest.choice["n_neighbors"] > 1


def test_few_rows_leave_fewer_neighbours_to_choose_from() -> None:
    few = TRAIN.take(TRAIN.subject_N == "walker0")
    halves = [(np.arange(8), np.arange(4))]
    doubled = few.take([0, 1, 2, 3, 0, 1, 2, 3])
    model = knn_man().fit(sequence_of(doubled), doubled.acted_N, halves)
    assert model.choice["n_neighbors"] <= 8


def test_inner_splits_of_one_affect_are_refused_in_a_sentence() -> None:
    angry, all_N = np.flatnonzero(Y == 0), np.arange(len(Y))
    with pytest.raises(TrainingError, match="cannot learn"):
        svm_xyz().fit(X, Y, [(angry, all_N)])


def test_the_cnn_tells_strangers_apart() -> None:
    model = CnnXyz(CnnShape(channels=(16, 16), epochs=25)).fit(X, Y)
    assert (model.predict(sequence_of(TEST)) == TEST.acted_N).mean() >= 0.7


def test_the_graph_network_learns_repeats_itself_and_sees_the_clock() -> None:
    model = StGcn(SHORT).fit(X, Y)
    shares = model.predict_proba(X)
    np.testing.assert_array_equal(shares, StGcn(SHORT).fit(X, Y).predict_proba(X))
    assert np.abs(shares - StGcn(SHORT, seed=1).fit(X, Y).predict_proba(X)).max() > 1e-3
    slow = X.copy()
    slow[:, :, -1] += 0.5
    assert np.abs(model.predict_proba(slow) - shares).max() > 1e-4
    longer = StGcn(GraphShape(channels=(16, 16), strides=(2, 2), epochs=80)).fit(X, Y)
    assert (longer.predict(X) == Y).mean() > 0.8


def test_the_edges_are_the_skeletons() -> None:
    own, towards, away = partitions()
    np.testing.assert_array_equal(own, np.eye(16))
    assert {(child, parent) for child, parent in np.argwhere(towards > 0)} == set(BODY_BONES)
    assert {(child, parent) for parent, child in np.argwhere(away > 0)} == set(BODY_BONES)
    np.testing.assert_allclose(towards.sum(axis=1), [0.0 if at == ROOT else 1.0 for at in range(16)])


def test_a_joint_hears_only_its_neighbours_after_one_block() -> None:
    torch.manual_seed(0)
    model = StGcn(GraphShape(channels=(4,), strides=(1,), epochs=0)).fit(X[:8], Y[:8])
    block = model._network.blocks[0].eval()
    x_NCTJ = torch.zeros(1, 4, 16, 16)
    x_NCTJ[..., 15] = 1.0  # right ankle
    moved = (block(x_NCTJ) - block(torch.zeros_like(x_NCTJ))).abs().amax(dim=(0, 1, 2))
    assert set(torch.nonzero(moved).flatten().tolist()) <= {14, 15}
    assert moved[15] > 0
