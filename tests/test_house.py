"""The house's own rules, run as anyone would run them: ``task check`` in one test each."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
PACKAGES = ("edge", "trainer", "deploy", "tests")
TOP_LEVEL = {"edge", "trainer", "deploy", "tests", "pyproject.toml", "README.md", "LICENSE"}
FORBIDDEN_STEMS = {"utils", "common", "core", "base", "helpers", "manager"}


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.splitlines()]


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "format", "--check", *PACKAGES],
        ["ruff", "check", *PACKAGES],
        ["mypy"],
        ["lint-imports"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_the_checks_pass(command: list[str]) -> None:
    done = subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_the_top_level_is_as_the_design_says() -> None:
    assert {p.relative_to(ROOT).parts[0] for p in tracked() if not p.relative_to(ROOT).parts[0].startswith(".")} == (
        TOP_LEVEL
    )


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert not [path for path in tracked() if path.stem in FORBIDDEN_STEMS]


def test_tests_are_no_packages() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_every_module_says_what_it_promises() -> None:
    modules = [path for path in tracked() if path.suffix == ".py" and path.is_relative_to(ROOT / "edge")]
    silent = [
        str(path.relative_to(ROOT))
        for path in modules
        if path.read_text().strip() and not re.search(r"Promises", ast.get_docstring(ast.parse(path.read_text())) or "")
        if "migrations" not in path.parts
    ]
    assert not silent


def test_nothing_in_the_edge_unpickles() -> None:
    assert not [p for p in tracked() if p.suffix == ".py" and "pickle" in _imports(p) and "tests" not in p.parts]


def _imports(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = {alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module.split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
