"""The commands around keys: first keys, signatures, rotations, what runs out, who did what.

Promises: each says what it did and who is needed next. Refuses to sign without showing first what is signed.
"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from tuf.api.metadata import Key as PublicKey
from tuf.api.metadata import Root, Targets

from deploy.audit import read_lines
from deploy.audit import verify as verify_audit
from deploy.ceremony import Ceremony
from deploy.ceremony import init as make
from deploy.desk import Desk, live_drafts, seated
from deploy.expiry import expiries
from deploy.held import newest_version, read_document
from deploy.landing import AUDIT_HEAD
from deploy.layout import Layout, alone
from deploy.options import (
    EvaluationFile,
    Json,
    Key,
    Keys,
    Passphrase,
    PolicyFile,
    PrivacyFile,
    Repo,
    Uri,
    Who,
    desk_to_read,
    person,
    uris_of,
)
from deploy.policy import DEFAULT, Bounds
from deploy.roles import OFFLINE, ROOT, TARGETS
from deploy.rotate import Change, rotate
from deploy.rotate import renew as renew_role
from deploy.sign import drop as drop_draft
from deploy.sign import in_flight
from deploy.sign import sign as sign_drafts
from deploy.tell import audit_table, expiry_table, one_sentence, tell, tell_json

HERE = Path()
_ROLES = f"one of {', '.join(OFFLINE)}"


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (init, sign, drop, renew, rotate_key, expire, audit):
        app.command(command.__name__.replace("_", "-"))(command)


def init(
    repo: Annotated[Path, typer.Argument(help="New folder for the repository.")],
    keys: Annotated[Path, typer.Option(help="New folder for the key files, on a medium that stays offline.")],
    key_uri: Uri = None,
    passphrase_file: Passphrase = None,
    who: Who = "",
    json: Json = False,
) -> None:
    """The ceremony: first keys, first metadata, and the root.json to build into devices. On a machine without network.

    Makes root-1..3, targets-1..3, releases-1..3 (two of three sign, offline: give them to different people) and
    rollout-1, snapshot-1, timestamp-1 (online: they stay where `refresh` runs). --key-uri takes a key from a token or
    a cloud service instead of making a file.
    """
    with one_sentence():
        here = person(None, None, passphrase_file, who)
        layout = Layout(repo)
        with alone(layout):
            wanted = Ceremony(layout, keys, uris_of(key_uri), here.ring.secrets, here.who, here.now)
            tell(make(wanted), json)


def sign(
    repo: Repo = HERE,
    keys: Keys = None,
    key: Key = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: I read what `status` shows.")] = False,
    policy: PolicyFile = DEFAULT,
    evaluation: EvaluationFile = None,
    privacy: PrivacyFile = None,
    passphrase_file: Passphrase = None,
    who: Who = "",
    json: Json = False,
) -> None:
    """Second person: see what is in flight, let every archive and its figures be proven again here, and sign.

    With enough signatures it is shown to devices, here if the online keys are here, else by the next `refresh`.
    """
    with one_sentence(), seated(repo, person(keys, key, passphrase_file, who)) as desk:
        console, bounds = Console(stderr=True, soft_wrap=True), Bounds(policy, evaluation, privacy)
        for sentence in in_flight(desk, bounds):
            console.print(sentence, markup=False, highlight=False)
        if not yes and not typer.confirm("Sign this?", err=True):
            raise typer.Exit(1)
        tell(sign_drafts(desk, bounds), json)


def drop(
    role: Annotated[str, typer.Argument(help=_ROLES)],
    repo: Repo = HERE,
    keys: Keys = None,
    key: Key = None,
    passphrase_file: Passphrase = None,
    who: Who = "",
    json: Json = False,
) -> None:
    """Throw a draft in flight away, with its signatures."""
    with one_sentence(), seated(repo, person(keys, key, passphrase_file, who)) as desk:
        tell(drop_draft(desk, role), json)


def renew(
    role: Annotated[str, typer.Argument(help=_ROLES)],
    repo: Repo = HERE,
    keys: Keys = None,
    key: Key = None,
    passphrase_file: Passphrase = None,
    who: Who = "",
    json: Json = False,
) -> None:
    """Give an offline role a new life with nothing else changed; then a second person runs `sign`."""
    with one_sentence(), seated(repo, person(keys, key, passphrase_file, who)) as desk:
        tell(renew_role(desk, role), json)


def rotate_key(
    role: Annotated[str, typer.Argument(help="The role whose key changes, online or offline.")],
    old: Annotated[str, typer.Argument(help="The key that goes, by its name, e.g. releases-2.")],
    new_keys: Annotated[Path, typer.Option(help="Folder for the new key file.")],
    repo: Repo = HERE,
    keys: Keys = None,
    key: Key = None,
    key_uri: Uri = None,
    passphrase_file: Passphrase = None,
    who: Who = "",
    json: Json = False,
) -> None:
    """Put a new key in the place of an old, lost or leaked one; then others run `sign`, and the last one `refresh`.

    root's and top-level keys need two root keys; those of releases and rollout need two targets keys.
    """
    with one_sentence(), seated(repo, person(keys, key, passphrase_file, who)) as desk:
        tell(rotate(desk, Change(role, old, new_keys, uris_of(key_uri))), json)


def expire(repo: Repo = HERE, json: Json = False) -> None:
    """What runs out when. Exits with 1 if something has, so that a timer can tell you."""
    with one_sentence():
        desk = desk_to_read(repo)
        rows = expiries(desk.held, desk.person.now)
    if json:
        tell_json(rows)
    else:
        Console().print(expiry_table(rows))
    if any(row.state == "expired" for row in rows):
        raise typer.Exit(1)


def audit(
    repo: Repo = HERE,
    verify: Annotated[bool, typer.Option("--verify", help="Prove every line; exits with 1 if one is wrong.")] = False,
    json: Json = False,
) -> None:
    """Who did what, when: every line signed, and chained to the one before it."""
    with one_sentence():
        desk = desk_to_read(repo)
        lines = read_lines(desk.layout)
        counted = desk.held.timestamp.signed.unrecognized_fields.get(AUDIT_HEAD, {})
        head = int(counted.get("n", 0)), str(counted.get("sha256", ""))
        verdict = verify_audit(desk.layout, keys_ever(desk.layout), _keys_in_flight(desk), head)
    if json:
        tell_json({"lines": lines, "verdict": verdict} if verify else lines)
    elif verify:
        for complaint in verdict.complaints or (f"All {verdict.n_lines} lines are whole, signed and in order.",):
            print(complaint)
        for n in verdict.pending:
            print(f"Line {n} is signed by a key that is still in flight.")
    else:
        Console().print(audit_table(lines, {note.keyid: note.name for note in desk.book.keys}))
    if verify and verdict.complaints:
        raise typer.Exit(1)


def keys_ever(layout: Layout) -> dict[str, PublicKey]:
    """Every public key that root or targets ever named, by id; raises DeployError."""
    found: dict[str, PublicKey] = {}
    for role in (ROOT, TARGETS):
        for version in range(1, newest_version(layout, role) + 1):
            if (path := layout.versioned(role, version)).is_file():
                found |= _keys_in(read_document(path).signed)
    return found


def _keys_in_flight(desk: Desk) -> dict[str, PublicKey]:
    found: dict[str, PublicKey] = {}
    for role, draft in live_drafts(desk.layout, desk.held).items():
        found |= _keys_in(draft.signed) if role in (ROOT, TARGETS) else {}
    return found


def _keys_in(signed: Root | Targets) -> dict[str, PublicKey]:
    if isinstance(signed, Root):
        return dict(signed.keys)
    return dict(signed.delegations.keys) if signed.delegations else {}
