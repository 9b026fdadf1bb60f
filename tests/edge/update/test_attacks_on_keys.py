"""Attacks with stolen, doubled and rotated keys, by name: on the production path, over HTTP; nothing comes of it."""

import copy
import json
from pathlib import Path

import pytest
from securesystemslib.signer import SSlibKey
from tuf.api.metadata import Key, TargetFile

from edge.update.check_update import Staged
from tests.edge.update.conftest import TARGET, Home
from tests.edge.update.refusing import NEXT, refused
from tests.edge.update.simulated_repository import DELEGATED
from tests.edge.update.small_bundle import make_archive


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


def test_keys_in_use_are_those_of_the_fleet(home: Home) -> None:
    """The simulated repository has the thresholds that the attacks above are about."""
    roles = home.repository.root.roles
    assert [roles[name].threshold for name in ("root", "targets", "snapshot", "timestamp")] == [2, 2, 1, 1]
    delegations = home.repository.targets.delegations
    assert delegations is not None
    assert delegations.roles is not None
    assert [delegations.roles[name].threshold for name in DELEGATED] == [2, 1]
    assert all(isinstance(key, Key) for key in delegations.keys.values())
