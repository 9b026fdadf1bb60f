"""The supervisor's part of an update: gathers what is known, asks `decide`, writes it down, and does it.

Promises: ``update`` is called again and again and never waits; a step is on disk before anything of it happens, so a
power cut anywhere leaves a state from which the next start goes on by itself. A model is named to the monitor only
after every byte of its bundle was proven, here at a start or in its self-test. Refuses to let an update stop the
watching: where models.db cannot be read or written, the model that answers goes on answering, and it is said once.

Times: ``now_s`` is monotonic seconds; wall time goes into the history and into a hold, and decides nothing else.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import structlog

from edge.boot_clock import read_clock
from edge.errors import QuietstepError, UpdateStoreError
from edge.gauges import Gauges, Reading
from edge.model_order import ModelOrder
from edge.rungs import CPU, LadderSettings
from edge.update.bundles import remove, verified
from edge.update.decide import (
    SHIPPED,
    ActiveHealth,
    Commit,
    Evidence,
    Limits,
    Quarantine,
    RollBack,
    SelfTestIt,
    ShadowCounts,
    Stage,
    StartShadow,
    StartTrial,
    Step,
    TrialHealth,
    Wait,
    World,
    after,
    decide,
    interrupted,
    set_down,
    steadied,
)
from edge.update.pointer import ModelStore, Note, Progress, Written, named
from edge.update.self_test import SelfTestSpec
from edge.update.self_test_process import SelfTestProcess
from edge.update.world import held_shas

LOOK_EVERY_S: Final = 1.0
WRITE_EVERY_S: Final = 600.0
"""How far a stage is goes to disk this often: the storage of a home wears out, and steps are written at once."""
EVENTS: Final = {
    SelfTestIt: "self-test",
    StartShadow: "in the shadow",
    StartTrial: "on trial",
    Commit: "committed",
    RollBack: "rolled back",
    Quarantine: "quarantined",
}
_COUNTS: Final = ("cycles", "both", "flips", "abstained", "abstained_before", "same", "dropped")

log = structlog.get_logger("update")


@dataclass(frozen=True, slots=True)
class Where:
    """Folder of the bundles, the one that ships with Quietstep, and the rungs of this home."""

    bundles: Path
    shipped: Path
    ladder: LadderSettings


@dataclass(slots=True)
class Running:
    """A stage as this process follows it: since when, where the gauges stood, and what was there before."""

    begun_s: float
    gauges: Reading
    before: Progress = field(default_factory=Progress)
    looked_s: float = 0.0
    written_s: float = 0.0
    trial_s: float = 0.0


class Acceptance:
    """``start`` before the monitor, ``update`` with every step, ``stop`` at the end; ``order`` for every tick."""

    def __init__(self, store: ModelStore, where: Where, gauges: Gauges, limits: Limits | None = None) -> None:
        self.order = ModelOrder()
        self.waiting = ""
        self._store, self._where, self._gauges, self._limits = store, where, gauges, limits or Limits()
        self._written = Written()
        self._stamp: tuple[int, ...] = ()
        self._running: Running | None = None
        self._test: SelfTestProcess | None = None
        self._next_s = 0.0
        self._told = ""

    def start(self) -> None:
        """Which model is to answer: the committed one if its bundle is whole, else the one before it."""
        self._guarded(self._start)

    def update(self, now_s: float) -> None:
        """Look, decide, and do at most one step."""
        if now_s >= self._next_s:
            self._next_s = now_s + LOOK_EVERY_S
            self._guarded(lambda: self._look(now_s))

    def monitor_died(self) -> None:
        """The monitor ended by itself: where a candidate was running, its attempt is over."""
        candidate = self._written.world.candidate
        if candidate is not None and candidate.running and candidate.stage is not Stage.STAGED:
            self._guarded(lambda: self._change(interrupted))
            self._running = None

    def stop(self) -> None:
        """An end in order: how far it is is written down, and the attempt does not count."""
        self._end_test()
        if self._written.world.candidate is not None:
            self._guarded(self._set_down)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except UpdateStoreError as error:
            if str(error) != self._told:
                self._told = str(error)
                log.error("no update is taken", why=str(error))

    def _start(self) -> None:
        self._read()
        if self._written.world.candidate is not None and self._written.world.candidate.running:
            self._change(interrupted)
        remove(self._where.bundles, self._written.world.quarantined)
        while why := self._why_damaged(self._written.world.pointer.active):
            self._take(RollBack(why, damaged=True, active=True), 0.0)

    def _set_down(self) -> None:
        self._write_progress(self._running)
        self._change(set_down)
        self._running = None

    def _look(self, now_s: float) -> None:
        if self._stamp != self._store.stamp():
            self._read()
        world = self._written.world
        seen = self._evidence(world, now_s)
        if world.candidate is not None and not self._gauges.rung():
            return  # the monitor is not there yet: neither a self-test nor a shadow has anything to go by
        step = decide(world, seen, self._limits)
        self.waiting = step.reason if isinstance(step, Wait) else ""
        if not isinstance(step, Wait):
            self._take(step, now_s)
        elif self._running is not None and now_s - self._running.written_s >= WRITE_EVERY_S:
            self._running.written_s = now_s
            self._write_progress(self._running)
            self._change(steadied)

    def _read(self) -> None:
        self._stamp = self._store.stamp()
        before, self._written = self._written, self._store.read()
        gone = held_shas(before.world) - held_shas(self._written.world)
        remove(self._where.bundles, gone)
        self.order = order_of(self._written.world)
        if _which(before.world) != _which(self._written.world):
            self._running = None
            self._end_test()

    def _change(self, how: Callable[[World], World], note: Note | None = None) -> None:
        self._store.change(how, note)
        self._read()

    def _evidence(self, world: World, now_s: float) -> Evidence:
        failed, why = self._gauges.failed()
        active = ActiveHealth()
        if failed and failed in (world.pointer.active, world.pointer.fallback):  # the latter is asked after the former
            active = ActiveHealth(why, damaged=bool(self._why_damaged(world.pointer.active)))
        hold = self._written.hold
        held = hold is not None and hold.lasts(read_clock())
        candidate = world.candidate
        if candidate is None:
            return Evidence(active=active, held=held)
        progress = self._progress(now_s) if self._running else self._written.progress
        why = why if failed == candidate.sha256 else ""
        shadow, trial = replace(progress.shadow, failure=why), replace(progress.trial, failure=why)
        return Evidence(self._test.result() if self._test else None, shadow, trial, active, held)

    def _progress(self, now_s: float) -> Progress:
        """What was there before, and what the gauges gained since."""
        running = self._running
        assert running is not None
        if self._gauges.model() == self.order.beside and self.order.stage == "trial":
            running.trial_s += now_s - running.looked_s
        running.looked_s = now_s
        now, then, before = self._gauges.read(), running.gauges, running.before
        gained = [getattr(now, f"n_shadow_{name}") - getattr(then, f"n_shadow_{name}") for name in _COUNTS]
        counts = [getattr(before.shadow, f"n_{name}") + n for name, n in zip(_COUNTS, gained, strict=True)]
        n_trial = before.trial.n_cycles + now.n_trial_cycles - then.n_trial_cycles
        return Progress(ShadowCounts(*counts), TrialHealth(n_trial, before.trial.trial_s + running.trial_s))

    def _write_progress(self, running: Running | None) -> None:
        if running is not None and self.order.stage:
            self._store.progress(self._progress(running.looked_s))
            self._stamp = self._store.stamp()

    def _take(self, step: Step, now_s: float) -> None:
        """Write the step down, then do it; nothing where somebody changed the file meanwhile."""
        seen = self._written.world
        result = after(seen, step)
        note = _note(seen, step)
        self._change(lambda now: result if now == seen else now, note)
        if self._written.world != result:
            return
        log.info(f"update {note.event}", model=note.model, why=note.detail)
        self._end_test()
        if isinstance(step, SelfTestIt):
            self._begin_test(result)
        elif isinstance(step, StartShadow | StartTrial):
            before = self._written.progress
            self._running = Running(now_s, self._gauges.read(), before, looked_s=now_s, written_s=now_s)
        else:
            self._running = None
            self._gauges.put_failed("", "-")

    def _begin_test(self, world: World) -> None:
        assert world.candidate is not None
        rung, ladder, where = self._gauges.rung(), self._where.ladder, self._where
        rungs = tuple(dict.fromkeys((rung, *((CPU,) if CPU in ladder.rungs else ()))))
        folder = str(where.bundles / world.candidate.sha256)
        settings = LadderSettings(rungs, ladder.memory_mib, ladder.engines, ladder.engines_mib, ladder.build_limit_s)
        spec = SelfTestSpec(folder, world.candidate.sha256, str(where.shipped), settings, 0)
        self._test = SelfTestProcess(spec)

    def _end_test(self) -> None:
        if self._test is not None:
            self._test.kill()
            self._test = None

    def _why_damaged(self, sha256: str) -> str:
        if sha256 == SHIPPED:
            return ""
        try:
            verified(self._where.bundles / sha256, sha256)
        except (QuietstepError, OSError) as error:
            return str(getattr(error, "found", error))
        return ""


def order_of(world: World) -> ModelOrder:
    """What the monitor is told of a world."""
    pointer, candidate = world.pointer, world.candidate
    if candidate is None or not candidate.running or candidate.stage is Stage.STAGED:
        return ModelOrder(pointer.active, pointer.fallback)
    stage = "shadow" if candidate.stage is Stage.SHADOW else "trial"
    return ModelOrder(pointer.active, pointer.fallback, candidate.sha256, stage)  # type: ignore[arg-type]


def _note(world: World, step: Step) -> Note:
    candidate = world.candidate
    of_active = isinstance(step, RollBack) and step.active
    sha256 = world.pointer.active if of_active or candidate is None else candidate.sha256
    name = named(candidate) if candidate is not None and not of_active else _named_active(world)
    why = getattr(step, "reason", "")
    return Note(int(time.time()), sha256, name, EVENTS[type(step)], why)


def _which(world: World) -> str | None:
    return world.candidate.sha256 if world.candidate else None


def _named_active(world: World) -> str:
    floors = [floor for floor in world.pointer.floors if floor.sha256 == world.pointer.active]
    return f"{floors[0].model_id} {'.'.join(map(str, floors[0].version))}" if floors else ""
