"""A home that follows a simulated repository; every check is a new process's: it opens update.db anew."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from edge.update.check_update import Running, Source, Staged, check_update
from edge.update.choose import Nothing
from edge.update.network import Network
from edge.update.transfer import Limits
from edge.update.trust_store import Metadata, Standing, open_trust_store
from tests.edge.update.simulated_repository import NOW, Server, SimulatedRepository, serving
from tests.edge.update.small_bundle import make_archive

TARGET = "releases/reference-2.1.0.bundle"


@dataclass
class Home:
    """One device, its clock, and the server it asks."""

    folder: Path
    repository: SimulatedRepository
    server: Server
    clock_s: float = NOW.timestamp()
    build_s: int = int(NOW.timestamp()) - 30 * 86400
    version: str = "2.0.0"
    ring: str = "stable"
    limits: Limits = field(default_factory=Limits)
    monotonic: Callable[[], float] = lambda: 0.0

    @property
    def source(self) -> Source:
        url = self.server.url
        return Source(f"{url}/metadata/", f"{url}/targets/", self.repository.first_root, self.ring, self.folder)

    def check(self, running: Running | None = None) -> Staged | Nothing:
        """One whole check."""
        network = Network(self.limits, clock=self.monotonic)
        with open_trust_store(self.folder, self.build_s, self.version) as store:
            return check_update(self.source, store, network, running or Running(self.version), self.clock_s)

    def later(self, **span: float) -> None:
        """Clock and publisher go on together."""
        self.clock_s += timedelta(**span).total_seconds()
        self.repository.now += timedelta(**span)

    def standing(self) -> Standing:
        with open_trust_store(self.folder, self.build_s, self.version) as store:
            return store.standing

    def trusted(self) -> tuple[Metadata, ...]:
        with open_trust_store(self.folder, self.build_s, self.version) as store:
            return store.metadata()

    def staged_names(self) -> list[str]:
        folder = self.folder / "bundles"
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Version 2.1.0 as an archive."""
    return make_archive(tmp_path_factory.mktemp("bundle") / "b")


@pytest.fixture
def repository() -> SimulatedRepository:
    """An honest repository that offers nothing yet."""
    return SimulatedRepository()


@pytest.fixture
def home(tmp_path: Path, repository: SimulatedRepository) -> Iterator[Home]:
    """A home of version 2.0.0 that has never asked."""
    with serving(repository.files) as server:
        yield Home(tmp_path / "home", repository, server)
