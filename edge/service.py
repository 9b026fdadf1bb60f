"""``quietstep run``: starts capture, eyes and monitor, watches their progress, brings back what dies, ticks the time.

Promises: a process that dies or hangs is replaced (``edge.watch`` decides when); while a camera's data do not flow its
place is told as *down* with every tick, so the lost minutes become faults; the end is orderly, so nothing queued is
lost. A place that must not be watched (``edge.permission``: a pause, quiet hours, a state that cannot be read) has no
process that could see a picture, from before the first one on, and its minutes are told as *paused*.
Refuses to go on when it cannot be right: a process that cannot lock itself in, a model, a diary or cameras that do not
open at the start, and a live camera without a consent that stands.
"""

import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Literal

import structlog

from edge.child import Child, Start
from edge.config import REFERENCE_BUNDLE, Config
from edge.doorkeeper import Doorkeeper
from edge.errors import ConsentError, ServiceError
from edge.eye import Eye, no_pictures, start_of
from edge.gauges import Gauges
from edge.model_order import ModelOrder
from edge.monitor_spec import MonitorSpec
from edge.permission import Reason, Rest
from edge.running_note import NoteKeeper, RunningNote
from edge.sense.specs import ExitCode
from edge.service_status import Status, oldest_frame_s
from edge.stop import Stop
from edge.update.acceptance import Acceptance, Where
from edge.update.decide import Limits
from edge.update.pointer import ModelStore
from edge.updater import updater_of
from edge.wire import Sender, Tick, ipc_endpoint

STEP_S: Final = 0.05
TICK_NS: Final = 1_000_000_000
MONITOR_STOP_S: Final = 15.0
ONE_BLAS_THREAD: Final = (("OPENBLAS_NUM_THREADS", "1"), ("OMP_NUM_THREADS", "1"))
"""The monitor's matrices are 24 x 24: more threads only spin."""
FINAL_CODES: Final = (ExitCode.LOCK, ExitCode.MODEL)

log = structlog.get_logger("supervisor")


