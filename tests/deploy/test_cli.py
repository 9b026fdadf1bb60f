"""What a person sees: sentences, tables and JSON, and no secret on the command line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.cli import app
from deploy.secrets import ENVIRONMENT
from edge.config import REFERENCE_BUNDLE
from tests.deploy.office import Office

RUNNER = CliRunner()
COMMANDS = sorted(command.name or command.callback.__name__ for command in app.registered_commands)


@pytest.fixture
def repo(office: Office, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv(ENVIRONMENT, str(office.secrets.source))
    return ["--repo", str(office.repo)]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_takes_no_passphrase(command: str) -> None:
    result = RUNNER.invoke(app, [command, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "--passphrase " not in result.output


def test_the_reference_bundle_passes_the_check() -> None:
    assert RUNNER.invoke(app, ["check", str(REFERENCE_BUNDLE)]).exit_code == 0
    told = RUNNER.invoke(app, ["check", str(REFERENCE_BUNDLE), "--json"]).stdout
    assert json.loads(told)["id"] == "reference"


@pytest.mark.parametrize("command", ["status", "expire", "audit", "verify"])
def test_what_is_read_comes_as_a_table_or_as_json(command: str, repo: list[str]) -> None:
    table = RUNNER.invoke(app, [command, *repo])
    assert table.exit_code == 0, table.output
    assert json.loads(RUNNER.invoke(app, [command, *repo, "--json"]).stdout)


def test_what_is_in_flight_and_who_is_next_is_told(office: Office, repo: list[str]) -> None:
    keys = ["--keys", str(office.keys / "ada"), "--privacy", str(office.privacy), "--who", "Ada"]
    told = RUNNER.invoke(app, ["publish", str(office.bundle("1.0.0")), *repo, *keys]).stdout
    assert "has 1 of 2 signatures" in told
    assert "Next: The next person: quietstep-deploy sign" in told
    flying = json.loads(RUNNER.invoke(app, ["status", *repo, "--json"]).stdout)["in_flight"]["releases"]
    assert flying[1].startswith("Offers releases/walk-1.0.0.bundle")


def test_a_signature_is_asked_for_and_a_no_changes_nothing(office: Office, repo: list[str]) -> None:
    office.publish("1.0.0", "ada")
    before = office.layout.draft("releases").read_bytes()
    result = RUNNER.invoke(
        app, ["sign", *repo, "--keys", str(office.keys / "ben"), "--privacy", str(office.privacy)], input="n\n"
    )
    assert result.exit_code == 1
    assert "Offers releases/walk-1.0.0.bundle" in result.stderr
    assert office.layout.draft("releases").read_bytes() == before


def test_a_failure_is_one_sentence(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["status", "--repo", str(tmp_path)])
    assert result.exit_code == 1
    assert result.stderr.startswith("quietstep-deploy: Found no repository in")
    assert "Traceback" not in result.stderr


def test_without_a_terminal_a_missing_passphrase_file_is_told(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    result = RUNNER.invoke(app, ["refresh", "--repo", str(office.repo), "--keys", str(office.keys / "machine")])
    assert result.exit_code == 1
    assert "nobody to ask for a passphrase" in result.stderr


def test_a_second_init_does_not_touch_the_first(office: Office, repo: list[str], tmp_path: Path) -> None:
    before = office.layout.timestamp.read_bytes()
    result = RUNNER.invoke(app, ["init", str(office.repo), "--keys", str(tmp_path / "more")])
    assert result.exit_code == 1
    assert "a repository is made once" in result.stderr
    assert office.layout.timestamp.read_bytes() == before
    assert not (tmp_path / "more").exists()
