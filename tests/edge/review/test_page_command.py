"""``quietstep review`` and ``quietstep account``: from the settings file to a page that is served, or a sentence."""

import io
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from rich.console import Console

from edge.config import load_config
from edge.errors import ConfigError
from edge.review.accounts import Accounts
from edge.review.app import build_app
from edge.review.home import Serving
from edge.review.serve import serve, server_of
from edge.review_command import account_command, home_of, review_command, serving_of
from tests.edge.review.page_home import home_in

SETTINGS = """
timezone = "Europe/Berlin"
[[camera]]
place = "hall"
source = "0"
[review]
address = "192.168.1.20"
certificate = "page.pem"
private_key = "page.key"
names = ["quietstep.local"]
language = "de"
"""


def told(act: str, config, name: str | None = None, role: str = "carer") -> str:  # type: ignore[no-untyped-def]
    out = io.StringIO()
    account_command(config, Console(file=out, width=200), act, name, role)
    return out.getvalue()


def test_the_settings_become_the_pages_own_values(tmp_path: Path) -> None:
    file = tmp_path / "quietstep.toml"
    file.write_text(SETTINGS)
    config = load_config(file, data_dir=tmp_path)
    serving, home = serving_of(config, None, 9000), home_of(config)
    assert (serving.port, serving.language, serving.has_tls) == (9000, "de", True)
    assert serving.hosts == {"192.168.1.20", "quietstep.local"}
    assert [(w.place, w.live) for w in home.watched] == [("hall", True)]
    assert str(home.zone) == "Europe/Berlin"
    for line in ('names = ["a b"]', "port = 0", 'language = "fr"', "docs = true"):
        file.write_text(f"[review]\n{line}\n")
        with pytest.raises(ConfigError, match="line 2"):
            load_config(file, data_dir=tmp_path)


def test_the_lan_without_tls_is_one_sentence(tmp_path: Path) -> None:
    config = load_config(None, data_dir=tmp_path)
    with pytest.raises(ConfigError, match="without TLS"):
        review_command(config, Console(file=io.StringIO()), address="0.0.0.0", port=None)


def test_accounts_are_added_listed_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = load_config(None, data_dir=tmp_path)
    monkeypatch.setenv("QUIETSTEP_NEW_PASSWORD", "a long password")
    assert "anna may sign in as household" in told("add", config, "anna", "household")
    assert told("list", config) == "anna  household\n"
    assert Accounts(tmp_path / "review.db").proven("anna", "a long password") is not None
    assert "cannot sign in" in told("remove", config, "anna")
    with pytest.raises(ConfigError, match="no account"):
        told("remove", config, "anna")
    monkeypatch.setenv("QUIETSTEP_NEW_PASSWORD", "short")
    with pytest.raises(ConfigError, match="5 characters"):
        told("add", config, "ben")


def test_a_port_that_is_taken_and_a_certificate_that_is_none_are_sentences(tmp_path: Path) -> None:
    home = home_in(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        # In a thread of its own: a browser of other tests may keep an event loop in this one.
        with ThreadPoolExecutor(1) as pool, pytest.raises(ConfigError, match="no way to listen"):
            pool.submit(serve, home, Serving(port=taken.getsockname()[1])).result(60)
    (tmp_path / "c").write_text("no certificate")
    serving = Serving(certificate=tmp_path / "c", private_key=tmp_path / "c")
    with pytest.raises(ConfigError, match="no usable certificate"):
        server_of(build_app(home, serving), serving)
