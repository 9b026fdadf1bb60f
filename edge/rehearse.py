"""``quietstep update rehearse``: a staged model goes all its way, on simulated walks, in simulated time.

``short`` takes `SHORT` in the place of a home's limits. With ``visitor``, somebody who walks slower than all whom the
shadow saw comes by as soon as the model is on trial.

Promises: self-test, shadow, trial, commit, quarantine and roll-back are those of a home: the same supervisor's part,
the same models in processes of their own, the same segmenter, the same limits unless short ones are asked for. Only
the walker and the clock are simulated (an hour of trial passes as fast as its walks are counted), and camera, pose
process and diary are left out.
Refuses (UpdateRefusedError) a folder with a diary or a running service: there the household's own walks decide.

Shape letters: T frames, J joints, C coordinates.
"""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Final

import msgspec
import numpy as np
from rich.console import Console

from edge.affect import CLASSES
from edge.answering import Answering
from edge.config import Config
from edge.diary.diary import Diary, MemoryLedger
from edge.encoder import AffectEncoder, open_encoder
from edge.encoder.climb import Listener
from edge.errors import UpdateRefusedError
from edge.gait.pose_noise import mediapipe_like
from edge.gait.walker import Walker, skeletons
from edge.gauges import Gauges
from edge.ladder_log import LadderLog
from edge.log import set_up_logging
from edge.monitor import NS, Monitor
from edge.running_note import read_note
from edge.stop import Stop
from edge.update.acceptance import Acceptance, Where
from edge.update.decide import Limits
from edge.update.pointer import ModelStore, Note
from edge.wire import Frame, Message, Person, Tick, pack_body

RATE_HZ: Final = 30
WALK_S: Final = 12
PAUSE_S: Final = 288.0
"""Simulated seconds between two walks: twelve an hour, as in a busy hallway."""
MOST_WALKS: Final = 120
START_NS: Final = 1_800_000_000 // 3600 * 3600 * NS
PLACE: Final = "bench"


SELF_TEST_S: Final = 180.0
"""Longest wait for a self-test before the next simulated walk; its own limit ends it."""
SHORT: Final = Limits(shadow_cycles=10, trial_cycles=5, trial_s=300.0)
"""For a demonstration; a home sees a hundred cycles and an hour."""
VISITOR_SPM: Final = 64.0
"""Steps a minute of somebody who walks with a stick: a gait cycle of 1.9 s, longer than any golden one."""


def rehearse(config: Config, console: Console, *, short: bool = False, visitor: bool = False) -> None:
    """Until nothing is staged any more; each step is told as it is written down."""
    _refuse_a_home(config)
    set_up_logging(level="warning")
    store = ModelStore(config.models)
    if store.read().world.candidate is None:
        raise UpdateRefusedError("no staged model", "one to rehearse", "Stage one: quietstep update now.")
    with Stop().listening() as stop, closing(Bench(config, SHORT if short else None, visitor=visitor)) as bench:
        n_told = len(store.history())
        for _ in range(MOST_WALKS):
            bench.walk()
            n_told = _tell(store, console, n_told)
            if stop.asked or store.read().world.candidate is None:
                break
        console.print(f"{bench.n_walks} simulated walks, {bench.now_s / 3600:.1f} simulated hours.", highlight=False)


class Bench:
    """The supervisor's acceptance and the monitor's models in one process, and somebody who walks by."""

    def __init__(self, config: Config, limits: Limits | None = None, *, visitor: bool = False) -> None:
        self._config, self._gauges, self._visitor = config, Gauges.create(), visitor
        where = Where(config.bundles, config.bundle, config.encoder.ladder)
        self._acceptance = Acceptance(ModelStore(config.models), where, self._gauges, limits)
        self._acceptance.start()
        self._models = Answering(self._open, self._acceptance.order, self._gauges, LadderLog(self._gauges))
        self._monitor = Monitor(self._models, Diary(MemoryLedger(), self._models.model_id, self._models.rung), (PLACE,))
        self.now_s, self.n_walks = 0.0, 0

    def walk(self) -> None:
        """One walk past the camera; then the supervisor looks until nothing is under way, and time goes on."""
        for message in self._messages():
            self._monitor.update(message)
            if isinstance(message, Tick):
                time.sleep(0)  # the shadow's thread gets its turn
        self._monitor.flush()
        self.n_walks += 1
        end_s = time.monotonic() + SELF_TEST_S
        self._look(1.0)
        while self._test_runs() and time.monotonic() < end_s:
            time.sleep(0.1)
            self._look(1.0)
        self._look(PAUSE_S)

    def _messages(self) -> Iterator[Message]:
        walker = self._walker()
        t_T = np.arange(WALK_S * RATE_HZ) / RATE_HZ
        x_TJC, visibility_TJ = mediapipe_like(skeletons(walker, t_T), seed=self.n_walks)
        for n, (body, visible) in enumerate(zip(x_TJC, visibility_TJ, strict=True)):
            t_ns = round(self.now_s * NS) + n * NS // RATE_HZ
            if n % RATE_HZ == 0:
                yield Tick(t_ns, START_NS + t_ns)
            people = (Person(self.n_walks, pack_body(body, visible)),)
            yield Frame(PLACE, self.n_walks * WALK_S * RATE_HZ + n, t_ns, START_NS + t_ns, "ok", people)

    def _walker(self) -> Walker:
        affect = CLASSES[self.n_walks % len(CLASSES)]
        walker = Walker(identity=self.n_walks % 5, affect=affect, seed=self.n_walks)
        if not (self._visitor and self._acceptance.order.stage == "trial"):
            return walker
        slow = VISITOR_SPM / walker.gait.cadence_spm
        gait = replace(walker.gait, cadence_spm=VISITOR_SPM, speed_m_s=slow * walker.gait.speed_m_s)
        return replace(walker, gait=gait)

    def _look(self, seconds: float) -> None:
        self.now_s += seconds
        self._acceptance.update(self.now_s)
        self._models.follow(self._acceptance.order)

    def _test_runs(self) -> bool:
        return self._acceptance.waiting == "the self-test runs"

    def _open(self, name: str, told: Listener) -> AffectEncoder:
        ladder = self._config.encoder.ladder
        if not name:
            return open_encoder(self._config.bundle, ladder, told)
        return open_encoder(self._config.bundles / name, msgspec.structs.replace(ladder, apart=True), told)

    def close(self) -> None:
        """As a service ends: in order."""
        self._acceptance.stop()
        self._models.close()


def _refuse_a_home(config: Config) -> None:
    if config.diary.exists():
        do = "Name another folder with --data-dir."
        raise UpdateRefusedError(f"a diary in {config.data_dir}", "a bench's folder", do)
    if read_note(config.running_note) is not None:
        raise UpdateRefusedError("a running service", "none", "End it first.")


def _tell(store: ModelStore, console: Console, n_told: int) -> int:
    notes = store.history()
    for note in notes[n_told:]:
        console.print(_line(note), highlight=False, markup=False, soft_wrap=True)
    return len(notes)


def _line(note: Note) -> str:
    return f"{note.model}: {note.event}" + (f" ({note.detail})" if note.detail else "")
