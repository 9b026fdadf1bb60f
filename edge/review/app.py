"""The page as an ASGI application.

Promises: everything passes the gate (`edge.review.gate`); there is no page of the framework's own (docs, schema,
trace); a refusal and an expected failure are pages, too. Refuses to be built where the LAN could reach it without TLS
and an account.
"""

from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from edge.errors import ConfigError, DiaryError, QuietstepError
from edge.review import acts, model_page, pages, sign_in
from edge.review.accounts import Accounts
from edge.review.figures import forget_charts
from edge.review.gate import Gate
from edge.review.home import Home, Serving
from edge.review.reading import Reading
from edge.review.site import STATIC, Refused, Site, answer

REFUSALS: Final = (400, 403, 404, 405, 422)


def build_app(home: Home, serving: Serving) -> FastAPI:
    """The page of one home. Raises ConfigError where it must not be served so."""
    accounts = Accounts(home.accounts)
    needs_login = bool(accounts.all()) or not serving.is_loopback
    refuse_open(serving, has_accounts=bool(accounts.all()))
    app = FastAPI(title="Quietstep review", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.site = Site(home, serving, needs_login, Reading(home, forget_charts), accounts)
    app.add_middleware(Gate, serving=serving, accounts=accounts, needs_login=needs_login)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for router in (pages.router, acts.router, sign_in.router, model_page.router):
        app.include_router(router)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _refused)
    app.add_exception_handler(QuietstepError, _expected)
    return app


def refuse_open(serving: Serving, *, has_accounts: bool) -> None:
    """Raises ConfigError where others could look in."""
    if (serving.certificate is None) != (serving.private_key is None):
        raise ConfigError("one of certificate and private_key", "both or neither", "Add the other below [review].")
    if serving.is_loopback:
        return
    if not serving.has_tls:
        raise ConfigError(
            f"the page on {serving.address} without TLS",
            "certificate and private_key below [review]",
            "Add them, or leave the address out: then only this machine can open the page.",
        )
    if not has_accounts:
        raise ConfigError(
            f"the page on {serving.address} without anybody who could sign in",
            "an account",
            "Add one: quietstep account add NAME --role household.",
        )


def _refused(request: Request, error: Exception) -> HTMLResponse:
    status = getattr(error, "status", None) or getattr(error, "status_code", 422)
    return answer(request, "lost.html" if status == 404 else "refused.html", status if status in REFUSALS else 400)


def _expected(request: Request, error: Exception) -> HTMLResponse:
    assert isinstance(error, QuietstepError)
    status = 409 if isinstance(error, DiaryError) else 400
    return answer(request, "failed.html", status, error=error)
