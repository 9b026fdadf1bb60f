"""quietstep share: off until the settings and somebody say yes; a file and nothing else; seen, ended, erased."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from click.testing import Result
from typer.testing import CliRunner

from edge import share_commands
from edge.active_model import active_model_id
from edge.bundle import read_manifest, write_manifest
from edge.cli import app
from edge.config import REFERENCE_BUNDLE, load_config
from edge.consent import TEXT
from edge.diary.booking import MinuteNote
from edge.diary.diary import Diary
from edge.diary.minutes import MinuteKind
from edge.diary.packet import decode_packet
from edge.diary.share_ledger import read_ledger
from edge.diary.store import Store
from edge.errors import ConfigError
from edge.household import consent
from edge.update.pointer import ModelStore
from edge.update.world import Floor, Pointer
from tests.edge.test_household import Told

pytest.importorskip("opendp", reason="the extra `share` is not installed")
MONDAY = int(datetime(2026, 11, 16, tzinfo=UTC).timestamp()) // 60
NOW_S = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
SHIPPED_ID = "reference-2.0.0"
SETTINGS = 'timezone = "UTC"\n[share]\non = true\nbudget = 3.0\n'


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three rows of week 47."""
    folder = tmp_path_factory.mktemp("written")
    with Store.open(folder / "diary.db") as store:
        diary = Diary(store, SHIPPED_ID, "cpu", checkpoint_each_minute=False)
        for minute in range(MONDAY, MONDAY + 180):
            diary.update(MinuteNote("hall", minute, MinuteKind.NOBODY))
        assert len(store.rows()) == 3
    return folder


