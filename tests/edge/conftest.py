"""A scanner that looks where a thief with the key would: every decrypted page, used or free, and every plain file."""

import ctypes
import ctypes.util
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path

import pytest

from edge.diary.key import read_key

PAGE, SALT, RESERVE, IV = 4096, 16, 80, 16
WAL_HEADER, FRAME_HEADER = 32, 24

Scanner = Callable[[Path, Path, bytes], list[str]]


@cache
def _crypto() -> ctypes.CDLL:
    name = ctypes.util.find_library("crypto") or "libcrypto.so.3"
    try:
        crypto = ctypes.CDLL(name)
    except OSError:
        pytest.skip("no libcrypto to decrypt pages with (package libssl3)")
    crypto.EVP_CIPHER_CTX_new.restype = ctypes.c_void_p
    crypto.EVP_aes_256_cbc.restype = ctypes.c_void_p
    return crypto


def decrypted_page(page: bytes, first: bool, key: bytes) -> bytes:
    """One SQLCipher 4 page in the clear (AES-256-CBC, vector at the start of the reserve)."""
    crypto = _crypto()
    start = SALT if first else 0
    data, vector = page[start : PAGE - RESERVE], page[PAGE - RESERVE : PAGE - RESERVE + IV]
    out, n_out = ctypes.create_string_buffer(PAGE), ctypes.c_int()
    context = ctypes.c_void_p(crypto.EVP_CIPHER_CTX_new())
    crypto.EVP_DecryptInit_ex(context, ctypes.c_void_p(crypto.EVP_aes_256_cbc()), None, key, vector)
    crypto.EVP_CIPHER_CTX_set_padding(context, 0)
    crypto.EVP_DecryptUpdate(context, out, ctypes.byref(n_out), data, len(data))
    crypto.EVP_CIPHER_CTX_free(context)
    return out.raw[: n_out.value]


def decrypted_pages(diary: Path, key: bytes) -> Iterator[tuple[str, bytes]]:
    """All pages of the file and of its log, the free and the superseded ones too."""
    log = diary.with_name(diary.name + "-wal")
    for n, page in enumerate(_pages_of_file(diary.read_bytes(), key), start=1):
        yield f"{diary.name} page {n}", page
    for number, page in _pages_of_log(log.read_bytes() if log.exists() else b"", key):
        yield f"{log.name} page {number}", page


@lru_cache(maxsize=8)  # keyed by the bytes themselves: hundreds of canaries are sought in the same ones
def _pages_of_file(content: bytes, key: bytes) -> list[bytes]:
    pages = [content[start : start + PAGE] for start in range(0, len(content) - PAGE + 1, PAGE)]
    return [decrypted_page(page, n == 0, key) for n, page in enumerate(pages)]


@lru_cache(maxsize=8)
def _pages_of_log(content: bytes, key: bytes) -> list[tuple[int, bytes]]:
    found = []
    for start in range(WAL_HEADER, len(content) - PAGE, FRAME_HEADER + PAGE):
        number = int.from_bytes(content[start : start + 4], "big")
        page = content[start + FRAME_HEADER : start + FRAME_HEADER + PAGE]
        found.append((number, decrypted_page(page, number == 1, key)))
    return found


def find(folder: Path, key_path: Path, canary: bytes) -> list[str]:
    """Where in the folder a canary is: in plain files (names too), and in decrypted pages of every diary."""
    key = read_key(key_path)
    files = [path for path in folder.rglob("*") if path.is_file()]
    found = [path.name for path in files if canary in path.read_bytes() or canary in path.name.encode()]
    for path in files:
        if ".db" in path.name and not path.name.endswith(("-wal", "-shm", ".lock")):
            found += [where for where, page in decrypted_pages(path, key) if canary in page]
    return found


@pytest.fixture
def scanner() -> Scanner:
    return find
