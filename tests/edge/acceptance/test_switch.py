"""The switch: between two cycles, without a lost frame, and with rows that never mix two models."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from edge.answering import Answering
from edge.bundle import read_bundle
from edge.config import REFERENCE_BUNDLE, Camera, Config, Encoder
from edge.diary.diary import Diary, MemoryLedger
from edge.diary.store import Store
from edge.encoder import AffectEncoder, open_encoder
from edge.encoder.climb import Listener, Silent
from edge.errors import WireError
from edge.gait.walker import Walker, skeletons
from edge.gauges import Gauges
from edge.model_order import ModelOrder
from edge.monitor import NS, Monitor
from edge.rungs import CPU_ONLY
from edge.sense.lock import unlocked_threads
from edge.service import STEP_S, Service, serving
from edge.update.bundles import candidate_of, put
from edge.update.decide import Limits, Stage, offered
from edge.update.pointer import ModelStore
from edge.wire import Frame, Person, Tick, decode, encode, pack_body

WALKER = "synthetic:identity=1,affect=neutral,view=side,path=treadmill,seconds=900"
"""Not live: no frame is skipped, so that a busy machine gets the same cycles, later."""
SOON = Limits(shadow_cycles=3, trial_cycles=2, trial_s=0.0, most_flips=1.0, most_abstain_gap=1.0, most_same=1.0)
START_NS = 1_800_000_000 // 3600 * 3600 * NS
VISIBLE = np.full(20, 0.9, np.float32)
TRIED = "f" * 64


def opener(tried: Path) -> Callable[[str, Listener], AffectEncoder]:
    apart = msgspec.structs.replace(CPU_ONLY, apart=True)
    return lambda name, told: (
        open_encoder(tried, apart, told) if name else open_encoder(REFERENCE_BUNDLE, CPU_ONLY, told)
    )


def walk(monitor: Monitor, start_s: int, seconds: int = 14, seed: int = 0) -> None:
    t_s = np.arange(seconds * 30) / 30
    for n, body in enumerate(skeletons(Walker(identity=0, affect="neutral", seed=seed), t_s)):
        t_ns = start_s * NS + n * NS // 30
        if n % 30 == 0:
            monitor.update(Tick(t_ns, START_NS + t_ns))
        monitor.update(
            Frame("hall", start_s * 30 + n, t_ns, START_NS + t_ns, "ok", (Person(seed, pack_body(body, VISIBLE)),))
        )


def change(models: Answering, order: ModelOrder, page: Gauges, to: str) -> None:
    end_s = time.monotonic() + 60
    while page.model() != to and time.monotonic() < end_s:
        models.follow(order)
        time.sleep(0.02)
    assert page.model() == to


def test_rows_name_both_models_in_order_and_none_holds_moods_of_two(make_bundle) -> None:
    page, ledger = Gauges.create(), MemoryLedger()
    models = Answering(opener(make_bundle()), ModelOrder(), page, Silent())
    monitor = Monitor(models, Diary(ledger, models.model_id, models.rung), ("hall",))
    trial = ModelOrder(beside=TRIED, stage="trial")
    for n in range(4):
        walk(monitor, 60 * n, seed=n)
    walk(monitor, 3600, seed=5)
    change(models, trial, page, TRIED)
    for n in range(1, 5):
        walk(monitor, 3600 + 60 * n, seed=5 + n)
    monitor.flush()
    monitor.stop(START_NS / NS + 2 * 3600, for_good=True)
    models.close()
    first, second, *_ = ledger.rows
    assert [(row.model_id, row.rung) for row in (first, second)] == [("reference-2.0.0", "cpu"), ("tried-3.0.0", "cpu")]
    assert first.n_walks == second.n_walks, "the walk before the switch is in neither row's moods"
    assert page.read().n_trial_cycles > 0


def test_a_switch_waits_for_nothing_and_a_model_that_does_not_open_changes_nothing(make_bundle) -> None:
    page, broken = Gauges.create(), make_bundle(seed=9)
    (broken / "encoder.onnx").write_bytes(b"torn")
    models = Answering(opener(broken), ModelOrder(), page, Silent())
    end_s = time.monotonic() + 60
    while not page.failed()[0] and time.monotonic() < end_s:
        models.follow(ModelOrder(beside=TRIED, stage="trial"))
        assert models.model_id == "reference-2.0.0"
        time.sleep(0.02)
    assert page.failed()[0] == TRIED
    assert "encoder.onnx" in page.failed()[1]
    assert page.model() == ""
    models.close()


def test_what_cannot_be_opened_at_the_start_is_stood_in_for(make_bundle) -> None:
    page = Gauges.create()
    models = Answering(opener(Path("/nowhere")), ModelOrder(active=TRIED, fallback="e" * 64), page, Silent())
    assert models.model_id == "reference-2.0.0"
    assert page.failed()[0] == "e" * 64
    models.close()


@pytest.mark.parametrize("name", ["../" * 10 + "etc", "F" * 64, "f" * 63, "f" * 64 + "/"])
def test_a_model_is_named_by_a_hash_alone(name: str) -> None:
    assert decode(encode(Tick(1, 2, models=ModelOrder(beside=TRIED, stage="trial")))).models.beside == TRIED
    with pytest.raises(WireError):
        decode(encode(Tick(1, 2, models=ModelOrder(active=name))))


class Home:
    """A service in a folder of its own, with its cameras."""

    def __init__(self, folder: Path, pose_model: Path) -> None:
        camera = Camera(place="hall", source=WALKER)
        self.config = Config(camera=(camera,), data_dir=folder / "data", encoder=Encoder(rungs=("cpu",)))
        self.service = Service(self.config, pose_model, limits=SOON)
        self.store = ModelStore(self.config.models)

    def offer(self, folder: Path, stage: Stage = Stage.STAGED) -> str:
        bundle = read_bundle(folder)
        sha256 = put(bundle, self.config.bundles)
        self.store.change(lambda world: offered(world, candidate_of(bundle, sha256)))
        if stage is not Stage.STAGED:
            self.store.change(lambda world: replace(world, candidate=replace(world.candidate, stage=stage)))
        return sha256

    def step_until(self, done: Callable[[], bool], within_s: float = 150.0) -> None:
        begin_s = time.monotonic()
        while not done():
            assert time.monotonic() - begin_s < within_s, (self.service.status, self.store.read(), self.store.history())
            self.service.step()
            time.sleep(STEP_S)

    def open_model(self) -> str:
        """The model that the diary's open hour names."""
        with Store.open(self.config.diary, self.config.key) as store:
            return store.load()[0].model_id


