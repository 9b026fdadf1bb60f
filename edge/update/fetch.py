"""tuf's door to the network: our own fetcher, so that every rule of ``transfer.py`` holds for metadata too.

Promises: each file is asked for once, with the caches in between told to look again; ``timestamp.json`` is asked for
with the ETag of the copy that is trusted, and a 304 gives tuf those very bytes, whose expiry it then judges as ever.
So a lying 304 can withhold news until the trusted timestamp expires, as any silence could, and no longer.
Refuses a 304 that nobody asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface

from edge.update.network import Network
from edge.update.transfer import NOT_MODIFIED, OK, usable_etag

_TIMESTAMP: Final = "/timestamp.json"


@dataclass(frozen=True, slots=True)
class Remembered:
    """The trusted timestamp, and the ETag it came with."""

    etag: str
    content: bytes


class MetadataFetcher(FetcherInterface):
    """Fetches metadata through a Network. One per refresh."""

    def __init__(self, network: Network, remembered: Remembered | None) -> None:
        self._network = network
        self._remembered = remembered
        self.not_modified = False
        """Whether a 304 stood for the timestamp."""
        self.newest: Remembered | None = remembered
        """The timestamp that came last, with its ETag; None where the server gives none."""

    def _fetch(self, url: str) -> Iterator[bytes]:
        """The bytes at ``url``; raises DownloadHTTPError for a status, UpdateFetchError for everything else."""
        asked = self._remembered if url.endswith(_TIMESTAMP) else None
        headers = {"Cache-Control": "no-cache", **({"If-None-Match": asked.etag} if asked else {})}
        with self._network.get(url, headers) as answer:
            if asked and answer.status == NOT_MODIFIED:
                self.not_modified = True
                yield asked.content
                return
            if answer.status != OK:
                raise DownloadHTTPError(f"status {answer.status} for {url}", answer.status)
            received = bytearray()
            for chunk in answer.chunks():
                received += chunk
                yield chunk
            if url.endswith(_TIMESTAMP):
                etag = usable_etag(answer.header("ETag"))
                self.newest = Remembered(etag, bytes(received)) if etag else None
