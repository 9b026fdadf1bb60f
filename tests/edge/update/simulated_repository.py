"""A whole repository in memory, signed with python-tuf's Metadata API, behind a real HTTP server on this machine.

Promises: an honest repository by default, with the roles, thresholds and lifetimes of the fleet; an attack is a change
of what is signed (with keys the attacker is said to have) or of how one path is served. Refuses nothing.
"""

import hashlib
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from edge.update.release import SIGNED_AT, Rollout, encode_rollout, rollout_path

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
LIVES = {"root": 365, "targets": 365, "releases": 365, "rollout": 3, "snapshot": 7, "timestamp": 1}
KEYS = {"root": 3, "targets": 3, "releases": 3, "rollout": 1, "snapshot": 1, "timestamp": 1}
DELEGATED = ("releases", "rollout")


class SimulatedRepository:
    """Signed objects, signers, and the files a server shows."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now
        self.signers = {role: [CryptoSigner.generate_ed25519() for _ in range(n)] for role, n in KEYS.items()}
        self.files: dict[str, bytes] = {}
        self._signed: set[str] = set()
        self.root = Root(consistent_snapshot=True)
        for role in ("root", "targets", "snapshot", "timestamp"):
            self._hand_over(self.root, role)
        self.targets = Targets(delegations=self._delegations())
        self.releases, self.rollout = Targets(), Targets()
        self.snapshot, self.timestamp = Snapshot(), Timestamp()
        self.publish("root", "targets", *DELEGATED)
        self.first_root = self.files["metadata/1.root.json"]

    def publish(self, *roles: str) -> None:
        """Sign new versions of roles, and of snapshot and timestamp above them."""
        for role in roles:
            self.sign(role)
            if role != "root":
                self.snapshot.meta[f"{role}.json"] = MetaFile(getattr(self, role).version)
        self.sign("snapshot")
        self.timestamp.snapshot_meta = MetaFile(self.snapshot.version)
        self.sign("timestamp")

    def sign(self, role: str, signers: list[CryptoSigner] | None = None) -> None:
        """One new version of one role, with all its keys or those given, as a file."""
        signed = getattr(self, role)
        signed.version += role in self._signed
        self._signed.add(role)
        signed.expires = self.now + timedelta(days=LIVES[role])
        if role == "timestamp":
            signed.unrecognized_fields[SIGNED_AT] = int(self.now.timestamp())
        self.put(role, signed, self.signers[role] if signers is None else signers)

    def put(self, role: str, signed: Any, signers: list[CryptoSigner]) -> None:
        """Serve one role's metadata as they are."""
        metadata: Metadata[Any] = Metadata(signed)
        for signer in signers:
            metadata.sign(signer, append=True)
        name = "timestamp.json" if role == "timestamp" else f"{signed.version}.{role}.json"
        self.files[f"metadata/{name}"] = metadata.to_bytes()

    def rotate(self, role: str, n_keys: int = 1) -> list[CryptoSigner]:
        """New keys for a top-level role in a new root, signed by the old and the new root keys; the keys of before."""
        before = self.signers[role]
        for signer in before:
            self.root.revoke_key(signer.public_key.keyid, role)
        self.signers[role] = [CryptoSigner.generate_ed25519() for _ in range(n_keys)]
        self._hand_over(self.root, role)
        self.sign("root", [*self.signers["root"], *(before if role == "root" else ())])
        return before

    def release(self, target: str, archive: bytes) -> TargetFile:
        """List an archive in ``releases`` and serve it."""
        listed = TargetFile.from_data(target, archive, ["sha256"])
        self.releases.targets[target] = listed
        self.serve(target, archive)
        return listed

    def roll_out(self, target: str, archive: bytes, *, ring: str = "stable", share: int = 100) -> None:
        """Name a release for a ring."""
        digest = hashlib.sha256(archive).hexdigest()
        self.say(ring, encode_rollout(Rollout(1, ring, target, digest, len(archive), share)))

    def say(self, ring: str, content: bytes) -> None:
        """Put any bytes as a ring's rollout."""
        path = rollout_path(ring)
        self.rollout.targets[path] = TargetFile.from_data(path, content, ["sha256"])
        self.serve(path, content)

    def serve(self, target: str, content: bytes) -> None:
        folder, _, name = target.rpartition("/")
        self.files[f"targets/{folder}/{hashlib.sha256(content).hexdigest()}.{name}"] = content

    def offer(self, target: str, archive: bytes) -> None:
        """The whole honest way of a release into the ring."""
        self.release(target, archive)
        self.roll_out(target, archive)
        self.publish(*DELEGATED)

    def archive_path(self, target: str) -> str:
        """Where the server shows a listed release."""
        digest = self.releases.targets[target].hashes["sha256"]
        folder, _, name = target.rpartition("/")
        return f"/targets/{folder}/{digest}.{name}"

    def _delegations(self) -> Delegations:
        roles = {
            name: DelegatedRole(name, [], 2 if name == "releases" else 1, True, paths=[f"{name}/*"])
            for name in DELEGATED
        }
        delegations = Delegations({}, roles)
        delegating = Targets(delegations=delegations)
        for name in DELEGATED:
            for signer in self.signers[name]:
                delegating.add_key(signer.public_key, name)
        return delegations

    def _hand_over(self, root: Root, role: str) -> None:
        for signer in self.signers[role]:
            root.add_key(signer.public_key, role)
        root.roles[role].threshold = min(2, len(self.signers[role]))


Serve = Callable[["Handler", bytes], None]


@dataclass
class Server:
    """What is served, how (``ways`` by the end of a path), and who asked for what."""

    files: dict[str, bytes]
    ways: dict[str, Serve] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    def asked_for(self, end: str) -> list[dict[str, str]]:
        """The headers of the requests for paths with this end."""
        return [headers for path, headers in self.asked if path.endswith(end)]


class Handler(BaseHTTPRequestHandler):
    """An ordinary web server: ETag, 304, Range and If-Range."""

    server_state: Server

    def do_GET(self) -> None:
        state = self.server_state
        state.asked.append((self.path, dict(self.headers.items())))
        content = state.files.get(self.path.lstrip("/"))
        way = next((way for end, way in state.ways.items() if self.path.endswith(end)), None)
        try:
            if way is not None:
                way(self, content or b"")
            elif content is None:
                self.send_error(404)
            else:
                honest(self, content)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def begin(self, status: int, **headers: object) -> None:
        """Status line and headers; underscores stand for hyphens."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def honest(handler: Handler, content: bytes) -> None:
    """As nginx would."""
    etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    if handler.headers.get("If-None-Match") == etag:
        handler.begin(304, ETag=etag)
        return
    start = 0
    asked = handler.headers.get("Range")
    if asked and handler.headers.get("If-Range", etag) == etag:
        start = int(asked.removeprefix("bytes=").rstrip("-"))
    if start:
        content_range = f"bytes {start}-{len(content) - 1}/{len(content)}"
        handler.begin(206, ETag=etag, Content_Length=len(content) - start, Content_Range=content_range)
    else:
        handler.begin(200, ETag=etag, Content_Length=len(content))
    handler.wfile.write(content[start:])


@contextmanager
def serving(files: dict[str, bytes], tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server on a free port of this machine, with or without TLS."""
    state = Server(files)
    handler = type("BoundHandler", (Handler,), {"server_state": state})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        state.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
