"""The folder of downloaded bundles: one folder each, named by the SHA-256 of its archive.

Promises: a folder with such a name appears whole, by one rename, and is on disk then; ``verified`` hands out only one
whose every byte is the archive's. Refuses, with UpdateRefusedError, a folder that is not what its name says.
"""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from edge.bundle import MANIFEST, Bundle, read_bundle
from edge.durable import sync_folder
from edge.errors import QuietstepError, UpdateRefusedError
from edge.update.archive import pack
from edge.update.decide import Candidate, offered
from edge.update.pointer import ModelStore, Note, named
from edge.update.release import read_version


class Digest:
    """A place to write to that keeps only the SHA-256 of what was written."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._n_bytes = 0

    def write(self, data: bytes) -> int:
        """Take it in."""
        self._sha256.update(data)
        self._n_bytes += len(data)
        return len(data)

    def tell(self) -> int:
        """How much it was."""
        return self._n_bytes

    def hexdigest(self) -> str:
        """Its SHA-256."""
        return self._sha256.hexdigest()


def archive_sha256(bundle: Bundle) -> str:
    """SHA-256 of the one archive that a bundle has; by it a bundle is known everywhere."""
    digest = Digest()
    pack(bundle, digest)  # type: ignore[arg-type]  # tarfile writes and tells, and asks for no more
    return digest.hexdigest()


def verified(folder: Path, sha256: str) -> Bundle:
    """The bundle in ``folder``, every file proven; raises BundleError or UpdateRefusedError."""
    bundle = read_bundle(folder)
    if (found := archive_sha256(bundle)) != sha256:
        raise UpdateRefusedError(f"a bundle {found[:12]}…", f"{sha256[:12]}…", "Fetch it again.")
    return bundle


def put(bundle: Bundle, bundles: Path) -> str:
    """Copy a verified bundle into the folder of bundles; its SHA-256. Raises OSError, and BundleError for the copy."""
    sha256 = archive_sha256(bundle)
    bundles.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(QuietstepError, OSError):
        verified(bundles / sha256, sha256)
        return sha256
    half = bundles / f"{sha256}.{os.getpid()}.new"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    for name in (MANIFEST, *(file.name for file in bundle.manifest.files)):
        shutil.copyfile(bundle.folder / name, half / name)
        with (half / name).open("rb") as file:
            os.fsync(file.fileno())
    read_bundle(half)
    sync_folder(half)
    shutil.rmtree(bundles / sha256, ignore_errors=True)
    half.rename(bundles / sha256)
    sync_folder(bundles)
    return sha256


def candidate_of(bundle: Bundle, sha256: str) -> Candidate:
    """The candidate that a bundle is; raises UpdateRefusedError for a version that does not compare."""
    manifest = bundle.manifest
    if not manifest.id:
        raise UpdateRefusedError("a bundle without an id", "one with a name", "Export it again.")
    return Candidate(sha256, manifest.id, read_version(manifest.version))


def stage(store: ModelStore, bundle: Bundle, sha256: str, at_s: int, event: str, detail: str = "") -> Candidate:
    """Make a bundle that lies in the folder of bundles the candidate, with a line in the history.

    The supervisor sees it within seconds and goes on by itself. Raises UpdateRefusedError, UpdateStoreError.
    """
    candidate = candidate_of(bundle, sha256)
    store.change(lambda world: offered(world, candidate), Note(at_s, sha256, named(candidate), event, detail))
    return candidate


def remove(bundles: Path, shas: Iterable[str]) -> None:
    """Throw bundles away; what cannot be removed now is tried again at the next start."""
    for sha256 in shas:
        with contextlib.suppress(OSError):
            shutil.rmtree(bundles / sha256)