def rung_processes(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sorted(int(child) for task in tasks for child in (task / "children").read_text().split())


@pytest.mark.chain
def test_committed_beside_a_running_camera_then_one_that_dies_on_trial(
    tmp_path: Path, pose_model: Path, make_bundle
) -> None:
    home = Home(tmp_path, pose_model)
    with serving(home.service):
        monitor = home.service.children[0]
        first = home.offer(make_bundle())
        home.step_until(lambda: home.store.read().world.pointer.active == first)
        assert home.service.status.reading.n_gaps == 0
        second = home.offer(make_bundle(version="4.0.0", seed=2), Stage.TRIAL)
        home.step_until(lambda: home.service._gauges.model() == second)
        assert monitor.pid
        theirs = rung_processes(monitor.pid)
        assert len(theirs) == 2, "the one on trial and the committed one, each apart"
        assert not [task for pid in theirs for task in unlocked_threads(pid)], "neither has a network"
        os.kill(theirs[-1], signal.SIGKILL)
        n_before = home.service.status.reading.n_cycles
        home.step_until(lambda: second in home.store.read().world.quarantined)
        home.step_until(lambda: home.service.status.reading.n_cycles >= n_before + 1)
        reading = home.service.status.reading
        assert (reading.n_gaps, monitor.watch.n_deaths, reading.diary_failures) == (0, 0, 0)
        assert home.service._gauges.model() == first
    assert home.open_model() == "tried-3.0.0"
    events = [note.event for note in home.store.history()]
    assert events == ["self-test", "in the shadow", "on trial", "committed", "on trial", "rolled back"]
