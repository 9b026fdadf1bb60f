"""The archives a repository offers: put there, found again, and read back as a device would.

Promises: an archive stands under its hash before anything names it; ``manifest_in`` proves it with the device's own
unpacking and the bundle's own reader. Refuses an archive that is missing or is not the one the metadata name.
"""

import tempfile
from pathlib import Path

from tuf.api.exceptions import LengthOrHashMismatchError
from tuf.api.metadata import TargetFile, Targets

from deploy.held import newest_version, read_document
from deploy.layout import Layout
from edge.bundle import Bundle, Manifest, read_bundle
from edge.errors import DeployError
from edge.update.archive import pack, unpack
from edge.update.release import RELEASES


def put_archive(layout: Layout, bundle: Bundle, path: str) -> TargetFile:
    """Pack a proven bundle and put it where devices will look for the target ``path``; raises DeployError."""
    layout.publisher.mkdir(parents=True, exist_ok=True)
    with layout.part.open("wb") as file:
        pack(bundle, file)
    target = TargetFile.from_file(path, str(layout.part), ["sha256"])
    with layout.writing(place_of(layout, target)):
        pass
    return target


def put_bytes(layout: Layout, path: str, data: bytes) -> TargetFile:
    """Put a small target where devices will look for it."""
    target = TargetFile.from_data(path, data, ["sha256"])
    layout.put(place_of(layout, target), data)
    return target


def place_of(layout: Layout, target: TargetFile) -> Path:
    """The file of a target: its SHA-256 before its name, in its folder."""
    return layout.targets / target.get_prefixed_paths()[0]


def bytes_of(layout: Layout, target: TargetFile) -> bytes:
    """A small target's bytes, proven; raises DeployError."""
    try:
        data = place_of(layout, target).read_bytes()
        target.verify_length_and_hashes(data)
    except (OSError, LengthOrHashMismatchError) as error:
        raise _lost(layout, target, error) from error
    return data


def manifest_in(layout: Layout, target: TargetFile) -> Manifest:
    """The manifest of an archive, proven to the last byte; raises DeployError, UpdateRefusedError, BundleError."""
    try:
        with place_of(layout, target).open("rb") as archive, tempfile.TemporaryDirectory() as folder:
            target.verify_length_and_hashes(archive)
            archive.seek(0)
            unpack(archive, target.length, Path(folder))
            return read_bundle(Path(folder)).manifest
    except (OSError, LengthOrHashMismatchError) as error:
        raise _lost(layout, target, error) from error


def listed_path(releases: Targets, release: str) -> str:
    """The target path of a release as people call it (ID-VERSION); raises DeployError for one that is not listed."""
    path = release if release.startswith(f"{RELEASES}/") else f"{RELEASES}/{release.removesuffix('.bundle')}.bundle"
    if path not in releases.targets:
        do = "Publish it and let it be signed first, or name one of these."
        raise DeployError(f"no release {path}", f"one of {', '.join(sorted(releases.targets)) or 'none'}", do)
    return path


def ever_released(layout: Layout) -> set[str]:
    """Target paths of all releases that ever were listed, those that were withdrawn too; raises DeployError."""
    versions = (layout.versioned(RELEASES, n) for n in range(1, newest_version(layout, RELEASES) + 1))
    return {path for file in versions if file.is_file() for path in read_document(file).signed.targets}


def newest_release(releases: Targets) -> TargetFile | None:
    """The release that was published last, or None before the first."""
    return max(releases.targets.values(), key=order_of, default=None)


def order_of(target: TargetFile) -> int:
    """The how-manieth release it was, from 1; 0 where nobody said so."""
    custom = target.custom
    order = custom.get("order") if isinstance(custom, dict) else None
    return order if isinstance(order, int) else 0


def _lost(layout: Layout, target: TargetFile, error: Exception) -> DeployError:
    do = "Take targets/ from a backup, or from what the web server shows."
    return DeployError(f"that {place_of(layout, target)} is not {target.path} ({error})", "the published file", do)
