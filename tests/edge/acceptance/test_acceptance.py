"""The whole way of a model, with real processes for self-test, shadow and trial: only camera and diary are left out.

Each bad model, wherever it shows, is refused or rolled back, stands in quarantine, and the old one never stops.
"""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from edge.answering import Answering
from edge.bundle import GOLDEN, read_bundle
from edge.config import REFERENCE_BUNDLE
from edge.encoder import AffectEncoder, open_encoder
from edge.encoder.climb import Listener
from edge.errors import UpdateRefusedError
from edge.gauges import Gauges
from edge.ladder_log import LadderLog
from edge.rungs import CPU_ONLY
from edge.update.acceptance import Acceptance, Where
from edge.update.bundles import candidate_of, put
from edge.update.decide import SHIPPED, Limits, Stage, offered
from edge.update.pointer import ModelStore, Note

SOON = Limits(shadow_cycles=60, trial_cycles=40, trial_s=0.0, most_flips=1.0, most_abstain_gap=1.0)
LIVE_S = 4.0
"""Longer than any golden cycle: what a live graph turns bad at."""
WITHIN_S = 60.0


@dataclass
class Home:
    """A supervisor's acceptance and a monitor's models in one process, and somebody who walks up and down."""

    folder: Path
    limits: Limits = SOON

    def __post_init__(self) -> None:
        self.store = ModelStore(self.folder / "models.db")
        self.bundles = self.folder / "bundles"
        self.gauges = Gauges.create()
        self.acceptance = Acceptance(
            self.store, Where(self.bundles, REFERENCE_BUNDLE, CPU_ONLY), self.gauges, self.limits
        )
        self.models: Answering | None = None
        self.answered: list[str] = []
        self.now_s = 0.0
        with np.load(REFERENCE_BUNDLE / GOLDEN) as arrays:
            self.x_NTJC = arrays["x_NTJC"]

    def start(self) -> None:
        self.acceptance.start()
        self.models = Answering(self._open, self.acceptance.order, self.gauges, LadderLog(self.gauges))

    def _open(self, name: str, told: Listener) -> AffectEncoder:
        if not name:
            return open_encoder(REFERENCE_BUNDLE, CPU_ONLY, told)
        return open_encoder(self.bundles / name, msgspec.structs.replace(CPU_ONLY, apart=True), told)

    def offer(self, folder: Path, stage: Stage = Stage.STAGED) -> str:
        """``stage``: as if it had come so far already, which spares a test the processes before."""
        bundle = read_bundle(folder)
        sha256 = put(bundle, self.bundles)
        candidate = candidate_of(bundle, sha256)
        self.store.change(lambda world: offered(world, candidate), Note(0, sha256, "m", "staged"))
        if stage is not Stage.STAGED:
            self.store.change(lambda world: replace(world, candidate=replace(candidate, stage=stage)))
        return sha256

    def step(self, duration_s: float = 1.2) -> None:
        """A second of a home: one look of the supervisor, one tick, and twenty cycles, each of them answered."""
        assert self.models is not None
        self.now_s += 1.0
        self.acceptance.update(self.now_s)
        self.models.follow(self.acceptance.order)
        encoded = self.models.encode(self.x_NTJC, np.full(len(self.x_NTJC), duration_s))
        assert encoded.posterior_NK.shape == (len(self.x_NTJC), 4)
        assert np.isfinite(encoded.posterior_NK).all()
        self.answered.append(self.models.model_id)
        time.sleep(0.02)

    def step_until(self, done: Callable[[], bool], duration_s: float = 1.2) -> None:
        begin_s = time.monotonic()
        while not done():
            assert time.monotonic() - begin_s < WITHIN_S, (self.store.read(), self.acceptance.waiting)
            self.step(duration_s)

    def events(self) -> list[str]:
        return [note.event for note in self.store.history()]

    def why(self) -> str:
        return self.store.history()[-1].detail

    def close(self) -> None:
        self.acceptance.stop()
        if self.models:
            self.models.close()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    home.start()
    yield home
    home.close()


def test_a_good_model_is_tested_shadowed_tried_and_committed(home: Home, make_bundle) -> None:
    sha256 = home.offer(make_bundle())
    home.step_until(lambda: home.store.read().world.pointer.active == sha256)
    assert home.events() == ["staged", "self-test", "in the shadow", "on trial", "committed"]
    home.step()
    assert [one for n, one in enumerate(home.answered) if one != home.answered[n - 1] or not n] == [
        "reference-2.0.0",
        "tried-3.0.0",
    ]
    assert home.gauges.model() == sha256
    with pytest.raises(UpdateRefusedError, match="not newer"):
        home.offer(make_bundle(seed=1))


def test_a_model_that_is_bad_from_the_start_does_not_pass_its_self_test(home: Home, make_bundle) -> None:
    sha256 = home.offer(make_bundle("crash"))
    home.step_until(lambda: sha256 in home.store.read().world.quarantined)
    assert home.events() == ["staged", "self-test", "quarantined"]
    assert set(home.answered) == {"reference-2.0.0"}
    assert not (home.bundles / sha256).exists()
    with pytest.raises(UpdateRefusedError, match="quarantine"):
        home.offer(make_bundle("crash"))


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("crash", "ended"),
        ("hang", "no answer within"),
        ("nan", "not a number"),
        ("slow", "no answer within|too slow"),  # which one is noticed first is the machine's load
        ("constant", "same answer"),
        ("wrong shape", "shape"),
        ("too large", "fail"),
    ],
)
def test_a_model_that_turns_bad_on_live_cycles_is_found_in_the_shadow(
    home: Home, make_bundle, kind: str, word: str
) -> None:
    whole_way = kind == "nan"
    sha256 = home.offer(make_bundle(kind, live=True), Stage.STAGED if whole_way else Stage.SHADOW)
    home.step_until(lambda: sha256 in home.store.read().world.quarantined, LIVE_S)
    assert home.events() == ["staged", *(["self-test"] * whole_way), "in the shadow", "quarantined"]
    assert re.search(word, home.why())
    assert set(home.answered) == {"reference-2.0.0"}


