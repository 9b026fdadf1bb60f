"""What may be said about a transfer before and while it runs. Pure: no socket, no file, no clock of its own.

Promises: ``refuse_address`` lets only encrypted addresses through (or this machine, or what the household allowed);
``Pace`` ends a transfer that trickles; ``resume_at`` says from which byte an answer goes on, whatever a server makes of
a Range; a page where a file should be is told as what it most likely is, a captive portal.
Refuses answers that contradict the question (another range, another length, a compressed body).
"""

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urlsplit

from edge.errors import UpdateFetchError, UpdateRefusedError

OK: Final = 200
PARTIAL: Final = 206
NOT_MODIFIED: Final = 304
RANGE_NOT_SATISFIABLE: Final = 416
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_AGAIN: Final = "Nothing was changed; it is tried again later."
_PORTAL: Final = "Sign in to that network in a browser, or check the address in quietstep.toml. " + _AGAIN


@dataclass(frozen=True, slots=True)
class Limits:
    """How long is too long: seconds for connecting, for the headers, between two reads; and the least bytes/s."""

    connect_s: float = 15.0
    headers_s: float = 30.0
    gap_s: float = 20.0
    window_s: float = 30.0
    least_bytes_per_s: float = 1024.0


@dataclass(slots=True)
class Pace:
    """Throughput over consecutive windows; times in seconds of a clock that only goes forward."""

    limits: Limits
    _since_s: float | None = field(default=None, init=False)
    _n_bytes: int = field(default=0, init=False)

    def update(self, n_bytes: int, t_s: float) -> None:
        """Account for ``n_bytes`` that came by ``t_s``; raises UpdateFetchError where a window brought too little."""
        self._n_bytes += n_bytes
        if self._since_s is None:
            self._since_s = t_s
        passed_s = t_s - self._since_s
        if passed_s < self.limits.window_s:
            return
        if self._n_bytes < self.limits.least_bytes_per_s * passed_s:
            found = f"a transfer of {self._n_bytes} bytes in {passed_s:.0f} s"
            raise UpdateFetchError(found, f"{self.limits.least_bytes_per_s:.0f} bytes a second", _AGAIN)
        self._since_s, self._n_bytes = t_s, 0


def refuse_address(url: str, *, allow_plain: bool) -> SplitResult:
    """The parts of ``url``; raises UpdateFetchError unless it is https, this machine, or allowed to be plain."""
    try:
        parts = urlsplit(url)
        known = parts.hostname and (parts.port or True)
    except ValueError:
        known = None
    if not known or parts.username or parts.scheme not in {"http", "https"} or not _is_printable(url):
        raise UpdateFetchError(f"the address {url[:200]!r}", "https://host/path", "Mend it in quietstep.toml.")
    if parts.scheme == "http" and not allow_plain and not is_loopback(parts.hostname or ""):
        found = f"an address without encryption ({parts.scheme}://{parts.hostname})"
        raise UpdateFetchError(found, "https", "Mend it in quietstep.toml, or allow plain http there.")
    return parts


def refuse_redirect(origin: SplitResult, target: SplitResult) -> None:
    """Raise UpdateFetchError where a redirect leads away from the host that was asked."""
    if (origin.scheme, origin.hostname, origin.port) != (target.scheme, target.hostname, target.port):
        found = f"a redirect from {origin.hostname} to {target.hostname}: a network's sign-in page?"
        raise UpdateFetchError(found, "the update server itself", _PORTAL)


def refuse_page(start: bytes, url: str) -> None:
    """Raise UpdateFetchError where a web page answers for a file; neither JSON nor an archive starts like one."""
    if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].lower().startswith((b"<!doctype", b"<html", b"<head", b"<?xml")):
        raise UpdateFetchError(f"a web page at {url}: a network's sign-in page?", "a file of the updates", _PORTAL)


def refuse_encoding(encoding: str | None) -> None:
    """Raise UpdateFetchError for a compressed body: lengths and ranges are those of the file."""
    if encoding not in (None, "", "identity"):
        raise UpdateFetchError(f"an answer compressed with {encoding}", "the file as it is", _AGAIN)


def resume_headers(n_have: int, validator: str | None) -> dict[str, str]:
    """Ask for the rest, if the file is still the same; all of it where nothing is there yet."""
    if not n_have:
        return {}
    condition = {"If-Range": validator} if validator else {}
    return {"Range": f"bytes={n_have}-", **condition}


def usable_etag(etag: str | None) -> str | None:
    """An ETag of the form of RFC 9110 (8.8.3) and of a length worth keeping, else None."""
    return etag if etag and re.fullmatch(r'(W/)?"[\x21\x23-\x7e]{0,128}"', etag) else None


def validator_of(etag: str | None, last_modified: str | None) -> str | None:
    """What goes into If-Range: a strong ETag, else the date; a weak ETag may not (RFC 9110, 13.1.5)."""
    strong = usable_etag(etag)
    if strong and not strong.startswith("W/"):
        return strong
    return last_modified if last_modified and re.fullmatch(r"[A-Za-z0-9 ,:+-]{1,40}", last_modified) else None


def resume_at(status: int, content_range: str | None, n_have: int, length: int) -> int:
    """From which byte the answer's body goes on: ``n_have`` or 0. Raises UpdateFetchError for any other answer."""
    if status == OK:
        return 0  # Range ignored, or the file is another one: from the start
    match = re.fullmatch(r"bytes ([0-9]{1,19})-([0-9]{1,19})/([0-9]{1,19}|\*)", content_range or "")
    if status == PARTIAL and match and int(match[1]) == n_have and match[3] in ("*", str(length)):
        return n_have
    found = f"status {status} and the range {content_range!r}"
    raise UpdateFetchError(f"an answer with {found}", f"bytes from {n_have} of {length}", _AGAIN)


def refuse_excess(declared: int | None, wanted: int) -> None:
    """Raise UpdateRefusedError before reading a body that announces more than was signed for."""
    if declared is not None and declared > wanted:
        found = f"a server that sends {declared} bytes"
        raise UpdateRefusedError(found, f"{wanted}, as the metadata say", _AGAIN)


def refuse_status(status: int, url: str) -> UpdateFetchError:
    """The error for a status that brings no file."""
    return UpdateFetchError(f"status {status} for {url}", "the file", _AGAIN)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_printable(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url
