"""Taking a release back: two people, a reason, and no way round it for whoever holds the online keys."""

import shutil

import pytest

from deploy.as_a_device import look
from deploy.audit import read_lines
from deploy.held import read_held
from deploy.rings import roll_out, stop
from deploy.withdraw import withdraw
from edge.errors import DeployError
from tests.deploy.office import Office

WHY = "names people on small cameras"


@pytest.fixture
def offered(office: Office) -> Office:
    """3.0.0 is offered to all of the ring stable."""
    office.publish("3.0.0", "ada")
    office.act(office.sign, "ben", "machine")
    office.act(lambda desk: roll_out(desk, "stable", "walk-3.0.0", 100), "machine")
    return office


def stopped(office: Office) -> Office:
    office.act(lambda desk: stop(desk, "stable"), "machine")
    return office


def test_two_people_take_a_release_back_and_say_why(offered: Office) -> None:
    office = stopped(offered)
    first = office.act(lambda desk: withdraw(desk, "walk-3.0.0", WHY), "ada")
    assert not first.shown
    assert look(office.layout, office.layout.embedded_root).releases, "one person takes nothing back"
    assert office.act(office.sign, "ben", "machine").shown
    assert look(office.layout, office.layout.embedded_root).releases == ()
    [line] = [line for line in read_lines(office.layout) if line.act.act == "withdraw"]
    assert line.act.detail == ("releases/walk-3.0.0.bundle", f"because: {WHY}")


def test_a_ring_that_offers_it_is_stopped_first(offered: Office) -> None:
    with pytest.raises(DeployError, match="ring stable offers"):
        offered.act(lambda desk: withdraw(desk, "walk-3.0.0", WHY), "ada")
    office = stopped(offered)
    for release, because, found in (("walk-3.0.0", " ", "reason"), ("walk-9", WHY, "no release")):
        with pytest.raises(DeployError, match=found):
            office.act(lambda desk, r=release, b=because: withdraw(desk, r, b), "ada")
    assert not office.layout.draft("releases").exists()


def test_it_is_offered_neither_while_it_is_in_flight_nor_after(offered: Office) -> None:
    office = stopped(offered)
    office.act(lambda desk: withdraw(desk, "walk-3.0.0", WHY), "ada")
    with pytest.raises(DeployError, match="being taken back"):
        office.act(lambda desk: roll_out(desk, "stable", "walk-3.0.0", 100), "machine")
    office.act(office.sign, "ben", "machine")
    with pytest.raises(DeployError, match="no release"):
        office.act(lambda desk: roll_out(desk, "stable", "walk-3.0.0", 100), "machine")


def test_its_version_is_never_used_again(offered: Office) -> None:
    office = stopped(offered)
    office.act(lambda desk: withdraw(desk, "walk-3.0.0", WHY), "ada")
    office.act(office.sign, "ben", "machine")
    shutil.rmtree(office.bundle("2.9.0").parent)
    for version in ("3.0.0", "2.9.0"):
        with pytest.raises(DeployError, match="version"):
            office.publish(version, "ada")
    office.publish("3.1.0", "ada")
    office.act(office.sign, "ben", "machine")
    assert list(read_held(office.layout).releases.signed.targets) == ["releases/walk-3.1.0.bundle"]
