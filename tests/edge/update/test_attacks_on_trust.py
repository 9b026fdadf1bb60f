"""Attacks on what is signed, by name: each is tried on the production path, over HTTP, and nothing comes of it."""

import copy
import itertools
import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import DelegatedRole, Delegations, Key, TargetFile

from edge.errors import UpdateError, UpdateFetchError, UpdateRefusedError, UpdateStoreError
from edge.update.check_update import Running, Staged
from edge.update.choose import Nothing
from tests.edge.update.conftest import TARGET, Home
from tests.edge.update.simulated_repository import DELEGATED, Handler, honest
from tests.edge.update.small_bundle import make_archive

NEXT = "releases/reference-2.2.0.bundle"


def refused(home: Home, error: type[UpdateError] = UpdateRefusedError) -> UpdateError:
    """The check fails with this error, stages nothing, and lowers no floor."""
    staged, floor_s = home.staged_names(), home.standing().time_floor_s
    with pytest.raises(error) as caught:
        home.check()
    assert home.staged_names() == staged
    assert home.standing().time_floor_s >= floor_s
    return caught.value


def test_arbitrary_install_of_bytes_nobody_signed(home: Home, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)
    path = home.repository.archive_path(TARGET).lstrip("/")
    home.repository.files[path] = archive[:-20_000] + bytes(20_000)
    refused(home)


def test_arbitrary_install_signed_with_keys_of_the_attackers_own(home: Home, archive: bytes) -> None:
    home.check()
    before = home.trusted()
    home.repository.signers = {
        role: [CryptoSigner.generate_ed25519() for _ in keys] for role, keys in home.repository.signers.items()
    }
    home.repository.offer(TARGET, archive)
    refused(home)
    assert home.trusted() == before


def endless(handler: Handler, content: bytes) -> None:
    """A body without end, until the other side hangs up."""
    handler.begin(200)
    handler.wfile.write(content)
    while True:
        handler.wfile.write(b" " * 65536)


@pytest.mark.parametrize("path", ["timestamp.json", "2.snapshot.json", "2.rollout.json", "stable.json", ".bundle"])
def test_endless_data(home: Home, archive: bytes, path: str) -> None:
    home.repository.offer(TARGET, archive)
    home.server.ways[path] = endless
    refused(home, UpdateError)
    assert sum(file.stat().st_size for file in home.folder.rglob("*") if file.is_file()) < 1 << 20
    home.server.ways.clear()
    assert isinstance(home.check(), Staged)


def test_endless_chain_of_roots(home: Home) -> None:
    home.server.ways[".root.json"] = lambda handler, content: honest(handler, content or home.repository.first_root)
    refused(home)


def test_extraneous_dependencies_in_the_rollout(home: Home, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)
    path = "rollout/stable.json"
    said = json.loads(
        home.repository.files[next(name for name in home.repository.files if name.endswith("stable.json"))]
    )
    home.repository.say("stable", json.dumps(said | {"also": ["releases/extra-1.0.bundle"]}).encode())
    home.repository.publish("rollout")
    refused(home)
    assert path in home.repository.rollout.targets
    assert not home.server.asked_for(".bundle")


def test_extraneous_role_below_the_rollout(home: Home, archive: bytes) -> None:
    """The online key delegates releases/* to itself: its own paths bind whatever is below it."""
    home.repository.roll_out(TARGET, archive)
    key = home.repository.signers["rollout"][0].public_key
    role = DelegatedRole("mine", [key.keyid], 1, True, paths=["releases/*"])
    home.repository.rollout.delegations = Delegations({key.keyid: key}, {"mine": role})
    home.repository.publish("rollout")
    refused(home)


def test_fast_forward_is_recovered_from_by_new_keys(home: Home, archive: bytes) -> None:
    home.check()
    repository = home.repository
    repository.snapshot.version = repository.timestamp.version = 2**31
    repository.publish("rollout")
    home.check()
    repository.snapshot.version, repository.timestamp.version = 10, 10
    repository.publish()
    refused(home)
    repository.rotate("snapshot")
    repository.rotate("timestamp")
    repository.offer(TARGET, archive)
    assert isinstance(home.check(), Staged)


def test_freeze(home: Home, archive: bytes) -> None:
    home.check()
    frozen = dict(home.repository.files)
    home.repository.offer(TARGET, archive)
    home.server.files = frozen
    home.clock_s += 23 * 3600
    assert isinstance(home.check(), Nothing)  # not to be told from silence, for a day at most
    home.clock_s += 2 * 3600
    assert "time is over" in str(refused(home))


