"""The honest way: a release comes, is staged, is not fetched twice; nothing else is ever offered."""

from edge.bundle import read_bundle
from edge.update.check_update import Running, Staged, check_update
from edge.update.choose import Nothing
from edge.update.network import Network
from edge.update.trust_store import open_trust_store
from tests.edge.update.conftest import TARGET, Home


def test_a_release_is_staged(home: Home, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)
    staged = home.check()
    assert isinstance(staged, Staged)
    assert staged.version == (2, 1)
    assert read_bundle(home.folder / "bundles" / staged.sha256) == staged.bundle
    assert not list((home.folder / "downloads").iterdir())


def test_what_is_staged_is_not_fetched_again(home: Home, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)
    assert home.check() == home.check()
    assert len(home.server.asked_for(".bundle")) == 1


def test_a_staged_bundle_that_was_torn_is_fetched_again(home: Home, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)
    staged = home.check()
    assert isinstance(staged, Staged)
    (staged.bundle.folder / "encoder.onnx").write_bytes(b"")
    assert home.check() == staged
    assert len(home.server.asked_for(".bundle")) == 2


def test_nothing_is_offered_to_other_rings_or_a_share_of_nobody(home: Home, archive: bytes) -> None:
    assert isinstance(home.check(), Nothing)
    home.repository.offer(TARGET, archive)
    home.ring = "early"
    assert isinstance(home.check(), Nothing)
    home.ring = "stable"
    home.repository.roll_out(TARGET, archive, share=0)  # the emergency stop
    home.repository.publish("rollout")
    assert isinstance(home.check(), Nothing)
    assert not home.server.asked_for(".bundle")


def test_a_metered_line_and_a_quarantine_keep_a_payload_waiting(home: Home, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)
    assert isinstance(home.check(Running("2.0.0", fetch_payload=False)), Nothing)
    digest = home.repository.releases.targets[TARGET].hashes["sha256"]
    assert isinstance(home.check(Running("2.0.0", frozenset({digest}))), Nothing)
    assert not home.server.asked_for(".bundle")
    staged = home.check()
    assert isinstance(staged, Staged)
    assert home.check(Running("2.0.0", fetch_payload=False)) == staged  # it is here already
    (staged.bundle.folder / "golden.npz").unlink()
    assert isinstance(home.check(Running("2.0.0", fetch_payload=False)), Nothing)
    assert len(home.server.asked_for(".bundle")) == 1


def test_it_beats_with_every_piece_that_comes_and_while_it_unpacks(home: Home, archive: bytes) -> None:
    beats: list[None] = []
    at_bytes: list[int] = []
    network = Network(beat=lambda: beats.append(None), on_bytes=lambda *_: at_bytes.append(len(beats)))
    home.repository.offer(TARGET, archive)
    with open_trust_store(home.folder, home.build_s, home.version) as store:
        assert isinstance(check_update(home.source, store, network, Running(home.version), home.clock_s), Staged)
    assert len(set(at_bytes)) == len(at_bytes) > 5, "a piece came without a beat before it"
    assert len(beats) - at_bytes[-1] > 4, "nothing beat while it was unpacked"


def test_polls_are_counted(home: Home) -> None:
    home.check()
    good = home.standing()
    assert (good.n_failures, good.last_good_s) == (0, int(home.clock_s))
    assert home.server.asked_for("timestamp.json")[0].get("If-None-Match") is None
    home.check()
    assert home.server.asked_for("timestamp.json")[1].get("If-None-Match")


def test_the_random_number_of_a_device_never_leaves_it(home: Home, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)
    home.check()
    device_id = home.standing().device_id
    assert len(device_id) == 32
    assert not [asked for asked in home.server.asked if device_id in str(asked)]
