"""What becomes of a new model in a home: staged, tested, in the shadow, on trial, committed; or back, and never again.

Promises, whatever the evidence says and in whatever order it comes (tests/edge/acceptance/test_decide.py):

- floors never drop, and rise only at a commit;
- a model in quarantine never comes back;
- there is always a committed model, and always one to fall back to (in the end the one that ships with Quietstep);
- nothing is committed without a self-test and a trial that it passed;
- what begins and dies again and again ends after ``Limits.attempts``.

No file, no clock, no process: what is written down and what was seen come in, a `Step` comes out, and
`edge.update.world` says what is then written down. The only times are seconds that a stage ran, measured on a clock
that nobody sets. Refuses a candidate that stands in quarantine, or is not newer than what was committed of its kind.
"""

from dataclasses import dataclass

from edge.update.world import (
    SHIPPED,
    Candidate,
    Commit,
    Floor,
    Pointer,
    Quarantine,
    RollBack,
    SelfTestIt,
    Stage,
    StartShadow,
    StartTrial,
    Step,
    Wait,
    World,
    after,
    interrupted,
    offered,
    set_down,
    steadied,
    why_not_taken,
)

__all__ = [
    "SHIPPED",
    "ActiveHealth",
    "Candidate",
    "Commit",
    "Evidence",
    "Floor",
    "Limits",
    "Pointer",
    "Quarantine",
    "RollBack",
    "SelfTest",
    "SelfTestIt",
    "ShadowCounts",
    "Stage",
    "StartShadow",
    "StartTrial",
    "Step",
    "TrialHealth",
    "Wait",
    "World",
    "after",
    "decide",
    "interrupted",
    "offered",
    "set_down",
    "steadied",
    "why_not_taken",
]


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What came of the golden answers on this device's rungs; ``failure`` is empty where all were proven.

    ``spread``: the largest range of any class's probability over the probes (0: it always says the same).
    """

    failure: str = ""
    cycle_s: float = 0.0
    memory_mib: float = 0.0
    spread: float = 1.0


@dataclass(frozen=True, slots=True)
class ShadowCounts:
    """Live cycles that both models were asked about. ``n_both``: both gave a mood; ``n_flips``: not the same one;
    ``n_same``: the shadow's answer was the one it gave before; ``n_dropped``: it was still busy."""

    n_cycles: int = 0
    n_both: int = 0
    n_flips: int = 0
    n_abstained: int = 0
    n_abstained_before: int = 0
    n_same: int = 0
    n_dropped: int = 0
    failure: str = ""


@dataclass(frozen=True, slots=True)
class TrialHealth:
    """How it went since the trial began: cycles answered, seconds, and why it may not answer any more."""

    n_cycles: int = 0
    trial_s: float = 0.0
    failure: str = ""


