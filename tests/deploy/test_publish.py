"""A release takes two people and a machine; before that no device sees it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata
from tuf.ngclient import Updater

from deploy.as_a_device import look
from deploy.publish import publish
from deploy.refresh import refresh
from deploy.rings import roll_out, stop
from deploy.roles import RELEASES, SNAPSHOT, TIMESTAMP
from deploy.sign import drop
from edge.errors import BundleError, DeployError, DeployKeyError, DeployPolicyError
from edge.update.release import decode_rollout
from tests.deploy.office import Office, on_the_web


def released(office: Office, version: str, because: str = "", **figures: float) -> None:
    office.publish(version, "ada", because=because, **figures)
    assert office.act(office.sign, "ben", "machine").shown


@pytest.fixture
def url(office: Office) -> Iterator[str]:
    with on_the_web(office) as port:
        yield f"http://127.0.0.1:{port}"


def client(office: Office, url: str, folder: Path) -> Updater:
    folder.mkdir()
    return Updater(
        str(folder),
        f"{url}/metadata/",
        target_dir=str(folder),
        target_base_url=f"{url}/targets/",
        bootstrap=office.layout.embedded_root.read_bytes(),
    )


def test_two_people_and_a_machine_bring_a_release_to_a_client(office: Office, url: str, tmp_path: Path) -> None:
    first = office.publish("1.0.0", "ada")
    assert not first.shown
    assert "releases 2 has 1 of 2 signatures." in first.did
    assert client(office, url, tmp_path / "early").get_targetinfo("releases/walk-1.0.0.bundle") is None
    assert not office.act(office.sign, "ben").shown  # ben has no online key
    assert office.act(refresh, "machine").shown
    office.act(lambda desk: roll_out(desk, "friends", "walk-1.0.0", 10), "machine")
    device = client(office, url, tmp_path / "device")
    target = device.get_targetinfo("releases/walk-1.0.0.bundle")
    rings = device.get_targetinfo("rollout/friends.json")
    assert target is not None
    assert rings is not None
    rollout = decode_rollout(Path(device.download_target(rings)).read_bytes(), "friends")
    assert (rollout.target, rollout.share, rollout.length) == (target.path, 10, target.length)
    assert rollout.sha256 == target.hashes["sha256"]
    assert Path(device.download_target(target)).stat().st_size == target.length


def test_a_client_refuses_a_release_with_one_of_two_signatures(office: Office, url: str, tmp_path: Path) -> None:
    """Somebody with the online keys and one release key shows it all the same."""
    released(office, "1.0.0")
    shown = office.layout.versioned(RELEASES, 2)
    document = Metadata.from_file(str(shown))
    document.signatures.popitem()
    shown.write_bytes(document.to_bytes())
    snapshot = Metadata.from_file(str(office.layout.versioned(SNAPSHOT, 2)))
    snapshot.signed.meta["releases.json"].hashes = None
    snapshot.signed.meta["releases.json"].length = None
    timestamp = Metadata.from_file(str(office.layout.timestamp))
    timestamp.signed.snapshot_meta.hashes = timestamp.signed.snapshot_meta.length = None
    with_keys(office, {SNAPSHOT: snapshot, TIMESTAMP: timestamp})
    device = client(office, url, tmp_path / "device")
    device.refresh()
    with pytest.raises(RepositoryError, match="signed by 1/2"):
        device.get_targetinfo("releases/walk-1.0.0.bundle")


def with_keys(office: Office, documents: dict[str, Metadata]) -> None:
    def thief(desk) -> None:
        for role, document in documents.items():
            document.signatures.clear()
            document.sign(desk.one_signer(role))
        desk.layout.versioned(SNAPSHOT, 2).write_bytes(documents[SNAPSHOT].to_bytes())
        desk.layout.timestamp.write_bytes(documents[TIMESTAMP].to_bytes())

    office.act(thief, "machine")


def test_one_person_cannot_sign_twice(office: Office) -> None:
    office.publish("1.0.0", "ada")
    with pytest.raises(DeployKeyError, match="no key here that could add"):
        office.act(office.sign, "ada", "machine")


def test_a_bundle_outside_its_policy_is_refused(office: Office) -> None:
    with pytest.raises(DeployPolicyError, match=r"macro-F1 is 0\.400"):
        office.publish("1.0.0", "ada", macro_f1=0.4)
    bare = replace(office.asked("1.0.1"), privacy=None)
    with pytest.raises(DeployPolicyError, match="posterior_and_score: worst attacker over luck was not measured"):
        office.act(lambda desk: publish(desk, bare), "ada")
    assert not office.layout.draft(RELEASES).exists()


@pytest.mark.parametrize("figures", [{"macro_f1": 0.51}, {"posterior": 0.07}], ids=["quality", "privacy"])
def test_a_worse_model_needs_a_reason_that_stays_readable(office: Office, figures: dict[str, float]) -> None:
    released(office, "1.0.0")
    with pytest.raises(DeployPolicyError, match="a worse model"):
        office.publish("1.1.0", "ada", **figures)
    released(office, "1.2.0", because="the older one is too slow on small devices", **figures)
    document = Metadata.from_file(str(office.layout.versioned(RELEASES, 3)))
    custom = document.signed.targets["releases/walk-1.2.0.bundle"].custom
    assert custom == {"order": 2, "because": "the older one is too slow on small devices"}
    assert b"too slow on small devices" in office.layout.audit.read_bytes()


def test_an_altered_bundle_and_a_version_released_before_are_refused(office: Office) -> None:
    released(office, "1.0.0")
    asked = office.asked("1.1.0")
    (asked.bundle / "golden.npz").write_bytes(b"other")
    with pytest.raises(BundleError):
        office.act(lambda desk: publish(desk, asked), "ada")
    with pytest.raises(DeployError, match=r"a version above releases/walk-1\.0\.0\.bundle"):
        office.publish("0.9.9", "ada")
    again = replace(asked, bundle=asked.bundle.with_name("walk-1.0.0"))
    with pytest.raises(DeployError, match="released already"):
        office.act(lambda desk: publish(desk, again), "ada")


def test_the_second_person_does_not_sign_for_an_archive_that_was_exchanged(office: Office) -> None:
    office.publish("1.0.0", "ada")
    (archive,) = (office.layout.targets / "releases").iterdir()
    data = bytearray(archive.read_bytes())
    data[-20_000] ^= 1
    archive.write_bytes(data)
    with pytest.raises(DeployError, match=r"is not releases/walk-1\.0\.0\.bundle"):
        office.act(office.sign, "ben", "machine")


def test_a_draft_can_be_thrown_away_and_is_not_overwritten(office: Office) -> None:
    office.publish("1.0.0", "ada")
    with pytest.raises(DeployError, match="a draft of releases in flight already"):
        office.publish("1.1.0", "ben")
    office.act(lambda desk: drop(desk, RELEASES), "ada")
    released(office, "1.2.0")
    assert look(office.layout, office.layout.embedded_root).releases == ("releases/walk-1.2.0.bundle",)


def test_the_emergency_stop_offers_nobody_anything_more(office: Office) -> None:
    released(office, "1.0.0")
    office.act(lambda desk: roll_out(desk, "friends", "walk-1.0.0", 100), "machine")
    office.act(lambda desk: stop(desk, "friends"), "machine")
    (ring,) = look(office.layout, office.layout.embedded_root).rings
    assert (ring.share, ring.previous) == (0, None)
    with pytest.raises(DeployError, match="no ring 'strangers'"):
        office.act(lambda desk: stop(desk, "strangers"), "machine")


def test_a_ring_remembers_the_release_it_had_before(office: Office) -> None:
    for version in ("1.0.0", "1.1.0"):
        released(office, version)
        office.act(lambda desk, v=version: roll_out(desk, "friends", f"walk-{v}", 5), "machine")
    office.act(lambda desk: roll_out(desk, "friends", "walk-1.1.0", 50), "machine")
    (ring,) = look(office.layout, office.layout.embedded_root).rings
    assert ring.previous == "releases/walk-1.0.0.bundle"


def test_only_signed_releases_are_rolled_out(office: Office) -> None:
    office.publish("1.0.0", "ada")
    with pytest.raises(DeployError, match=r"no release releases/walk-1\.0\.0\.bundle"):
        office.act(lambda desk: roll_out(desk, "friends", "walk-1.0.0", 10), "machine")


def test_without_the_online_keys_nothing_is_shown(office: Office) -> None:
    office.publish("1.0.0", "ada")
    before = office.layout.timestamp.read_bytes()
    with pytest.raises(DeployKeyError):
        office.act(refresh, "ben")
    assert office.layout.timestamp.read_bytes() == before
