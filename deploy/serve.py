"""A small web server for a bench: the public files of a repository, as any web server or CDN would show them.

Promises: only plain files under ``metadata/`` and ``targets/`` are shown; one range of bytes can be asked for (with
If-Range), and an unchanged file costs no body (ETag, If-None-Match). Listens on this machine alone unless told
otherwise. Refuses parent paths, links, hidden files, and every method but GET and HEAD. No TLS and no limits: homes get
their updates from a real web server.
"""

import contextlib
import re
import stat
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from deploy.layout import Layout
from edge.errors import DeployError

SHOWN: Final = ("metadata", "targets")
_CHUNK: Final = 1 << 16
_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)")


class _Handler(BaseHTTPRequestHandler):
    layout: Layout
    protocol_version = "HTTP/1.1"
    server_version = "quietstep-deploy"
    timeout = 30.0

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged: who polls when is nobody's business."""

    def _answer(self, body: bool) -> None:
        path = shown_file(self.layout, self.path)
        if path is None:
            return self._say(HTTPStatus.NOT_FOUND)
        with path.open("rb") as file:
            size, etag = (found := path.stat()).st_size, f'"{found.st_mtime_ns:x}-{found.st_size:x}"'
            if etag in self.headers.get("If-None-Match", ""):
                return self._say(HTTPStatus.NOT_MODIFIED, {"ETag": etag})
            part = self._part(size, etag)
            if part is None:
                return self._say(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {"Content-Range": f"bytes */{size}"})
            self._head(part, size, etag)
            if body:
                file.seek(part.start)
                self._copy(file.read, len(part))
        return None

    def _part(self, size: int, etag: str) -> range | None:
        """The bytes asked for: all of them without a range, or when the file is another than If-Range names."""
        asked = self.headers.get("Range")
        if asked is None or self.headers.get("If-Range", etag) != etag:
            return range(size)
        return asked_part(asked, size)

    def _head(self, part: range, size: int, etag: str) -> None:
        whole = len(part) == size
        self.send_response(HTTPStatus.OK if whole else HTTPStatus.PARTIAL_CONTENT)
        headers = {"ETag": etag, "Accept-Ranges": "bytes", "Content-Length": str(len(part))}
        if not whole:
            headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/octet-stream")
        self.end_headers()

    def _copy(self, read: Callable[[int], bytes], n_left: int) -> None:
        while n_left and (chunk := read(min(n_left, _CHUNK))):
            self.wfile.write(chunk)
            n_left -= len(chunk)

    def _say(self, status: HTTPStatus, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()


def asked_part(text: str, size: int) -> range | None:
    """The one range in a Range header; the whole file for a header of another form, None where nothing is in it."""
    match = _RANGE.fullmatch(text.strip())
    if not match or match[1] == match[2] == "":
        return range(size)
    if match[1] == "":
        start, stop = max(0, size - int(match[2])), size
    else:
        start, stop = int(match[1]), min(size, int(match[2]) + 1) if match[2] else size
    return range(start, stop) if start < stop else None


def shown_file(layout: Layout, url: str) -> Path | None:
    """The plain file a URL names, or None for everything that is not shown."""
    parts = unquote(urlsplit(url).path).lstrip("/").split("/")
    if parts[0] not in SHOWN or any(part.startswith(".") or part == "" or "\0" in part for part in parts):
        return None
    path = layout.folder
    for part in parts:
        path = path / part
        if path.is_symlink():
            return None
    try:
        return path if stat.S_ISREG(path.stat().st_mode) else None
    except OSError:
        return None


@contextlib.contextmanager
def serving(layout: Layout, port: int, host: str = "127.0.0.1") -> Iterator[ThreadingHTTPServer]:
    """A server ready to run (``serve_forever``), closed on leaving; port 0 takes a free one. Raises DeployError."""
    handler = type("Handler", (_Handler,), {"layout": layout})
    try:
        server = ThreadingHTTPServer((host, port), handler)
    except OSError as error:
        do = "Name another --port."
        raise DeployError(f"that {host}:{port} is not free ({error.strerror})", "a free port", do) from error
    with server:
        yield server
