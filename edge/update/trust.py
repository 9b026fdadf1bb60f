"""From the trusted bytes in update.db to newer trusted bytes, by tuf's own updater. No cryptography of ours.

Promises: tuf's files are built anew from the database, in a private folder, before each run, and what it accepted goes
back in one transaction after each step that asked the network; nothing is trusted because it lies in a file. Time is
the larger of the clock and the time floor, which rises with every success to the last good time and to the signed time
of the timestamp, so a clock that was set back revives nothing. A timestamp that a 304 stands for is asked for in full
where tuf refuses it.
Refuses what tuf refuses, as UpdateRefusedError (what came) or UpdateFetchError (what did not).
"""

import contextlib
import datetime
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tuf.api.exceptions import DownloadError, ExpiredMetadataError, RepositoryError
from tuf.api.metadata import Metadata as Signed
from tuf.api.metadata import Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.ngclient import Updater, UpdaterConfig

from edge.errors import UpdateError, UpdateFetchError, UpdateRefusedError
from edge.update.fetch import MetadataFetcher, Remembered
from edge.update.network import Network
from edge.update.one_key_each import refuse_double_keys
from edge.update.release import SIGNED_AT
from edge.update.trust_store import Metadata, TrustStore

CONFIG: Final = UpdaterConfig(max_root_rotations=256, max_delegations=8, targets_max_length=2_000_000)
"""Bytes a role may have where nothing signed limits them; a hundred releases take about 40 kB."""
_AGAIN: Final = "Nothing was changed; it is tried again later."


@dataclass(frozen=True, slots=True)
class Origin:
    """Where metadata come from, and the root this Quietstep was built with, where trust begins."""

    metadata_url: str
    embedded_root: bytes


class Trust:
    """The newest trusted metadata of one check; ``open_trust`` gives it."""

    def __init__(self, updater: Updater, keep: "_Keeper") -> None:
        self._updater = updater
        self._keep = keep

    def find(self, target: str) -> TargetFile | None:
        """What the metadata say of a target (length, hashes), or None; raises UpdateError."""
        with self._keep.step():
            return self._updater.get_targetinfo(target)


@contextlib.contextmanager
def open_trust(
    store: TrustStore, network: Network, origin: Origin, clock_s: float, config: UpdaterConfig = CONFIG
) -> Iterator[Trust]:
    """Refresh the top-level metadata and hand out what is trusted then; ``clock_s`` in seconds since 1970.

    Raises UpdateRefusedError or UpdateFetchError; what was accepted before that is kept.
    """
    with contextlib.ExitStack() as stack:
        with _explained():
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="quietstep-trust-"))
        yield _refreshed(store, network, origin, clock_s, Path(folder), config)


def _refreshed(
    store: TrustStore, network: Network, origin: Origin, clock_s: float, folder: Path, config: UpdaterConfig
) -> Trust:
    for conditional in (True, False):
        fetcher = MetadataFetcher(network, _remembered(store) if conditional else None)
        keeper = _Keeper(store, fetcher, folder, reference_s(store, clock_s))
        try:
            with keeper.step():
                updater = _updater(store, origin, fetcher, folder, keeper.reference_s, config)
                updater.refresh()
                _set_time(updater, keeper.judge_again())
            keeper.keep(good=True)
            return Trust(updater, keeper)
        except UpdateRefusedError:
            if not fetcher.not_modified:
                raise
    raise AssertionError("a second refresh sends no ETag")


def reference_s(store: TrustStore, clock_s: float) -> float:
    """The time by which expiry is judged, seconds since 1970."""
    return max(clock_s, float(store.standing.time_floor_s))


def trusted_root(store: TrustStore, embedded_root: bytes) -> bytes:
    """The newer of the root that is kept and the one that is built in."""
    kept = next((one.content for one in store.metadata() if one.role == Root.type), None)
    return kept if kept is not None and _root_version(kept) > _root_version(embedded_root) else embedded_root


def _root_version(content: bytes) -> int:
    try:
        return Signed[Root].from_bytes(content).signed.version
    except RepositoryError as error:
        found = "a built-in root that is none"
        raise UpdateRefusedError(found, "the root.json of the fleet", "Install Quietstep again.") from error