@pytest.mark.parametrize("role", ["snapshot", "rollout", "releases", "targets"])
def test_freeze_of_one_role(home: Home, archive: bytes, role: str) -> None:
    """A fresh timestamp over a role whose time is over."""
    home.repository.offer(TARGET, archive)
    getattr(home.repository, role).expires = home.repository.now + timedelta(hours=2)
    home.repository.put(role, getattr(home.repository, role), home.repository.signers[role])
    home.clock_s += 3 * 3600
    assert "time is over" in str(refused(home))


@pytest.mark.parametrize("status", [403, 404, 418, 500, 503])
def test_malicious_mirror_that_serves_nothing(home: Home, archive: bytes, status: int) -> None:
    home.check()
    home.repository.offer(TARGET, archive)
    before = home.trusted()
    home.server.ways["json"] = lambda handler, content: handler.begin(status, Content_Length=0)
    refused(home, UpdateFetchError)
    assert home.trusted() == before
    home.server.ways.clear()
    assert isinstance(home.check(), Staged)


@pytest.mark.parametrize("garbage", [b"", b"{}", b"\xff" * 99, b"[" * 9000, b'{"signed": 3, "signatures": []}'])
def test_malicious_mirror_that_serves_garbage(home: Home, garbage: bytes) -> None:
    home.check()
    home.server.ways["timestamp.json"] = lambda handler, content: (
        handler.begin(200, Content_Length=len(garbage)),
        handler.wfile.write(garbage),
    )
    refused(home)


def test_mix_and_match_of_metadata(home: Home, archive: bytes) -> None:
    """Old snapshot, or old rollout, under names of the new ones."""
    home.repository.offer(TARGET, archive)
    for role in ("snapshot", "rollout"):
        files = dict(home.repository.files)
        files[f"metadata/2.{role}.json"] = files[f"metadata/1.{role}.json"]
        home.server.files = files
        refused(home)
    home.server.files = home.repository.files
    assert isinstance(home.check(), Staged)


def test_rollback_of_metadata(home: Home, archive: bytes) -> None:
    older = dict(home.repository.files)
    home.repository.offer(TARGET, archive)
    home.check()
    trusted = home.trusted()
    home.server.files = older
    refused(home)
    home.server.files = home.repository.files | {"metadata/timestamp.json": older["metadata/timestamp.json"]}
    refused(home)
    assert home.trusted() == trusted


def test_rollback_of_one_role_by_the_online_keys(home: Home, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)
    home.check()
    home.repository.snapshot.meta["releases.json"].version = 1
    home.repository.publish()
    refused(home)


def test_rollback_to_an_older_release_that_is_validly_signed(home: Home, tmp_path: Path, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)
    assert isinstance(home.check(Running("2.2.0")), Nothing)
    home.version = "2.2.0"  # what came with this Quietstep, or was committed once
    assert isinstance(home.check(Running("2.0.0")), Nothing)
    home.version = "2.0.0"
    assert isinstance(home.check(Running("2.0.0")), Nothing)
    assert not home.server.asked_for(".bundle")


def test_key_compromise_of_the_rollout_key_alone(home: Home, tmp_path: Path, archive: bytes) -> None:
    evil = make_archive(tmp_path / "evil", "2.2.0")
    home.repository.offer(TARGET, archive)
    home.repository.roll_out(NEXT, evil)  # not listed by releases
    home.repository.serve(NEXT, evil)
    home.repository.publish("rollout")
    refused(home)
    home.repository.roll_out(TARGET, evil)  # listed, but with other bytes
    home.repository.publish("rollout")
    refused(home)
    home.repository.roll_out(NEXT, evil)  # listed, but by the wrong role
    home.repository.rollout.targets[NEXT] = TargetFile.from_data(NEXT, evil, ["sha256"])
    home.repository.publish("rollout")
    refused(home)
    assert not home.server.asked_for(".bundle")


def test_key_compromise_of_one_release_key(home: Home, archive: bytes) -> None:
    repository = home.repository
    repository.release(TARGET, archive)
    repository.roll_out(TARGET, archive)
    repository.signers["releases"] = repository.signers["releases"][:1]
    repository.publish(*DELEGATED)
    refused(home)


