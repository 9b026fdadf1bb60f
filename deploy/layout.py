"""Where a repository's files are, and the only door through which one is written.

Promises: ``put`` leaves the old file or the new one, never half of one, also after a power cut; two commands never
write at once. ``metadata/`` and ``targets/`` are all a web server may show; ``publisher/`` holds no secret but is
nobody else's business: public keys, drafts in flight, the audit log.
Refuses to work in a folder that is no repository.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.errors import DeployError


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths inside a repository."""

    folder: Path

    @property
    def metadata(self) -> Path:
        return self.folder / "metadata"

    @property
    def targets(self) -> Path:
        return self.folder / "targets"

    @property
    def publisher(self) -> Path:
        return self.folder / "publisher"

    @property
    def embedded_root(self) -> Path:
        """The first root, to build into devices; never changed afterwards."""
        return self.folder / "root.json"

    @property
    def key_book(self) -> Path:
        return self.publisher / "keys.json"

    @property
    def audit(self) -> Path:
        return self.publisher / "audit.jsonl"

    @property
    def part(self) -> Path:
        """Where a file is written before it gets its name; nobody shows or reads it."""
        return self.publisher / "part"

    def draft(self, role: str) -> Path:
        """A role's metadata while it collects signatures."""
        return self.publisher / "in-flight" / f"{role}.json"

    def versioned(self, role: str, version: int) -> Path:
        return self.metadata / f"{version}.{role}.json"

    @property
    def timestamp(self) -> Path:
        return self.metadata / "timestamp.json"

    def put(self, path: Path, data: bytes) -> None:
        """Write ``path`` whole or not at all; on disk on return. Raises DeployError."""
        with self.writing(path), self.part.open("wb") as file:
            file.write(data)

    @contextlib.contextmanager
    def writing(self, path: Path) -> Iterator[None]:
        """What the body writes to ``part`` becomes ``path``: whole or not at all, on disk on leaving."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.publisher.mkdir(parents=True, exist_ok=True)
            yield
            _sync(self.part)
            os.replace(self.part, path)
            _sync(path.parent)
        except OSError as error:
            raise DeployError(
                f"that {path} cannot be written ({error.strerror})",
                "a repository this user may write to",
                "Free some room or change its owner, then run the command again.",
            ) from error

    def remove(self, path: Path) -> None:
        """Remove a file if it is there; the removal is on disk on return."""
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            _sync(path.parent)


def opened(folder: Path) -> Layout:
    """The layout of an existing repository; raises DeployError."""
    layout = Layout(folder)
    if not layout.timestamp.is_file():
        do = "Name the folder that `quietstep-deploy init` made, or make one."
        raise DeployError(f"no repository in {folder}", "metadata/timestamp.json in it", do)
    return layout


@contextlib.contextmanager
def alone(layout: Layout) -> Iterator[None]:
    """Be the only command that writes to this repository; raises DeployError when another one is."""
    layout.publisher.mkdir(parents=True, exist_ok=True)
    with (layout.publisher / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            do = "Wait until it has ended."
            raise DeployError(f"another command at work in {layout.folder}", "to be alone", do) from None
        yield


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
