"""What a repository shows right now: its six metadata files, read as a device would find them.

Promises: ``read_held`` follows timestamp, snapshot and versions, so files that were written but never named are not
seen; a version number whose name is taken is never used again. Refuses metadata that do not decode.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Key, Metadata, Root, Snapshot, Targets, Timestamp

from deploy.layout import Layout
from deploy.roles import DELEGATED, RELEASES, ROLES, ROLLOUT, ROOT, SNAPSHOT, TARGETS, TIMESTAMP
from edge.errors import DeployError

Document = Metadata[Any]


@dataclass(frozen=True, slots=True)
class Held:
    """One state of the repository, with every signature."""

    root: Metadata[Root]
    targets: Metadata[Targets]
    releases: Metadata[Targets]
    rollout: Metadata[Targets]
    snapshot: Metadata[Snapshot]
    timestamp: Metadata[Timestamp]

    def of(self, role: str) -> Document:
        """The metadata of a role."""
        found: Document = getattr(self, role)
        return found

    def public_keys(self, role: str) -> dict[str, Key]:
        """The keys that may sign for a role, by id, as root or targets say."""
        delegator = self.delegator(role)
        return {keyid: delegator.get_key(keyid) for keyid in delegator.get_delegated_role(role).keyids}

    def delegator(self, role: str) -> Root | Targets:
        return self.targets.signed if role in DELEGATED else self.root.signed


def read_held(layout: Layout) -> Held:
    """The state a device would see; raises DeployError."""
    timestamp = read_document(layout.timestamp)
    snapshot = read_document(layout.versioned(SNAPSHOT, timestamp.signed.snapshot_meta.version))
    meta = snapshot.signed.meta
    targets, releases, rollout = (
        read_document(layout.versioned(role, meta[f"{role}.json"].version)) for role in (TARGETS, RELEASES, ROLLOUT)
    )
    root = read_document(layout.versioned(ROOT, newest_version(layout, ROOT)))
    return Held(root, targets, releases, rollout, snapshot, timestamp)


def read_document(path: Path) -> Document:
    """One metadata file; raises DeployError."""
    try:
        return Metadata.from_bytes(path.read_bytes())
    except (OSError, RepositoryError) as error:
        do = "Take metadata/ from a backup, or from what the web server shows."
        raise DeployError(f"metadata {path} that cannot be read ({error})", "a whole repository", do) from error


def newest_version(layout: Layout, role: str) -> int:
    """The highest version a role has a file of, named or not; 0 without any."""
    pattern = re.compile(rf"(\d+)\.{role}\.json")
    matches = (pattern.fullmatch(path.name) for path in layout.metadata.glob(f"*.{role}.json"))
    return max((int(match[1]) for match in matches if match), default=0)


def next_version(layout: Layout, role: str, shown: Document) -> int:
    """A version that neither is shown nor has a file: caches may keep a name for ever, so it gets one content."""
    return max(shown.signed.version, 0 if role == TIMESTAMP else newest_version(layout, role)) + 1


def copy_of(document: Document) -> Document:
    """A copy without signatures, to be changed."""
    copy: Document = Metadata.from_bytes(document.to_bytes())
    copy.signatures.clear()
    return copy


def next_document(layout: Layout, role: str, shown: Document, now: datetime) -> Document:
    """The next version of a role's metadata, unsigned, with a whole life before it."""
    document = copy_of(shown)
    document.signed.version = next_version(layout, role, shown)
    document.signed.expires = now.replace(microsecond=0) + ROLES[role].life
    return document
