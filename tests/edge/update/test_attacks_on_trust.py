"""Attacks on what is signed, by name: each is tried on the production path, over HTTP, and nothing comes of it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import DelegatedRole, Delegations

from edge.errors import UpdateError, UpdateFetchError
from edge.update.check_update import Running, Staged
from edge.update.choose import Nothing
from tests.edge.update.conftest import TARGET, Home
from tests.edge.update.refusing import refused
from tests.edge.update.simulated_repository import Handler, honest


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
