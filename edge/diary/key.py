"""The diary's key: 256 random bits in a file that only its owner may read.

Promises: `create_key` never overwrites a key and never leaves half of one; `read_key` gives 32 bytes or a sentence.
Refuses a key file that other users can read (a systemd credential may be readable by its group), and anything that
is not a plain file. A key beside the diary does not stop a thief of the whole device; a credential or a TPM does.
"""

import contextlib
import os
import re
import secrets
import stat
from pathlib import Path
from typing import Final

from edge.durable import sync_folder
from edge.errors import DiaryKeyError, DiaryReadOnlyError

KEY_BYTES: Final = 32
ENVIRONMENT: Final = "QUIETSTEP_KEY_FILE"
_FORM: Final = re.compile(r"[0-9a-f]{64}")


def key_path_for(diary: Path, given: Path | None = None) -> Path:
    """Where the key is: the path given, else the environment's QUIETSTEP_KEY_FILE, else beside the diary."""
    if given is not None:
        return given
    named = os.environ.get(ENVIRONMENT)
    return Path(named) if named else diary.with_name("diary.key")


def read_key(path: Path) -> bytes:
    """The key; DiaryKeyError when it is missing, readable by others, or not 64 hexadecimal digits."""
    try:
        with open(path, "rb", opener=_open_plain) as file:
            _refuse_shared(path, os.fstat(file.fileno()))
            text = file.read(4 * KEY_BYTES).decode("ascii", "replace").strip()
    except FileNotFoundError:
        raise DiaryKeyError(
            f"no key file at {path}",
            "the key that this diary was written with",
            f"Put the key back, or name it with {ENVIRONMENT}; without it the diary cannot be read by anyone.",
        ) from None
    except OSError as error:
        raise DiaryKeyError(
            f"a key file at {path} that cannot be read ({error.strerror})",
            "a plain file of this user",
            "Check the path and its permissions.",
        ) from None
    if not _FORM.fullmatch(text):
        raise DiaryKeyError(
            f"something else than a key in {path}",
            "64 hexadecimal digits",
            "Put the right key file back; it was made when the diary was.",
        )
    return bytes.fromhex(text)


def create_key(path: Path) -> bytes:
    """A new key in a new file of mode 0600, on disk when this returns; the folder is made with mode 0700."""
    key = secrets.token_bytes(KEY_BYTES)
    half = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key.hex().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(half, path)
        sync_folder(path.parent)
    except FileExistsError:
        raise DiaryKeyError(
            f"a key file at {path} already", "no key to overwrite", "Use it, or name another."
        ) from None
    except OSError as error:
        raise DiaryReadOnlyError(
            f"no way to write a key to {path} ({error.strerror})",
            "a folder that this user may write to",
            f"Change the folder's permissions, or name a key file with {ENVIRONMENT}.",
        ) from None
    finally:
        with contextlib.suppress(OSError):
            half.unlink()
    return key


def next_key_path(path: Path) -> Path:
    """Where a rotation keeps the new key until the diary is written with it."""
    return path.with_name(f"{path.name}.next")


def half_keys(path: Path) -> tuple[Path, ...]:
    """Names under which a key was being made when a power cut came."""
    return tuple(path.parent.glob(f"{path.name}.*new"))


def overwrite(path: Path) -> None:
    """Random bytes over a key in the same blocks, as far as the medium keeps them in place."""
    with open(path, "r+b", buffering=0) as file:
        file.write(secrets.token_bytes(os.fstat(file.fileno()).st_size))
        os.fsync(file.fileno())


def is_ours(key_path: Path) -> bool:
    """This user may destroy the key: it is no credential of the service manager, on a medium that can be written."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials and key_path.resolve().is_relative_to(Path(credentials).resolve()):
        return False
    return os.access(key_path.parent, os.W_OK) and (not key_path.exists() or os.access(key_path, os.W_OK))


def destroy_key(key_path: Path) -> None:
    """Write random bytes over the key (and over one that a rotation was about to use), then remove it."""
    for path in (key_path, next_key_path(key_path), *half_keys(key_path)):
        if path.is_file():
            overwrite(path)
            path.unlink()
    sync_folder(key_path.parent)


def _open_plain(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def _refuse_shared(path: Path, status: os.stat_result) -> None:
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    is_credential = credentials is not None and path.resolve().is_relative_to(Path(credentials).resolve())
    forbidden = 0o037 if is_credential else 0o077
    if not stat.S_ISREG(status.st_mode):
        raise DiaryKeyError(f"no plain file at {path}", "a key file", "Name the file that holds the key.")
    if status.st_mode & forbidden:
        raise DiaryKeyError(
            f"a key file at {path} that other users can read (mode {stat.S_IMODE(status.st_mode):04o})",
            "mode 0600",
            f"Run: chmod 600 {path}; if others may have read it, make a new diary.",
        )
