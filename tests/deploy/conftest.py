"""A founded repository for every test of the publisher."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from deploy.ceremony import Ceremony, init
from deploy.layout import Layout
from deploy.rings import roll_out
from deploy.secrets import Secrets
from tests.deploy.office import PASSPHRASE, SURFACE, Office, bundle_maker, hand_out, on_the_web


@pytest.fixture(scope="session")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Secrets:
    path = tmp_path_factory.mktemp("secret") / "passphrase"
    path.write_text(PASSPHRASE + "\n")
    path.chmod(0o600)
    return Secrets(path)


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory, secrets: Secrets) -> Path:
    """A repository made now, with the keys carried to their people; to be copied, not changed."""
    home = tmp_path_factory.mktemp("founded")
    init(Ceremony(Layout(home / "repo"), home / "all", {}, secrets, "ceremony", datetime.now(UTC)))
    hand_out(home / "all", home)
    return home


@pytest.fixture
def office(tmp_path: Path, founded: Path, secrets: Secrets) -> Office:
    shutil.copytree(founded, tmp_path / "office")
    privacy = tmp_path / "privacy.json"
    surfaces = ("posterior", "posterior_and_score", "affect_code")
    privacy.write_bytes(msgspec.json.encode(dict.fromkeys(surfaces, SURFACE)))
    return Office(
        tmp_path / "office" / "repo", tmp_path / "office" / "keys", secrets, bundle_maker(tmp_path / "bundles"), privacy
    )


@pytest.fixture
def url(office: Office) -> Iterator[str]:
    """The address of a web server that shows the office's first release, offered to all of the ring stable."""
    office.publish("3.0.0", "ada")
    office.act(office.sign, "ben", "machine")
    office.act(lambda desk: roll_out(desk, "stable", "walk-3.0.0", 100), "machine")
    with on_the_web(office) as port:
        yield f"http://127.0.0.1:{port}"
