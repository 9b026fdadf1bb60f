"""Whatever the forms and addresses are filled with, the page answers: a page or a refusal, never a failure.

schemathesis makes requests of the application's own schema (which the page itself does not show), as somebody of the
household whose forms carry their token.
"""

import shutil
from pathlib import Path

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from edge.review.guard import POLICY
from tests.edge.review.conftest import BERLIN
from tests.edge.review.page_home import Served, home_in, served, token

ENOUGH = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def page(made_weeks: Path, tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    folder = shutil.copytree(made_weeks, tmp_path_factory.mktemp("schema") / "home")
    with served(home_in(folder, BERLIN)) as running:
        yield running


def operations(page: Served) -> list[tuple[str, str]]:
    return [(path, method) for path, methods in page.app.openapi()["paths"].items() for method in methods]


def test_no_operation_fails_whatever_it_is_asked(page: Served) -> None:
    schema = schemathesis.openapi.from_dict(page.app.openapi())
    client = page.client()
    csrf = token(client)
    known = operations(page)
    assert len(known) >= 20
    for path, method in known:
        _try(schema[path][method.upper()], client, csrf)


def _try(operation, client: httpx.Client, csrf: str) -> None:  # type: ignore[no-untyped-def]
    @ENOUGH
    @given(case=operation.as_strategy())
    def each(case) -> None:  # type: ignore[no-untyped-def]
        asked = case.as_transport_kwargs(base_url=str(client.base_url))
        data = dict(asked.get("data") or {}) | {"csrf": csrf} if operation.method.upper() == "POST" else None
        answer = client.request(operation.method.upper(), asked["url"], params=asked.get("params"), data=data)
        assert answer.status_code < 500 or answer.status_code == 503, (answer.status_code, answer.text[:300])
        assert answer.headers["content-security-policy"] == POLICY
        assert "Traceback" not in answer.text

    each()
