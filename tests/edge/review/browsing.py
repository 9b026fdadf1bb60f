"""A real browser for tests of the page: what it opens, at which size, and what counts as a fault.

Promises: a word to the console, a failure and a request to another host are faults when the block ends. Refuses nothing
that the page itself refuses: an answer of 403 or 503 is no fault.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
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


def accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
