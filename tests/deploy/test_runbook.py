"""The runbook is true: each of its blocks is run as it stands, with people's folders and passphrases."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from deploy.cli import app
from deploy.held import read_held
from deploy.layout import Layout
from deploy.secrets import ENVIRONMENT, Secrets
from tests.deploy.office import SURFACE, bundle_maker

README = Path(__file__).parents[2] / "deploy" / "README.md"
FIRST = ("First keys", "A release")
RUNNER = CliRunner()


def blocks() -> dict[str, list[str]]:
    """Blocks of commands by the heading above them."""
    parts = re.split(r"^## (.*)$", README.read_text(), flags=re.MULTILINE)
    found = {
        title: re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)
        for title, text in zip(parts[1::2], parts[2::2], strict=True)
    }
    return {title: commands for title, commands in found.items() if commands}


def run(block: str) -> str:
    """Every line as somebody would type it, who answers "y" where asked; it must succeed. All they were told."""
    told = []
    for line in filter(None, (text.strip() for text in block.splitlines())):
        words = shlex.split(line)
        if words[0] == "quietstep-deploy":
            result = RUNNER.invoke(app, words[1:], input="y\n")
            assert result.exit_code == 0, f"{line}\n{result.output}\n{result.exception}"
            told.append(result.output)
        else:
            subprocess.run(["bash", "-c", line], check=True)
    return "".join(told)


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory, secrets: Secrets) -> Path:
    """A folder in which the first keys were made and a first release went out, by the runbook's own blocks."""
    home = tmp_path_factory.mktemp("runbook")
    make = bundle_maker(home / "bundles")
    make("1.0.0"), make("1.2.0"), make("1.1.0", macro_f1=0.5, name="worse")
    (home / "figures").mkdir()
    surfaces = ("posterior", "posterior_and_score", "affect_code")
    (home / "figures" / "privacy.json").write_bytes(msgspec.json.encode(dict.fromkeys(surfaces, SURFACE)))
    with pytest.MonkeyPatch.context() as patch:
        enter(patch, home, secrets)
        for title in FIRST:
            for block in blocks()[title]:
                run(block)
    return home


def enter(patch: pytest.MonkeyPatch, home: Path, secrets: Secrets) -> None:
    patch.chdir(home)
    patch.setenv(ENVIRONMENT, str(secrets.source))


@pytest.mark.parametrize("title", [title for title in blocks() if title not in FIRST])
def test_every_block_does_what_its_chapter_says(
    title: str, shipped: Path, tmp_path: Path, secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(shipped, tmp_path / "home")
    enter(monkeypatch, tmp_path / "home", secrets)
    for block in blocks()[title]:
        run(block)
    assert RUNNER.invoke(app, ["verify", "--repo", "repo"]).exit_code == 0
    assert RUNNER.invoke(app, ["audit", "--repo", "repo", "--verify"]).exit_code == 0


def test_the_first_blocks_leave_a_release_in_its_ring(shipped: Path) -> None:
    held = read_held(Layout(shipped / "repo"))
    assert list(held.releases.signed.targets) == ["releases/walk-1.0.0.bundle"]
    assert list(held.rollout.signed.targets) == ["rollout/friends.json"]


def test_the_runbook_has_every_bad_day() -> None:
    assert {
        "First keys",
        "A lost key",
        "The rollout key leaked",
        "One release key leaked",
        "A root key leaked",
        "The root has expired",
        "A device that never comes back",
    } <= blocks().keys()
