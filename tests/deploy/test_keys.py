"""Keys come, go, are lost and leak; devices follow from whatever root they were born with."""

import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tuf.api.metadata import Metadata

from deploy.as_a_device import look
from deploy.ceremony import Ceremony, init
from deploy.desk import seated
from deploy.expiry import expiries
from deploy.held import read_held
from deploy.keys import import_key, make_key_file, read_book
from deploy.layout import Layout
from deploy.refresh import refresh
from deploy.roles import ROLES, ROOT, TIMESTAMP
from deploy.rotate import Change, renew, rotate
from deploy.secrets import Secrets
from deploy.sign import sign
from edge.errors import DeployError, DeployKeyError
from tests.deploy.office import PASSPHRASE, Office, hand_out


def rotated(office: Office, role: str, old: str, *signers: str) -> None:
    change = Change(role, old, office.keys / "new", {})
    outcome = office.act(lambda desk: rotate(desk, change), signers[0], "machine")
    for name in signers[1:]:
        assert not outcome.shown
        outcome = office.act(office.sign, name, "machine", "new")
    assert outcome.shown


def test_key_files_are_encrypted_private_and_never_overwritten(tmp_path: Path, secrets: Secrets) -> None:
    make_key_file(tmp_path, "root-1", secrets)
    path = tmp_path / "root-1.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(TypeError, match="encrypted"):
        load_pem_private_key(path.read_bytes(), None)
    with pytest.raises(DeployKeyError, match="never overwritten"):
        make_key_file(tmp_path, "root-1", secrets)


def test_a_short_an_empty_or_a_shared_passphrase_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "passphrase"
    path.touch(mode=0o600)
    with pytest.raises(DeployKeyError, match="an empty passphrase"):
        Secrets(path).of("root-1")
    path.write_text("short")
    with pytest.raises(DeployKeyError, match="at least 20"):
        make_key_file(tmp_path, "root-1", Secrets(path))
    path.chmod(0o640)
    with pytest.raises(DeployKeyError, match="others can read"):
        Secrets(path).of("root-1")


def test_a_wrong_passphrase_and_another_repositorys_key_are_told_in_a_sentence(office: Office, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.touch(mode=0o600)
    wrong.write_text("some other sentence of words")
    stranger = Office(office.repo, office.keys, Secrets(wrong), office.bundle, office.privacy)
    with pytest.raises(DeployKeyError, match=r"ada/root-1\.pem does not open"):
        stranger.act(lambda desk: renew(desk, ROOT), "ada")
    make_key_file(tmp_path, "root-1", office.secrets)
    shutil.copy(tmp_path / "root-1.pem", office.keys / "ada" / "root-1.pem")
    with pytest.raises(DeployKeyError, match="private key does not match"):
        office.act(lambda desk: renew(desk, ROOT), "ada")


@pytest.mark.parametrize("role", ROLES)
def test_every_roles_key_can_change_and_the_oldest_device_follows(role: str, office: Office) -> None:
    old = f"{role}-{1 if ROLES[role].n_keys == 1 else 3}"
    gone = read_book(office.layout).named(old).keyid
    rotated(office, role, old, "ada", "ben")
    seen = look(office.layout, office.layout.embedded_root)
    held = read_held(office.layout)
    assert seen.to_root == (1 if role in ("releases", "rollout") else 2)
    assert gone not in held.public_keys(role)
    assert len(held.public_keys(role)) == ROLES[role].n_keys
    assert len(held.of(role).signatures.keys() & held.public_keys(role).keys()) >= ROLES[role].threshold


def test_one_root_key_alone_changes_nothing(office: Office) -> None:
    change = Change(ROOT, "root-3", office.keys / "new", {})
    outcome = office.act(lambda desk: rotate(desk, change), "ada", "machine")
    assert not outcome.shown
    assert office.act(refresh, "machine").shown
    assert look(office.layout, office.layout.embedded_root).to_root == 1


def test_a_lost_online_key_is_replaced_without_it(office: Office) -> None:
    (office.keys / "machine" / "timestamp-1.pem").unlink()
    with pytest.raises(DeployKeyError, match="no key of timestamp here"):
        office.act(refresh, "machine")
    rotated(office, TIMESTAMP, "timestamp-1", "ada", "ben")
    assert office.act(refresh, "machine", "new").shown
    assert look(office.layout, office.layout.embedded_root).to_root == 2


def test_a_device_walks_over_many_roots(office: Office) -> None:
    for _ in range(5):
        office.act(lambda desk: renew(desk, ROOT), "ada")
        office.act(office.sign, "ben", "machine")
    assert look(office.layout, office.layout.embedded_root).to_root == 6
    assert look(office.layout, office.layout.versioned(ROOT, 4)).from_root == 4


def test_a_repository_that_slept_for_years_is_woken(tmp_path: Path, secrets: Secrets, office: Office) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=900)
    init(Ceremony(Layout(tmp_path / "repo"), tmp_path / "all", {}, secrets, "ceremony", long_ago))
    hand_out(tmp_path / "all", tmp_path)
    old = Office(tmp_path / "repo", tmp_path / "keys", secrets, office.bundle, office.privacy)
    assert {row.state for row in expiries(read_held(old.layout), datetime.now(UTC))} == {"expired"}
    with pytest.raises(DeployError, match="expired"):
        look(old.layout, old.layout.embedded_root)
    for role in (ROOT, "targets", "releases"):
        old.act(lambda desk, role=role: renew(desk, role), "ada")
    assert old.act(office.sign, "ben", "machine").shown
    assert look(old.layout, old.layout.embedded_root).to_root == 2


