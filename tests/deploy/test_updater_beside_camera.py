"""From two signatures to a shadow beside a running camera: publisher, web server, updater, supervisor, self-test."""

import os
import signal
import time
from pathlib import Path

import pytest

from edge.config import Camera, Config, Encoder
from edge.service import STEP_S, Service
from edge.service import serving as running
from edge.update.decide import Stage
from edge.update.note import read_note
from edge.update.pointer import ModelStore
from edge.update_commands import model_status
from edge.update_settings import Update
from tests.deploy.office import Office

pytestmark = pytest.mark.chain
WALKER = "synthetic:identity=1,affect=neutral,view=side,path=treadmill,live=yes"
WITHIN_S = 120.0


def in_shadow(store: ModelStore) -> bool:
    candidate = store.read().world.candidate
    return candidate is not None and candidate.stage is Stage.SHADOW


def test_a_signed_release_comes_into_the_shadow_while_the_camera_runs(
    url: str, office: Office, tmp_path: Path, pose_model: Path
) -> None:
    update = Update(url=url, root=office.layout.embedded_root, every_hours=0.0005)
    camera, encoder = Camera(place="hall", source=WALKER), Encoder(rungs=("cpu",))
    config = Config(camera=(camera,), data_dir=tmp_path / "data", encoder=encoder, update=update)
    service, store = Service(config, pose_model), ModelStore(config.models)
    with running(service):
        begin_s = time.monotonic()
        while not (in_shadow(store) and service.status.reading.n_frames):
            assert time.monotonic() - begin_s < WITHIN_S, (service.status, store.history())
            service.step()
            time.sleep(STEP_S)
        reading = service.status.reading
        asking = model_status(config).updates
        names = [child.name for child in service.children]
        updater = service.children[-1]
        assert updater.pid
        first = updater.pid
        os.kill(first, signal.SIGKILL)
        while not (updater.running and updater.pid != first and (note := read_note(config.update_note))):
            assert time.monotonic() - begin_s < WITHIN_S, "it did not come back"
            service.step()
            time.sleep(STEP_S)
        assert note.outcome is not None
    assert reading.n_frames > 0
    assert (reading.diary_failures, service.children[0].watch.n_deaths, updater.watch.n_deaths) == (0, 0, 1)
    assert names == ["monitor", "capture of hall", "eyes of hall", "updater"]
    assert not updater.running
    assert [note.event for note in store.history()] == ["staged", "self-test", "in the shadow"]
    assert asking is not None
    assert asking.outcome is not None
    assert asking.outcome.offer == "releases/walk-3.0.0.bundle"
    assert asking.next_poll_s is not None
