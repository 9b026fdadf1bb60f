"""Who may sign in: accounts, failures, TLS, and that the LAN is never served without them."""

import datetime
import ipaddress
import ssl
import stat
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from edge.errors import ConfigError
from edge.review.accounts import Accounts
from edge.review.app import build_app, refuse_open
from edge.review.guard import refusal
from edge.review.home import Serving
from edge.review.limits import MOST_FAILURES, MOST_FOR_A_NAME, WINDOW_S, Failures
from tests.edge.review.conftest import BERLIN
from tests.edge.review.page_home import home_in, served, token

PASSWORD = "a long password"


def test_guessing_a_password_ends_after_a_few(weeks: Path) -> None:
    Accounts(weeks / "review.db").put("anna", "household", PASSWORD)
    with served(home_in(weeks, BERLIN)) as page:
        client = page.client()
        form = {"csrf": token(client, "/login"), "name": "anna"}
        told = [client.post("/login", data=form | {"password": f"guess {n}"}) for n in range(MOST_FAILURES)]
        unknown = client.post("/login", data=form | {"name": "nobody", "password": "x"})
        assert {answer.status_code for answer in told} == {403}
        assert unknown.status_code == 429
        assert client.post("/login", data=form | {"password": PASSWORD}).status_code == 429


def test_failures_are_forgotten_after_a_while_and_counted_for_a_name_from_everywhere() -> None:
    failures = Failures()
    for n in range(MOST_FOR_A_NAME):
        failures.failed(f"10.0.0.{n}", "anna", float(n))
    assert failures.wait_s("10.0.1.1", "anna", 20.0) == pytest.approx(WINDOW_S - 20.0)
    assert failures.wait_s("10.0.1.1", "ben", 20.0) == 0
    assert failures.wait_s("10.0.1.1", "anna", WINDOW_S + 1.0) == 0


def certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    (folder / "c.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    (folder / "k.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    return folder / "c.pem", folder / "k.pem"


def test_over_tls_the_cookie_is_this_hosts_alone(weeks: Path, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    Accounts(weeks / "review.db").put("anna", "household", PASSWORD)
    with served(home_in(weeks, BERLIN), Serving(port=0, certificate=cert, private_key=key)) as page:
        trusted = ssl.create_default_context(cafile=str(cert))
        client = httpx.Client(base_url=page.url, headers={"origin": page.url}, verify=trusted)
        form = {"csrf": token(client, "/login"), "name": "anna", "password": PASSWORD}
        answer = client.post("/login", data=form)
        assert answer.headers["set-cookie"].startswith("__Host-quietstep=")
        assert "secure" in answer.headers["set-cookie"].lower()
        assert "max-age" in answer.headers["strict-transport-security"]
        assert client.get("/").status_code == 200


def test_accounts_keep_no_password_and_no_session(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / "review.db")
    accounts.put("anna", "carer", PASSWORD)
    account = accounts.proven("anna", PASSWORD)
    assert account is not None
    secret = accounts.begin(account, 1000)
    content = (tmp_path / "review.db").read_bytes()
    assert PASSWORD.encode() not in content
    assert secret.encode() not in content
    assert b"$argon2id$" in content
    assert stat.S_IMODE((tmp_path / "review.db").stat().st_mode) == 0o600
    assert accounts.of_session(secret, 1000 + 3599) == account
    assert accounts.of_session(secret, 1000 + 13 * 3600) is None
    assert accounts.of_session(secret, 999) is None, "a clock that was set back"
    accounts.put("anna", "carer", PASSWORD + "!")
    assert accounts.of_session(secret, 1001) is None, "a new password ends the old sessions"
    assert accounts.proven("anna", PASSWORD) is None


def test_a_strange_file_of_accounts_is_refused_and_stays(tmp_path: Path) -> None:
    (tmp_path / "review.db").write_bytes(b"something else entirely" * 300)
    with pytest.raises(ConfigError, match="no usable accounts"):
        Accounts(tmp_path / "review.db").all()
    assert (tmp_path / "review.db").read_bytes().startswith(b"something")
    for name, password in (("../x", PASSWORD), ("anna", "short")):
        with pytest.raises(ConfigError):
            Accounts(tmp_path / "other.db").put(name, "carer", password)


@pytest.mark.parametrize(
    ("serving", "has_accounts", "found"),
    [
        (Serving(address="0.0.0.0"), True, "without TLS"),
        (Serving(address="192.168.1.5", certificate=Path("c"), private_key=Path("k")), False, "sign in"),
        (Serving(certificate=Path("c")), True, "one of certificate"),
    ],
)
def test_the_lan_is_served_only_with_tls_and_an_account(serving: Serving, has_accounts: bool, found: str) -> None:
    with pytest.raises(ConfigError, match=found):
        refuse_open(serving, has_accounts=has_accounts)


def test_an_address_of_the_lan_needs_a_login_even_after_the_last_account_went(weeks: Path) -> None:
    serving = Serving(address="192.168.1.5", certificate=Path("c"), private_key=Path("k"))
    accounts = Accounts(weeks / "review.db")
    accounts.put("anna", "household", PASSWORD)
    app = build_app(home_in(weeks), serving)
    accounts.remove("anna")
    assert app.state.site.needs_login
    assert refusal("GET", "/", {"host": "127.0.0.1:8745"}, serving) is not None