@pytest.mark.parametrize("kind", ["crash", "hang", "nan"])
def test_a_model_that_turns_bad_on_trial_is_left_at_once(home: Home, make_bundle, kind: str) -> None:
    sha256 = home.offer(make_bundle(kind, live=True), Stage.TRIAL)
    home.step_until(lambda: home.gauges.model() == sha256)
    home.step(LIVE_S)
    assert home.answered[-1] == "reference-2.0.0", "the very cycles that it failed on"
    home.step_until(lambda: sha256 in home.store.read().world.quarantined, LIVE_S)
    assert home.events()[-2:] == ["on trial", "rolled back"]
    assert home.store.read().world.pointer.active == SHIPPED


def test_a_monitor_that_dies_in_three_trials_is_the_end_of_them(home: Home, make_bundle) -> None:
    sha256 = home.offer(make_bundle(), Stage.TRIAL)
    home.acceptance._limits = Limits()
    for _ in range(3):
        home.step_until(lambda: home.acceptance.order.stage == "trial")
        home.acceptance.monitor_died()
        assert home.acceptance.order.stage == ""
    home.step_until(lambda: sha256 in home.store.read().world.quarantined)
    assert home.events()[1:] == ["on trial"] * 3 + ["rolled back"]
    assert "3 trials" in home.why()


@pytest.mark.parametrize("stage", list(Stage))
def test_after_a_power_cut_in_any_stage_it_finishes_unaided(home: Home, make_bundle, stage: Stage) -> None:
    sha256 = home.offer(make_bundle(), stage)
    home.store.change(lambda world: replace(world, candidate=replace(world.candidate, attempts=1, running=True)))
    again = Home(home.folder)
    again.start()
    again.step()
    assert again.answered == ["reference-2.0.0"]
    again.step_until(lambda: again.store.read().world.pointer.active == sha256)
    again.close()


def test_another_model_that_says_something_else_is_found_in_the_shadow(tmp_path: Path, make_bundle) -> None:
    home = Home(tmp_path, Limits(shadow_cycles=60, most_abstain_gap=1.0))
    home.start()
    sha256 = home.offer(make_bundle(seed=3), Stage.SHADOW)
    home.step_until(lambda: sha256 in home.store.read().world.quarantined)
    assert "another mood" in home.why()
    home.close()


def test_a_committed_model_whose_process_is_killed_is_left_for_the_one_before(home: Home, make_bundle) -> None:
    first = home.offer(make_bundle(), Stage.TRIAL)
    home.step_until(lambda: home.store.read().world.pointer.active == first)
    assert home.models is not None
    rung = home.models._encoder._climb.accepted.rung
    os.kill(rung._process.pid, signal.SIGSEGV)
    home.step_until(lambda: first in home.store.read().world.quarantined)
    assert home.answered[-1] == "reference-2.0.0"
    assert home.events()[-1] == "rolled back"
    assert home.store.read().world.pointer.floor("tried").version == (3,)


def test_a_committed_bundle_that_was_damaged_does_not_run_and_may_come_again(tmp_path: Path, make_bundle) -> None:
    home = Home(tmp_path)
    home.start()
    sha256 = home.offer(make_bundle(), Stage.TRIAL)
    home.step_until(lambda: home.store.read().world.pointer.active == sha256)
    home.close()
    manifest = home.bundles / sha256 / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"ood_threshold": 1.0', '"ood_threshold": 9.0'))
    again = Home(tmp_path)
    again.start()
    again.step()
    assert again.answered == ["reference-2.0.0"]
    assert again.events()[-1] == "rolled back"
    assert again.offer(make_bundle()) == sha256, "the same bytes that were committed"
    again.close()


def test_a_damaged_file_of_models_means_the_one_that_ships_and_no_updates(tmp_path: Path, make_bundle) -> None:
    home = Home(tmp_path)
    home.start()
    sha256 = home.offer(make_bundle(), Stage.TRIAL)
    home.step_until(lambda: home.store.read().world.pointer.active == sha256)
    home.close()
    content = bytearray(home.store.path.read_bytes())
    content[len(content) // 2] ^= 1
    home.store.path.write_bytes(content)
    home.store.path.with_name("models.db-wal").unlink(missing_ok=True)
    again = Home(tmp_path)
    again.start()
    again.step()
    assert again.answered == ["reference-2.0.0"]
    again.close()


def test_a_stop_in_the_shadow_goes_on_where_it_was(tmp_path: Path, make_bundle) -> None:
    home = Home(tmp_path)
    home.start()
    home.offer(make_bundle(), Stage.SHADOW)
    home.step_until(lambda: home.gauges.read().n_shadow_cycles >= 40)
    home.close()
    written = home.store.read()
    assert written.world.candidate is not None
    assert (written.world.candidate.attempts, written.world.candidate.running) == (0, False)
    assert written.progress.shadow.n_cycles >= 40
    assert all(count % 5 == 0 for count in (written.progress.shadow.n_both, written.progress.shadow.n_flips))
    again = Home(tmp_path)
    again.start()
    again.step_until(lambda: "on trial" in again.events())
    assert again.gauges.read().n_shadow_cycles < 60
    again.close()
