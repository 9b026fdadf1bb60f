"""Both ends of the way: what the publisher signs, the device's own updater takes, from the publisher's own server."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.refresh import refresh
from deploy.rings import roll_out, stop
from deploy.roles import ROLES, ROOT
from deploy.rotate import Change, rotate
from edge.update.check_update import Running, Source, Staged, check_update
from edge.update.choose import Nothing
from edge.update.network import Network
from edge.update.trust_store import open_trust_store
from tests.deploy.office import Office, on_the_web


class Home:
    """One device that follows the ring of friends."""

    def __init__(self, folder: Path, url: str, root: bytes) -> None:
        self.source = Source(f"{url}/metadata/", f"{url}/targets/", root, "friends", folder)

    def check(self, version: str = "0.9.0") -> Staged | Nothing:
        with open_trust_store(self.source.folder, 0, version) as store:
            return check_update(self.source, store, Network(allow_plain=True), Running(version), time.time())


@pytest.fixture
def home(office: Office, tmp_path: Path) -> Iterator[Home]:
    (tmp_path / "home").mkdir()
    with on_the_web(office) as port:
        url = f"http://127.0.0.1:{port}"
        yield Home(tmp_path / "home", url, office.layout.embedded_root.read_bytes())


def offered(office: Office, version: str, share: int = 100) -> None:
    office.publish(version, "ada")
    office.act(office.sign, "ben", "machine")
    office.act(lambda desk: roll_out(desk, "friends", f"walk-{version}", share), "machine")


def test_a_device_stages_what_two_people_and_a_machine_offer_it(home: Home, office: Office) -> None:
    assert isinstance(home.check(), Nothing)
    office.publish("1.0.0", "ada")
    assert isinstance(home.check(), Nothing)
    office.act(office.sign, "ben", "machine")
    assert isinstance(home.check(), Nothing), "signed, but offered to no ring"
    office.act(lambda desk: roll_out(desk, "friends", "walk-1.0.0", 100), "machine")
    staged = home.check()
    assert isinstance(staged, Staged)
    assert (staged.bundle.manifest.id, staged.bundle.manifest.version) == ("walk", "1.0.0")


def test_after_a_stop_nothing_is_offered(home: Home, office: Office) -> None:
    offered(office, "1.0.0")
    office.act(lambda desk: stop(desk, "friends"), "machine")
    assert isinstance(home.check(), Nothing)


def test_a_device_follows_through_a_change_of_every_kind_of_key(home: Home, office: Office) -> None:
    home.check()
    for role in ROLES:
        change = Change(role, f"{role}-{1 if ROLES[role].online else 3}", office.keys / "machine", {})
        office.act(lambda desk, change=change: rotate(desk, change), "ada")
        office.act(office.sign, "ben", "machine")
        home.check()
    offered(office, "1.0.0")
    assert isinstance(home.check(), Staged)
    assert office.layout.versioned(ROOT, 5).is_file()
    office.act(refresh, "machine")
    assert isinstance(home.check(), Staged)
