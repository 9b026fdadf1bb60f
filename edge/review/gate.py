"""The gate before every page: turns away by the head, measures bodies, finds out who asks, adds the headers.

Promises: nothing behind it runs for a request that `edge.review.guard` refuses, for one whose body is too long or too
slow, or, where a login is needed, for somebody without a session (but the login page and its style). An unexpected
failure behind it is a page without a word of what failed. Reads the clock for sessions. Refuses to log requests.
"""

import asyncio
import secrets
import time
from collections.abc import MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.errors import ConfigError
from edge.review.accounts import Accounts
from edge.review.guard import (
    BODY_WITHIN_S,
    HEADERS,
    LONGEST_BODY,
    RIGHTS,
    STRICT_TRANSPORT,
    Right,
    Role,
    is_open,
    refusal,
)
from edge.review.home import Serving

YEAR_S: Final = 31_536_000
log = structlog.get_logger("review")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: an account's name (None: nobody has to sign in), role (None: not signed in) and session secret."""

    name: str | None
    role: Role | None
    session: str
    is_new: bool = False

    def may(self, right: Right) -> bool:
        """Whether the role has it."""
        return self.role is not None and right in RIGHTS[self.role]


class _TooMuch(Exception):
    pass


def cookie_name(serving: Serving) -> str:
    """With TLS one that a browser gives to this very host alone."""
    return "__Host-quietstep" if serving.has_tls else "quietstep"


def set_session(response: Response, session: str, serving: Serving) -> None:
    """The session's cookie: for this host, no script, and never on a request that another site began."""
    response.set_cookie(
        cookie_name(serving), session, httponly=True, samesite="strict", secure=serving.has_tls, path="/"
    )


class Gate:
    """ASGI middleware, outermost."""

    def __init__(self, app: ASGIApp, serving: Serving, accounts: Accounts, needs_login: bool) -> None:
        self._app = app
        self._serving = serving
        self._accounts = accounts
        self._needs_login = needs_login

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        refused = refusal(scope["method"], scope["path"], headers, self._serving)
        if refused is not None:
            await PlainTextResponse(refused.words, refused.status)(scope, receive, self._sending(send, None))
            return
        visitor = await self._visitor(Headers(scope=scope))
        scope.setdefault("state", {})["visitor"] = visitor
        if visitor.role is None and not is_open(scope["path"]):
            await _to_login(scope)(scope, receive, self._sending(send, None))
            return
        await self._behind(scope, receive, send, visitor)

    async def _behind(self, scope: Scope, receive: Receive, send: Send, visitor: Visitor) -> None:
        begun = False

        async def noticing(message: Message) -> None:
            nonlocal begun
            begun = True
            await sending(message)

        sending = self._sending(send, visitor)
        try:
            body = await _body(receive)
            await self._app(scope, _replay(body, receive), noticing)
        except TimeoutError:
            await PlainTextResponse("Too slow.", 408, {"connection": "close"})(scope, receive, sending)
        except _TooMuch:
            await PlainTextResponse("Too much.", 413, {"connection": "close"})(scope, receive, sending)
        except Exception as error:
            log.error("a page failed", kind=type(error).__name__, path=scope.get("route", ""))
            if not begun:
                await PlainTextResponse("This page failed. Nothing was changed by it.", 500)(scope, receive, sending)

    async def _visitor(self, headers: Headers) -> Visitor:
        session = _cookie(headers.get("cookie", ""), cookie_name(self._serving))
        # A browser keeps a strict cookie back where another site leads here: a new one would end the visitor's session.
        is_new = not session and headers.get("sec-fetch-site") != "cross-site"
        if not self._needs_login:
            return Visitor(None, "household", session or secrets.token_urlsafe(24), is_new)
        try:
            account = await asyncio.to_thread(self._accounts.of_session, session, int(time.time()))
        except ConfigError:
            account = None
        if account is None:
            return Visitor(None, None, session or secrets.token_urlsafe(24), is_new)
        return Visitor(account.name, account.role, session)

    def _sending(self, send: Send, visitor: Visitor | None) -> Send:
        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for key, value in HEADERS:
                    headers[key] = value
                if self._serving.has_tls:
                    headers[STRICT_TRANSPORT[0]] = STRICT_TRANSPORT[1]
                own = cookie_name(self._serving)
                has_own = any(cookie.startswith(own + "=") for cookie in headers.getlist("set-cookie"))
                if visitor is not None and visitor.is_new and not has_own:
                    cookie = Response()
                    set_session(cookie, visitor.session, self._serving)
                    headers.append("set-cookie", cookie.headers["set-cookie"])
            await send(message)

        return sending


def _to_login(scope: Scope) -> Response:
    if scope["method"] == "POST":
        return PlainTextResponse("Sign in first.", 403)
    return RedirectResponse("/login", 303)


def _cookie(header: str, name: str) -> str:
    try:
        morsel = SimpleCookie(header[:4096]).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel is not None and len(morsel.value) <= 64 and morsel.value.isascii() else ""


async def _body(receive: Receive) -> bytes:
    """All of it, in time and not too long."""
    body = b""
    async with asyncio.timeout(BODY_WITHIN_S):
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return body
            body += message.get("body", b"")
            if len(body) > LONGEST_BODY:
                raise _TooMuch
            if not message.get("more_body"):
                return body


def _replay(body: bytes, receive: Receive) -> Receive:
    is_given = False

    async def replay() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
