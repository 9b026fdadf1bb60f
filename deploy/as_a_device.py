"""A device's look at the repository, with python-tuf's own client, on the files as they are.

Promises: what this says is what a client would say that holds a given root and has seen nothing else: the chain of
roots, every signature, every expiry date, and every archive that is offered. Nothing is written into the repository.
Refuses, with the client's own reason, whatever the client refuses.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec
from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError
from tuf.ngclient import Updater
from tuf.ngclient.fetcher import FetcherInterface

from deploy.held import read_document, read_held
from deploy.layout import Layout
from deploy.shelf import manifest_in
from edge.errors import DeployError
from edge.update.release import ROLLOUT, Rollout, decode_rollout

_BASE = "https://repository.invalid"
"""Never asked: the fetcher below reads files."""


class Seen(msgspec.Struct, frozen=True):
    """What a device finds: the root it started from and the one it ended with, releases offered, and its rings."""

    from_root: int
    to_root: int
    releases: tuple[str, ...]
    rings: tuple[Rollout, ...]


class _Files(FetcherInterface):
    """Reads a repository's files where a client would ask a web server."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = self._layout.folder / unquote(urlsplit(url).path).lstrip("/")
        if not path.is_file():
            raise DownloadHTTPError(f"no {path.name}", 404)
        yield path.read_bytes()


def look(layout: Layout, root: Path) -> Seen:
    """Take everything that is offered, trusting ``root`` alone; raises DeployError with the client's reason."""
    start = read_document(root).signed.version
    with tempfile.TemporaryDirectory() as folder:
        try:
            updater = _updater(layout, Path(folder), root.read_bytes())
            updater.refresh()
            return _seen(layout, updater, start, read_document(Path(folder) / "root.json").signed.version)
        except (RepositoryError, DownloadError, OSError) as error:
            do = "Run `quietstep-deploy expire` and `status`; see the runbook in deploy/README.md."
            raise DeployError(f"a repository a device refuses ({error})", "one it takes", do) from error


def _updater(layout: Layout, folder: Path, root: bytes) -> Updater:
    return Updater(
        str(folder),
        f"{_BASE}/metadata/",
        target_dir=str(folder),
        target_base_url=f"{_BASE}/targets/",
        fetcher=_Files(layout),
        bootstrap=root,
    )


def _seen(layout: Layout, updater: Updater, start: int, end: int) -> Seen:
    """Names come from the metadata the client just proved, and each is then asked of the client itself."""
    held = read_held(layout)
    releases = sorted(held.releases.signed.targets)
    for path in releases:
        target = updater.get_targetinfo(path)
        if target is None:
            raise DeployError(f"that a device does not find {path}", "every release", "Check the delegations.")
        manifest_in(layout, target)
    rings = tuple(_ring(updater, path) for path in sorted(held.rollout.signed.targets))
    return Seen(start, end, tuple(releases), rings)


def _ring(updater: Updater, path: str) -> Rollout:
    target = updater.get_targetinfo(path)
    if target is None:
        raise DeployError(f"that a device does not find {path}", "every ring", "Check the delegations.")
    data = Path(updater.download_target(target)).read_bytes()
    return decode_rollout(data, path.removeprefix(f"{ROLLOUT}/").removesuffix(".json"))