@pytest.fixture
def home(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """These rows, settings that say on, and a clock in week 49."""
    shutil.copytree(written, tmp_path / "data")
    (tmp_path / "quietstep.toml").write_text(SETTINGS)
    monkeypatch.setattr(share_commands.time, "time", lambda: NOW_S)
    return tmp_path


def quietstep(home: Path, *arguments: object) -> Result:
    options = ("--config", home / "quietstep.toml", "--data-dir", home / "data")
    return CliRunner().invoke(app, [str(argument) for argument in (*arguments, *options)])


def settings(home: Path, text: str) -> None:
    (home / "quietstep.toml").write_text(text)


def said(result: Result) -> str:
    return " ".join(result.output.split())


def test_it_is_off_and_says_so(home: Path) -> None:
    assert load_config(None, data_dir=home).share.on is False
    settings(home, "")
    refused = quietstep(home, "share", "--accept", "Anna")
    assert refused.exit_code == 1
    assert "sharing switched off" in said(refused)
    assert not list((home / "data").glob("shared*"))


def test_on_in_the_settings_is_no_yes(home: Path) -> None:
    refused = quietstep(home, "share")
    assert refused.exit_code == 1
    assert "What it does not cover" in refused.output
    assert "no yes to these terms" in said(refused)
    assert not list((home / "data").glob("shared*"))


def test_a_yes_then_the_newest_week_then_the_same_again(home: Path) -> None:
    first = quietstep(home, "share", "--accept", "Anna")
    assert first.exit_code == 0, first.output
    assert "Anna said yes" in first.output
    assert "Nothing was sent" in first.output
    file = home / "data" / "shared" / "quietstep-2026-W48.json"
    packet = decode_packet(file.read_bytes())
    assert (packet.period, packet.model_id) == ("2026-W48", SHIPPED_ID)
    assert file.read_text().strip() in first.output
    again = json.loads(quietstep(home, "share", "--json").output)
    assert (again["again"], again["left_nano"]) == (True, 2 * 10**9)
    assert again["receipt"]["packet"] == file.read_text()


def test_the_model_named_is_the_committed_one_else_the_one_that_ships(tmp_path: Path) -> None:
    config = load_config(None, data_dir=tmp_path)
    assert active_model_id(config) == SHIPPED_ID
    floor = Floor("walk", (3, 1), "a" * 64)
    ModelStore(config.models).change(lambda world: replace(world, pointer=Pointer(floor.sha256, "", (floor,))))
    assert active_model_id(config) == SHIPPED_ID, "its bundle is gone, so it does not answer"
    (config.bundles / floor.sha256).mkdir(parents=True)
    manifest = msgspec.structs.replace(read_manifest(REFERENCE_BUNDLE), id="walk", version="3.1.0")
    write_manifest(config.bundles / floor.sha256, manifest)
    assert active_model_id(config) == "walk-3.1.0"
    by_hand = config.model_copy(update={"bundle": config.bundles / floor.sha256})
    assert active_model_id(by_hand) == "walk-3.1.0"
    config.models.write_bytes(b"something else" * 1000)
    assert active_model_id(config) == SHIPPED_ID


def test_changed_settings_ask_again(home: Path) -> None:
    assert quietstep(home, "share", "--accept", "Anna").exit_code == 0
    settings(home, SETTINGS + "epsilon = 2.0\n")
    assert "no yes to these terms" in said(quietstep(home, "share"))


def test_what_left_can_be_seen_and_sharing_ended(home: Path) -> None:
    for week in (46, 47, 48):
        assert quietstep(home, "share", "--period", f"2026-W{week}", "--accept", "Anna").exit_code == 0
    spent = quietstep(home, "share", "--period", "2026-W45")
    assert spent.exit_code == 1
    assert "0 is left" in said(spent)
    shown = quietstep(home, "share", "--receipts")
    for file in (home / "data" / "shared").iterdir():
        assert file.read_text().strip() in shown.output
    assert "3 receipts; spent 3 of 3, 0 is left" in shown.output
    machine = json.loads(quietstep(home, "share", "--receipts", "--json").output)
    assert [receipt["period"] for receipt in machine["receipts"]] == ["2026-W46", "2026-W47", "2026-W48"]
    assert quietstep(home, "share", "--turn-off").exit_code == 0
    assert "no yes" in said(quietstep(home, "share"))
    assert len(read_ledger(home / "data" / "shared.json").receipts) == 3


def test_explain_says_the_figures_and_needs_no_yes(home: Path) -> None:
    settings(home, "")
    told = json.loads(quietstep(home, "share", "--explain", "--json").output)
    assert told["terms"] == {"length": "week", "epsilon": 1.0, "budget": 8.0}
    assert [number["question"] for number in told["numbers"]] == ["valence", "arousal", "told", "watched", "abstained"]
    assert all(number["half_width"] > 1 for number in told["numbers"])
    assert told["text"] in quietstep(home, "share", "--explain").output


def test_several_things_at_once_are_refused(home: Path) -> None:
    assert "several things" in said(quietstep(home, "share", "--explain", "--receipts"))


def test_erasing_a_day_takes_the_week_that_was_shared(home: Path) -> None:
    for week in (46, 47):
        quietstep(home, "share", "--period", f"2026-W{week}", "--accept", "Anna")
    done = quietstep(home, "erase", "--from", "2026-11-16", "--to", "2026-11-17", "--zone", "UTC", "--yes")
    assert done.exit_code == 0, done.output
    assert [file.name for file in (home / "data" / "shared").iterdir()] == ["quietstep-2026-W46.json"]
    ledger = read_ledger(home / "data" / "shared.json")
    assert ([receipt.period for receipt in ledger.receipts], ledger.spent_nano) == (["2026-W46"], 2 * 10**9)


def test_erasing_all_or_withdrawing_leaves_the_spent_total_alone(home: Path) -> None:
    quietstep(home, "share", "--accept", "Anna")
    assert quietstep(home, "erase", "--all", "--yes").exit_code == 0
    ledger = read_ledger(home / "data" / "shared.json")
    assert (ledger.spent_nano, ledger.receipts, ledger.words) == (10**9, (), ())
    with Store.open(home / "data" / "diary.db"):
        pass
    quietstep(home, "share", "--accept", "Ben")
    consent(load_config(home / "quietstep.toml", data_dir=home / "data"), Told(), accept=None, withdraw=True)
    ledger = read_ledger(home / "data" / "shared.json")
    assert (ledger.spent_nano, ledger.receipts, ledger.words) == (2 * 10**9, (), ())
    assert not list((home / "data" / "shared").iterdir())


def test_the_consent_to_be_watched_says_that_sharing_asks_on_its_own() -> None:
    assert "`quietstep share` is off, asks\n    on its own" in TEXT


@pytest.mark.parametrize(
    "line",
    ["onn = true", "epsilon = 0.3", "epsilon = 4.0", "budget = 10.5", "budget = 0.5", 'period = "hour"', "on = 3"],
)
def test_settings_that_cannot_be_meant(tmp_path: Path, line: str) -> None:
    settings(tmp_path, f"[share]\n{line}\n")
    with pytest.raises(ConfigError, match=r"line [12]"):
        load_config(tmp_path / "quietstep.toml")


WATCHED = """
    import sys
    def watch(event, arguments):
        if event.startswith("socket."):
            raise SystemExit(f"a socket: {event} {arguments}")
    sys.addaudithook(watch)
    import edge.share_commands
    edge.share_commands.time.time = lambda: %r
    from edge.cli import main
    sys.argv = ["quietstep", *sys.argv[1:]]
    main()
"""


def test_it_makes_no_socket(home: Path) -> None:
    code = textwrap.dedent(WATCHED % NOW_S)
    arguments = ["share", "--accept", "Anna", "--config", home / "quietstep.toml", "--data-dir", home / "data"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=home)
    assert done.returncode == 0, done.stderr
    assert (home / "data" / "shared" / "quietstep-2026-W48.json").exists()


def test_a_folder_in_the_way_does_not_stop_the_erasure(home: Path) -> None:
    quietstep(home, "share", "--accept", "Anna")
    (home / "data" / "shared.json").unlink()
    (home / "data" / "shared.json").mkdir()
    done = quietstep(home, "erase", "--all", "--yes")
    assert done.exit_code == 1
    assert "no way to write" in said(done)
    assert "The key is destroyed" in done.output
    assert not (home / "data" / "diary.db").exists()
