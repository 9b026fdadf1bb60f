"""Whoever is not of this home gets nothing in and nothing out: each test is named for what somebody would try."""

import re
import shutil
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from edge.diary.store import DiaryReader
from edge.pause import ALL_PLACES
from edge.review import gate, serve
from edge.review.accounts import Accounts
from edge.review.guard import POLICY, RIGHTS, host_of, refusal
from edge.review.home import Serving
from edge.state import read_state
from tests.edge.review.conftest import BERLIN
from tests.edge.review.page_home import Served, home_in, served, token

PASSWORD = "a long password"
OF_THE_HOME = ("hall", "stairs", "tablets", "Since about", "diary.db")
FORMS = {
    "/pause": {"length": "open"},
    "/resume": {},
    "/notes": {"day": "2025-11-20", "text": "planted"},
    "/notes/remove": {"n": "1"},
    "/erase": {"first": "2025-11-01", "last": "2025-11-30"},
    "/logout": {},
}


@pytest.fixture(scope="module")
def page(made_weeks: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = shutil.copytree(made_weeks, tmp_path_factory.mktemp("page") / "home")
    with served(home_in(folder, BERLIN)) as running:
        yield running


@pytest.fixture(scope="module")
def locked(made_weeks: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The same with three accounts."""
    folder = shutil.copytree(made_weeks, tmp_path_factory.mktemp("locked") / "home")
    accounts = Accounts(folder / "review.db")
    for role in RIGHTS:
        accounts.put(role, role, PASSWORD)
    with served(home_in(folder, BERLIN)) as running:
        yield running


def signed_in(page: Served, name: str) -> httpx.Client:
    client = page.client()
    form = {"csrf": token(client, "/login"), "name": name, "password": PASSWORD}
    assert client.post("/login", data=form).status_code == 303
    return client


def nothing_of_the_home(text: str) -> bool:
    return not [word for word in OF_THE_HOME if word in text]


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.:80", "[::2]", "127.0.0.2:8745"]
)
def test_another_name_that_points_here_gets_nothing(page: Served, host: str) -> None:
    answer = httpx.get(page.url, headers={"host": host})
    assert answer.status_code in (400, 421)
    assert nothing_of_the_home(answer.text)


def test_hosts_are_read_without_port_and_brackets() -> None:
    assert [host_of(h) for h in ("LocalHost:8745", "[::1]:8745", "::1", "a")] == ["localhost", "::1", ":", "a"]


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("origin", ["https://evil.example", "null", None, "http://127.0.0.1"])
def test_a_form_of_another_site_changes_nothing(page: Served, path: str, origin: str | None) -> None:
    client = page.client()
    form = FORMS[path] | {"csrf": token(client)}
    del client.headers["origin"]
    answer = client.post(path, data=form, headers={"origin": origin} if origin else {})
    assert answer.status_code == 403
    assert client.post(path, data=form, headers={"origin": page.url, "sec-fetch-site": "cross-site"}).status_code == 403


@pytest.mark.parametrize("path", FORMS)
def test_a_form_without_this_sessions_token_changes_nothing(page: Served, path: str) -> None:
    client, other = page.client(), page.client()
    client.get("/")
    for csrf in ("", "0" * 64, token(other), "é" * 20):
        assert client.post(path, data=FORMS[path] | {"csrf": csrf}).status_code == 403
    assert client.get(path).status_code in (200, 404, 405), "asking for the page must not do it"
    with DiaryReader.open(page.home.diary, page.home.key) as reader:
        assert len(reader.rows()) > 1000
    assert not read_state(page.home.state).pauses


def test_a_cookie_is_for_this_host_without_script_and_never_sent_from_elsewhere(page: Served) -> None:
    cookie = page.client().get("/").headers["set-cookie"].lower()
    assert {"httponly", "samesite=strict", "path=/"} <= {part.strip() for part in cookie.split(";")}


def test_a_link_on_another_site_does_not_end_the_session_that_it_cannot_see(page: Served) -> None:
    answer = page.client().get("/?lang=de", headers={"sec-fetch-site": "cross-site"})
    assert [c.partition("=")[0] for c in answer.headers.get_list("set-cookie")] == ["quietstep-language"]
    both = page.client().get("/?lang=de").headers.get_list("set-cookie")
    assert {c.partition("=")[0] for c in both} == {"quietstep", "quietstep-language"}


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/static/page.css", "/static/", "/day?day=x", "/openapi.json", "/docs"]
)
def test_every_answer_has_the_policy(page: Served, path: str) -> None:
    headers = page.client().get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
    assert "server" not in headers


def test_the_framework_shows_no_pages_of_its_own(page: Served) -> None:
    client = page.client()
    assert {client.get(p).status_code for p in ("/docs", "/redoc", "/openapi.json", "/static/", "/static")} == {404}


def test_a_crawl_without_a_session_finds_the_login_and_its_style(locked: Served) -> None:
    client = locked.client()
    paths = sorted(locked.app.openapi()["paths"])
    assert len(paths) > 15
    for path in paths:
        if path != "/login":
            answer = client.get(path)
            assert (answer.status_code, answer.headers.get("location")) == (303, "/login"), path
            assert client.post(path, data={"csrf": "0"}).status_code == 403
            assert nothing_of_the_home(answer.text)
    links = set(re.findall(r'(?:href|src|action)="([^"#][^"]*)"', client.get("/login").text))
    for link in links:
        answer = client.get(link)
        assert nothing_of_the_home(answer.text)
        assert answer.status_code == 200 or answer.headers["location"] == "/login"


def test_a_session_that_was_planted_is_worth_nothing_after_the_login(locked: Served) -> None:
    client = locked.client()
    client.get("/login")
    planted = client.cookies["quietstep"]
    form = {"csrf": token(client, "/login"), "name": "household", "password": PASSWORD}
    answer = client.post("/login", data=form)
    assert client.cookies["quietstep"] != planted
    assert answer.headers["location"] == "/"
    assert client.get("/").status_code == 200
    assert locked.client(quietstep=planted).get("/").headers["location"] == "/login"


def test_signing_out_ends_the_session_in_the_file_too(locked: Served) -> None:
    client = signed_in(locked, "carer")
    kept = client.cookies["quietstep"]
    assert client.post("/logout", data={"csrf": token(client, "/")}).headers["location"] == "/login"
    assert locked.client(quietstep=kept).get("/").status_code == 303


@pytest.mark.parametrize(
    ("role", "opens", "refused"),
    [
        ("household", ("/", "/data", "/erase", "/export", "/pause", "/notes", "/minutes"), ()),
        ("carer", ("/", "/days", "/alerts", "/sure", "/notes"), ("/data", "/erase", "/export", "/pause")),
        ("engineer", ("/minutes",), ("/days", "/day", "/hours", "/moods", "/alerts", "/notes", "/sure", "/data")),
    ],
)
def test_a_role_opens_its_pages_and_no_other(
    locked: Served, role: str, opens: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    client = signed_in(locked, role)
    assert [client.get(path).status_code for path in opens] == [200] * len(opens)
    assert [client.get(path).status_code for path in refused] == [403] * len(refused)
    if role != "household":
        csrf = token(client, "/minutes")
        changing = [path for path in FORMS if path != "/logout"]
        assert {client.post(path, data=FORMS[path] | {"csrf": csrf}).status_code for path in changing} == {403}
        dates = "first=2025-11-01&last=2025-11-30"
        assert client.get(f"/export/file?{dates}").status_code == 403


NASTY = (
    "' OR 1=1 --",
    "hall'; DROP TABLE trend; --",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "hall\x00",
    "%s%n",
)


@pytest.mark.parametrize("text", NASTY)
def test_a_place_is_looked_up_and_never_taken_for_sql_path_or_page(page: Served, text: str) -> None:
    client = page.client()
    for path in ("/", "/days", "/day", "/hours", "/moods", "/minutes", "/sure"):
        answer = client.get(path, params={"place": text})
        assert answer.status_code in (404, 422)
        assert "<script>alert" not in answer.text
    assert client.get("/erase", params={"first": "2025-11-01", "place": text}).status_code in (409, 422)
    with DiaryReader.open(page.home.diary, page.home.key) as reader:
        assert len(reader.rows()) > 1000


@pytest.mark.parametrize(
    "path",
    ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/%5c..%5capp.py", "//etc/passwd"],
)
def test_a_path_leads_out_of_nothing(page: Served, path: str) -> None:
    host, port = page.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as wire:
        wire.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        told = b"".join(iter(lambda: wire.recv(65536), b""))
    assert told.split()[1] in (b"400", b"404"), told[:200]
    assert b"build_app" not in told


def test_a_note_is_text_whatever_it_says(weeks: Path) -> None:
    with served(home_in(weeks, BERLIN)) as page:
        client = page.client()
        for text in ("<img src=x onerror=alert(1)>", "'); DELETE FROM annotation; --", "{{ 7 * 7 }}"):
            form = {"csrf": token(client), "day": "2025-11-28", "text": text}
            assert client.post("/notes", data=form).status_code == 303
        told = client.get("/notes").text
        assert "<img" not in told
        assert "&lt;img src=x onerror=alert(1)&gt;" in told
        assert "DELETE FROM annotation" in told
        week = client.get("/").text
        assert "<img" not in week
        assert "{{ 7 * 7 }}" in week
        assert (
            client.post("/notes", data={"csrf": token(client), "day": "2025-11-28", "text": "a\nb" * 99}).status_code
            == 409
        )


def test_an_oversized_body_is_turned_away_by_its_head_and_by_its_length(page: Served) -> None:
    client = page.client()
    assert client.post("/notes", content=b"x" * 20_000).status_code == 413
    pieces = (b"x" * 1000 for _ in range(40))
    assert client.post("/notes", content=pieces).status_code == 413
    assert client.get("/", headers={"x": "y" * 40_000}).status_code in (400, 431)


def test_a_slow_body_and_a_slow_head_are_not_waited_for(page: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "BODY_WITHIN_S", 0.3)
    monkeypatch.setattr(serve, "HEAD_WITHIN_S", 0.3)
    host, port = page.url.removeprefix("http://").split(":")
    head = f"POST /notes HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {page.url}\r\nContent-Length: 900\r\n\r\nx"
    for sent, wanted in ((head, b"408"), ("GET / HTTP/1.1\r\nHo", b"")):
        with socket.create_connection((host, int(port)), 10) as wire:
            wire.sendall(sent.encode())
            assert wanted in wire.recv(4096)[:20]
    assert page.client().get("/").status_code == 200


def test_a_page_that_fails_says_nothing_of_why(page: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_anything: object) -> None:
        raise RuntimeError("a secret of hall")

    monkeypatch.setattr("edge.review.pages.sentences.what_changed", fail)
    answer = page.client().get("/")
    assert answer.status_code == 500
    assert nothing_of_the_home(answer.text)


def test_pausing_and_resuming_go_through_the_doors(weeks: Path) -> None:
    with served(home_in(weeks, BERLIN)) as page:
        client = page.client()
        assert (
            client.post("/pause", data={"csrf": token(client), "length": "hour"}).headers["location"].endswith("paused")
        )
        (pause,) = read_state(page.home.state).pauses
        assert pause.place == ALL_PLACES
        assert pause.until_s is not None
        assert 3500 < pause.until_s - time.time() < 3700
        assert (
            client.post("/pause", data={"csrf": token(client), "length": "open", "place": "attic"}).status_code == 400
        )
        assert client.post("/resume", data={"csrf": token(client)}).status_code == 303
        assert not read_state(page.home.state).pauses


def test_names_of_the_lan_are_hosts_of_the_page() -> None:
    serving = replace(Serving(), names=("Quietstep.local",))
    assert refusal("GET", "/", {"host": "quietstep.LOCAL:8745"}, serving) is None
