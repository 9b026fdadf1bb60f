"""Each state of a home has its own honest page, in a real browser: nothing there, empty, broken, paused, suppressed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from edge.diary.store import Store
from edge.pause import ALL_PLACES
from edge.state import open_door, read_clock
from tests.edge.review.browsing import looked_at, watched
from tests.edge.review.conftest import BERLIN, LAST
from tests.edge.review.demo_year import year_rows
from tests.edge.review.page_home import home_in, served


def nothing(folder: Path) -> None:
    for file in folder.glob("diary*"):
        file.unlink()


def empty(folder: Path) -> None:
    nothing(folder)
    Store.open(folder / "diary.db").close()


def without_key(folder: Path) -> None:
    (folder / "diary.key").unlink()


def damaged(folder: Path) -> None:
    with (folder / "diary.db").open("r+b") as file:
        file.seek(4096)
        file.write(bytes(8192))


def paused(folder: Path) -> None:
    with open_door(folder / "state.db") as door:
        door.pause(ALL_PLACES, read_clock(), None)


def state_damaged(folder: Path) -> None:
    paused(folder)
    (folder / "state.db").write_bytes(b"x" * 9000)


def suppressed(folder: Path) -> None:
    with Store.open(folder / "diary.db", kind="demo") as store:
        store.erase()
        store.save([row for row in year_rows(LAST, BERLIN, 9) if row.held_back], ())


STATES = {
    nothing: (200, "There is no diary yet."),
    empty: (200, "The diary is empty."),
    without_key: (503, "The diary is here, but its key is not."),
    damaged: (503, "The diary is damaged."),
    paused: (200, "Watching is paused."),
    state_damaged: (200, "Everything rests."),
    suppressed: (200, "No mood to tell this week"),
}


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_each_state_has_its_own_honest_page(
    browser: Browser, weeks: Path, shots: Path | None, state: Callable[[Path], None]
) -> None:
    state(weeks)
    status, words = STATES[state]
    with served(home_in(weeks, BERLIN)) as home, watched(browser, home.url) as page:
        answer = page.goto(home.url)
        assert answer is not None
        assert answer.status == status
        assert words in page.locator("body").inner_text()
        looked_at(page, f"state-{state.__name__}", shots)
        assert page.goto(home.url + "/pause").status == 200, "a pause must be possible whatever became of the diary"
