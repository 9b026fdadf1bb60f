"""``quietstep-deploy demo``: the whole way, as a person sees it."""

from pathlib import Path

from typer.testing import CliRunner

from deploy.cli import app
from edge.update.pointer import ModelStore


def test_it_goes_all_the_way_and_says_what_is_not_real(tmp_path: Path) -> None:
    done = CliRunner(env={"COLUMNS": "300"}).invoke(app, ["demo", "--keep", str(tmp_path / "demo")])
    assert done.exit_code == 0, done.output
    for said in ("policy without bounds", "Walks are simulated", "committed", "quarantined", "failed here before"):
        assert said in done.output
    assert "another file than the signed one" in done.output
    store = ModelStore(tmp_path / "demo" / "device" / "data" / "models.db")
    events = [note.event for note in store.history()]
    assert events == [
        *("staged", "self-test", "in the shadow", "on trial", "committed"),
        *("staged", "self-test", "in the shadow", "on trial", "rolled back"),
        *("staged", "self-test", "quarantined"),
    ]
    committed, failed = store.read().world.pointer.active, store.read().world.quarantined
    assert {note.sha256 for note in store.history() if note.event == "rolled back"} < failed
    assert committed == next(note.sha256 for note in store.history() if note.event == "committed")
    again = CliRunner().invoke(app, ["demo", "--keep", str(tmp_path / "demo")])
    assert again.exit_code == 1