class _Keeper:
    """Puts what tuf accepted back into the database."""

    def __init__(self, store: TrustStore, fetcher: MetadataFetcher, folder: Path, reference: float) -> None:
        self._store = store
        self._fetcher = fetcher
        self._folder = folder
        self.reference_s = reference

    @contextlib.contextmanager
    def step(self) -> Iterator[None]:
        """Run a step of tuf; what it accepted is kept, also where it then failed."""
        with _explained():
            try:
                yield
            finally:
                self.keep(good=False)
            # Only of the two offline roles: what an online key delegates is its own power, and could lock a device out.
            offline = [self._folder / f"{role}.json" for role in (Root.type, Targets.type)]
            refuse_double_keys(path.read_bytes() for path in offline if path.is_file())

    def judge_again(self) -> float:
        """What time it is at least, by the timestamp's own word; raises where another role is over by then.

        The word is never stored: it binds as long as the timestamp is trusted. A thief of its key who signs in the far
        future is got rid of with the key, where a floor in the database would lock the device out for good.
        """
        now_s = max(self.reference_s, _signed_s((self._folder / f"{Timestamp.type}.json").read_bytes()))
        now = datetime.datetime.fromtimestamp(now_s, datetime.UTC)
        for role in (Root.type, Snapshot.type, Targets.type):
            signed = Signed[Any].from_bytes((self._folder / f"{role}.json").read_bytes()).signed
            if signed.is_expired(now):
                raise ExpiredMetadataError(f"{role} is older than its timestamp allows")
        return now_s

    def keep(self, *, good: bool) -> None:
        """Store the files tuf wrote, if they differ; ``good``: the refresh went through, so the time is believed."""
        files = sorted(self._folder.glob("*.json"))
        found = tuple(Metadata(path.stem, path.read_bytes()) for path in files)
        timestamp = next((one.content for one in found if one.role == Timestamp.type), b"")
        newest = self._fetcher.newest
        etag = newest.etag if newest and newest.content == timestamp else None
        floor_s = int(self.reference_s) if good else 0
        standing = self._store.standing
        if good or found != self._store.metadata() or etag != standing.timestamp_etag:
            self._store.keep(found, floor_s, etag)


def _updater(
    store: TrustStore, origin: Origin, fetcher: MetadataFetcher, folder: Path, now_s: float, config: UpdaterConfig
) -> Updater:
    for one in store.metadata():
        if one.role != Root.type:
            (folder / f"{one.role}.json").write_bytes(one.content)
    updater = Updater(
        str(folder),
        origin.metadata_url,
        fetcher=fetcher,
        config=config,
        bootstrap=trusted_root(store, origin.embedded_root),
    )
    _set_time(updater, now_s)
    return updater


def _set_time(updater: Updater, now_s: float) -> None:
    """tuf offers no way to say what time it is; where this attribute is gone, nothing may go on by the clock alone."""
    if not isinstance(getattr(updater._trusted_set, "reference_time", None), datetime.datetime):
        raise UpdateRefusedError("a tuf that keeps time elsewhere", "tuf 7", "Install the pinned version of tuf.")
    updater._trusted_set.reference_time = datetime.datetime.fromtimestamp(now_s, datetime.UTC)


def _remembered(store: TrustStore) -> Remembered | None:
    etag = store.standing.timestamp_etag
    content = next((one.content for one in store.metadata() if one.role == Timestamp.type), None)
    return Remembered(etag, content) if etag and content else None


def _signed_s(timestamp: bytes) -> int:
    """When an accepted timestamp was signed, as it says itself, never past its expiry; 0 where it says nothing."""
    signed = Signed[Timestamp].from_bytes(timestamp).signed
    said = signed.unrecognized_fields.get(SIGNED_AT)
    if not isinstance(said, int) or isinstance(said, bool):
        return 0
    return min(said, int(signed.expires.timestamp()) - 1)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except UpdateError:
        raise
    except ExpiredMetadataError as error:
        do = f"{_AGAIN} If this stays: the server holds news back, nobody signs any more, or this clock is wrong."
        raise UpdateRefusedError(f"metadata whose time is over ({error})", "metadata that still hold", do) from error
    except RepositoryError as error:
        found = f"metadata that are not vouched for ({_first_line(error)})"
        raise UpdateRefusedError(found, "what the trusted keys signed, no older than what was seen", _AGAIN) from error
    except DownloadError as error:
        raise UpdateFetchError(_first_line(error), "the metadata of the updates", _AGAIN) from error
    except OSError as error:
        raise UpdateFetchError(f"no room for the metadata ({error})", "a few hundred kB of disk", _AGAIN) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
