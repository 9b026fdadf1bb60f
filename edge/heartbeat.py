"""One counter in anonymous memory: a child advances it where it works, its supervisor looks whether it still moves.

Promises: beating and looking never wait; it tells that something moves and nothing else. There is one that beats.
Refuses nothing.
"""

import mmap
import os
import struct
from typing import Final

_BYTES: Final = 8
_PAGE: Final = 4096


class Heartbeat:
    """The counter, mapped by its file descriptor; ``create`` makes one, a child inherits the descriptor."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._page = mmap.mmap(fd, _PAGE)

    @classmethod
    def create(cls) -> "Heartbeat":
        """A new one that stands at 0."""
        fd = os.memfd_create("quietstep-heartbeat", 0)
        os.ftruncate(fd, _PAGE)
        return cls(fd)

    def beat(self) -> None:
        """Still moving."""
        self._page[:_BYTES] = struct.pack("=Q", self.n_beats + 1)

    @property
    def n_beats(self) -> int:
        """How often it beat."""
        return int(struct.unpack("=Q", self._page[:_BYTES])[0])

    def close(self) -> None:
        """Let go of it."""
        self._page.close()
        os.close(self.fd)
