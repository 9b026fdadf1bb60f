"""Power fails before any write: a device takes what is there, and the next command finishes the work."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tuf.api.metadata import Metadata

from deploy.as_a_device import Seen, look
from deploy.audit import verify
from deploy.cli_keys import keys_ever
from deploy.desk import Desk, Outcome
from deploy.held import read_held
from deploy.landing import AUDIT_HEAD
from deploy.layout import Layout
from deploy.refresh import refresh
from deploy.rings import roll_out
from deploy.roles import SNAPSHOT
from deploy.rotate import Change, rotate
from deploy.sign import drop
from tests.deploy.office import Office


class PowerCutError(BaseException):
    """No handler of expected errors may catch it."""


class Writes:
    """Counts what changes the repository (a file put, a file removed), and cuts before number ``cut`` (from 0)."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.n, self.cut, self.after = 0, -1, lambda: None
        put, remove = Layout.put, Layout.remove
        monkeypatch.setattr(Layout, "put", lambda layout, path, data: self._do(lambda: put(layout, path, data)))
        monkeypatch.setattr(Layout, "remove", lambda layout, path: self._do(lambda: remove(layout, path)))

    def _do(self, write: Callable[[], None]) -> None:
        if self.n == self.cut:
            raise PowerCutError
        write()
        self.n += 1
        self.after()


def release(office: Office) -> Callable[[], Outcome]:
    office.publish("1.0.0", "ada")
    return lambda: office.act(office.sign, "ben", "machine")


def rollout(office: Office) -> Callable[[], Outcome]:
    release(office)()
    return lambda: office.act(lambda desk: roll_out(desk, "friends", "walk-1.0.0", 10), "machine")


def new_key(role: str, old: str) -> Callable[[Office], Callable[[], Outcome]]:
    def prepare(office: Office) -> Callable[[], Outcome]:
        change = Change(role, old, office.keys / "machine", {})
        office.act(lambda desk: rotate(desk, change), "ada")
        return lambda: office.act(office.sign, "ben", "machine")

    return prepare


ACTS = {
    "release": release,
    "rollout": rollout,
    "timestamp key": new_key("timestamp", "timestamp-1"),
    "snapshot key": new_key("snapshot", "snapshot-1"),
    "rollout key": new_key("rollout", "rollout-1"),
    "root key": new_key("root", "root-3"),
}


@pytest.mark.parametrize("act", ACTS)
def test_at_every_moment_a_device_takes_what_is_there(
    act: str, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    do = ACTS[act](office)
    writes, seen = Writes(monkeypatch), list[Seen]()
    writes.after = lambda: seen.append(look(office.layout, office.layout.embedded_root))
    assert do().shown
    assert writes.n == len(seen) >= 5
    assert seen[0] != seen[-1] or act.endswith("key")


@pytest.mark.parametrize("act", ["release", "timestamp key"])
def test_after_a_cut_at_any_write_the_next_refresh_finishes(
    act: str, tmp_path: Path, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    do = ACTS[act](office)
    writes, before, done = Writes(monkeypatch), copy_files(office.repo), False
    while not done:
        restore_files(office.repo, before)
        writes.n, writes.cut = 0, writes.cut + 1
        done = finished(do)
        look(office.layout, office.layout.embedded_root)
        writes.cut, cut = -1, writes.cut
        complete(office, do)
        writes.cut = cut
        assert versions_that_changed(office.repo, before) == []
    assert writes.cut >= 5


@pytest.mark.parametrize("role", ["root", "releases", "timestamp"])
def test_a_cut_while_a_key_is_replaced_changes_nothing_and_it_can_be_done_again(
    role: str, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes, done = Writes(monkeypatch), False
    while not done:
        change = Change(role, f"{role}-1", office.keys / f"try-{writes.cut}", {})
        writes.n, writes.cut = 0, writes.cut + 1
        done = finished(lambda change=change: office.act(lambda desk: rotate(desk, change), "ada"))
        cut, writes.cut = writes.cut, -1
        assert look(office.layout, office.layout.embedded_root).to_root == 1
        assert office.act(refresh, "machine").shown
        for each in [] if done else [path.stem for path in in_flight(office)]:
            office.act(lambda desk, each=each: drop(desk, each), "ada")
        writes.cut = cut
    writes.cut = -1
    assert office.act(office.sign, "ben", "machine", f"try-{cut - 1}").shown
    look(office.layout, office.layout.embedded_root)


def complete(office: Office, do: Callable[[], Outcome]) -> None:
    """What people would do next: sign if the signature was lost, and let the timer refresh."""
    office.act(refresh, "machine")
    if in_flight(office):
        assert do().shown
    office.act(refresh, "machine")
    assert not in_flight(office)
    look(office.layout, office.layout.embedded_root)
    held = read_held(office.layout)
    counted = held.timestamp.signed.unrecognized_fields[AUDIT_HEAD]
    verdict = verify(office.layout, keys_ever(office.layout), {}, (counted["n"], counted["sha256"]))
    assert verdict.complaints == ()


def in_flight(office: Office) -> list[Path]:
    folder = office.layout.publisher / "in-flight"
    return list(folder.iterdir()) if folder.is_dir() else []


def finished(do: Callable[[], Outcome]) -> bool:
    try:
        do()
    except PowerCutError:
        return False
    return True


def copy_files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def restore_files(folder: Path, files: dict[Path, bytes]) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and path not in files:
            path.unlink()
    for path, data in files.items():
        path.write_bytes(data)


def versions_that_changed(folder: Path, before: dict[Path, bytes]) -> list[str]:
    """Numbered files keep their bytes for ever: caches may."""
    numbered = [path for path in before if path.parent.name == "metadata" and path.name[0].isdigit()]
    return [path.name for path in numbered if path.read_bytes() != before[path]]


def test_a_version_number_that_was_written_but_never_named_is_not_used_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    do = release(office)
    writes = Writes(monkeypatch)
    writes.cut = 4  # audit line, draft, releases, snapshot; then the timestamp
    assert not finished(do)
    orphan = office.layout.versioned(SNAPSHOT, 2)
    data = orphan.read_bytes()
    writes.cut = -1
    office.act(refresh, "machine")
    assert orphan.read_bytes() == data
    assert Metadata.from_file(str(office.layout.timestamp)).signed.snapshot_meta.version == 3


def test_two_commands_do_not_write_at_once(office: Office) -> None:
    def inside(_desk: Desk) -> Outcome:
        return office.act(refresh, "machine")

    with pytest.raises(Exception, match="another command at work"):
        office.act(inside, "machine")
