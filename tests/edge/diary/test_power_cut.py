"""Power cuts, a small part of `python -m tests.bench.power_cut`; and that the model can find a loss."""

import random

import pytest

from tests.bench.power_cut.cuts import Outcome
from tests.bench.power_cut.disk import Disk
from tests.bench.power_cut.operations import ALL, CONTROLS
from tests.bench.power_cut.recorder import Event
from tests.bench.power_cut.rollup import ROLLUP
from tests.bench.power_cut.sharing_cuts import SHARING, UNSYNCED
from tests.edge.sampled_cuts import sampled


def states(disk: Disk) -> set[tuple[tuple[str, bytes], ...]]:
    return {tuple(sorted(state.items())) for state in disk.states(random.Random(1), 30)}


def test_what_was_not_synced_may_be_there_or_not_and_what_was_is() -> None:
    disk = Disk({"a": b"old"})
    disk.update(Event("write", "a", data=b"new"))
    assert states(disk) == {(("a", b"old"),), (("a", b"new"),)}
    disk.update(Event("sync", "a"))
    assert states(disk) == {(("a", b"new"),)}


def test_a_name_and_its_contents_are_promised_apart() -> None:
    disk = Disk({"a": b"old"})
    for event in (Event("create", "b"), Event("write", "b", data=b"new"), Event("rename", "b", "a")):
        disk.update(event)
    assert {(("a", b"old"),), (("a", b""),), (("a", b"new"),)} <= states(disk), "the rename may come without the bytes"
    disk.update(Event("sync folder", "."))
    assert states(disk) == {(("a", b""),), (("a", b"new"),)}


def test_a_write_may_be_torn_at_a_sector() -> None:
    disk = Disk({"a": bytes(1024)})
    disk.update(Event("write", "a", data=b"\1" * 1024))
    found = {state["a"] for state in disk.states(random.Random(1), 200)}
    assert found == {left + right for left in (bytes(512), b"\1" * 512) for right in (bytes(512), b"\1" * 512)}


def outcome_of(name: str) -> Outcome:
    every = (*ALL, *ROLLUP, *SHARING, *CONTROLS, UNSYNCED)
    operation = next(operation for operation in every if operation.name == name)
    return sampled(operation, n_drawn=1, most_states=15)


@pytest.mark.parametrize("name", ["insert", "erase", "rotate", "rollup", "migrate 1 to 2"])
def test_cut_anywhere_nothing_is_corrupt_lost_or_half_done(name: str) -> None:
    outcome = outcome_of(name)
    assert outcome.n_states >= 15
    assert not outcome.verdicts["corrupt"] + outcome.verdicts["lost"] + outcome.verdicts["half"]


def test_the_model_finds_what_weaker_syncs_lose() -> None:
    outcome = outcome_of("insert, synchronous=OFF (control)")
    assert outcome.verdicts["lost"] + outcome.verdicts["corrupt"] > 0


@pytest.mark.parametrize("name", ["share", "erase what was shared"])
def test_cut_anywhere_nothing_leaves_unpaid_and_nothing_spent_comes_back(name: str) -> None:
    pytest.importorskip("opendp", reason="the extra `share` is not installed")
    outcome = outcome_of(name)
    assert outcome.n_states >= 8
    assert not outcome.verdicts["corrupt"] + outcome.verdicts["lost"] + outcome.verdicts["half"]


def test_the_model_finds_what_sharing_without_syncs_loses() -> None:
    pytest.importorskip("opendp", reason="the extra `share` is not installed")
    assert outcome_of(UNSYNCED.name).verdicts["corrupt"]
