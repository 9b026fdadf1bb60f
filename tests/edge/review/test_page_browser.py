"""The page as people meet it: headless Chromium, a desktop and a phone, every page and every state.

Nothing may reach another host, write to the console or fail axe-core; screenshots are kept in the folder that
QUIETSTEP_SHOTS names.
"""

import io
import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from edge.diary.days import midnight_s
from edge.diary.store import DiaryReader, Store
from edge.state import read_state
from tests.edge.review.browsing import SIZES, accessible, fits, looked_at, shot, watched
from tests.edge.review.conftest import BERLIN, LAST
from tests.edge.review.demo_year import year_rows
from tests.edge.review.page_home import Served, home_in, served

PAGES = {
    "week": "/",
    "days": "/days",
    "days-arousal": "/days?quantity=arousal&weeks=26",
    "day": f"/day?day={LAST}",
    "hours": "/hours",
    "moods": "/moods?weeks=26",
    "minutes": "/minutes",
    "alerts": "/alerts",
    "notes": "/notes",
    "pause": "/pause",
    "data": "/data",
    "erase": "/erase",
    "erase-asked": f"/erase?first={LAST}",
    "export": "/export",
    "sure": "/sure",
    "model": "/model",
    "lost": "/nothing",
}
OTHER_CHARTS = {"days-arousal", "hours", "minutes"}
"""The same words around another chart."""
PICTURES = Path(__file__).parents[3] / "edge" / "review"