@dataclass(frozen=True, slots=True)
class ActiveHealth:
    """Why the committed model does not answer (empty: it does); ``damaged``: its files are no longer what they were."""

    failure: str = ""
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known now. ``test`` is None while the self-test runs."""

    test: SelfTest | None = None
    shadow: ShadowCounts = ShadowCounts()
    trial: TrialHealth = TrialHealth()
    active: ActiveHealth = ActiveHealth()
    held: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """How much must be seen, and what is too much.

    Shares, not tests of significance: two models that are both right four times in ten disagree often, so the limits
    find what is broken, not what is a little worse (that is measured before a release, not in a home).
    """

    attempts: int = 3
    cycle_s: float = 0.25
    memory_mib: float = 1024.0
    least_spread: float = 0.02
    shadow_cycles: int = 100
    most_flips: float = 0.6
    most_abstain_gap: float = 0.3
    most_same: float = 0.5
    most_dropped: float = 0.5
    trial_cycles: int = 30
    trial_s: float = 3600.0


def decide(world: World, seen: Evidence, limits: Limits = Limits()) -> Step:
    """The next step."""
    if seen.active.failure and world.pointer.active != SHIPPED:
        return RollBack(seen.active.failure, seen.active.damaged, active=True)
    candidate = world.candidate
    if candidate is None:
        return Wait("no new model")
    if (reason := why_not_taken(world, candidate)) and candidate.stage is not Stage.TRIAL:
        return Quarantine(reason)
    if candidate.stage is Stage.STAGED:
        return _staged(candidate, seen, limits)
    if candidate.stage is Stage.SHADOW:
        return _shadow(candidate, seen, limits)
    return _trial(candidate, seen.trial, limits, reason)


def _staged(candidate: Candidate, seen: Evidence, limits: Limits) -> Step:
    if candidate.running and seen.test is None:
        return Wait("the self-test runs")
    if candidate.running and seen.test is not None:
        reason = why_refused(seen.test, limits)
        return Quarantine(reason) if reason else StartShadow()
    if candidate.attempts >= limits.attempts:
        return Quarantine(f"{candidate.attempts} self-tests that did not come to an end")
    return Wait("updates are on hold") if seen.held else SelfTestIt()


def why_refused(test: SelfTest, limits: Limits) -> str:
    """What a self-test found wrong; empty where it passed. A number that is none is wrong."""
    if test.failure:
        return test.failure
    if not test.cycle_s <= limits.cycle_s:
        return f"{1000 * test.cycle_s:.0f} ms for one cycle (at most {1000 * limits.cycle_s:.0f} ms)"
    if not test.memory_mib <= limits.memory_mib:
        return f"{test.memory_mib:.0f} MiB of memory (at most {limits.memory_mib:.0f})"
    if not test.spread >= limits.least_spread:
        return "always the same answer"
    return ""


def _shadow(candidate: Candidate, seen: Evidence, limits: Limits) -> Step:
    counts = seen.shadow
    if counts.failure:
        return Quarantine(f"in the shadow: {counts.failure}")
    if not candidate.running:
        if candidate.attempts >= limits.attempts:
            return Quarantine(f"{candidate.attempts} shadows that did not come to an end")
        return Wait("updates are on hold") if seen.held else StartShadow()
    if counts.n_cycles < limits.shadow_cycles:
        return Wait(f"{_coarse(counts.n_cycles)} of {limits.shadow_cycles} cycles compared")
    if reason := why_unlike(counts, limits):
        return Quarantine(f"in the shadow: {reason}")
    return Wait("updates are on hold") if seen.held else StartTrial()


def why_unlike(counts: ShadowCounts, limits: Limits) -> str:
    """In what a shadow differs too much from the committed model; empty where it does not."""
    n = max(1, counts.n_cycles)
    if counts.n_dropped > limits.most_dropped * (n + counts.n_dropped):
        return "too slow to keep up"
    if counts.n_same > limits.most_same * n:
        return "always the same answer"
    if abs(counts.n_abstained - counts.n_abstained_before) > limits.most_abstain_gap * n:
        return "another share of abstentions than the committed model"
    if counts.n_flips > limits.most_flips * max(1, counts.n_both):
        return "another mood than the committed model too often"
    return ""


def _trial(candidate: Candidate, health: TrialHealth, limits: Limits, reason: str) -> Step:
    if reason or health.failure:
        return RollBack(reason or health.failure)
    if not candidate.running:
        if candidate.attempts >= limits.attempts:
            return RollBack(f"{candidate.attempts} trials that did not come to an end")
        return StartTrial()
    if health.n_cycles < limits.trial_cycles or not health.trial_s >= limits.trial_s:
        return Wait(f"on trial, {_coarse(health.n_cycles)} of {limits.trial_cycles} cycles answered")
    return Commit()


def _coarse(n_cycles: int) -> int:
    """Rounded down to fives: how much somebody walked is not told finer (as in the diary)."""
    return n_cycles // 5 * 5