class Service:
    """The supervisor; ``step`` is called again and again and returns False when there is nothing left to watch."""

    def __init__(
        self,
        config: Config,
        pose_model: Path,
        *,
        kind: Literal["home", "demo"] = "home",
        json_log: bool = False,
        limits: Limits | None = None,
    ) -> None:
        if not config.camera:
            do = 'Write quietstep.toml with [[camera]], place = "hall", source = "0", or give --source.'
            raise ServiceError("no camera in the settings", "at least one", do)
        self.folder = private_folder()
        self._config = config
        endpoint = ipc_endpoint(self.folder)
        self._gauges = Gauges.create()
        self._eyes = [Eye(camera, endpoint, pose_model) for camera in config.camera]
        self._monitor = Child("monitor", lambda: self._monitor_start(endpoint, kind, json_log))
        self._sender = Sender(endpoint)
        self._next_tick_ns = 0
        self._fell: set[str] = set()
        self._doorkeeper = Doorkeeper(config)
        self._rests: dict[str, Rest] = {}
        self._note = NoteKeeper(config.running_note)
        self._acceptance = _acceptance(config, self._gauges, limits) if kind == "home" else None
        self._updater = updater_of(config, kind, json_log=json_log)
        self.last_status = self.status

    def _monitor_start(self, endpoint: str, kind: Literal["home", "demo"], json_log: bool) -> Start:
        config = self._config
        places = tuple(camera.place for camera in config.camera)
        paths = (str(config.bundle), str(config.diary), str(config.key))
        held = (config.encoder.ladder, config.timezone, config.keeping.retention)
        spec = MonitorSpec(
            *(endpoint, places, *paths, self._gauges.fd, os.getpid(), kind, json_log, *held),
            bundles=str(config.bundles),
            models=self._acceptance.order if self._acceptance else ModelOrder(),
        )
        return start_of("edge.monitor_process", spec, (self._gauges.fd,), ONE_BLAS_THREAD)

    @property
    def children(self) -> list[Child]:
        """Every process, the monitor first."""
        updater = [self._updater.child] if self._updater else []
        return [self._monitor, *(child for eye in self._eyes for child in eye.children), *updater]

    @property
    def status(self) -> Status:
        """Where everything stands."""
        cameras = {eye.camera.place: eye.memory.progress() for eye in self._eyes}
        oldest_s = oldest_frame_s(cameras[eye.camera.place] for eye in self._eyes if not eye.resting)
        gauges = self._gauges
        return Status(
            gauges.read(), gauges.rung(), cameras, self._down(), oldest_s, gauges.stage(), self._rests, gauges.model()
        )

    def start(self, stopping: Callable[[], bool] = lambda: False) -> None:
        """Start the monitor, wait until it is ready, then start the cameras; raises ServiceError if it cannot be.

        An engine may have to be built first, which takes minutes: its progress is logged, and the wait ends early,
        without cameras, when ``stopping`` says so.
        """
        self._ask_the_doorkeeper()
        if self._acceptance:
            self._acceptance.start()
        self._monitor.start(time.monotonic(), 0)
        told = ""
        while not self._gauges.read().ready:
            self._forward_words()
            if not self._monitor.running:
                raise ServiceError("a monitor that ended at its start", "a running one", self._monitor.last_words())
            if stopping():
                return
            told = self._tell_stage(told)
            time.sleep(STEP_S)
        self._ask_the_doorkeeper()
        for eye in self._eyes:
            (eye.rest if eye.camera.place in self._rests else eye.start)(time.monotonic())

    def _tell_stage(self, told: str) -> str:
        stage = self._gauges.stage()
        if stage not in ("", told):
            log.info("preparing", stage=stage)
        return stage

    def step(self) -> bool:
        """Look after every process once; False when all recordings are over."""
        now_s = time.monotonic()
        for eye in self._eyes:
            eye.look(now_s)
        self._ask_the_doorkeeper()
        if all(eye.gives_nothing for eye in self._eyes):
            raise no_pictures(self._eyes)
        self._forward_words()
        for eye in self._eyes:
            self._look_after_eye(eye, now_s)
        self._look_after_monitor(now_s)
        if self._acceptance:
            self._acceptance.update(now_s)
        if self._updater:
            self._updater.look(now_s)
        self._tick()
        cameras = {eye.camera.place: eye.told(now_s) for eye in self._eyes}
        waiting = self._acceptance.waiting if self._acceptance else ""
        rung, model = self._gauges.rung(), self._gauges.model()
        self._note.update(RunningNote(os.getpid(), cameras, rung, model=model, update=waiting))
        return not all(eye.ended for eye in self._eyes)

    def stop(self) -> None:
        """Cameras first, then the monitor when everything they sent is booked; pictures are blanked."""
        end_ns, paused = time.monotonic_ns(), self._paused()
        for eye in self._eyes:
            eye.close()
        self._sender.send(self._tick_at(end_ns, tuple(sorted(self._fell)), paused))
        self._sender.close()
        self._note.close()
        if self._updater:
            self._updater.stop()
        if self._acceptance:
            self._acceptance.stop()
        self._monitor.ask_to_stop()
        self._monitor.stop(MONITOR_STOP_S)
        self._forward_words(all_of_them=True)
        self.last_status = Status(self._gauges.read(), self._gauges.rung(), {}, ())
        shutil.rmtree(self.folder, ignore_errors=True)

    def _ask_the_doorkeeper(self) -> None:
        """Which places rest now; a change is told with a tick of its own, so that its second is booked right."""
        before, self._rests = set(self._rests), self._doorkeeper.update()
        for place, rest in self._rests.items():
            if rest.reason is Reason.CONSENT:
                raise ConsentError(f"no consent to watch at {place}", "one that stands", rest.do)
        if set(self._rests) != before:
            self._next_tick_ns = 0

    def _look_after_eye(self, eye: Eye, now_s: float) -> None:
        if eye.ended:
            return
        if eye.camera.place in self._rests:
            eye.rest(now_s)
            return
        if eye.resting:
            eye.wake(now_s)
            return
        for child in eye.children:
            self._look_after(child, eye.beats(child), now_s)
        if eye.is_down(now_s):  # judged by the counters of this very step: the first picture comes after a long silence
            self._fell.add(eye.camera.place)  # the next tick tells it, however short it was

    def _look_after_monitor(self, now_s: float) -> None:
        if self._monitor.exit_code is not None and self._monitor.watch.due_s <= now_s:
            self._gauges.clear(("ready", "n_people"))
            self._gauges.put_rung("")
            self._gauges.put_stage("")
        reading = self._gauges.read()
        self._look_after(self._monitor, reading.beat, now_s, reading.n_preparing)

    def _look_after(self, child: Child, progress: int, now_s: float, preparing: int = 0) -> None:
        code = child.exit_code
        if code is None:
            if not child.watch.update(now_s, progress, preparing=preparing):
                log.warning("hangs and is ended", process=child.name)
                child.kill()
            return
        if code == ExitCode.ENDED and child is not self._monitor:
            return
        if code in FINAL_CODES:
            raise ServiceError(f"that the {child.name} cannot go on", "a running one", child.last_words())
        if child.watch.due_s <= child.watch.started_s:
            due_s = child.watch.died(now_s)
            if child is self._monitor and self._acceptance:
                self._acceptance.monitor_died()
            log.warning("ended", process=child.name, code=code, again_in_s=round(due_s - now_s, 1))
        elif child.watch.due_s <= now_s:
            child.start(now_s, progress)
            log.info("started again", process=child.name, n_deaths=child.watch.n_deaths)

    def _down(self) -> tuple[str, ...]:
        now_s = time.monotonic()
        return tuple(eye.camera.place for eye in self._eyes if eye.is_down(now_s))

    def _tick(self) -> None:
        now_ns = time.monotonic_ns()
        if now_ns >= self._next_tick_ns:
            self._next_tick_ns = now_ns + TICK_NS
            down = tuple(sorted({*self._down(), *self._fell}))
            self._fell.clear()
            self._sender.send(self._tick_at(min([now_ns, *self._recorded_times()]), down, self._paused()))

    def _paused(self) -> tuple[str, ...]:
        """Places whose camera is off on purpose, or was just told to come back."""
        return tuple(eye.camera.place for eye in self._eyes if not eye.ended and (eye.resting or eye.awake_soon))

    def _tick_at(self, t_mono_ns: int, down: tuple[str, ...], paused: tuple[str, ...]) -> Tick:
        models = self._acceptance.order if self._acceptance else None
        return Tick(t_mono_ns, time.time_ns() - (time.monotonic_ns() - t_mono_ns), down, paused, models)

    def _recorded_times(self) -> Iterator[int]:
        """Times of recordings of which no frame may be missed: they, not the clock, say how late it is."""
        for eye in self._eyes:
            if eye.lossless and not (eye.ended or eye.resting) and (taken := eye.memory.progress()).n_taken:
                yield taken.taken_mono_ns

    def _forward_words(self, *, all_of_them: bool = False) -> None:
        """Print what children said; a camera that never gave a picture is heard when it is clear what became of it."""
        heard = [self._monitor, *([self._updater.child] if self._updater else [])]
        for eye in self._eyes:
            heard += eye.children if all_of_them or eye.ever_ran or eye.refused else ()
        for child in heard:
            for line in child.said():
                print(line, file=sys.stderr)


def _acceptance(config: Config, gauges: Gauges, limits: Limits | None) -> Acceptance | None:
    """None where a bundle was named by hand: it is the one that was wanted."""
    if config.bundle != REFERENCE_BUNDLE:
        return None
    where = Where(config.bundles, config.bundle, config.encoder.ladder)
    return Acceptance(ModelStore(config.models), where, gauges, limits)


def private_folder() -> Path:
    """A folder of mode 0700 for the socket, gone after the run."""
    parent = os.environ.get("XDG_RUNTIME_DIR")
    try:
        return Path(tempfile.mkdtemp(prefix="quietstep-", dir=parent if parent and Path(parent).is_dir() else None))
    except OSError as error:
        found = f"no temporary folder ({error.strerror})"
        raise ServiceError(found, "room for a socket", "Free some space, or set TMPDIR.") from error


@contextlib.contextmanager
def serving(service: Service, stop: Stop | None = None) -> Iterator[Service]:
    """Start ``service`` and stop it whatever happens in the block; ``stop`` also ends the wait for an engine."""
    try:
        service.start(lambda: stop is not None and stop.asked)
        yield service
    finally:
        service.stop()
