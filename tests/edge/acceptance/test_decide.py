"""Laws of acceptance, for every order of evidence, deaths, stops and offers; and each reason to refuse, by name."""

import inspect
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import UpdateRefusedError
from edge.update import decide as rules
from edge.update import world as written
from edge.update.decide import (
    SHIPPED,
    ActiveHealth,
    Candidate,
    Commit,
    Evidence,
    Floor,
    Limits,
    Pointer,
    Quarantine,
    RollBack,
    SelfTest,
    SelfTestIt,
    ShadowCounts,
    Stage,
    StartShadow,
    StartTrial,
    TrialHealth,
    Wait,
    World,
    after,
    decide,
    interrupted,
    offered,
    set_down,
    steadied,
)

LIMITS = Limits()
NEW = Candidate("c" * 64, "m", (2,))
PASSED = SelfTest("", 0.001, 80.0, 0.5)
ALIKE = ShadowCounts(n_cycles=100, n_both=80, n_flips=20, n_abstained=20, n_abstained_before=10)
WELL = TrialHealth(n_cycles=30, trial_s=3600.0)
VERDICT = Quarantine | RollBack | Commit

reasons = st.sampled_from(["", "", "", "a process that ended"])
counts = st.builds(
    ShadowCounts, *(st.integers(0, 200) for _ in range(7)), failure=st.sampled_from(["", "", "", "", "no answer"])
)
evidence = st.builds(
    Evidence,
    test=st.one_of(st.none(), st.just(PASSED), st.builds(SelfTest, reasons, st.floats(), st.floats(), st.floats(0, 1))),
    shadow=st.one_of(counts, st.just(ALIKE)),
    trial=st.one_of(st.just(WELL), st.builds(TrialHealth, st.integers(0, 60), st.floats(), reasons)),
    active=st.builds(ActiveHealth, st.sampled_from(["", "", "", "", "no answer"]), st.booleans()),
    held=st.sampled_from([False, False, False, True]),
)
candidates = st.builds(
    Candidate,
    st.sampled_from([letter * 64 for letter in "abcd"]),
    st.sampled_from(["m", "n"]),
    st.tuples(st.integers(1, 3)),
)
events = st.lists(st.one_of(evidence, candidates, st.sampled_from(["death", "stop", "steady"])), max_size=40)


def step_by_step(happened: list[object]) -> list[tuple[World, object, World]]:
    """Every world, what happened to it or was decided, and the world that came of it."""
    world, path = World(), []
    for event in happened:
        before, did = world, event
        if isinstance(event, Evidence):
            did = decide(world, event, LIMITS)
            world = after(world, did)
        elif isinstance(event, Candidate):
            try:
                world = offered(world, event)
            except UpdateRefusedError:
                did = None
        else:
            world = {"death": interrupted, "stop": set_down, "steady": steadied}[str(event)](world)
        path.append((before, did, world))
    return path


@settings(max_examples=60, deadline=None)
@given(events)
def test_floors_never_drop_and_rise_only_at_a_commit(happened: list[object]) -> None:
    for before, did, world in step_by_step(happened):
        for floor in before.pointer.floors:
            assert world.pointer.floor(floor.model_id).version >= floor.version
        if world.pointer.floors != before.pointer.floors:
            assert isinstance(did, Commit)


@settings(max_examples=60, deadline=None)
@given(events)
def test_what_is_quarantined_never_runs_again(happened: list[object]) -> None:
    for before, _did, world in step_by_step(happened):
        assert before.quarantined <= world.quarantined
        assert world.pointer.active not in world.quarantined
        assert world.candidate is None or world.candidate.sha256 not in world.quarantined


@settings(max_examples=60, deadline=None)
@given(events)
def test_only_what_was_committed_is_fallen_back_to(happened: list[object]) -> None:
    committed = {SHIPPED}
    for before, did, world in step_by_step(happened):
        if isinstance(did, Commit) and before.candidate is not None:
            committed.add(before.candidate.sha256)
        assert {world.pointer.active, world.pointer.fallback} <= committed
        if world.pointer.active != SHIPPED:
            assert world.pointer.active != world.pointer.fallback


@settings(max_examples=60, deadline=None)
@given(events)
def test_nothing_is_committed_without_a_self_test_a_shadow_and_a_trial(happened: list[object]) -> None:
    begun: list[type] = []
    for before, did, world in step_by_step(happened):
        if before.candidate is None or isinstance(did, Candidate):
            begun = []
        if isinstance(did, SelfTestIt | StartShadow | StartTrial):
            begun.append(type(did))
        if isinstance(did, Commit):
            assert world.pointer.active == before.candidate.sha256
            order = [kind for n, kind in enumerate(begun) if kind not in begun[:n]]
            assert order == [SelfTestIt, StartShadow, StartTrial]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(list(Stage)), st.lists(evidence, min_size=16, max_size=16))
