"""state.db: acknowledged is durable, and whatever becomes of the file, nobody is watched by mistake."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlite
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.boot_clock import read_clock
from edge.errors import StateError
from edge.pause import ALL_PLACES, Clock
from edge.permission import State
from edge.state import OPEN_KEY, open_door, read_state
from tests.bench.power_cut.pauses import OPERATION
from tests.edge.mortal import mortal
from tests.edge.sampled_cuts import sampled

NOW = Clock(1_900_000_000.0, 100.0, "boot")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A state with a consent and a pause."""
    path = tmp_path / "data" / "state.db"
    with open_door(path) as door:
        door.accept("Anna", NOW)
        door.pause("hall", NOW, NOW.wall_s + 7200)
    return path


def test_what_was_written_reads_back(path: Path) -> None:
    state = read_state(path)
    assert [(pause.place, pause.until_s) for pause in state.pauses] == [("hall", 1_900_007_200)]
    assert [(note.kind, note.name) for note in state.consents] == [("accepted", "Anna")]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_where_there_never_was_one_nothing_is_paused_and_reading_makes_none(tmp_path: Path) -> None:
    assert read_state(tmp_path / "state.db") == State()
    assert not list(tmp_path.iterdir())


def test_a_shorter_pause_leaves_the_longer_one(path: Path) -> None:
    with open_door(path) as door:
        assert door.pause("hall", NOW, NOW.wall_s + 60).until_s == 1_900_007_200
        assert door.pause("hall", NOW, None).until_s is None
        assert door.pause("hall", NOW, NOW.wall_s + 9000).until_s is None
    assert [pause.until_s for pause in read_state(path).pauses] == [None]


def test_resume_ends_what_it_names(path: Path) -> None:
    with open_door(path) as door:
        door.pause("stairs", NOW, None)
        door.pause("stairs", NOW, None, guest=True)
        assert door.resume("stairs", guest=True) == 1
        assert door.resume("hall") == 1
        assert [pause.place for pause in read_state(path).pauses] == ["stairs"]
        assert door.resume() == 1
    assert read_state(path).pauses == ()


WRITER = """
    import sys, time
    from pathlib import Path
    from edge.boot_clock import read_clock
    from edge.state import open_door
    with open_door(Path(sys.argv[1])) as door:
        door.pause("stairs", read_clock(), None)
        print("paused", flush=True)
        time.sleep(60)
"""


@pytest.mark.parametrize("copied", [False, True])
def test_an_acknowledged_pause_survives_kill_9(path: Path, tmp_path: Path, copied: bool) -> None:
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(path)]
    with mortal(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        assert child.stdout.readline() == "paused\n"
        if copied:  # what lies on the disk at this moment, as after a power cut, without the writer's shared memory
            os.sync()
            shutil.copytree(path.parent, tmp_path / "cut", ignore=shutil.ignore_patterns("*-shm"))
        child.send_signal(signal.SIGKILL)
    there = tmp_path / "cut" / "state.db" if copied else path
    assert {pause.place for pause in read_state(there).pauses} == {"hall", "stairs"}


def test_a_power_cut_anywhere_leaves_a_state_that_can_be_read() -> None:
    outcome = sampled(OPERATION, n_drawn=2, most_states=60)
    assert outcome.n_states >= 60
    assert set(outcome.verdicts) == {""}, outcome.verdicts


def refused(path: Path) -> str:
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StateError) as caught:
        read_state(path)
    with pytest.raises(StateError), open_door(path):
        pytest.fail("it let somebody write")
    assert before is None or path.read_bytes() == before
    return str(caught.value)


@pytest.mark.parametrize("content", [b"", b"x", b"not a database" * 1000, b"SQLite format 3\x00" + b"\0" * 4080])
def test_a_file_of_another_kind_is_paused_and_stays_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert "Everything is paused" in refused(path)


def changed(path: Path, change: str, *, key: str | None = OPEN_KEY) -> None:
    connection = sqlite.connect(str(path), isolation_level=None)
    if key:
        connection.execute(f"PRAGMA key = \"x'{key}'\"")
    connection.execute(change)
    connection.close()


@pytest.mark.parametrize("key", [None, OPEN_KEY, "ab" * 32])
def test_another_programs_database(path: Path, key: str | None) -> None:
    path.unlink()
    changed(path, "CREATE TABLE pause (x)", key=key)
    assert "Quietstep state" in refused(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("PRAGMA user_version = 2", "newer"),
        ("CREATE TABLE more (x INTEGER)", "not a Quietstep state"),
        ("DROP TABLE consent", "not a Quietstep state"),
        ("UPDATE pause SET since_s = -1", "damaged"),
        ("UPDATE consent SET text_sha256 = 'x'", "damaged"),
        ("UPDATE consent SET kind = 'maybe'", "damaged"),
    ],
)
def test_a_state_that_somebody_changed(path: Path, change: str, said: str) -> None:
    changed(path, change)
    assert said in refused(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 20_000))
def test_a_file_cut_anywhere_is_refused(path: Path, cut: int) -> None:
    whole = path.read_bytes()
    try:
        path.write_bytes(whole[: cut % len(whole)])
        with pytest.raises(StateError):
            read_state(path)
    finally:
        path.write_bytes(whole)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flips=st.lists(st.tuples(st.integers(0, 20_000), st.integers(1, 255)), min_size=1, max_size=4))
def test_a_single_changed_byte_is_found_out(path: Path, flips: list[tuple[int, int]]) -> None:
    whole = path.read_bytes()
    torn = bytearray(whole)
    for at, by in flips:
        torn[at % len(torn)] = whole[at % len(torn)] ^ by
    try:
        path.write_bytes(torn)
        with pytest.raises(StateError):
            read_state(path)
    finally:
        path.write_bytes(whole)
    assert read_state(path).pauses


def test_a_state_that_is_gone_is_paused_and_a_new_one_stays_paused_until_somebody_resumes(path: Path) -> None:
    path.unlink()
    with pytest.raises(StateError, match="although there was one"):
        read_state(path)
    with open_door(path) as door:
        door.accept("Anna", read_clock())
    assert [(pause.place, pause.until_s) for pause in read_state(path).pauses] == [(ALL_PLACES, None)]


def test_an_old_log_is_not_played_into_a_new_file(path: Path) -> None:
    with open_door(path) as door:
        door.resume()
        log = path.with_name("state.db-wal").read_bytes()
    assert log
    path.unlink()
    path.with_name("state.db-wal").write_bytes(log)
    with open_door(path):
        pass
    assert [pause.place for pause in read_state(path).pauses] == [ALL_PLACES]
    assert read_state(path).consents == ()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(path: Path) -> None:
    path.chmod(0)
    with pytest.raises(StateError):
        read_state(path)


def test_a_folder_in_its_place(path: Path) -> None:
    path.unlink()
    path.mkdir()
    with pytest.raises(StateError):
        read_state(path)


def test_a_writer_in_the_middle_blocks_no_reader(path: Path) -> None:
    with open_door(path) as door:
        door._connection.execute("BEGIN IMMEDIATE")
        door._connection.execute("DELETE FROM pause")
        assert len(read_state(path).pauses) == 1
        door._connection.execute("ROLLBACK")
