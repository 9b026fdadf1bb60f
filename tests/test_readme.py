"""The README is true: its commands exist, its settings load, its links lead somewhere, CI runs what it says."""

import importlib
import re
import shlex
from pathlib import Path

import pytest
import typer

from edge.config import load_config

ROOT = Path(__file__).parent.parent
ROOMS = ("edge", "edge/encoder", "edge/diary", "edge/review", "edge/update", "trainer", "deploy", "tests/bench")
PAGES = ("README.md", *(f"{room}/README.md" for room in ROOMS))
MODULES = {"quietstep": "edge.cli", "quietstep-train": "trainer.cli", "quietstep-deploy": "deploy.cli"}


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)


def commands() -> list[str]:
    lines = [line.split("  #")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return sorted({line for line in lines if line.split(" ")[0] in MODULES})


def test_there_are_exactly_two_set_up_commands_of_one_line_and_ci_runs_the_second() -> None:
    set_up = [block.strip() for block in blocks("sh") if "python3 -m venv" in block]
    assert len(set_up) == 2
    assert not [command for command in set_up if "\n" in command]
    assert set_up[0].endswith("quietstep demo")
    assert set_up[1] in (ROOT / ".ci" / "run").read_text().splitlines()


@pytest.mark.parametrize("command", commands())
def test_every_command_shown_exists_with_its_options(command: str) -> None:
    words = shlex.split(command)
    found = typer.main.get_command(importlib.import_module(MODULES[words[0]]).app)
    for word in words[1:]:
        if hasattr(found, "commands") and not word.startswith("-"):
            found = found.commands[word]
    known = {name for parameter in found.params for name in (*parameter.opts, *parameter.secondary_opts)}
    assert not [word for word in words if word.startswith("--") and word not in known]


def test_the_settings_shown_load(tmp_path: Path) -> None:
    (block,) = blocks("toml")
    (tmp_path / "quietstep.toml").write_text(block)
    assert len(load_config(tmp_path / "quietstep.toml").camera) == 2


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    path = ROOT / page
    links = re.findall(r"\]\((?!https?://)([^)#]+)\)", path.read_text())
    assert not [link for link in links if not (path.parent / link).exists()]
