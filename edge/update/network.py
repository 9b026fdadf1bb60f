"""One GET over HTTP, with an end to everything that could last for ever. The only sockets of this room.

Promises: connecting, the headers, each read and the throughput are bounded; a body that ends early is an error, not an
end; redirects stay on the host that was asked. Certificates are checked against the system's store.
Refuses plain http to anything but this machine (unless allowed), compressed bodies, and pages in place of files.

Python's own http.client is used: tuf's urllib3 fetcher reads until a chunk is full, so that two bytes a second went on
for ever, and it sends no Range.
"""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import SplitResult, urljoin

from edge.errors import UpdateFetchError
from edge.update.transfer import (
    REDIRECTS,
    Limits,
    Pace,
    refuse_address,
    refuse_encoding,
    refuse_page,
    refuse_redirect,
    refuse_status,
)

AGENT: Final = "quietstep-update"
_CHUNK: Final = 1 << 16
_MAX_REDIRECTS: Final = 3
_AGAIN: Final = "Nothing was changed; it is tried again later."
OnBytes = Callable[[str, int, int | None], None]
"""Hears of the address, of the bytes of its body so far, and of how many there will be where the server says so."""


def still() -> None:
    """Nobody looks whether anything moves."""


class Answer:
    """Status and headers of one answer; its body comes from ``chunks``."""

    def __init__(
        self,
        url: str,
        response: http.client.HTTPResponse,
        pace: Pace,
        clock: Callable[[], float],
        on_bytes: OnBytes | None = None,
        beat: Callable[[], None] = still,
    ) -> None:
        self.url = url
        self.status = response.status
        self._response = response
        self._length = response.length
        self._pace = pace
        self._clock = clock
        self._on_bytes = on_bytes
        self._beat = beat

    def header(self, name: str) -> str | None:
        """A header's value, or None."""
        return self._response.getheader(name)

    @property
    def length(self) -> int | None:
        """Bytes of the body, where the server says so."""
        return self._length

    def chunks(self) -> Iterator[bytes]:
        """The body as it comes; raises UpdateFetchError where it trickles, stalls or ends early."""
        refuse_encoding(self.header("Content-Encoding"))
        self._pace.update(0, self._clock())
        n_read = 0
        while chunk := self._read(n_read):
            self._beat()
            if n_read == 0:
                refuse_page(chunk, self.url)
            n_read += len(chunk)
            self._pace.update(len(chunk), self._clock())
            if self._on_bytes:
                self._on_bytes(self.url, n_read, self._length)
            yield chunk
        if self._length is not None and n_read < self._length:
            raise UpdateFetchError(f"a transfer cut {self._length - n_read} bytes early", "the whole file", _AGAIN)

    def _read(self, n_read: int) -> bytes:
        # read1 returns what one read of the socket brings; read would wait for a full chunk, however slowly it fills.
        left = _CHUNK if self._length is None else min(_CHUNK, self._length - n_read)
        with _explained(self.url):
            return self._response.read1(left) if left else b""


class Network:
    """Where files come from. ``clock`` is a clock in seconds that only goes forward; ``beat`` is called wherever
    something moves, here and by whoever works on what came."""

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        allow_plain: bool = False,
        clock: Callable[[], float] = time.monotonic,
        on_bytes: OnBytes | None = None,
        beat: Callable[[], None] = still,
    ) -> None:
        self.beat = beat
        self._limits = limits or Limits()
        self._allow_plain = allow_plain
        self._on_bytes = on_bytes
        self._clock = clock
        self._tls: ssl.SSLContext | None = None

    @contextlib.contextmanager
    def get(self, url: str, headers: Mapping[str, str]) -> Iterator[Answer]:
        """The answer to one GET, after at most three redirects on the same host; raises UpdateFetchError."""
        for _ in range(_MAX_REDIRECTS + 1):
            parts = refuse_address(url, allow_plain=self._allow_plain)
            with contextlib.closing(self._connection(parts)) as connection:
                response = self._ask(connection, parts, headers, url)
                if response.status not in REDIRECTS:
                    yield Answer(url, response, Pace(self._limits), self._clock, self._on_bytes, self.beat)
                    return
                url = urljoin(url, response.getheader("Location") or "")
                refuse_redirect(parts, refuse_address(url, allow_plain=self._allow_plain))
        raise refuse_status(response.status, url)

    def _connection(self, parts: SplitResult) -> http.client.HTTPConnection:
        host, timeout_s = parts.hostname or "", self._limits.connect_s
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, parts.port, timeout=timeout_s)
        self._tls = self._tls or ssl.create_default_context()
        return http.client.HTTPSConnection(host, parts.port, timeout=timeout_s, context=self._tls)

    def _ask(
        self, connection: http.client.HTTPConnection, parts: SplitResult, headers: Mapping[str, str], url: str
    ) -> http.client.HTTPResponse:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with _explained(url):
            self.beat()
            connection.connect()
            self.beat()
            connection.sock.settimeout(self._limits.gap_s)
            with _headers_end(connection.sock, self._limits.headers_s):
                connection.request("GET", path, headers={"User-Agent": AGENT, "Connection": "close", **headers})
                return connection.getresponse()


@contextlib.contextmanager
def _headers_end(sock: socket.socket, limit_s: float) -> Iterator[None]:
    """Hang up after ``limit_s``: a line of headers sent byte by byte passes every timeout between two reads."""

    over = threading.Event()

    def hang_up() -> None:
        over.set()
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(limit_s, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
    if over.is_set():  # http.client takes headers that end like this for whole ones
        raise TimeoutError(f"headers that took more than {limit_s:.0f} s")


@contextlib.contextmanager
def _explained(url: str) -> Iterator[None]:
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        said = str(error) or type(error).__name__
        raise UpdateFetchError(f"no answer from {url} ({said})", "a connection to the update server", _AGAIN) from error
