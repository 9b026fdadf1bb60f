"""One round: what models.db makes of an offer, and what an offer makes of models.db."""

from dataclasses import replace
from pathlib import Path

import pytest

import edge.update.round
from edge.config import REFERENCE_BUNDLE
from edge.errors import UpdateFetchError, UpdateRefusedError, UpdateStoreError
from edge.update.check_update import check_update
from edge.update.network import Network
from edge.update.outcome import Outcome, outcome_of
from edge.update.pointer import ModelStore
from edge.update.release import read_version
from edge.update.round import Follower, check_once, running_of
from edge.update.world import SHIPPED, Candidate, Floor, Pointer, Quarantine, Stage, World, after
from tests.edge.update.conftest import TARGET, Home

OLD, NEW = Floor("reference", (2, 1), "a" * 64), Floor("reference", (3,), "b" * 64)


@pytest.fixture
def follower(home: Home, tmp_path: Path) -> Follower:
    root = tmp_path / "root.json"
    root.write_bytes(home.repository.first_root)
    return Follower(home.server.url, root, "stable", home.folder, home.folder / "models.db", REFERENCE_BUNDLE)


def ask(follower: Follower, home: Home, *, fetch: bool = True) -> Outcome:
    return check_once(follower, Network(), home.clock_s, fetch=fetch)


def events(follower: Follower) -> list[str]:
    return [note.event for note in ModelStore(follower.models).history()]


@pytest.mark.parametrize(
    ("world", "runs", "floor"),
    [
        (World(), "2.0.0", "2.0.0"),
        (World(Pointer(OLD.sha256, SHIPPED, (OLD,))), "2.1.0", "2.1.0"),
        (World(Pointer(SHIPPED, SHIPPED, (NEW,))), "2.0.0", "3.0.0"),
        (World(Pointer("c" * 64, SHIPPED, (NEW,))), "2.0.0", "3.0.0"),
    ],
)
def test_what_runs_and_the_floor_are_those_of_models_db(world: World, runs: str, floor: str) -> None:
    running, lowest = running_of(world, "2.0.0", fetch=True)
    assert (running.version, lowest) == (runs, floor)


def test_an_offer_is_staged_once(follower: Follower, home: Home, archive: bytes) -> None:
    assert ask(follower, home).event == "nothing"
    home.repository.offer(TARGET, archive)
    first, again = ask(follower, home), ask(follower, home)
    assert (first.event, first.offer) == ("staged", TARGET)
    assert again.event == "here"
    assert events(follower) == ["staged"]
    candidate = ModelStore(follower.models).read().world.candidate
    assert candidate is not None
    assert candidate.version == read_version("2.1.0")
    assert (follower.folder / "bundles" / candidate.sha256).is_dir()


def test_what_stands_in_quarantine_is_neither_fetched_nor_staged(
    follower: Follower, home: Home, archive: bytes
) -> None:
    home.repository.offer(TARGET, archive)
    ask(follower, home)
    ModelStore(follower.models).change(lambda world: after(world, Quarantine("it was bad")))
    home.server.asked.clear()
    assert ask(follower, home).said == "that release failed here before"
    assert not home.server.asked_for(".bundle")
    assert events(follower) == ["staged"]


def test_another_bundle_of_a_committed_version_is_not_even_fetched(
    follower: Follower, home: Home, archive: bytes
) -> None:
    other = Floor("reference", (2, 1), "d" * 64)
    ModelStore(follower.models).change(lambda world: replace(world, pointer=Pointer(SHIPPED, SHIPPED, (other,))))
    home.repository.offer(TARGET, archive)
    outcome = ask(follower, home)
    assert (outcome.event, "this is not newer" in outcome.said) == ("nothing", True)
    assert not home.server.asked_for(".bundle")


def test_what_models_db_refuses_after_it_came_leaves_nothing(
    follower: Follower, home: Home, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.repository.offer(TARGET, archive)
    store = ModelStore(follower.models)

    def commit_meanwhile(*given: object) -> object:
        found = check_update(*given)  # type: ignore[arg-type]
        store.change(lambda world: replace(world, pointer=Pointer("b" * 64, SHIPPED, (NEW,))))
        return found

    monkeypatch.setattr(edge.update.round, "check_update", commit_meanwhile)
    with pytest.raises(UpdateRefusedError):
        ask(follower, home)
    assert not home.staged_names()
    assert not events(follower)


def test_a_release_that_comes_during_a_trial_waits_for_its_end(follower: Follower, home: Home, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)
    on_trial = Candidate("e" * 64, "reference", (2, 0, 5), Stage.TRIAL, 1, running=True)
    ModelStore(follower.models).change(lambda world: replace(world, candidate=on_trial))
    assert ask(follower, home).said == "reference 2.1.0 is here, and waits for the end of the trial of reference 2.0.5"
    ModelStore(follower.models).change(lambda world: after(world, Quarantine("it was bad")))
    assert ask(follower, home).event == "staged"
    assert len(home.server.asked_for(".bundle")) == 1, "it need not come twice"


def test_an_older_release_under_another_id_is_no_way_back(follower: Follower, home: Home, archive: bytes) -> None:
    """A stolen rollout key can name any release that was ever signed; versions are one line for all ids."""
    ModelStore(follower.models).change(lambda world: replace(world, pointer=Pointer("b" * 64, SHIPPED, (NEW,))))
    home.repository.offer("releases/walk-2.1.0.bundle", archive)
    assert ask(follower, home).said == "the release is older than what ran here"
    assert not home.server.asked_for(".bundle")


def test_a_metered_line_hears_of_it_and_waits(follower: Follower, home: Home, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)
    assert "metered" in ask(follower, home, fetch=False).said
    assert not home.server.asked_for(".bundle")
    assert not events(follower)


def test_nothing_is_asked_without_a_root_or_a_readable_models_db(follower: Follower, home: Home) -> None:
    home.folder.mkdir(exist_ok=True)
    follower.models.write_bytes(b"something else" * 1000)
    with pytest.raises(UpdateStoreError):
        ask(follower, home)
    follower.models.unlink()
    follower.root.unlink()
    with pytest.raises(UpdateStoreError, match=r"root\.json"):
        ask(follower, home)
    assert not home.server.asked


def test_a_failure_is_told_apart_from_a_refusal() -> None:
    assert outcome_of(UpdateFetchError("no answer", "one", "Later.")).event == "no answer"
    assert outcome_of(UpdateRefusedError("a forgery", "a signature", "No.")).event == "refused"
    assert not outcome_of(UpdateRefusedError("a forgery", "a signature", "No.")).good
