"""Serving the page: one process, uvicorn, a socket that listens where the settings say.

Promises: a connection that does not send a whole head in time is closed; no access log, no name of the server. Refuses
more than `MOST_AT_ONCE` connections at a time.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any, Final

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from edge.errors import ConfigError
from edge.review.app import build_app
from edge.review.guard import LONGEST_HEAD
from edge.review.home import Home, Serving

HEAD_WITHIN_S: Final = 10.0
KEPT_OPEN_S: Final = 5
MOST_AT_ONCE: Final = 64


class PatientForAWhile(H11Protocol):
    """uvicorn's protocol, which waits without end for a first request: here it does not."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody connected."""
        super().connection_made(transport)  # type: ignore[no-untyped-call]
        self._impatience = self.loop.call_later(HEAD_WITHIN_S, self._no_head)

    def connection_lost(self, exc: Exception | None) -> None:
        """Somebody left."""
        self._impatience.cancel()
        super().connection_lost(exc)

    def _no_head(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()


def server_of(app: FastAPI, serving: Serving) -> uvicorn.Server:
    """A server that is ready to run. Raises ConfigError."""
    options: dict[str, Any] = {"ssl_certfile": serving.certificate, "ssl_keyfile": serving.private_key}
    config = uvicorn.Config(
        app,
        host=serving.address,
        port=serving.port,
        http=PatientForAWhile,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_AT_ONCE,
        timeout_keep_alive=KEPT_OPEN_S,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=LONGEST_HEAD,
        **(options if serving.has_tls else {}),
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"no usable certificate ({error})", "PEM files of this user", "Check both paths.") from None
    return uvicorn.Server(config)


def serve(home: Home, serving: Serving, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until a signal ends it; ``ready`` is called when nothing stands against it. Raises ConfigError."""
    app = build_app(home, serving)
    server = server_of(app, serving)
    app.state.site.reading.look()  # the first visitor need not wait for it
    ready()
    try:
        server.run()
    except SystemExit:
        raise ConfigError(
            f"no way to listen on {serving.address}:{serving.port}", "a free port", "Name another: --port."
        ) from None
