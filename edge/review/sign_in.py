"""Signing in and out.

Promises: a right password gets a *new* session, so one planted before is worth nothing; a wrong one is told in the
same words whatever was wrong, and counts (`edge.review.limits`). Refuses to go anywhere but home afterwards.
"""

import time
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from edge.review.accounts import LONGEST_PASSWORD
from edge.review.gate import cookie_name, set_session
from edge.review.site import GENUINE, answer, site_of, visitor_of

router: Final = APIRouter()


@router.get("/login", response_class=HTMLResponse, response_model=None)
def login(request: Request) -> Response:
    """The form; home, where nobody has to sign in or somebody has."""
    if visitor_of(request).role is not None:
        return RedirectResponse("/", 303)
    return answer(request, "login.html", wait_s=0, failed=False)


@router.post("/login", response_class=HTMLResponse, response_model=None, dependencies=[GENUINE])
def sign_in(
    request: Request,
    name: Annotated[str, Form(max_length=64)],
    password: Annotated[str, Form(max_length=LONGEST_PASSWORD)],
) -> Response:
    """A name and a password."""
    site = site_of(request)
    address = request.client.host if request.client else ""
    wait_s = site.failures.wait_s(address, name, time.monotonic())
    if wait_s:
        response = answer(request, "login.html", 429, wait_s=wait_s, failed=False)
        response.headers["retry-after"] = str(int(wait_s) + 1)
        return response
    site.failures.failed(address, name, time.monotonic())  # counted before it is looked at: many at once count, too
    account = site.accounts.proven(name, password)
    if account is None:
        return answer(request, "login.html", 403, wait_s=0, failed=True)
    site.failures.succeeded(address)
    site.accounts.end(visitor_of(request).session)
    gone_home = RedirectResponse("/", 303)
    set_session(gone_home, site.accounts.begin(account, int(time.time())), site.serving)
    return gone_home


@router.post("/logout", dependencies=[GENUINE])
def sign_out(request: Request) -> Response:
    """The session ends here and in the file."""
    site = site_of(request)
    site.accounts.end(visitor_of(request).session)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(
        cookie_name(site.serving), path="/", httponly=True, samesite="strict", secure=site.serving.has_tls
    )
    return response
