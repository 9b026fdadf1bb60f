"""Explanations: they find the one cue there is, and say so when they know nothing."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from edge.affect import CLASSES
from edge.errors import TrainingError
from edge.gait.skeleton import LANDMARKS, N_BODY, ROOT
from edge.gait.walker import Walker, contacts, skeletons
from edge.gait.walker_style import gait_of
from trainer.cycles import UNLABELLED, Cycles
from trainer.explain import Explanation, explain, left_contact
from trainer.explain_map import Effort, cycle_maps, right, sample_of
from trainer.explain_network import Explained, explained
from trainer.train import Settings, fit
from trainer.walkers import RATE_HZ, cut_cycle, walker_cycles

Edit = Callable[[int, np.random.Generator], dict[str, float]]
ARMS = {name for name in LANDMARKS if "elbow" in name or "wrist" in name}
QUICK = Effort(n_draws=1, n_resamples=5, n_orders=2)
SETTINGS = Settings(epochs=20, classifier_epochs=30, batch_size=16, n_takes=3)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def only_the_arms_tell(affect: int, rng: np.random.Generator) -> dict[str, float]:
    """Swing by affect; the head, whose flexion is chance, differs more from cycle to cycle than any other landmark."""
    return {"arm_swing_deg": (24.0, 18.0, 12.0, 6.0)[affect], "neck_flexion_deg": rng.uniform(-10.0, 30.0)}


def only_the_head_tells(affect: int, rng: np.random.Generator) -> dict[str, float]:
    """Head flexion by affect; the bend of the elbows is chance, and the wrists differ most from cycle to cycle."""
    arms = {"arm_swing_deg": 3.0, "elbow_deg": rng.uniform(5.0, 85.0)}
    return arms | {"neck_flexion_deg": (-12.0, 4.0, 20.0, 36.0)[affect]}


def one_cue(edit: Edit, n_people: int = 8) -> Cycles:
    """Walkers of four affects who walk as they do when neutral, but for the edit: one cycle each."""
    rng = np.random.default_rng(5)
    rows = [(who, affect, edit(affect, rng)) for who in range(n_people) for affect in range(len(CLASSES))]
    cut = [_cycle(Walker(who, seed=affect, gait=replace(gait_of(who, "neutral"), **how))) for who, affect, how in rows]
    label_N = np.array([affect for _, affect, _ in rows])
    return Cycles(
        x_NTJC=np.stack([x_TJC for x_TJC, _ in cut]),
        duration_s_N=np.array([duration_s for _, duration_s in cut], dtype=np.float32),
        key_N=np.array([f"{who}-{affect}" for who, affect, _ in rows]),
        subject_N=np.array([f"walker{who}" for who, _, _ in rows]),
        source_N=np.full(len(rows), "walker"),
        acted_N=label_N,
        perceived_N=np.full(len(rows), UNLABELLED),
    )


def _cycle(walker: Walker) -> tuple[Any, float]:
    t_s = np.arange(0.0, 6.0, 1.0 / RATE_HZ)
    start_s, end_s = [contact.t_s for contact in contacts(walker, 1.0, 5.0) if contact.side == "right"][:2]
    return cut_cycle(skeletons(walker, t_s), t_s, start_s, end_s), end_s - start_s


def shares(model: Explained, cycles: Cycles) -> tuple[dict[str, float], dict[str, float]]:
    """Importance of each landmark over all cycles judged right, and what spread alone would give it."""
    sample = sample_of(model, cycles)
    map_JT = cycle_maps(model, sample).mean(np.flatnonzero(right(model, sample)))
    assert map_JT is not None
    spread_J = sample.spread_FT[:48].unflatten(0, (N_BODY, 3)).sum(dim=(1, 2)).numpy()
    names = LANDMARKS[:N_BODY]
    return dict(zip(names, map_JT.sum(axis=1), strict=True)), dict(zip(names, spread_J / spread_J.sum(), strict=True))


def top(share: dict[str, float], n: int = 1) -> set[str]:
    return set(sorted(share, key=lambda name: -share[name])[:n])


@cache
def trained() -> tuple[Explained, Cycles, Explanation]:
    cycles = one_cue(only_the_arms_tell)
    model = explained(fit(cycles, SETTINGS))
    return model, cycles, explain(model, cycles, effort=Effort(n_draws=2, n_resamples=40, n_orders=20))


def test_where_only_the_arms_tell_the_affects_apart_the_arms_stand_on_top() -> None:
    model, cycles, _ = trained()
    share, spread = shares(model, cycles)
    assert top(spread) == {"head"}  # so that no map without a model behind it could pass
    assert top(share, 2) < ARMS
    assert sum(share[name] for name in ARMS) > 1.3 * sum(spread[name] for name in ARMS)
    assert share["head"] < spread["head"]


def test_where_only_the_head_tells_the_affects_apart_the_head_stands_on_top() -> None:
    cycles = one_cue(only_the_head_tells)
    share, spread = shares(explained(fit(cycles, SETTINGS)), cycles)
    assert top(spread) < ARMS
    assert top(share) == {"head"}
    assert share["head"] > 1.5 * spread["head"]


def test_maps_are_masks_with_sum_one_and_nothing_where_nothing_moves() -> None:
    _, _, found = trained()
    for each in found.maps:
        map_JT = np.array(each.map_JT)
        assert map_JT.shape == (N_BODY, 64)
        assert (map_JT >= 0).all()
        assert map_JT.sum() == pytest.approx(1.0)
        assert map_JT[ROOT].max() == 0.0  # every body is put at the origin
        assert sum(one.share for one in each.ranking) == pytest.approx(1.0)
        assert [one.share for one in each.ranking] == sorted((one.share for one in each.ranking), reverse=True)
        assert sum(one.untrained or 0.0 for one in each.ranking) == pytest.approx(1.0)
        assert each.duration_share is not None
        assert 0.0 < each.duration_share < 1.0
        assert each.left_contact == pytest.approx(0.5, abs=0.06)


def test_the_same_model_and_cycles_give_the_same_explanation() -> None:
    model, cycles, found = trained()
    once, again = explain(model, cycles, effort=QUICK), explain(model, cycles, effort=QUICK)
    assert (again.maps, again.deletion, again.insertion) == (once.maps, once.deletion, once.insertion)
    assert [each.map_JT for each in once.maps] == [each.map_JT for each in found.maps]  # whatever the effort


def test_a_model_that_learned_passes_its_checks_and_says_what_they_were() -> None:
    _, _, found = trained()
    for each in found.maps:
        assert each.checks is not None
        assert [stage.n_layers for stage in each.checks.stages] == [1, 2, 3, 4, 5]
        assert each.checks.stages[0].layer.startswith("classifier.head")
        assert each.checks.stages[-1].map.changed
        assert each.checks.repeatable is None  # no other run was given
    assert found.deletion.passed
    assert found.deletion.area_logit.value > 0
    assert found.deletion.n_orders >= 20


def test_an_affect_never_judged_right_has_a_reason_instead_of_a_map() -> None:
    model, cycles, _ = trained()
    sad = CLASSES.index("sad")
    judged_N = model.logits(model.features(cycles)).argmax(dim=1).numpy()
    some = cycles.take((judged_N != sad) | (cycles.acted_N != sad))
    some = replace(some, acted_N=np.where(some.acted_N == CLASSES.index("happy"), sad, some.acted_N))
    found = {each.affect: each for each in explain(model, some, effort=QUICK).maps}
    assert found["sad"].map_JT is None
    assert found["sad"].checks is None
    assert found["sad"].reason == f"none of {found['sad'].n_labelled} cycles of this affect is judged right"
    assert (found["happy"].map_JT, found["happy"].reason) == (None, "no cycle has this affect")
    assert found["angry"].map_JT is not None


def test_cycles_without_an_affect_are_refused() -> None:
    model, cycles, _ = trained()
    nobody_knows = replace(cycles, acted_N=np.full(len(cycles), UNLABELLED))
    with pytest.raises(TrainingError, match="cycles without an affect"):
        explain(model, nobody_knows)


def test_one_cycle_is_refused_and_so_are_cycles_all_judged_wrong() -> None:
    model, cycles, _ = trained()
    with pytest.raises(TrainingError, match="1 labelled cycle"):
        explain(model, cycles.take([0]))
    judged_N = model.logits(model.features(cycles)).argmax(dim=1).numpy()
    with pytest.raises(TrainingError, match="none is judged right"):
        explain(model, replace(cycles, acted_N=(judged_N + 1) % len(CLASSES)))


def test_perceived_affects_are_explained_where_none_is_acted() -> None:
    model, cycles, found = trained()
    perceived = replace(cycles, acted_N=np.full(len(cycles), UNLABELLED), perceived_N=cycles.acted_N)
    maps = explain(model, perceived, effort=QUICK).maps
    assert [each.map_JT for each in maps] == [each.map_JT for each in found.maps]


def test_the_left_contact_is_where_the_walkers_left_foot_lands() -> None:
    walkers = walker_cycles(n_people=2, n_cycles=1)
    assert all(left_contact(x_TJC) == pytest.approx(0.5, abs=0.06) for x_TJC in walkers.x_NTJC)
