"""Options that many commands share, and how they become a person at a desk.

Promises: the same word means the same everywhere, and no secret is an option. Refuses nothing itself.
"""

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from deploy.desk import Desk, Person, sit_down
from deploy.keys import KeyRing
from deploy.secrets import secrets_from
from edge.errors import DeployKeyError

Repo = Annotated[Path, typer.Option(envvar="QUIETSTEP_REPOSITORY", help="The repository's folder.")]
Keys = Annotated[list[Path] | None, typer.Option("--keys", help="Folder with your key files; may be repeated.")]
Key = Annotated[
    list[str] | None,
    typer.Option("--key", help="Also sign with this key of a token or a service, by its name, e.g. root-2."),
]
Passphrase = Annotated[
    Path | None,
    typer.Option(
        help="File with the passphrase, or folder with one file for each key; else QUIETSTEP_DEPLOY_PASSPHRASE_FILE, "
        "else you are asked."
    ),
]
Uri = Annotated[
    list[str] | None,
    typer.Option(
        "--key-uri",
        help="NAME=URI for a key that is no file: root-2=hsm:2?label=TOKEN (PKCS#11, library in PYKCS11LIB), "
        "gcpkms:…, awskms:…, azurekms:VAULT/KEY, hv:KEY. May be repeated.",
    ),
]
PolicyFile = Annotated[Path, typer.Option("--policy", help="Bounds it must keep.", show_default="trainer/policy.toml")]
EvaluationFile = Annotated[
    Path | None, typer.Option("--evaluation", help="What `quietstep-train evaluate --json` wrote; else the manifest's.")
]
PrivacyFile = Annotated[
    Path | None, typer.Option("--privacy", help="What `quietstep-train privacy --json` wrote; else the manifest's.")
]
Who = Annotated[str, typer.Option(help="Your name for the audit log; else your login name.")]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]


def person(keys: list[Path] | None, named: list[str] | None, passphrase: Path | None, who: str) -> Person:
    """Who acts now, with which keys."""
    ring = KeyRing(tuple(keys or ()), tuple(named or ()), secrets_from(passphrase))
    return Person(who or getpass.getuser(), ring, datetime.now(UTC))


def desk_to_read(repo: Path) -> Desk:
    """A desk without keys; raises DeployError."""
    return sit_down(repo, person(None, None, None, "reader"))


def uris_of(given: list[str] | None) -> dict[str, str]:
    """NAME=URI options by name; raises DeployKeyError."""
    found = {}
    for text in given or ():
        name, equals, uri = text.partition("=")
        if not equals or not name or not uri:
            raise DeployKeyError(f"--key-uri {text!r}", "NAME=URI", "For example: --key-uri root-2=hsm:2?label=TOKEN")
        found[name] = uri
    return found
