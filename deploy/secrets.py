"""Passphrases and PINs: from a prompt, or from a file; never from the command line, never kept.

Promises: a secret is asked for by the key's name, so a folder can hold one file for each key. Refuses a secret file
that other users can read, an empty one, and a new passphrase that is short: the encrypted key file's own key
derivation is fast (PKCS #8 as OpenSSL writes it, PBKDF2 with 2048 rounds), so only length protects a stolen one.
"""

import getpass
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.errors import DeployKeyError

ENVIRONMENT: Final = "QUIETSTEP_DEPLOY_PASSPHRASE_FILE"
MIN_LENGTH: Final = 20


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where secrets come from: ``source`` is a file for all keys, a folder with a file for each, or None (ask)."""

    source: Path | None = None

    def of(self, key: str, what: str = "passphrase") -> str:
        """The secret of the key with this name; raises DeployKeyError."""
        if self.source is None:
            return _asked(f"{what} of {key}: ")
        return _read(self.source / key if self.source.is_dir() else self.source)

    def new(self, key: str) -> str:
        """A secret for a new key file, asked for twice; raises DeployKeyError when it is short or mistyped."""
        secret = self.of(key, "new passphrase")
        if len(secret) < MIN_LENGTH:
            found = f"a passphrase of {len(secret)} characters for {key}"
            raise DeployKeyError(found, f"at least {MIN_LENGTH}", "Take six random words.")
        if self.source is None and _asked("once more: ") != secret:
            raise DeployKeyError("two different passphrases", "the same one twice", "Try again.")
        return secret


def secrets_from(given: Path | None) -> Secrets:
    """Secrets from the option, else from the environment's file, else from whoever sits there."""
    named = os.environ.get(ENVIRONMENT)
    return Secrets(given or (Path(named) if named else None))


def _asked(prompt: str) -> str:
    if not sys.stdin.isatty():
        do = f"Name a file with --passphrase-file or {ENVIRONMENT}."
        raise DeployKeyError("nobody to ask for a passphrase", "a terminal, or a file", do)
    return getpass.getpass(prompt)


def _read(path: Path) -> str:
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise DeployKeyError(f"a passphrase in {path} that others can read", "mode 0600", f"chmod 600 {path}")
        secret = path.read_text().strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        do = "Name the file or the folder with one file for each key."
        raise DeployKeyError(f"no passphrase in {path} ({error})", "a text file of one line", do) from error
    if not secret:
        raise DeployKeyError(f"an empty passphrase in {path}", "one line", "Write it into that file.")
    return secret
