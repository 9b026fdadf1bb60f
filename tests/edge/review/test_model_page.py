"""The page of the model: each step of a model's way, what is kept out, and every state in which nothing can be said."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from edge.boot_clock import read_clock
from edge.pause import ALL_PLACES, new_pause
from edge.review.accounts import Accounts
from edge.review.home import Home
from edge.review.model_told import CAME, WHY, model_told
from edge.review.words import Words
from edge.update.acceptance import EVENTS
from edge.update.decide import (
    Candidate,
    Commit,
    Limits,
    Quarantine,
    RollBack,
    SelfTestIt,
    ShadowCounts,
    StartShadow,
    StartTrial,
    Step,
    after,
    offered,
    why_unlike,
)
from edge.update.note import UpdateNote, write_note
from edge.update.outcome import Outcome
from edge.update.pointer import ModelStore, Note, Progress
from edge.update.standing import Asking, ModelFiles, ModelStatus, model_status
from tests.edge.review.browsing import accessible, shot, watched
from tests.edge.review.page_home import home_in, served, token

T_S = 1_793_664_000
FIRST, SECOND = Candidate("a" * 64, "walk", (3,)), Candidate("b" * 64, "walk", (4,))
ENGLISH, GERMAN = Words("en", UTC), Words("de", UTC)


def files_in(folder: Path, url: str | None = "https://updates.example") -> ModelFiles:
    return ModelFiles(*(folder / name for name in ("models.db", "bundles", "running.json", "update.json")), url)


def go(store: ModelStore, candidate: Candidate, *steps: Step) -> None:
    """As the supervisor writes it down, a second a step."""
    store.change(lambda world: offered(world, candidate))
    for n, step in enumerate(steps):
        of_active = isinstance(step, RollBack) and step.active
        world = store.read().world
        sha256 = world.pointer.active if of_active else candidate.sha256
        note = Note(T_S + n, sha256, f"walk {candidate.version[0]}", EVENTS[type(step)], getattr(step, "reason", ""))
        store.change(lambda now, step=step: after(now, step), note)


def told(files: ModelFiles, words: Words = ENGLISH) -> str:
    """All sentences of the page."""
    all_of_it = model_told(model_status(files), words)
    kept_out = [f"{one.model} {one.since}: {one.reason}" for one in all_of_it.kept_out]
    return " ".join([*all_of_it.runs, *all_of_it.coming, *all_of_it.asking, *kept_out])


def test_each_step_of_a_models_way_is_told(tmp_path: Path) -> None:
    files, store = files_in(tmp_path), ModelStore(tmp_path / "models.db")
    assert "The model that ships with Quietstep runs. No newer model is on its way." in told(files)
    go(store, FIRST)
    assert "walk 3.0.0 is on its way: It was fetched and proven" in told(files)
    go(store, FIRST, SelfTestIt())
    assert "being tested on this device" in told(files)
    store.change(lambda world: after(world, StartShadow()))
    store.progress(Progress(ShadowCounts(n_cycles=43)))
    assert "only compared. 40 gait cycles so far." in told(files), "in fives, as everywhere"
    store.change(lambda world: after(world, StartTrial()))
    assert "It answers on trial" in told(files)


def test_what_runs_since_when_and_what_stands_behind_it(tmp_path: Path) -> None:
    files, store = files_in(tmp_path), ModelStore(tmp_path / "models.db")
    go(store, FIRST, SelfTestIt(), StartShadow(), StartTrial(), Commit())
    now = model_status(files)
    assert (now.active, now.active_since_s) == ("aaaaaaaaaaaa (not there)", T_S + 3)
    assert "this one takes over at once: the one that ships with Quietstep" in told(files)
    store.change(
        lambda world: after(world, RollBack("it crashed", active=True)),
        Note(T_S + 9, FIRST.sha256, "walk 3", "rolled back", "it crashed"),
    )
    assert model_status(files).active_since_s == T_S + 9
    assert "It took over on Tuesday, 3 November 2026, when the one before it failed." in told(files)
    assert "walk 3 Tuesday, 3 November 2026: it crashed" in told(files)


def test_reasons_are_translated_where_people_can_do_something_with_them(tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "models.db")
    go(store, SECOND, SelfTestIt(), Quarantine("in the shadow: always the same answer"))
    assert "walk 4 Dienstag, 3. November 2026: es antwortet immer dasselbe" in told(files_in(tmp_path), GERMAN)
    unlike = [ShadowCounts(10, n_dropped=90), ShadowCounts(10, n_same=9), ShadowCounts(10, n_abstained=9)]
    said = {why_unlike(counts, Limits()) for counts in (*unlike, ShadowCounts(10, 10, 10))}
    assert said <= WHY.keys(), "the decision's words have changed, and the page's with them"


def test_asking_is_told_off_never_failed_held_and_next(tmp_path: Path) -> None:
    files = files_in(tmp_path)
    assert "Updates are off" in told(files_in(tmp_path, None))
    assert "It has not been asked yet." in told(files)
    write_note(files.update_note, UpdateNote(T_S, Outcome("no answer", "no answer from x"), T_S + 60.0))
    assert "Asked last Tue 3 Nov, 00:00: Nobody answered." in told(files)
    assert "not known: Quietstep is not running" in told(files), "nobody asks while no service runs"
    asking = Asking("https://u", "stable", T_S, Outcome("nothing", "no"), T_S + 60.0)
    running = ModelStatus(
        "a 1", "b 1", None, None, None, None, 0, held=True, held_until_s=T_S, error=None, updates=asking
    )
    assert "Asked next Tue 3 Nov, 00:01." in " ".join(model_told(running, ENGLISH).asking)
    assert "on hold until Tue 3 Nov, 00:00" in " ".join(model_told(running, ENGLISH).asking)
    ModelStore(files.models).hold(new_pause(ALL_PLACES, read_clock(), None), Note(T_S, "", "", "hold"))
    assert "on hold until somebody ends that" in told(files)


def test_every_outcome_has_its_words() -> None:
    assert set(CAME) == set(Outcome.__annotations__["event"].__args__)


def broken(folder: Path) -> Home:
    ModelStore(folder / "models.db").hold(None, Note(T_S, "", "", "hold ended"))
    (folder / "models.db").write_bytes(b"something else, long enough for a page" * 200)
    return replace(home_in(folder), models=files_in(folder))


def by_hand(folder: Path) -> Home:
    return replace(home_in(folder), models=replace(files_in(folder), by_hand=folder))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (home_in, "This page was not told where the models are."),
        (by_hand, "A model that was named by hand"),
        (broken, "The file of models cannot be read."),
    ],
)
def test_a_page_of_nothing_says_what_is_missing(tmp_path: Path, state: Callable[[Path], Home], said: str) -> None:
    with served(state(tmp_path)) as page:
        answer = page.client().get("/model")
        assert (answer.status_code, said in answer.text) == (200, True)


def test_an_engineer_sees_it_and_the_way_to_it(tmp_path: Path) -> None:
    Accounts(tmp_path / "review.db").put("eng", "engineer", "a long password")
    with served(replace(home_in(tmp_path), models=files_in(tmp_path))) as page:
        client = page.client()
        assert client.get("/model").status_code == 303
        form = {"csrf": token(client, "/login"), "name": "eng", "password": "a long password"}
        client.post("/login", data=form)
        assert 'href="/model"' in client.get("/model").text


@pytest.mark.parametrize(
    ("size", "language", "said"),
    [("desktop", "en", "It runs beside the old one"), ("phone", "de", "Es läuft neben dem alten mit")],
)
def test_it_is_whole_and_accessible_in_both_languages(
    browser: Browser, tmp_path: Path, shots: Path | None, size: str, language: str, said: str
) -> None:
    files, store = files_in(tmp_path), ModelStore(tmp_path / "models.db")
    go(store, FIRST, SelfTestIt(), StartShadow(), StartTrial(), RollBack("numbers that are none"))
    go(store, SECOND, SelfTestIt(), StartShadow())
    write_note(files.update_note, UpdateNote(time.time(), Outcome("staged", "walk 4 is staged"), None))
    with served(replace(home_in(tmp_path), models=files)) as home, watched(browser, home.url, size) as page:
        page.goto(f"{home.url}/model?lang={language}")
        assert said in page.locator("main").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        accessible(page)
        shot(page, f"{size}-model-{language}", shots)