def test_what_runs_out_is_told_in_time(office: Office) -> None:
    held, now = read_held(office.layout), datetime.now(UTC)
    assert {row.state for row in expiries(held, now)} == {"good"}
    later = {row.role: row.state for row in expiries(held, now + timedelta(days=6))}
    assert later == {"root": "good", "targets": "good", "releases": "good"} | {
        "rollout": "expired",
        "snapshot": "soon",
        "timestamp": "expired",
    }


def test_refresh_signs_only_what_is_half_over(office: Office) -> None:
    now = datetime.now(UTC)
    office.act(refresh, "machine", now=now + timedelta(hours=6))
    held = read_held(office.layout)
    assert [held.of(role).signed.version for role in ("rollout", "snapshot", "timestamp")] == [1, 1, 2]
    office.act(refresh, "machine", now=now + timedelta(days=2))
    held = read_held(office.layout)
    assert [held.of(role).signed.version for role in ("rollout", "snapshot", "timestamp")] == [2, 2, 3]


def test_keys_that_do_not_sign_and_roles_that_are_not_are_refused(office: Office) -> None:
    with pytest.raises(DeployKeyError, match="does not sign for releases"):
        rotated(office, "releases", "root-1", "ada")
    with pytest.raises(DeployError, match="no role 'mirror'"):
        rotated(office, "mirror", "root-1", "ada")
    with pytest.raises(DeployError, match="an online role"):
        office.act(lambda desk: renew(desk, "snapshot"), "machine")
    with pytest.raises(DeployKeyError, match="the key URI 'ftp:"):
        import_key("ftp://x", "root-1", office.secrets)


SOFTHSM = next((path for path in Path("/usr/lib").rglob("libsofthsm2.so")), None)


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A PKCS#11 token in software with one P-256 key, id 2."""
    pytest.importorskip("pkcs11", reason="the extra deploy is not installed")
    tools = (shutil.which("softhsm2-util"), shutil.which("pkcs11-tool"))
    if SOFTHSM is None or None in tools:
        pytest.skip("no SoftHSM here: install softhsm2 and opensc")
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path / 'tokens'}\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    monkeypatch.setenv("PYKCS11LIB", str(SOFTHSM))
    make = f"softhsm2-util --init-token --free --label quiet --so-pin 1234 --pin {PASSPHRASE.replace(' ', '-')}"
    pair = f"pkcs11-tool --module {SOFTHSM} --token-label quiet --login --pin {PASSPHRASE.replace(' ', '-')}"
    for command in (make, f"{pair} --keypairgen --key-type EC:prime256v1 --id 02 --label root"):
        subprocess.run(command.split(), check=True, capture_output=True, env=os.environ)
    return "hsm:2?label=quiet"


def test_a_key_in_a_token_signs_beside_key_files(token: str, tmp_path: Path, secrets: Secrets, office: Office) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    for name in (*(f"{role.name}-{n}" for role in ROLES.values() for n in range(1, role.n_keys + 1)), "root-4"):
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(PASSPHRASE.replace(" ", "-") if name == "root-1" else PASSPHRASE)
    home, mine = tmp_path / "home", Secrets(folder)
    init(Ceremony(Layout(home / "repo"), home / "all", {"root-1": token}, mine, "ceremony", datetime.now(UTC)))
    root = Metadata.from_file(str(home / "repo" / "root.json"))
    assert {key.keytype for key in root.signed.keys.values()} == {"ecdsa", "ed25519"}
    hand_out(home / "all", home)
    held = Office(home / "repo", home / "keys", mine, office.bundle, office.privacy)
    held.act(lambda desk: renew(desk, ROOT), "ben")
    person = held.person("machine")
    named = type(person.ring)(person.ring.folders, ("root-1",), mine)
    with_token = type(person)("ada", named, person.now)

    with seated(held.repo, with_token) as desk:
        assert sign(desk).shown
    assert look(held.layout, held.layout.embedded_root).to_root == 2
