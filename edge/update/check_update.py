"""One check: refresh the trust, see what this ring gets, fetch it, unpack it beside what runs. Switches nothing.

Promises: ``check_update`` returns a Staged bundle only after both roles agreed, its archive was proven to the byte, and
``edge.bundle.read_bundle`` took the folder, which appears under its final name whole and synced. Whatever is cut or
killed on the way is finished, or cleared away, by the next check.
Refuses with UpdateError (BundleError for a bundle that is none, or not for this device); the model that runs goes on.
What is refused for good counts as a failed poll like any other, so that it is not fetched again without end.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from tuf.api.metadata import TargetFile

from edge.bundle import Bundle, read_bundle
from edge.durable import clear, own_folder, swap
from edge.errors import BundleError, QuietstepError, UpdateFetchError, UpdateRefusedError
from edge.update.archive import unpack
from edge.update.choose import Here, Listed, Nothing, Offer, decide, refuse_disagreement, refuse_other_bundle
from edge.update.download import Downloads, fetch_small, wanted_of
from edge.update.network import Network
from edge.update.release import MAX_ROLLOUT_BYTES, Rollout, Version, decode_rollout, read_version, rollout_path
from edge.update.trust import Origin, Trust, open_trust
from edge.update.trust_store import TrustStore
from edge.update.world import World

_NEW: Final = ".new-"
_AGAIN: Final = "Nothing was changed; it is tried again later."


@dataclass(frozen=True, slots=True)
class Source:
    """Which repository this device follows, as which ring, and where it puts things."""

    metadata_url: str
    targets_url: str
    embedded_root: bytes
    ring: str
    folder: Path

    @property
    def bundles(self) -> Path:
        """Unpacked bundles, each under the SHA-256 of its archive."""
        return self.folder / "bundles"


@dataclass(frozen=True, slots=True)
class Running:
    """What runs on this device: version of the active model, archives that failed here, may payloads be fetched, and
    all that is written down of its models."""

    version: str
    quarantined: frozenset[str] = frozenset()
    fetch_payload: bool = True
    world: World = field(default_factory=World)


@dataclass(frozen=True, slots=True)
class Staged:
    """A verified bundle beside the one that runs: what acceptance on the device starts from."""

    sha256: str
    target: str
    previous: str | None
    bundle: Bundle

    @property
    def version(self) -> Version:
        """As numbers that compare."""
        return read_version(self.bundle.manifest.version)


def check_update(
    source: Source, store: TrustStore, network: Network, running: Running, clock_s: float
) -> Staged | Nothing:
    """One whole check at ``clock_s`` (seconds since 1970); raises UpdateError or BundleError."""
    try:
        found = _check(source, store, network, running, clock_s)
    except QuietstepError:
        store.note_poll(int(clock_s), good=False)
        raise
    store.note_poll(int(clock_s), good=True)
    return found


def _check(source: Source, store: TrustStore, network: Network, running: Running, clock_s: float) -> Staged | Nothing:
    with open_trust(store, network, Origin(source.metadata_url, source.embedded_root), clock_s) as trust:
        rollout = _rollout(source, trust, network)
        if isinstance(rollout, Nothing):
            return rollout
        versions = (read_version(running.version), store.version_floor)
        here = Here(store.standing.device_id, *versions, running.quarantined, running.world)
        offer = decide(rollout, here)
        if isinstance(offer, Nothing):
            return offer
        listed = trust.find(offer.target)
    refuse_disagreement(rollout, Listed(listed.length, listed.hashes.get("sha256")) if listed else None)
    assert listed is not None
    bundle = _staged(source, store, offer, _Payload(network, listed, running.fetch_payload))
    if isinstance(bundle, Nothing):
        return bundle
    return Staged(offer.sha256, offer.target, offer.previous, bundle)


@dataclass(frozen=True, slots=True)
class _Payload:
    """The archive of an offer: through which network, as what target, and whether this line may carry it."""

    network: Network
    listed: TargetFile
    may_fetch: bool


def _rollout(source: Source, trust: Trust, network: Network) -> Rollout | Nothing:
    path = rollout_path(source.ring)
    target = trust.find(path)
    if target is None:
        return Nothing(f"the ring {source.ring} is offered nothing")
    return decode_rollout(fetch_small(network, wanted_of(target, source.targets_url), MAX_ROLLOUT_BYTES), source.ring)


def _staged(source: Source, store: TrustStore, offer: Offer, payload: _Payload) -> Bundle | Nothing:
    downloads = Downloads(source.folder / "downloads", store, payload.network)
    final = source.bundles / offer.sha256
    try:
        own_folder(source.bundles)
        for half in source.bundles.glob(f"{_NEW}*"):
            clear(half)
        if (bundle := _whole(final, offer)) is None:
            if not payload.may_fetch:
                return Nothing("a release waits for a line that is not metered")
            archive = downloads.fetch(wanted_of(payload.listed, source.targets_url))
            bundle = _unpacked(archive, offer, final, payload.network.beat)
        downloads.clear()
    except (BundleError, UpdateRefusedError):
        downloads.clear()
        raise
    except OSError as error:
        raise UpdateFetchError(f"no way to write {source.folder} ({error})", "room on the disk", _AGAIN) from error
    return bundle


def _whole(final: Path, offer: Offer) -> Bundle | None:
    """A bundle an earlier check finished; what is not whole is removed."""
    if not final.is_dir():
        return None
    try:
        bundle = read_bundle(final)
        refuse_other_bundle(offer, bundle.manifest)
    except (BundleError, UpdateRefusedError):
        clear(final)
        return None
    return bundle


@dataclass(frozen=True, slots=True)
class _Beating:
    """An archive that is read, with a sign of life for each part of it."""

    file: BinaryIO
    beat: Callable[[], None]

    def read(self, n: int) -> bytes:
        self.beat()
        return self.file.read(n)


def _unpacked(archive: Path, offer: Offer, final: Path, beat: Callable[[], None]) -> Bundle:
    new = final.with_name(_NEW + final.name)
    try:
        new.mkdir(mode=0o700)
        with archive.open("rb") as file:
            unpack(_Beating(file, beat), offer.length, new)  # type: ignore[arg-type]  # unpack only reads
        beat()
        manifest = read_bundle(new).manifest
        refuse_other_bundle(offer, manifest)
    except (BundleError, UpdateRefusedError):
        clear(new)
        raise
    swap(new, final)
    return Bundle(final, manifest)
