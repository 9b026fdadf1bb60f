"""The first keys and the first metadata, in one go, on a machine without a network.

Promises: twelve times a key that did not exist before (or one at a URI), the six first metadata files signed by all of
them, a ``root.json`` to build into devices, and the first line of the audit log. Refuses a folder that already holds
a repository.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from securesystemslib.signer import Signer
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Role,
    Root,
    Snapshot,
    Targets,
    Timestamp,
)

from deploy.audit import Deed, head, note
from deploy.desk import Outcome
from deploy.held import Document
from deploy.keys import SCHEMA, KeyBook, KeyNote, import_key, make_key_file, write_book
from deploy.keys import KeyRing as Ring
from deploy.landing import AUDIT_HEAD
from deploy.layout import Layout
from deploy.roles import DELEGATED, OFFLINE, RELEASES, ROLES, ROLLOUT, ROOT, SNAPSHOT, TARGETS, TIMESTAMP
from deploy.secrets import Secrets
from edge.errors import DeployError, DeployKeyError
from edge.update.release import SIGNED_AT


@dataclass(frozen=True, slots=True)
class Ceremony:
    """What is asked for: where, the folder for key files, URIs by key name for the others, who, when."""

    layout: Layout
    keys: Path
    uris: Mapping[str, str]
    secrets: Secrets
    who: str
    now: datetime


def init(ceremony: Ceremony) -> Outcome:
    """Make a repository; raises DeployError."""
    layout = ceremony.layout
    if layout.metadata.is_dir() and any(layout.metadata.iterdir()):
        do = "Name a new folder; a repository is made once."
        raise DeployError(f"metadata in {layout.folder} already", "a new folder", do)
    _refuse_unknown(ceremony.uris)
    book, signers = _make_keys(ceremony)
    write_book(layout, book)
    documents = _documents(ceremony, signers)
    note(
        layout,
        Deed(ceremony.who, "init", (", ".join(each.name for each in book.keys),)),
        signers[ROOT][0],
        ceremony.now,
    )
    documents[TIMESTAMP] = _timestamp(ceremony, documents[SNAPSHOT])
    for role, document in documents.items():
        for signer in signers[role]:
            document.sign(signer, append=True)
    _write(layout, documents)
    return Outcome(
        (f"Made {len(book.keys)} keys and the first metadata in {layout.folder}.",),
        shown=True,
        next=(
            f"Build {layout.embedded_root} into the devices.",
            f"Give each key of {', '.join(OFFLINE)} in {ceremony.keys} to another person, offline; keep two backups.",
            f"Only the keys of {ROLLOUT}, {SNAPSHOT} and {TIMESTAMP} stay on the machine that runs `refresh`.",
        ),
    )


def _refuse_unknown(uris: Mapping[str, str]) -> None:
    names = {f"{role.name}-{n}" for role in ROLES.values() for n in range(1, role.n_keys + 1)}
    unknown = sorted(set(uris) - names)
    if unknown:
        wanted = f"one of {', '.join(sorted(names))}"
        raise DeployKeyError(f"a URI for the key {unknown[0]!r}", wanted, "Write --key-uri NAME=URI.")


def _make_keys(ceremony: Ceremony) -> tuple[KeyBook, dict[str, list[Signer]]]:
    book, signers = KeyBook(SCHEMA, ()), dict[str, list[Signer]]()
    for role in ROLES.values():
        for _ in range(role.n_keys):
            made, signer = new_key(book, role.name, ceremony.keys, ceremony.uris, ceremony.secrets)
            book = book.with_key(made)
            signers.setdefault(role.name, []).append(signer)
    return book, signers


def new_key(
    book: KeyBook, role: str, folder: Path, uris: Mapping[str, str], secrets: Secrets
) -> tuple[KeyNote, Signer]:
    """The next key of a role: a new file, or the one at the URI given for its name. Raises DeployKeyError."""
    name = book.next_name(role)
    if name not in uris:
        uri, signer = make_key_file(folder, name, secrets)
        return KeyNote(name, role, signer.public_key.keyid, uri), signer
    uri, public = import_key(uris[name], name, secrets)
    if public.keyid in {each.keyid for each in book.keys}:
        raise DeployKeyError(f"the key at {uri} in use already", "a key of its own for each name", "Make another one.")
    made = KeyNote(name, role, public.keyid, uri)
    return made, Ring(secrets=secrets).signer(made, public)


def _documents(ceremony: Ceremony, signers: dict[str, list[Signer]]) -> dict[str, Document]:
    """Everything but the timestamp, unsigned but for what the snapshot must hash."""
    expires = {name: ceremony.now.replace(microsecond=0) + role.life for name, role in ROLES.items()}
    root = Root(
        expires=expires[ROOT],
        keys={each.public_key.keyid: each.public_key for role in (*_TOP,) for each in signers[role]},
        roles={role: Role([each.public_key.keyid for each in signers[role]], ROLES[role].threshold) for role in _TOP},
    )
    delegations = Delegations(
        keys={each.public_key.keyid: each.public_key for role in DELEGATED for each in signers[role]},
        roles={role: _delegated(role, signers[role]) for role in DELEGATED},
    )
    documents: dict[str, Document] = {
        RELEASES: Metadata(Targets(expires=expires[RELEASES])),
        ROLLOUT: Metadata(Targets(expires=expires[ROLLOUT])),
        TARGETS: Metadata(Targets(expires=expires[TARGETS], delegations=delegations)),
    }
    meta = {f"{role}.json": MetaFile(1) for role in documents}
    documents[SNAPSHOT] = Metadata(Snapshot(expires=expires[SNAPSHOT], meta=meta))
    documents[ROOT] = Metadata(root)
    return documents


_TOP = (ROOT, TARGETS, SNAPSHOT, TIMESTAMP)


def _delegated(role: str, signers: list[Signer]) -> DelegatedRole:
    keyids = [each.public_key.keyid for each in signers]
    return DelegatedRole(role, keyids, ROLES[role].threshold, terminating=True, paths=[f"{role}/*"])


def _timestamp(ceremony: Ceremony, snapshot: Document) -> Document:
    n_lines, sha256 = head(ceremony.layout)
    extra = {SIGNED_AT: int(ceremony.now.timestamp()), AUDIT_HEAD: {"n": n_lines, "sha256": sha256}}
    expires = ceremony.now.replace(microsecond=0) + ROLES[TIMESTAMP].life
    meta = MetaFile(snapshot.signed.version)
    return Metadata(Timestamp(expires=expires, snapshot_meta=meta, unrecognized_fields=extra))


def _write(layout: Layout, documents: dict[str, Document]) -> None:
    for role, document in documents.items():
        if role != TIMESTAMP:
            layout.put(layout.versioned(role, 1), document.to_bytes())
    layout.put(layout.embedded_root, documents[ROOT].to_bytes())
    layout.put(layout.timestamp, documents[TIMESTAMP].to_bytes())
