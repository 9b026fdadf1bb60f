"""Replays, torn files, clocks and ETags that lie, by name: on the production path, over HTTP; nothing comes of it."""

import itertools
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from edge.errors import UpdateError, UpdateFetchError, UpdateRefusedError, UpdateStoreError
from edge.update.check_update import Running, Staged
from edge.update.choose import Nothing
from tests.edge.update.conftest import TARGET, Home
from tests.edge.update.refusing import NEXT, refused
from tests.edge.update.simulated_repository import DELEGATED, Handler, honest
from tests.edge.update.small_bundle import make_archive


def test_drop_request(home: Home, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)

    def drop(handler: Handler, content: bytes) -> None:
        handler.close_connection = True

    for path in ("timestamp.json", "snapshot.json", "2.releases.json", "stable.json", ".bundle"):
        home.server.ways = {path: drop}
        refused(home, UpdateFetchError)
    assert home.standing().n_failures == 5
    home.server.ways.clear()
    assert isinstance(home.check(), Staged)
    assert home.standing().n_failures == 0


PARTS = ("update.db", "update.db.made", "update.lock")
SUBSETS = [subset for n in (1, 2, 3) for subset in itertools.combinations(PARTS, n)]


@pytest.mark.parametrize("how", ["gone", "zeroed", "cut"])
def test_replay_after_files_of_trust_were_torn(home: Home, tmp_path: Path, archive: bytes, how: str) -> None:
    """The older state is validly signed and not expired; whatever was torn, it brings no older model."""
    home.repository.offer(TARGET, archive)
    replayed = dict(home.repository.files)
    home.repository.offer(NEXT, make_archive(tmp_path / "next", "2.2.0"))
    assert isinstance(home.check(), Staged)
    home.server.files = replayed
    whole = home.folder
    for subset in SUBSETS:
        home.folder = tmp_path / "+".join(subset)
        shutil.copytree(whole, home.folder)
        for part in subset:
            tear(home.folder / part, how)
        outcome = refused_or_nothing(home)
        if isinstance(outcome, Nothing):  # nothing was left that could tell this from a new device
            assert how == "gone"
            assert set(subset) >= {"update.db", "update.db.made"}


def refused_or_nothing(home: Home) -> Nothing | UpdateError:
    """What comes of a check by a device that runs 2.2.0; a staged bundle fails the test."""
    try:
        found = home.check(Running("2.2.0"))
    except (UpdateStoreError, UpdateRefusedError) as error:
        return error
    assert isinstance(found, Nothing)
    return found


def tear(path: Path, how: str) -> None:
    """What a power cut makes of a file nobody synced."""
    size = path.stat().st_size
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(bytes(size) if how == "zeroed" else path.read_bytes()[: size // 2])


def test_files_of_tuf_that_lie_around_are_not_trusted(home: Home, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)
    home.check()
    for role in ("root", "timestamp", "snapshot", "targets", "releases", "rollout"):
        (home.folder / f"{role}.json").write_bytes(b"")
    assert isinstance(home.check(), Staged)


def test_clock_set_back_revives_nothing(home: Home, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)  # the rollout holds for three days, and is never signed again
    home.later(days=8)
    home.repository.publish()
    assert "time is over" in str(refused(home))
    home.clock_s -= 7 * 86400
    assert "time is over" in str(refused(home))
    assert home.standing().time_floor_s > home.clock_s


def test_clock_before_the_build_is_not_believed(home: Home) -> None:
    """A device without a battery wakes in 1970; metadata that expired before it was built stay expired."""
    home.build_s = int(home.clock_s) + 2 * 86400
    home.clock_s = 0.0
    assert "time is over" in str(refused(home))


@pytest.mark.parametrize("over", ["rollout", "snapshot"])
def test_the_signed_time_counts_while_the_clock_stands(home: Home, archive: bytes, over: str) -> None:
    home.repository.offer(TARGET, archive)
    home.repository.now += timedelta(days=8)
    if over == "rollout":
        home.repository.sign("snapshot")
    home.repository.timestamp.snapshot_meta.version = home.repository.snapshot.version
    home.repository.sign("timestamp")
    assert "time is over" in str(refused(home))
    assert "time is over" in str(refused(home))


def test_clock_set_forward_heals_when_it_is_set_right(home: Home, archive: bytes) -> None:
    home.check()
    home.clock_s += 20 * 365 * 86400
    assert "time is over" in str(refused(home))
    home.clock_s -= 20 * 365 * 86400
    home.repository.offer(TARGET, archive)
    assert isinstance(home.check(), Staged)


def test_a_thief_of_the_timestamp_key_cannot_lock_a_device_out(home: Home, archive: bytes) -> None:
    """Signed in the far future, version and all; new keys of the honest publisher end it."""
    repository = home.repository
    now = repository.now
    repository.now += timedelta(days=70 * 365)
    repository.sign("timestamp")
    assert "time is over" in str(refused(home))
    assert home.standing().time_floor_s <= home.clock_s
    repository.now = now
    repository.rotate("timestamp")
    repository.offer(TARGET, archive)
    assert isinstance(home.check(), Staged)


def lie_304(handler: Handler, content: bytes) -> None:
    """Not modified, whatever happened; honest to who asks without a condition."""
    if handler.headers.get("If-None-Match"):
        handler.begin(304)
    else:
        honest(handler, content)


def test_etag_lies_freeze_no_longer_than_silence(home: Home, archive: bytes) -> None:
    home.check()
    home.server.ways["timestamp.json"] = lie_304
    home.later(hours=12)
    home.repository.offer(TARGET, archive)
    assert isinstance(home.check(), Nothing)
    home.later(hours=13)
    home.repository.publish(*DELEGATED)
    assert isinstance(home.check(), Staged)  # the trusted timestamp expired, so it was asked for in full


def test_etag_lie_of_a_304_that_nobody_asked_for(home: Home) -> None:
    home.server.ways["timestamp.json"] = lambda handler, content: handler.begin(304)
    refused(home, UpdateFetchError)


def test_etag_lie_of_a_304_for_a_file_without_one(home: Home, archive: bytes) -> None:
    home.check()
    home.repository.offer(TARGET, archive)
    home.server.ways["2.snapshot.json"] = lambda handler, content: handler.begin(304)
    refused(home, UpdateFetchError)


def test_etag_lie_of_one_etag_for_two_files(home: Home, archive: bytes) -> None:
    def same_etag(handler: Handler, content: bytes) -> None:
        if handler.headers.get("If-None-Match"):
            handler.begin(304)
        else:
            handler.begin(200, ETag='"one"', Content_Length=len(content))
            handler.wfile.write(content)

    home.server.ways["timestamp.json"] = same_etag
    home.check()
    home.server.ways["timestamp.json"] = honest
    home.repository.offer(TARGET, archive)
    assert isinstance(home.check(), Staged)


def test_etag_is_kept_only_for_the_bytes_that_are_trusted(home: Home) -> None:
    home.check()
    etag = home.standing().timestamp_etag
    home.server.files = home.repository.files | {"metadata/timestamp.json": b"{}"}
    refused(home)
    assert home.standing().timestamp_etag != etag
    home.server.files = home.repository.files
    home.check()
    assert home.standing().timestamp_etag == etag