def test_crash_loops_end(stage: Stage, seen: list[Evidence]) -> None:
    world = World(candidate=replace(NEW, stage=stage))
    n_begun = dict.fromkeys((SelfTestIt, StartShadow, StartTrial), 0)
    for one in seen:
        step = decide(world, replace(one, held=False, active=ActiveHealth()), LIMITS)
        if type(step) in n_begun:
            n_begun[type(step)] += 1
        world = after(world, step)
        if type(step) in n_begun:
            world = interrupted(world)
    assert max(n_begun.values()) <= LIMITS.attempts
    assert world.candidate is None
    assert world.pointer == Pointer()


def test_it_reads_no_clock_and_no_file() -> None:
    for module in (rules, written):
        source = inspect.getsource(module)
        assert not [word for word in ("import time", "datetime", "pathlib", "open(", "import os") if word in source]


def test_a_good_model_goes_the_whole_way() -> None:
    world, steps = offered(World(), NEW), []
    for _ in range(5):
        step = decide(world, Evidence(PASSED if steps else None, ALIKE, WELL), LIMITS)
        steps.append(type(step))
        world = after(world, step)
    assert steps == [SelfTestIt, StartShadow, StartTrial, Commit, Wait]
    assert world.pointer == Pointer(NEW.sha256, SHIPPED, (Floor("m", (2,), NEW.sha256),))


@pytest.mark.parametrize(
    ("test", "word"),
    [
        (SelfTest("a process that ended (exit code -8)"), "ended"),
        (replace(PASSED, cycle_s=0.3), "300 ms"),
        (replace(PASSED, cycle_s=float("nan")), "ms for one cycle"),
        (replace(PASSED, memory_mib=2000.0), "2000 MiB"),
        (replace(PASSED, spread=0.0), "same answer"),
        (replace(PASSED, spread=float("nan")), "same answer"),
    ],
)
def test_a_self_test_that_failed_is_the_end(test: SelfTest, word: str) -> None:
    world = World(candidate=replace(NEW, attempts=1, running=True))
    step = decide(world, Evidence(test=test), LIMITS)
    assert isinstance(step, Quarantine)
    assert word in step.reason
    assert after(world, step) == World(quarantined=frozenset({NEW.sha256}))


@pytest.mark.parametrize(
    ("seen", "word"),
    [
        (replace(ALIKE, n_flips=60), "another mood"),
        (replace(ALIKE, n_abstained=80), "abstentions"),
        (replace(ALIKE, n_same=60), "same answer"),
        (replace(ALIKE, n_dropped=200), "keep up"),
        (ShadowCounts(n_cycles=3, failure="no answer within 2 s"), "no answer"),
    ],
)
def test_a_shadow_that_is_unlike_is_the_end(seen: ShadowCounts, word: str) -> None:
    world = World(candidate=replace(NEW, stage=Stage.SHADOW, attempts=1, running=True))
    step = decide(world, Evidence(shadow=seen), LIMITS)
    assert isinstance(step, Quarantine)
    assert word in step.reason


def test_a_trial_that_fails_goes_back_and_keeps_the_pointer() -> None:
    world = World(Pointer("a" * 64), replace(NEW, stage=Stage.TRIAL, attempts=1, running=True))
    step = decide(world, Evidence(trial=TrialHealth(failure="not a number")), LIMITS)
    assert isinstance(step, RollBack)
    assert after(world, step) == World(Pointer("a" * 64), None, frozenset({NEW.sha256}))


def test_a_committed_model_that_fails_goes_back_and_one_that_is_damaged_may_come_again() -> None:
    floors = (Floor("m", (2,), NEW.sha256),)
    world = World(Pointer(NEW.sha256, "a" * 64, floors))
    failed = after(world, decide(world, Evidence(active=ActiveHealth("no answer")), LIMITS))
    assert failed == World(Pointer("a" * 64, SHIPPED, floors), None, frozenset({NEW.sha256}))
    damaged = after(world, decide(world, Evidence(active=ActiveHealth("another SHA-256", True)), LIMITS))
    assert damaged == World(Pointer("a" * 64, SHIPPED, floors))
    assert offered(damaged, NEW).candidate == NEW
    with pytest.raises(UpdateRefusedError, match="quarantine"):
        offered(failed, NEW)
    with pytest.raises(UpdateRefusedError, match="not newer"):
        offered(damaged, replace(NEW, sha256="d" * 64))


def test_a_hold_begins_nothing_but_ends_a_trial() -> None:
    for stage in (Stage.STAGED, Stage.SHADOW):
        world = World(candidate=replace(NEW, stage=stage))
        assert decide(world, Evidence(held=True), LIMITS) == Wait("updates are on hold")
    world = World(candidate=replace(NEW, stage=Stage.TRIAL, attempts=1, running=True))
    assert decide(world, Evidence(trial=WELL, held=True), LIMITS) == Commit()


def test_a_stop_in_order_costs_no_attempt_and_a_death_does() -> None:
    world = World(candidate=replace(NEW, stage=Stage.TRIAL, attempts=2, running=True))
    assert decide(set_down(world), Evidence(), LIMITS) == StartTrial()
    assert isinstance(decide(interrupted(after(set_down(world), StartTrial())), Evidence(), LIMITS), StartTrial)
    again = interrupted(after(interrupted(world), StartTrial()))
    assert isinstance(decide(again, Evidence(), LIMITS), RollBack)
