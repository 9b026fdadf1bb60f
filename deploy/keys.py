"""Keys by URI: encrypted files, PKCS#11 tokens and cloud key services, all through securesystemslib's signers.

Promises: a private key is written only encrypted, into a new file of mode 0600; what signs is one of securesystemslib's
signers; the key book holds names, key ids and URIs and nothing secret. Refuses to overwrite a key file, a URI of
another kind, and a key that does not belong to its public half.

URIs: ``file:NAME.pem`` (in the folder given with --keys), ``hsm:2?label=TOKEN`` (PKCS#11; the library's path in
PYKCS11LIB), ``gcpkms:projects/…``, ``awskms:KEY``, ``azurekms:VAULT/KEY``, ``hv:KEY`` (Vault).
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib import parse

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.signer import (
    AWSSigner,
    AzureSigner,
    CryptoSigner,
    GCPSigner,
    HSMSigner,
    Signer,
    SSlibKey,
    VaultSigner,
)
from tuf.api.metadata import Key

from deploy.layout import Layout
from deploy.secrets import Secrets
from edge.errors import DeployKeyError

SCHEMA: Final = 1
FILE: Final = "file:"
_DO: Final = "Check the URI, the token or the service, and what it needs in the environment."


class KeyNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key of a role: its name ("releases-2"), its id in the metadata, and where its private half is."""

    name: str
    role: str
    keyid: str
    uri: str


class KeyBook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every key there ever was, in the order they were made; only a help to find them, never a reason for trust."""

    schema: int
    keys: tuple[KeyNote, ...]

    def of_role(self, role: str) -> tuple[KeyNote, ...]:
        return tuple(note for note in self.keys if note.role == role)

    def name_of(self, keyid: str) -> str:
        return next((note.name for note in self.keys if note.keyid == keyid), keyid[:12])

    def named(self, name: str) -> KeyNote:
        """The key of that name; raises DeployKeyError."""
        for note in self.keys:
            if note.name == name:
                return note
        names = ", ".join(note.name for note in self.keys)
        raise DeployKeyError(f"no key named {name!r}", f"one of {names}", "Name one of these.")

    def next_name(self, role: str) -> str:
        """A name no key of the role ever had."""
        return f"{role}-{len(self.of_role(role)) + 1}"

    def with_key(self, note: KeyNote) -> "KeyBook":
        return KeyBook(self.schema, (*self.keys, note))


@dataclass(frozen=True, slots=True)
class KeyRing:
    """What this person can sign with: folders of key files, keys named one by one, and their secrets."""

    folders: tuple[Path, ...] = ()
    named: tuple[str, ...] = ()
    secrets: Secrets = field(default_factory=Secrets)

    def signers(self, notes: Sequence[KeyNote], public: dict[str, Key], online: bool) -> list[Signer]:
        """Signers for those of ``notes`` that are at hand; ``public`` by key id. Raises DeployKeyError.

        A file is at hand if it lies in one of the folders. A token or a service is asked only if named with --key, or
        if its role is online: nobody wants to touch a token for nothing.
        """
        return [self.signer(note, public[note.keyid]) for note in notes if self.has(note, online)]

    def has(self, note: KeyNote, online: bool) -> bool:
        """Whether a key is at hand, without opening it."""
        if note.name in self.named:
            return True
        return self._path(note) is not None if note.uri.startswith(FILE) else online

    def _path(self, note: KeyNote) -> Path | None:
        name = note.uri.removeprefix(FILE)
        return next((folder / name for folder in self.folders if (folder / name).is_file()), None)

    def signer(self, note: KeyNote, public: Key) -> Signer:
        """The signer of one key; raises DeployKeyError with what to do."""
        if note.uri.startswith(FILE):
            path = self._path(note)
            if path is None:
                raise DeployKeyError(f"no file of the key {note.name}", "it in a --keys folder", "Bring it here.")
            return _file_signer(path, public, self.secrets.of(note.name))
        try:
            return Signer.from_priv_key_uri(note.uri, public, lambda what: self.secrets.of(note.name, what))
        except Exception as error:  # signers of tokens and services raise whatever their libraries raise
            raise DeployKeyError(f"that {note.name} does not open ({error})", "a key at its URI", _DO) from error


def make_key_file(folder: Path, name: str, secrets: Secrets) -> tuple[str, Signer]:
    """A new Ed25519 key in ``folder``/``name``.pem, encrypted (PKCS #8); its URI and signer. Raises DeployKeyError."""
    secret = secrets.new(name).encode()
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(secret))
    path = folder / f"{name}.pem"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        do = "Name another folder; a key is never overwritten, not even one that no repository names."
        raise DeployKeyError(f"no way to write {path} ({error.strerror})", "a new file", do) from error
    return f"{FILE}{path.name}", CryptoSigner(private)


