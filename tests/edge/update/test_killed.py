"""Killed at every step that touches a disk: a real process, a real SIGKILL, then the same home asks again.

Each write point (a synced file or folder, a rename, a commit) is a place to die before and after. What a power cut adds
is what was never synced: unfinished files lose their bytes. Floors never drop, and the update finishes unaided.
"""

import json
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.bundle import read_bundle
from edge.errors import QuietstepError
from edge.update import trust_store
from edge.update.check_update import Staged
from edge.update.trust_store import open_trust_store
from tests.edge.update.conftest import TARGET, Home
from tests.edge.update.simulated_repository import DELEGATED, Server, honest

FORK = multiprocessing.get_context("fork")


class Deadly:
    """Counts write points in this process, and dies at one of them."""

    def __init__(self, dies_at: int) -> None:
        self.n_points = 0
        self.dies_at = dies_at

    def __call__(self, call: Callable[..., object]) -> Callable[..., object]:
        def instead(*args: object, **named: object) -> object:
            self._point()
            result = call(*args, **named)
            self._point()
            return result

        return instead

    def _point(self) -> None:
        self.n_points += 1
        if self.n_points == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)


def in_child(home: Home, dies_at: int) -> tuple[int, int]:
    """One check in a process of its own; its exit code, and how many write points it passed."""
    passed = FORK.Value("i", 0)

    def work() -> None:
        deadly = Deadly(dies_at)
        for owner, name in ((os, "fsync"), (os, "replace"), (os, "unlink"), (trust_store, "_commit")):
            setattr(owner, name, deadly(getattr(owner, name)))
        try:
            home.check()
        except QuietstepError:
            os._exit(3)
        passed.value = deadly.n_points
        os._exit(0)

    process = FORK.Process(target=work)
    process.start()
    process.join(60.0)
    assert process.exitcode is not None
    return process.exitcode, passed.value


def lose_what_was_not_synced(home: Home) -> None:
    """The worst that a power cut may leave of unfinished files: names and lengths, no bytes."""
    unfinished = [
        *home.folder.glob("downloads/*.part"),
        *home.folder.glob("bundles/.new-*/*"),
        *home.folder.glob("*.new"),
    ]
    for path in unfinished:
        path.write_bytes(bytes(path.stat().st_size))


def floors(home: Home) -> tuple[int, tuple[int, ...], dict[str, int]]:
    """Time floor, version floor and the versions of the trusted metadata, as they are on disk."""

    if not (home.folder / "update.db").exists():
        return 0, (), {}
    with open_trust_store(home.folder, home.build_s, home.version) as store:
        versions = {one.role: json.loads(one.content)["signed"]["version"] for one in store.metadata()}
        return store.standing.time_floor_s, store.version_floor, versions


def not_below(
    now: tuple[int, tuple[int, ...], dict[str, int]], before: tuple[int, tuple[int, ...], dict[str, int]]
) -> bool:
    return now[:2] >= before[:2] and all(now[2].get(role, 0) >= version for role, version in before[2].items())


@pytest.fixture
def ready(home: Home, archive: bytes) -> Home:
    """A home with some trust, for which a release waits."""
    home.check()
    home.later(hours=1)
    home.repository.offer(TARGET, archive)
    return home


def test_killed_at_every_write_point(ready: Home, tmp_path: Path) -> None:
    """Every second time the power goes too."""
    before, first = floors(ready), ready.folder
    ready.folder = tmp_path / "whole"
    shutil.copytree(first, ready.folder)
    code, n_points = in_child(ready, 0)
    assert code == 0
    assert n_points > 30
    for point in range(1, n_points + 1):
        ready.folder = tmp_path / f"died-{point}"
        shutil.copytree(first, ready.folder)
        code, _ = in_child(ready, point)
        assert code == -signal.SIGKILL
        if point % 2:
            lose_what_was_not_synced(ready)
        between = floors(ready)
        assert not_below(between, before), point
        for name in ready.staged_names():
            assert name.startswith(".new-") or read_bundle(ready.folder / "bundles" / name)
        staged = ready.check()
        assert isinstance(staged, Staged), point
        assert not_below(floors(ready), between), point
        assert ready.staged_names() == [staged.sha256]
        assert not list((ready.folder / "downloads").iterdir())
        shutil.rmtree(ready.folder)


def test_killed_at_every_write_point_of_a_first_start(home: Home, tmp_path: Path, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)
    _, n_points = in_child(home, 0)
    for point in range(1, n_points + 1, 5):
        home.folder = tmp_path / f"died-{point}"
        assert in_child(home, point)[0] == -signal.SIGKILL
        assert isinstance(home.check(), Staged)


def test_killed_in_the_middle_of_a_download(ready: Home) -> None:
    """The server kills the updater while it reads; what came is used."""
    victims: list[int] = []

    def kill(handler, content: bytes) -> None:  # type: ignore[no-untyped-def]
        handler.begin(200, ETag='"e"', Content_Length=len(content))
        handler.wfile.write(content[:20_000])
        handler.wfile.flush()
        while not [path for path in ready.folder.glob("downloads/*.part") if path.stat().st_size]:
            if not victims:
                break
        os.kill(victims[0], signal.SIGKILL)

    ready.server.ways[".bundle"] = kill
    process = FORK.Process(target=ready.check)
    process.start()
    assert process.pid is not None
    victims.append(process.pid)
    process.join(60.0)
    assert process.exitcode == -signal.SIGKILL
    ready.server.ways[".bundle"] = honest
    assert isinstance(ready.check(), Staged)


def test_trust_that_was_accepted_before_a_failure_stays(home: Home, archive: bytes) -> None:
    """A new root came, then the line broke: the old keys are gone for good."""
    home.check()
    home.repository.rotate("timestamp")
    home.server.ways["timestamp.json"] = lambda handler, content: handler.begin(500)
    with pytest.raises(QuietstepError):
        home.check()
    versions = floors(home)[2]
    assert versions["root"] == 2
    assert versions["timestamp"] == 1
    home.server.ways.clear()
    home.repository.publish(*DELEGATED)
    home.check()
    assert floors(home)[2]["timestamp"] == 2


def test_two_updaters_do_not_work_at_once(home: Home) -> None:
    with (
        open_trust_store(home.folder, home.build_s, home.version),
        pytest.raises(QuietstepError, match="another updater"),
    ):
        home.check()
    home.check()
    assert isinstance(home.server, Server)
