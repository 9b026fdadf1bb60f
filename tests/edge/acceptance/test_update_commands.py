"""``quietstep update``: what the commands say and write; and `quietstep status` names the model."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from edge.boot_clock import read_clock
from edge.bundle import MANIFEST
from edge.cli import app
from edge.config import Config
from edge.errors import BundleError, UpdateRefusedError
from edge.standing import print_status
from edge.update.decide import Quarantine, Stage, after
from edge.update.pointer import ModelStore
from edge.update_commands import accept, hold, model_status, print_history, print_update_status


class Told(Console):
    """A console that is no terminal; ``text`` is what it said."""

    def __init__(self) -> None:
        super().__init__(file=io.StringIO(), width=200)

    @property
    def text(self) -> str:
        assert isinstance(self.file, io.StringIO)
        return self.file.getvalue()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(data_dir=tmp_path / "data", timezone="Europe/Berlin")


def test_before_anything_happened(config: Config) -> None:
    told = Told()
    print_update_status(config, told, as_json=False)
    print_history(config, told, as_json=False)
    assert "model: ships with Quietstep" in told.text
    assert "Nothing happened yet" in told.text
    assert not config.models.exists(), "looking made a file"


def test_a_bundle_accepted_by_hand_is_staged_and_the_history_says_so(config: Config, make_bundle) -> None:
    told = Told()
    accept(config, told, make_bundle())
    world = ModelStore(config.models).read().world
    assert world.candidate is not None
    assert world.candidate.stage is Stage.STAGED
    assert "tried 3.0.0 is staged" in told.text.replace("tried 3 is", "tried 3.0.0 is")
    print_history(config, told, as_json=False)
    assert "accepted by hand" in told.text
    assert "without signatures" in told.text
    print_status(config, told, as_json=False)
    assert "new model: tried 3.0.0, staged" in told.text


def test_a_folder_that_is_no_whole_bundle_or_stands_in_quarantine_is_refused(config: Config, make_bundle) -> None:
    damaged = make_bundle(seed=5)
    (damaged / "encoder.onnx").write_bytes(b"else")
    with pytest.raises(BundleError):
        accept(config, Told(), damaged)
    accept(config, Told(), make_bundle())
    store = ModelStore(config.models)
    store.change(lambda world: after(world, Quarantine("slow")))
    with pytest.raises(UpdateRefusedError, match="quarantine"):
        accept(config, Told(), make_bundle())
    assert store.read().reasons[0][1] == ""
    assert model_status(config).n_quarantined == 1


def test_a_hold_lasts_and_ends(config: Config) -> None:
    told = Told()
    hold(config, told, length="2h", end=False)
    now = model_status(config)
    assert now.held
    assert now.held_until_s is not None
    assert now.held_until_s > read_clock().wall_s
    hold(config, told, length=None, end=False)
    assert model_status(config).held_until_s is None
    hold(config, told, length=None, end=True)
    assert not model_status(config).held
    assert [note.event for note in ModelStore(config.models).history()] == ["hold", "hold", "hold ended"]


def test_the_commands_are_there_with_json_and_a_sentence_for_what_is_refused(tmp_path: Path, make_bundle) -> None:
    run, here = CliRunner(), ["--data-dir", str(tmp_path)]
    assert run.invoke(app, ["update", "accept", str(make_bundle()), *here]).exit_code == 0
    status = run.invoke(app, ["update", "status", "--json", *here])
    assert json.loads(status.stdout)["stage"] == "staged"
    assert json.loads(run.invoke(app, ["update", "history", "--json", *here]).stdout)[0]["event"] == "accepted by hand"
    assert json.loads(run.invoke(app, ["status", "--json", *here]).stdout)["model"]["active"] == "ships with Quietstep"
    assert run.invoke(app, ["update", "hold", "--for", "never", *here]).exit_code == 1
    refused = run.invoke(app, ["update", "accept", str(tmp_path), *here])
    assert refused.exit_code == 1
    assert MANIFEST in refused.stderr


def test_a_damaged_file_of_models_is_told_with_what_to_do(config: Config) -> None:
    hold(config, Told(), length=None, end=False)
    config.models.write_bytes(b"something else, long enough for a page" * 200)
    told = Told()
    print_update_status(config, told, as_json=False)
    assert "Move that file away" in told.text
