"""What the page is told of the home and of how to serve it: paths, zone, cameras, address. Values only.

Promises: built once from the settings by whoever may read them (`edge.review_command`); nothing here names a process
that could hold a body. Refuses nothing: what may be set is checked in ``edge.config``.
"""

from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Final

from edge.permission import Settings
from edge.retention import Retention
from edge.update.standing import ModelFiles

PORT: Final = 8745
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Watched:
    """A camera's place, and whether it is live (then it needs a consent)."""

    place: str
    live: bool


@dataclass(frozen=True, slots=True)
class Home:
    """The files of one home, its zone, its cameras and its quiet hours; ``models`` None: nobody told of them."""

    diary: Path
    key: Path
    state: Path
    running_note: Path
    accounts: Path
    zone: tzinfo
    watched: tuple[Watched, ...]
    settings: Settings
    retention: Retention
    models: ModelFiles | None = None


@dataclass(frozen=True, slots=True)
class Serving:
    """Where the page is served; ``names`` are the hosts that may stand in an address beside ``address`` itself."""

    address: str = "127.0.0.1"
    port: int = PORT
    certificate: Path | None = None
    private_key: Path | None = None
    names: tuple[str, ...] = ()
    language: str | None = None

    @property
    def is_loopback(self) -> bool:
        """Only this machine can reach it."""
        return self.address in LOOPBACK

    @property
    def has_tls(self) -> bool:
        """Both files are named."""
        return self.certificate is not None and self.private_key is not None

    @property
    def hosts(self) -> frozenset[str]:
        """Every name or address that a request may ask for, without a port, in lower case."""
        own = LOOPBACK if self.is_loopback else (self.address,)
        return frozenset(name.lower() for name in (*own, *self.names))
