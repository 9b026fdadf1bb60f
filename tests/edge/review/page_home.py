"""A home for tests of the page: its value, a server in a thread, and a client that behaves like a browser's form.

Promises: the real application behind the real server on a real socket. Refuses to outlive its block.
"""

import contextlib
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path

import httpx
from fastapi import FastAPI

from edge.permission import Settings
from edge.retention import Retention
from edge.review.app import build_app
from edge.review.home import Home, Serving, Watched
from edge.review.serve import server_of

WATCHED = (Watched("hall", False), Watched("stairs", False))


def home_in(folder: Path, zone: tzinfo = UTC) -> Home:
    """The home whose files are there."""
    names = ("diary.db", "diary.key", "state.db", "running.json", "review.db")
    return Home(*(folder / name for name in names), zone, WATCHED, Settings((), zone), Retention())


@dataclass(frozen=True, slots=True)
class Served:
    """A page that runs."""

    app: FastAPI
    home: Home
    url: str

    def client(self, **cookies: str) -> httpx.Client:
        """A visitor that follows nothing by itself."""
        return httpx.Client(base_url=self.url, headers={"origin": self.url}, cookies=cookies, timeout=30)


@contextlib.contextmanager
def served(home: Home, serving: Serving | None = None, verify: str = "") -> Iterator[Served]:
    """Serve until the block ends."""
    serving = serving or Serving(port=0)
    app = build_app(home, serving)
    server = server_of(app, serving)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end_s = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < end_s, "the server did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Served(app, home, f"{'https' if serving.has_tls else 'http'}://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        thread.join(20)


def token(client: httpx.Client, page: str = "/pause") -> str:
    """The token that this visitor's forms carry."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', client.get(page).text)
    assert found, "a page without a form"
    return found[1]
