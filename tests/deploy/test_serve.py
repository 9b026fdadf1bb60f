"""The bench's web server: ranges and tags as devices use them, and nothing but the public files."""

import http.client
from collections.abc import Iterator

import pytest

from deploy.layout import Layout
from deploy.serve import asked_part, shown_file
from tests.deploy.office import Office, on_the_web


@pytest.fixture
def ask(office: Office) -> Iterator[http.client.HTTPConnection]:
    with on_the_web(office) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        yield connection
        connection.close()


def get(ask: http.client.HTTPConnection, path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    ask.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = ask.getresponse()
    return answer, answer.read()


def test_an_unchanged_file_costs_no_body(ask: http.client.HTTPConnection, office: Office) -> None:
    answer, body = get(ask, "/metadata/timestamp.json")
    assert (answer.status, body) == (200, office.layout.timestamp.read_bytes())
    again, nothing = get(ask, "/metadata/timestamp.json", If_None_Match=answer.headers["ETag"])
    assert (again.status, nothing) == (304, b"")


def test_a_download_goes_on_where_it_stopped_unless_the_file_changed(
    ask: http.client.HTTPConnection, office: Office
) -> None:
    whole = office.layout.timestamp.read_bytes()
    answer, body = get(ask, "/metadata/timestamp.json", Range="bytes=100-")
    assert (answer.status, body) == (206, whole[100:])
    assert answer.headers["Content-Range"] == f"bytes 100-{len(whole) - 1}/{len(whole)}"
    etag = answer.headers["ETag"]
    assert get(ask, "/metadata/timestamp.json", Range="bytes=5-9", If_Range=etag)[1] == whole[5:10]
    other, everything = get(ask, "/metadata/timestamp.json", Range="bytes=5-9", If_Range='"another"')
    assert (other.status, everything) == (200, whole)
    assert get(ask, "/metadata/timestamp.json", Range=f"bytes={len(whole)}-")[0].status == 416


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("bytes=0-0", range(0, 1)),
        ("bytes=-3", range(7, 10)),
        ("bytes=-30", range(0, 10)),
        ("bytes=8-99", range(8, 10)),
        ("bytes=10-", None),
        ("bytes=5-2", None),
        ("bytes=-0", None),
        ("bytes=0-1,4-5", range(10)),
        ("lines=1-2", range(10)),
    ],
)
def test_one_range_is_understood(text: str, part: range | None) -> None:
    assert asked_part(text, 10) == part


def test_a_head_has_no_body_and_other_methods_are_refused(ask: http.client.HTTPConnection, office: Office) -> None:
    ask.request("HEAD", "/metadata/timestamp.json")
    answer = ask.getresponse()
    assert answer.headers["Content-Length"] == str(office.layout.timestamp.stat().st_size)
    assert answer.read() == b""
    ask.request("PUT", "/metadata/timestamp.json", body=b"x")
    assert ask.getresponse().status == 501


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/publisher/audit.jsonl",
        "/metadata",
        "/metadata/../publisher/keys.json",
        "/metadata/%2e%2e/publisher/keys.json",
        "/metadata//timestamp.json",
        "/metadata/link.json",
        "/targets/linked/keys.json",
        "/metadata/timestamp.json/x",
        "/root.json",
    ],
)
def test_nothing_else_is_shown(path: str, office: Office) -> None:
    layout: Layout = office.layout
    (layout.metadata / "link.json").symlink_to(layout.key_book)
    layout.targets.mkdir(exist_ok=True)
    (layout.targets / "linked").symlink_to(layout.publisher)
    assert shown_file(layout, path) is None
    assert shown_file(layout, "/metadata/1.root.json?x=1") == layout.versioned("root", 1)
