"""What a wheel carries: every tracked file that the packages need at run time is named in pyproject's package-data."""

import subprocess
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOM = Path(__file__).parents[1]
FOR_READERS = ("*.md", "edge/review/*.png", "edge/review/report.svg")
"""Documentation and its pictures stay with the source."""


def tracked() -> list[str]:
    command = ["git", "ls-files", "edge", "trainer", "deploy"]
    done = subprocess.run(command, cwd=ROOM, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a checkout")
    return done.stdout.split()


def carried(path: str, patterns: dict[str, list[str]]) -> bool:
    package, _, inside = path.partition("/")
    same_depth = (p for p in patterns.get(package, []) if p.count("/") == inside.count("/"))
    return any(fnmatchcase(inside, pattern) for pattern in same_depth)


def is_of_a_package(path: str) -> bool:
    """Python that setuptools finds by itself."""
    folder = ROOM / Path(path).parent
    return path.endswith(".py") and (folder / "__init__.py").exists()


def test_a_wheel_has_every_file_that_setuptools_does_not_find_by_itself() -> None:
    """Templates, style, words, models, and the migrations, whose folders are no packages."""
    patterns = tomllib.loads((ROOM / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    needed = [
        path
        for path in tracked()
        if not is_of_a_package(path) and not any(fnmatchcase(path, pattern) for pattern in FOR_READERS)
    ]
    assert {"models", "diary", "review"} <= {path.split("/")[1] for path in needed}
    assert [path for path in needed if not carried(path, patterns)] == []
