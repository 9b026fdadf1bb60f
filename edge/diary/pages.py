"""Why an encrypted file does not open: the wrong key, damage, or another kind of file.

SQLite says "file is not a database" for all three. Each page of a SQLCipher 4 file carries its own HMAC-SHA512
under a key derived from the diary's key and the salt in its first 16 bytes (SQLCipher's published design: page 4096
bytes, reserve 80 = 16 of initialisation vector and 64 of HMAC; two rounds of PBKDF2 over the salt XOR 0x3a; page
number as 4 little-endian bytes after the data). So if one page proves right, the key is right and the file is
damaged. Promises to read at most 64 pages and to change nothing. Refuses to guess: it says which of four it found.
"""

import hashlib
import hmac
from enum import StrEnum
from pathlib import Path
from typing import Final

PAGE_BYTES: Final = 4096
SALT_BYTES: Final = 16
HMAC_BYTES: Final = 64
PLAIN_HEADER: Final = b"SQLite format 3\x00"
MOST_PAGES: Final = 64


class FileState(StrEnum):
    """What a file turned out to be."""

    CUT_SHORT = "cut short"
    PLAIN = "plain"
    KEY_FITS = "key fits"
    NO_PAGE_OPENS = "no page opens"


def examine(path: Path, key: bytes) -> FileState:
    """Which of the four; raises OSError if the file cannot be read."""
    n_pages = path.stat().st_size // PAGE_BYTES
    with path.open("rb") as file:
        header = file.read(SALT_BYTES)
        if header == PLAIN_HEADER:
            return FileState.PLAIN
        if n_pages == 0:
            return FileState.CUT_SHORT
        page_key = hashlib.pbkdf2_hmac("sha512", key, bytes(b ^ 0x3A for b in header), 2, 32)
        for index in range(0, n_pages, max(1, n_pages // MOST_PAGES)):
            file.seek(index * PAGE_BYTES)
            if _proves_right(file.read(PAGE_BYTES), index + 1, page_key):
                return FileState.KEY_FITS
    return FileState.NO_PAGE_OPENS


def _proves_right(page: bytes, number: int, page_key: bytes) -> bool:
    data = page[SALT_BYTES if number == 1 else 0 : -HMAC_BYTES]
    proof = hmac.digest(page_key, data + number.to_bytes(4, "little"), "sha512")
    return hmac.compare_digest(proof, page[-HMAC_BYTES:])
