"""Every page of an encrypted file in the clear: the used, the free and the superseded ones, without asking SQLite.

SQLCipher 4 encrypts a page with AES-256-CBC, its vector at the start of the page's reserve (see `edge.diary.pages`
for the layout), with the diary's key itself where that key is raw. Promises to change nothing and to show what a
thief with the key would see, in the file and in its log. Refuses to guess: without libcrypto it says so.
"""

import ctypes
import ctypes.util
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from edge.diary.pages import HMAC_BYTES, PAGE_BYTES, SALT_BYTES
from edge.errors import DiaryError

VECTOR_BYTES: Final = 16
RESERVE_BYTES: Final = VECTOR_BYTES + HMAC_BYTES
LOG_HEADER_BYTES: Final = 32
FRAME_HEADER_BYTES: Final = 24


class Decryptor:
    """AES-256-CBC of whole pages, by the libcrypto that Python itself uses."""

    def __init__(self, key: bytes) -> None:
        self._crypto = _libcrypto()
        self._key = key
        self._out = ctypes.create_string_buffer(PAGE_BYTES)

    def page(self, page: bytes, *, first: bool) -> bytes:
        """What a page holds; noise if it is not one of this key's."""
        data, vector = page[SALT_BYTES if first else 0 : -RESERVE_BYTES], page[-RESERVE_BYTES:-HMAC_BYTES]
        n_out, crypto = ctypes.c_int(), self._crypto
        context = ctypes.c_void_p(crypto.EVP_CIPHER_CTX_new())
        try:
            crypto.EVP_DecryptInit_ex(context, ctypes.c_void_p(crypto.EVP_aes_256_cbc()), None, self._key, vector)
            crypto.EVP_CIPHER_CTX_set_padding(context, 0)
            crypto.EVP_DecryptUpdate(context, self._out, ctypes.byref(n_out), data, len(data))
        finally:
            crypto.EVP_CIPHER_CTX_free(context)
        return self._out.raw[: n_out.value]


def _libcrypto() -> ctypes.CDLL:
    try:
        crypto = ctypes.CDLL("libcrypto.so.3")
    except OSError:
        crypto = _found_elsewhere()
    crypto.EVP_CIPHER_CTX_new.restype = ctypes.c_void_p
    crypto.EVP_aes_256_cbc.restype = ctypes.c_void_p
    return crypto


def _found_elsewhere() -> ctypes.CDLL:
    try:
        return ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so")
    except OSError:
        raise DiaryError(
            "no libcrypto to decrypt pages with",
            "the library of OpenSSL 3",
            "Install libssl3 with apt and erase again.",
        ) from None


def pages_of(file: Path, decryptor: Decryptor) -> Iterator[bytes]:
    """The pages of a database file."""
    with file.open("rb") as opened:
        first = True
        while len(page := opened.read(PAGE_BYTES)) == PAGE_BYTES:
            yield decryptor.page(page, first=first)
            first = False


def pages_of_log(file: Path, decryptor: Decryptor) -> Iterator[bytes]:
    """The pages in a write-ahead log, those that later ones replaced too."""
    with file.open("rb") as opened:
        opened.seek(LOG_HEADER_BYTES)
        while len(frame := opened.read(FRAME_HEADER_BYTES + PAGE_BYTES)) == FRAME_HEADER_BYTES + PAGE_BYTES:
            number = int.from_bytes(frame[:4], "big")
            yield decryptor.page(frame[FRAME_HEADER_BYTES:], first=number == 1)
