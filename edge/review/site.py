"""What all pages share: the home, what was read of it, words, templates; and one way to answer.

Promises: every template is autoescaped; every page has the visitor's language, what it may do, and how the home stands
now. Refuses a page to a role that has no right to it (403), whatever was asked for.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, cast

from fastapi import Depends, Form, Request
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.responses import HTMLResponse

from edge.review.accounts import Accounts
from edge.review.doors import standing
from edge.review.gate import Visitor
from edge.review.guard import Right, csrf_token, is_token
from edge.review.home import Home, Serving
from edge.review.limits import Failures
from edge.review.reading import Reading
from edge.review.words import LANGUAGES, Words, best_language

STATIC: Final = Path(__file__).with_name("static")
LANGUAGE_COOKIE: Final = "quietstep-language"


class Refused(Exception):
    """A page that is not given: a status, and why in the code's own words."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Site:
    """One running page."""

    home: Home
    serving: Serving
    needs_login: bool
    reading: Reading
    accounts: Accounts
    failures: Failures = field(default_factory=Failures)
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))


def site_of(request: Request) -> Site:
    """The site that answers this request."""
    return cast(Site, request.app.state.site)


def visitor_of(request: Request) -> Visitor:
    """Who asks, as the gate found out."""
    return cast(Visitor, request.state.visitor)


def words_of(request: Request) -> Words:
    """The visitor's language."""
    wanted = request.query_params.get("lang", "") or request.cookies.get(LANGUAGE_COOKIE, "")
    site = site_of(request)
    language = best_language(wanted, request.headers.get("accept-language", ""), site.serving.language)
    return _words(language, site.home.zone)


@cache
def _words(language: str, zone: Any) -> Words:
    return Words(language, zone)


def right(wanted: Right) -> Any:
    """A dependency: the visitor's role has this right."""

    def check(request: Request) -> None:
        if not visitor_of(request).may(wanted):
            raise Refused(403)

    return Depends(check)


def _genuine(request: Request, csrf: Annotated[str, Form(max_length=64)] = "") -> None:
    if not is_token(site_of(request).secret, visitor_of(request).session, csrf):
        raise Refused(403)


GENUINE: Final = Depends(_genuine)
"""A dependency: the form is one that this page gave to this very session."""


def answer(request: Request, template: str, status: int = 200, **values: object) -> HTMLResponse:
    """A page."""
    site, visitor, words = site_of(request), visitor_of(request), words_of(request)
    page = _templates().get_template(template)
    text = page.render(
        w=words,
        _=words.say,
        count=words.count,
        visitor=visitor,
        needs_login=site.needs_login,
        csrf=csrf_token(site.secret, visitor.session),
        path=request.url.path,
        languages=LANGUAGES,
        now=standing(site.home) if visitor.role else None,
        done=request.query_params.get("done", ""),
        **values,
    )
    response = HTMLResponse(text, status)
    if (language := request.query_params.get("lang", "")) in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, language, samesite="strict", httponly=True, max_age=31_536_000)
    return response


@cache
def _templates() -> Environment:
    loader = PackageLoader("edge.review", "templates")
    env = Environment(
        loader=loader,
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    as_drawn: Callable[[str], Markup] = Markup
    env.filters["drawn"] = as_drawn
    return env
