"""Who did what, when: an append-only log in which every line is signed and holds the hash of the one before.

Promises: a line is on disk before the act it names, so an act without a line cannot be (a line whose act a power cut
stopped can). Each line is signed by a key that took part in the act, with securesystemslib. ``verify`` finds a line
that was changed, removed, added or reordered, and lines cut off at the end, as far as ``timestamp.json`` counted them.
Refuses to add to a log whose last line is no line.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import Signature, Signer
from tuf.api.metadata import Key

from deploy.layout import Layout
from edge.errors import DeployError

NONE_BEFORE: Final = "0" * 64


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is signed: line number from 1, time (UTC, ISO 8601), who sat there, what, in detail, with which key."""

    n: int
    at: str
    who: str
    act: str
    detail: tuple[str, ...]
    keyid: str
    before_sha256: str


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the log: the act, and the signature over its JSON in the order of the fields."""

    act: Act
    signature: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What ``verify`` found: number of lines, complaints (none is good), and lines by keys that are still in flight."""

    n_lines: int
    complaints: tuple[str, ...]
    pending: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Deed:
    """What is about to be done: who, what, and in detail."""

    who: str
    act: str
    detail: tuple[str, ...] = ()


def note(layout: Layout, deed: Deed, signer: Signer, now: datetime) -> None:
    """Add a line; it is on disk on return. Raises DeployError."""
    n_lines, sha256 = head(layout)
    at = now.replace(microsecond=0).isoformat()
    act = Act(n_lines + 1, at, deed.who, deed.act, deed.detail, signer.public_key.keyid, sha256)
    line = Line(act, signer.sign(msgspec.json.encode(act)).signature)
    layout.put(layout.audit, _text(layout) + msgspec.json.encode(line) + b"\n")


def head(layout: Layout) -> tuple[int, str]:
    """Number of lines and SHA-256 of the last one (zeros for an empty log); raises DeployError."""
    raw = _text(layout).splitlines()
    if not raw:
        return 0, NONE_BEFORE
    if not (line := _decode(raw[-1])) or line.act.n != len(raw):
        do = "Run `quietstep-deploy audit --verify`, and take the log from a backup."
        raise DeployError(f"an audit log {layout.audit} that does not end in its line {len(raw)}", "a whole log", do)
    return len(raw), hashlib.sha256(raw[-1]).hexdigest()


def read_lines(layout: Layout) -> tuple[Line, ...]:
    """Every line that decodes, for showing; ``verify`` says whether they are to be believed."""
    return tuple(line for raw in _text(layout).splitlines() if (line := _decode(raw)))


def verify(layout: Layout, known: dict[str, Key], in_flight: dict[str, Key], counted: tuple[int, str]) -> Verdict:
    """Prove the log: ``known`` are all keys there ever were, ``counted`` what ``timestamp.json`` says of its head."""
    raw = _text(layout).splitlines()
    complaints = [f"line {n}: {why}" for n, why in _complaints(raw, known | in_flight)]
    n_counted, sha256 = counted
    if len(raw) < n_counted:
        complaints.append(f"lines {len(raw) + 1} to {n_counted} are gone: timestamp.json counted {n_counted}")
    elif n_counted and hashlib.sha256(raw[n_counted - 1]).hexdigest() != sha256:
        complaints.append(f"line {n_counted} is not the one timestamp.json counted")
    lines = [line for text in raw if (line := _decode(text))]
    pending = tuple(line.act.n for line in lines if line.act.keyid in in_flight and line.act.keyid not in known)
    return Verdict(len(raw), tuple(complaints), pending)


def _complaints(raw: list[bytes], keys: dict[str, Key]) -> Iterator[tuple[int, str]]:
    before = NONE_BEFORE
    for n, text in enumerate(raw, start=1):
        line = _decode(text)
        if line is None or msgspec.json.encode(line) != text:
            yield n, "is no line of this log"
        elif line.act.n != n:
            yield n, f"says it is line {line.act.n}"
        elif line.act.before_sha256 != before:
            yield n, "does not follow the line before it"
        elif not _signed(line, keys):
            yield n, "is not signed by a key this repository ever had"
        before = hashlib.sha256(text).hexdigest()


def _signed(line: Line, keys: dict[str, Key]) -> bool:
    key = keys.get(line.act.keyid)
    if key is None:
        return False
    try:
        key.verify_signature(Signature(line.act.keyid, line.signature), msgspec.json.encode(line.act))
    except UnverifiedSignatureError:
        return False
    return True


def _decode(raw: bytes) -> Line | None:
    try:
        return msgspec.json.decode(raw, type=Line)
    except msgspec.DecodeError:
        return None


def _text(layout: Layout) -> bytes:
    return layout.audit.read_bytes() if layout.audit.is_file() else b""