def test_key_compromise_of_all_online_keys(home: Home, tmp_path: Path) -> None:
    evil = make_archive(tmp_path / "evil", "2.2.0")
    repository = home.repository
    repository.signers["releases"] = repository.signers["rollout"] * 2
    repository.offer(NEXT, evil)
    refused(home)


def test_duplicate_key_ids_count_once(home: Home, archive: bytes) -> None:
    repository = home.repository
    repository.signers["releases"] = repository.signers["releases"][:1]
    repository.offer(TARGET, archive)
    metadata = json.loads(repository.files["metadata/2.releases.json"])
    metadata["signatures"] *= 2
    repository.files["metadata/2.releases.json"] = json.dumps(metadata).encode()
    refused(home)


@pytest.mark.parametrize("role", ["releases", "root"])
def test_duplicate_key_ids_of_one_key_are_refused(home: Home, archive: bytes, role: str) -> None:
    """Whoever signed the delegation was careless, or a thief: one key would reach a threshold of two."""
    repository = home.repository
    signer = repository.signers[role][0]
    key = signer.public_key
    twin = SSlibKey("f" * 64, key.keytype, key.scheme, {"public": key.keyval["public"].upper()})
    delegator = repository.root if role == "root" else repository.targets
    delegator.add_key(twin, role)
    repository.publish("root" if role == "root" else "targets")
    repository.signers["releases"] = repository.signers["releases"][: 1 if role == "releases" else 3]
    repository.offer(TARGET, archive)
    path = "metadata/2.releases.json"
    if role == "releases":
        metadata = json.loads(repository.files[path])
        metadata["signatures"].append(dict(metadata["signatures"][0], keyid=twin.keyid))
        repository.files[path] = json.dumps(metadata).encode()
    assert "two ids" in str(refused(home))


def test_one_key_under_two_ids_is_no_second_signature(home: Home, archive: bytes) -> None:
    """A thief of one release key cannot pass it off as another: ids are bound by the offline ``targets``."""
    repository = home.repository
    repository.signers["releases"] = repository.signers["releases"][:1]
    repository.offer(TARGET, archive)
    metadata = json.loads(repository.files["metadata/2.releases.json"])
    other = [keyid for keyid in repository.targets.delegations.roles["releases"].keyids][1]  # type: ignore[union-attr,index]
    metadata["signatures"].append(dict(metadata["signatures"][0], keyid=other))
    repository.files["metadata/2.releases.json"] = json.dumps(metadata).encode()
    refused(home)


def test_root_rotated_over_skipped_versions(home: Home, archive: bytes) -> None:
    home.check()
    for role, n_keys in (("root", 3), ("timestamp", 1), ("root", 3), ("snapshot", 1), ("root", 3)):
        home.repository.rotate(role, n_keys)
    home.repository.offer(TARGET, archive)
    assert isinstance(home.check(), Staged)
    asked = len(home.server.asked)
    home.check()
    roots = [path for path, _ in home.server.asked[asked:] if path.endswith(".root.json")]
    assert roots == ["/metadata/7.root.json"]  # it goes on from the newest root it keeps


def test_root_signed_by_the_old_keys_or_the_new_ones_alone(home: Home) -> None:
    home.check()
    repository = home.repository
    old = repository.rotate("root", 3)
    refused_names = []
    for signers in (old, repository.signers["root"], [old[0], repository.signers["root"][0]]):
        repository.put("root", copy.deepcopy(repository.root), signers)
        refused_names.append(refused(home).found)
    assert all("vouched" in name for name in refused_names)


def test_a_missing_root_in_the_chain_stops_it(home: Home, archive: bytes) -> None:
    """Withheld roots cannot be jumped over; metadata of the newer keys are then not believed."""
    home.check()
    home.repository.rotate("timestamp")
    home.repository.rotate("root", 3)
    home.repository.offer(TARGET, archive)
    del home.repository.files["metadata/2.root.json"]
    refused(home)


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


def test_keys_in_use_are_those_of_the_fleet(home: Home) -> None:
    """The simulated repository has the thresholds that the attacks above are about."""
    roles = home.repository.root.roles
    assert [roles[name].threshold for name in ("root", "targets", "snapshot", "timestamp")] == [2, 2, 1, 1]
    delegations = home.repository.targets.delegations
    assert delegations is not None
    assert delegations.roles is not None
    assert [delegations.roles[name].threshold for name in DELEGATED] == [2, 1]
    assert all(isinstance(key, Key) for key in delegations.keys.values())
