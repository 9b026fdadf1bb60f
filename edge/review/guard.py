"""What a request may do: decided from its head alone. Decisions only: no socket, no clock, no file.

Promises: default deny. A host that is not ours, a method that changes something without coming from our own page, a
body that is too large: each has its status and nothing of the home in its answer. Every answer carries headers that let
a browser load from this host alone, run no inline script or style, and keep nothing in a cache.
Refuses, by the host check, pages of other sites whose name was pointed at this machine (DNS rebinding); by the
origin check and the token (`csrf_token`), forms that other sites send.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from edge.review.home import Serving

LONGEST_BODY: Final = 16_384
LONGEST_HEAD: Final = 16_384
BODY_WITHIN_S: Final = 5.0
METHODS: Final = ("GET", "HEAD", "POST")
OPEN_TO_ALL: Final = ("/login", "/static/")
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = (
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    ("cache-control", "no-store"),
)
STRICT_TRANSPORT: Final = ("strict-transport-security", "max-age=31536000")

Right = Literal["look", "minutes", "note", "pause", "erase", "export", "stored"]
Role = Literal["household", "carer", "engineer"]
RIGHTS: Final[Mapping[Role, frozenset[Right]]] = {
    "household": frozenset({"look", "minutes", "note", "pause", "erase", "export", "stored"}),
    "carer": frozenset({"look", "minutes"}),
    "engineer": frozenset({"minutes"}),
}
"""The household may do all; a carer reads trends; an engineer sees what was watched and what failed, no mood."""


class Refusal(NamedTuple):
    """A status and a few words that say nothing of the home."""

    status: int
    words: str


def refusal(method: str, path: str, headers: Mapping[str, str], serving: Serving) -> Refusal | None:
    """Why a request is turned away by its head; None if it is not. Header names are in lower case."""
    host = headers.get("host", "")
    if host_of(host) not in serving.hosts:
        return Refusal(421, "Not a name of this page.")
    if method not in METHODS:
        return Refusal(405, "Not a thing this page does.")
    if method == "POST" and not _from_our_page(headers, host, serving):
        return Refusal(403, "This did not come from the page itself.")
    if sum(len(key) + len(value) for key, value in headers.items()) > LONGEST_HEAD:
        return Refusal(431, "Too much.")
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        return Refusal(400, "Not a length.")
    if int(length) > LONGEST_BODY:
        return Refusal(413, "Too much.")
    return Refusal(400, "Not a path.") if "\x00" in path or "\\" in path or ".." in path else None


def host_of(host: str) -> str:
    """The name or address in a Host header, without the port and brackets."""
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.rpartition(":")[0] if ":" in name else name


def _from_our_page(headers: Mapping[str, str], host: str, serving: Serving) -> bool:
    own = f"{'https' if serving.has_tls else 'http'}://{host.strip().lower()}"
    return headers.get("origin", "").lower() == own and headers.get("sec-fetch-site", "same-origin") == "same-origin"


def is_open(path: str) -> bool:
    """What somebody may ask for who has not signed in."""
    return path == OPEN_TO_ALL[0] or path.startswith(OPEN_TO_ALL[1])


def csrf_token(secret: bytes, session: str) -> str:
    """What every form of a session carries: HMAC-SHA-256 of the session under this process's secret."""
    return hmac.new(secret, session.encode(), hashlib.sha256).hexdigest()


def is_token(secret: bytes, session: str, given: str) -> bool:
    """Whether a form carries the token of its session; takes as long for any answer."""
    return bool(session) and hmac.compare_digest(csrf_token(secret, session).encode(), given.encode())
