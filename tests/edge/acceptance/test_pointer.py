"""models.db: written whole or not at all, killed and cut anywhere, and holding nothing but what its tables name."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge.errors import UpdateRefusedError, UpdateStoreError
from edge.update.decide import (
    Candidate,
    Commit,
    Quarantine,
    SelfTestIt,
    ShadowCounts,
    Stage,
    StartShadow,
    StartTrial,
    TrialHealth,
    World,
    after,
    offered,
)
from edge.update.pointer import MOST_NOTES, ModelStore, Note, Progress
from tests.bench.power_cut.models import OPERATION
from tests.edge.sampled_cuts import sampled

NEW = Candidate("c" * 64, "m", (2, 1))
NOTE = Note(1, NEW.sha256, "m 2.1", "staged")


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models.db")


def test_every_world_reads_back_equal(store: ModelStore) -> None:
    assert store.read().world == World()
    world = store.change(lambda now: offered(now, NEW), NOTE)
    for step in (SelfTestIt(), StartShadow(), StartTrial(), Commit()):
        world = store.change(lambda now, step=step: after(now, step))
        assert store.read().world == world
    world = store.change(lambda now: offered(now, Candidate("d" * 64, "other", (1,))))
    world = store.change(lambda now: after(now, Quarantine("slow")), Note(2, "d" * 64, "other 1", "out", "slow"))
    assert store.read().world == world
    assert store.read().reasons == (("d" * 64, "slow"),)
    assert [note.event for note in store.history()] == ["staged", "out"]


def test_what_is_refused_changes_nothing(store: ModelStore) -> None:
    store.change(lambda now: after(offered(now, NEW), Quarantine("slow")))
    before = store.read()
    with pytest.raises(UpdateRefusedError):
        store.change(lambda now: offered(now, NEW), NOTE)
    assert store.read() == before
    assert store.history() == ()


def test_counts_are_rounded_down_and_forgotten_when_the_stage_ends(store: ModelStore) -> None:
    store.change(lambda now: after(after(offered(now, NEW), SelfTestIt()), StartShadow()))
    store.progress(Progress(ShadowCounts(104, 83, 22, 9, 4, 1, 6), TrialHealth(7, 12.5)))
    assert store.read().progress == Progress(ShadowCounts(100, 80, 20, 5, 0, 0, 5), TrialHealth(5, 12))
    store.change(lambda now: after(now, StartTrial()))
    assert store.read().progress == Progress()


def test_it_holds_these_columns_and_no_others(store: ModelStore) -> None:
    store.change(lambda now: offered(now, NEW))
    with store._writing() as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")] for table in tables}
    shadow = "n_cycles n_both n_flips n_abstained n_abstained_before n_same n_dropped"
    assert {table: " ".join(names) for table, names in columns.items()} == {
        "pointer": "one active fallback",
        "floor": "model_id version sha256",
        "candidate": "one sha256 model_id version stage attempts running",
        "progress": f"one {shadow} trial_cycles trial_s",
        "quarantine": "sha256 reason",
        "hold": "one since_s until_s boot_s boot_id",
        "history": "n at_s sha256 model event detail",
    }


def test_the_history_stays_short(store: ModelStore) -> None:
    for n in range(MOST_NOTES + 3):
        if n in (0, MOST_NOTES + 2):
            store.change(lambda now: now, Note(n, "", "", "hold"))
    with store._writing() as connection:
        connection.executemany(
            "INSERT INTO history (at_s, sha256, model, event, detail) VALUES (?, '', '', 'x', '')",
            [(n,) for n in range(MOST_NOTES)],
        )
    store.change(lambda now: now, Note(9, "", "", "newest"))
    assert len(store.history()) == MOST_NOTES
    assert store.history()[-1].event == "newest"


def test_another_program_a_changed_byte_and_a_newer_version_are_refused(store: ModelStore) -> None:
    store.change(lambda now: offered(now, NEW))
    for path in store.path.parent.iterdir():
        shutil.copy(path, str(path) + ".whole")
    content = bytearray(store.path.read_bytes())
    content[len(content) - 3000] ^= 1
    store.path.write_bytes(content)
    store.path.with_name("models.db-wal").unlink(missing_ok=True)
    with pytest.raises(UpdateStoreError, match="damaged"):
        store.read()
    with pytest.raises(UpdateStoreError, match="damaged"):
        store.change(lambda now: now)
    store.path.write_text("something else")
    with pytest.raises(UpdateStoreError, match="Move that file away"):
        store.read()


PROGRAM = """
import sys
from pathlib import Path
from edge.update.decide import *
from edge.update.pointer import ModelStore, Note
store = ModelStore(Path(sys.argv[1]))
print("here", flush=True)
for n in range(1, 10_000):
    new = Candidate(f"{n:064x}", "m", (n,))
    store.change(lambda world: offered(world, new), Note(n, new.sha256, "m", "staged"))
    for step in (SelfTestIt(), StartShadow(), StartTrial(), Commit()):
        store.change(lambda world: after(world, step))
    print(n, flush=True)
"""


def test_killed_anywhere_nothing_that_was_said_is_lost_and_floors_never_drop(tmp_path: Path) -> None:
    path = tmp_path / "models.db"
    for n_lines, delay_s in ((0, 0.02), (0, 0.05), (1, 0.01), (2, 0.02)):
        shutil.rmtree(tmp_path)
        tmp_path.mkdir()
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        for _ in range(n_lines):
            process.stdout.readline()
        time.sleep(delay_s)
        os.kill(process.pid, signal.SIGKILL)
        n_committed = max([n_lines, *(int(line) for line in process.stdout.read().split())])
        process.wait()
        world = ModelStore(path).read().world
        assert not n_committed or world.pointer.floor("m").version >= (n_committed,)
        assert not n_committed or int(world.pointer.active, 16) >= n_committed
        assert ModelStore(path).change(lambda now: now) == world


def test_the_power_cut_anywhere_leaves_a_world_from_before_or_after_a_step() -> None:
    outcome = sampled(OPERATION, n_drawn=1, most_states=25)
    assert outcome.n_states >= 25
    assert not outcome.verdicts["corrupt"] + outcome.verdicts["lost"] + outcome.verdicts["half"]


def test_a_stage_that_is_written_has_a_name_that_is_known(store: ModelStore) -> None:
    store.change(lambda now: offered(now, NEW))
    with store._writing() as connection:
        connection.execute("UPDATE candidate SET stage = 'somewhere'")
    with pytest.raises(UpdateStoreError, match="damaged"):
        store.read()
    assert set(Stage) == {"staged", "shadow", "trial"}
