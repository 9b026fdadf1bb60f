"""A real browser for tests of the page: what it opens, at which size, and what counts as a fault.

Promises: a word to the console, a failure and a request to another host are faults when the block ends. Refuses nothing
that the page itself refuses: an answer of 403 or 503 is no fault.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route

SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
AXE = Axe()
FIRST = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
AGAIN = FIRST | {"rules": {"target-size": {"enabled": True}, "color-contrast": {"enabled": False}}}
SHORT = "found => ({...found, passes: [], incomplete: [], inapplicable: []})"
"""What holds is most of the answer, and nobody reads it."""
CHROMIUM = next((path for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(path).exists()), None)


@contextmanager
def watched(
    browser: Browser, url: str, size: str = "desktop", locale: str = "en-GB", **options: bool
) -> Iterator[Page]:
    """A page of which every word to the console, failure and foreign request is a fault when the block ends."""
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, locale=locale, **options)
    page, faults = context.new_page(), []

    def stop_others(route: Route) -> None:
        if route.request.url.startswith((url, "data:")):
            route.continue_()
        else:
            faults.append(f"asked {route.request.url}")
            route.abort()

    context.route("**/*", stop_others)
    expected = "Failed to load resource: the server responded with a status of"
    page.on("console", lambda m: None if m.text.startswith(expected) else faults.append(m.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert faults == []


def accessible(page: Page, *, is_first: bool = True) -> None:
    """axe-core finds nothing, targets too small to tap among it; not ``is_first``: no colours and no drawing again."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.axe_script)
    where, rules = ("document", FIRST) if is_first else ("{exclude: ['svg > g']}", AGAIN)
    found = AxeResults(page.evaluate(f"axe.run({where}, {json.dumps(rules)}).then({SHORT})"))
    assert found.violations_count == 0, found.generate_report()


def fits(page: Page, name: str) -> None:
    """Nothing is wider than the window, and each chart is there once and with its table."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{name} is {wide} px too wide"
    shown = page.evaluate("[...document.querySelectorAll('.chart svg')].filter(s => s.clientWidth).length")
    charts = page.locator("figure.chart").count()
    assert shown == charts, f"{name}: a chart that is not there, or there twice"
    assert page.locator("figure.chart details.table").count() == charts


def looked_at(page: Page, name: str, shots: Path | None) -> None:
    """The page as it stands holds at each size: it fits and is accessible."""
    for n, (size, (width, height)) in enumerate(SIZES.items()):
        page.set_viewport_size({"width": width, "height": height})
        fits(page, f"{size}-{name}")
        accessible(page, is_first=n == 0)
        shot(page, f"{size}-{name}", shots)


def shot(page: Page, name: str, shots: Path | None) -> None:
    """A picture to look at, where somebody asked for it."""
    if shots is not None:
        page.screenshot(path=shots / f"{name}.png", full_page=True)