def import_key(uri: str, name: str, secrets: Secrets) -> tuple[str, SSlibKey]:
    """URI and public half of a key that lives in a token or a service; raises DeployKeyError."""
    scheme, _, rest = uri.partition(":")
    if scheme not in _IMPORTS:
        wanted = ", ".join(f"{known}:…" for known in _IMPORTS)
        raise DeployKeyError(f"the key URI {uri!r}", wanted, "See `quietstep-deploy init --help`.")
    try:
        return _IMPORTS[scheme](rest, lambda what: secrets.of(name, what))
    except Exception as error:  # as above: each library has errors of its own
        raise DeployKeyError(f"no key at {uri} ({error})", "a key that may sign", _DO) from error


def read_book(layout: Layout) -> KeyBook:
    """The key book of a repository; raises DeployKeyError."""
    try:
        book = msgspec.json.decode(layout.key_book.read_bytes(), type=KeyBook)
    except (OSError, msgspec.DecodeError) as error:
        found = f"a key book {layout.key_book} that cannot be read ({error})"
        raise DeployKeyError(found, f"schema {SCHEMA}", "Take it from a backup.") from error
    if book.schema != SCHEMA:
        raise DeployKeyError(f"a key book of schema {book.schema}", f"schema {SCHEMA}", "Use a newer Quietstep.")
    return book


def write_book(layout: Layout, book: KeyBook) -> None:
    """Write the key book, readable by people."""
    layout.put(layout.key_book, msgspec.json.format(msgspec.json.encode(book), indent=2) + b"\n")


def _file_signer(path: Path, public: Key, secret: str) -> Signer:
    """securesystemslib opens files of its own scheme (file2:) without a passphrase only, so the PEM is opened here."""
    if not isinstance(public, SSlibKey):
        raise DeployKeyError(f"a public key of another kind for {path}", "an Ed25519 key", _DO)
    try:
        return CryptoSigner(load_pem_private_key(path.read_bytes(), secret.encode()), public)
    except Exception as error:  # ValueError, TypeError, UnsupportedAlgorithm, KeyMismatchError: all mean the same
        found = f"that {path} does not open ({error})"
        do = "Check the passphrase, and that the file is the one made for this repository."
        raise DeployKeyError(found, "its passphrase, and the key the metadata name", do) from error


def _import_hsm(rest: str, ask: Callable[[str], str]) -> tuple[str, SSlibKey]:
    keyid, _, query = rest.partition("?")
    return HSMSigner.import_(int(keyid) if keyid else None, dict(parse.parse_qsl(query)).get("label"), ask)


def _import_azure(rest: str, _ask: Callable[[str], str]) -> tuple[str, SSlibKey]:
    vault, _, key = rest.strip("/").partition("/")
    return AzureSigner.import_(vault, key)


_IMPORTS: Final[dict[str, Callable[[str, Callable[[str], str]], tuple[str, SSlibKey]]]] = {
    "hsm": _import_hsm,
    "gcpkms": lambda rest, _: GCPSigner.import_(rest),
    "awskms": lambda rest, _: AWSSigner.import_(rest),
    "azurekms": _import_azure,
    "hv": lambda rest, _: VaultSigner.import_(rest),
}
