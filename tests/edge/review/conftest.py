"""Demonstration diaries for tests of the page, made once."""

import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.edge.review.browsing import CHROMIUM
from tests.edge.review.demo_year import write_year

BERLIN = ZoneInfo("Europe/Berlin")
LAST = date(2025, 11, 30)
"""Past on any clock, so that pictures are the same on each day."""


@pytest.fixture(scope="session")
def made_year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole year up to LAST."""
    folder = tmp_path_factory.mktemp("year")
    write_year(folder, LAST, BERLIN)
    return folder


@pytest.fixture(scope="session")
def made_weeks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five weeks up to LAST."""
    folder = tmp_path_factory.mktemp("weeks")
    write_year(folder, LAST, BERLIN, n_days=35)
    return folder


@pytest.fixture
def weeks(made_weeks: Path, tmp_path: Path) -> Path:
    """Five weeks to change."""
    return shutil.copytree(made_weeks, tmp_path / "weeks")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def shots() -> Path | None:
    """Where screenshots go that QUIETSTEP_SHOTS asks for; a picture nobody looks at costs a test its time."""
    if not (named := os.environ.get("QUIETSTEP_SHOTS")):
        return None
    folder = Path(named)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