@pytest.fixture(scope="module")
def year(made_year: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = shutil.copytree(made_year, tmp_path_factory.mktemp("served") / "home")
    with served(home_in(folder, BERLIN)) as page:
        yield page


def test_every_page_at_every_size(browser: Browser, year: Served, shots: Path | None) -> None:
    """Each page is loaded once: by a phone, then made wide."""
    with watched(browser, year.url) as page:
        for name, path in PAGES.items():
            page.goto(year.url + path)
            looked_at(page, name, shots)


def test_german_pages_whose_words_are_longer_fit_a_phone(browser: Browser, year: Served, shots: Path | None) -> None:
    with watched(browser, year.url, "phone", "de-AT") as page:
        for name in PAGES.keys() - OTHER_CHARTS:
            page.goto(year.url + PAGES[name])
            assert page.locator("html").get_attribute("lang") == "de"
            fits(page, f"{name}-de")
            shot(page, f"phone-{name}-de", shots)
        page.goto(year.url)
        accessible(page)


def test_this_week_is_on_one_screen_in_words_and_one_chart(browser: Browser, year: Served) -> None:
    with watched(browser, year.url) as page:
        page.goto(year.url)
        assert "less pleasant than usual" in page.locator("h1").inner_text()
        parts = ("h1", "figure.chart svg:visible", "text=How much was watched", "text=How sure is this?", ".week > .do")
        for part in parts:
            box = page.locator(part).first.bounding_box()
            assert box is not None
            assert box["y"] < 900, part
        assert page.locator("figure.chart").count() == 1


def test_a_stranger_sees_what_changed_and_how_much_was_observed_without_a_click(browser: Browser, year: Served) -> None:
    with watched(browser, year.url, "phone") as page:
        page.goto(year.url)
        assert "Since about" in page.locator("h1").inner_text()
        assert "Watched for" in page.locator("main").inner_text()


def test_a_stranger_pauses_in_two_clicks_and_resumes_in_one(browser: Browser, weeks: Path) -> None:
    with served(home_in(weeks, BERLIN)) as home, watched(browser, home.url) as page:
        page.goto(home.url)
        page.get_by_role("link", name="Pause the watching").click()
        page.get_by_role("button", name="Until we say so").click()
        assert page.get_by_text("Paused. No camera is open.").is_visible()
        assert read_state(home.home.state).pauses
        page.get_by_role("button", name="Watch again").click()
        assert not read_state(home.home.state).pauses


def test_a_stranger_erases_yesterday_in_two_clicks(browser: Browser, weeks: Path) -> None:
    yesterday = datetime.now(BERLIN).date() - timedelta(days=1)
    with Store.open(weeks / "diary.db", kind="demo") as store:
        store.save([row for row in year_rows(yesterday, BERLIN, 2) if row.place == "hall"], ())
    start_s = midnight_s(yesterday, BERLIN)
    with served(home_in(weeks, BERLIN)) as home, watched(browser, home.url, "phone") as page:
        page.goto(home.url)
        page.get_by_role("link", name="Erase yesterday").click()
        assert "24 hourly rows" in page.locator("main").inner_text() or "23 hourly" in page.locator("main").inner_text()
        page.get_by_role("button", name="Erase for good").click()
        assert page.get_by_role("heading", name="It is gone.").is_visible()
        with DiaryReader.open(home.home.diary, home.home.key) as reader:
            assert not reader.rows(start_s, start_s + 86_400)
            assert reader.rows(start_s - 86_400, start_s)


def test_a_note_is_written_seen_in_the_chart_and_taken_back(browser: Browser, weeks: Path) -> None:
    with served(home_in(weeks, BERLIN)) as home, watched(browser, home.url) as page:
        page.goto(home.url + "/notes")
        page.get_by_label("Day").fill(LAST.isoformat())
        page.get_by_label("What happened").fill("a fall")
        page.get_by_role("button", name="Write").click()
        page.goto(home.url)
        assert "your note: a fall" in page.locator("figure.chart").inner_text()
        page.goto(home.url + "/notes")
        page.get_by_role("button", name="Remove the note “a fall”").click()
        assert "a fall" not in page.locator(".notes").inner_text()


def test_without_script_it_is_whole(browser: Browser, year: Served) -> None:
    with watched(browser, year.url, java_script_enabled=False) as page:
        page.goto(year.url + "/days")
        assert page.locator("figure.chart svg:visible").count() == 1
        page.locator("figure.chart").first.get_by_text("The numbers as a table").click()
        assert page.locator("figure.chart table").first.locator("tbody tr").count() == 84
        page.get_by_label("First day").fill("2025-11-01")
        page.get_by_role("button", name="Show these days").click()
        assert "first=2025-11-01" in page.url


def test_the_script_tells_a_day_and_takes_a_range(browser: Browser, year: Served) -> None:
    with watched(browser, year.url) as page:
        page.goto(year.url + "/days?weeks=4")
        chart = page.locator("figure.chart").first
        chart.locator("svg:visible").focus()
        page.keyboard.press("ArrowLeft")
        spoken = chart.locator(".spoken").inner_text()
        page.keyboard.press("ArrowLeft")
        assert spoken.startswith("Sun 30 Nov")
        assert chart.locator(".spoken").inner_text().startswith("Sat 29 Nov")
        spots = chart.locator("svg:visible .spot")
        boxes = [spots.nth(n).bounding_box() for n in (3, 9)]
        page.mouse.move(*middle(boxes[0]))
        page.mouse.down()
        page.mouse.move(*middle(boxes[1]), steps=8)
        page.mouse.up()
        days = [page.get_by_label(name).input_value() for name in ("First day", "Last day")]
        assert days == ["2025-11-06", "2025-11-12"]


def middle(box: object) -> tuple[float, float]:
    assert isinstance(box, dict)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_the_keyboard_reaches_everything_and_is_seen(browser: Browser, year: Served) -> None:
    with watched(browser, year.url) as page:
        page.goto(year.url)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "To the content"
        seen = set()
        for _ in range(40):
            page.keyboard.press("Tab")
            seen.add(page.evaluate("document.activeElement.textContent.trim().slice(0, 30)"))
            outline = "getComputedStyle(document.activeElement).outlineStyle"
            assert page.evaluate(f"document.activeElement === document.body || {outline} !== 'none'")
        assert {"Pause", "Trends", "stairs", "The numbers as a table", "Erase yesterday", "Deutsch"} <= seen


def test_it_prints_with_its_chart_and_without_its_buttons(browser: Browser, year: Served, shots: Path | None) -> None:
    with watched(browser, year.url) as page:
        page.goto(year.url)
        page.emulate_media(media="print")
        assert page.locator("figure.chart svg:visible").count() == 1
        assert not page.get_by_role("link", name="Pause the watching").is_visible()
        shot(page, "print-week", shots)


def test_german_is_german_and_is_remembered(browser: Browser, year: Served) -> None:
    with watched(browser, year.url) as page:
        page.goto(year.url + "/?lang=de")
        page.get_by_role("link", name="Verläufe").click()
        assert page.locator("html").get_attribute("lang") == "de"
        assert page.locator("h1").inner_text() == "Tag für Tag"


@pytest.mark.parametrize("size", SIZES)
def test_the_pictures_of_the_readme_are_those_of_today(browser: Browser, year: Served, size: str) -> None:
    """QUIETSTEP_PICTURES=write writes them anew."""
    with watched(browser, year.url, size) as page:
        page.goto(year.url)
        now = Image.open(io.BytesIO(page.screenshot(full_page=size == "desktop"))).convert("RGB")
    kept = PICTURES / f"week-{size}.png"
    if os.environ.get("QUIETSTEP_PICTURES") == "write":
        now.quantize(128).save(kept, optimize=True)
    then = Image.open(kept).convert("RGB")
    assert abs(then.height - now.height) < 0.1 * now.height
    then = then.resize((160, 160))
    off = np.abs(np.asarray(then, float) - np.asarray(now.resize((160, 160)), float)).mean()
    assert off < 6, f"{kept.name} is stale: run this test with QUIETSTEP_PICTURES=write"
