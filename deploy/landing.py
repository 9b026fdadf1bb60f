"""Showing a new state to devices: completed, proven, and written in the one order that never breaks a reader.

Promises: first the files that others name, then those that name them: releases and rollout, targets, snapshot,
``timestamp.json``, the next root; so a device that reads at any moment, also after a kill between two writes, finds a
state that verifies. Where keys of online roles change, the new state is signed with the old and the new ones, because
the next root and the next timestamp cannot appear at once.
Refuses a state in which a role has too few signatures, and says whose are missing.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from tuf.api.metadata import Key, MetaFile, Root, Targets

from deploy.audit import head
from deploy.held import Document, Held, next_document
from deploy.keys import KeyBook, KeyRing
from deploy.layout import Layout
from deploy.roles import DELEGATED, OFFLINE, ROLES, ROLLOUT, ROOT, SNAPSHOT, TARGETS, TIMESTAMP
from edge.errors import DeployError
from edge.update.release import SIGNED_AT

AUDIT_HEAD: Final = "x-quietstep-audit"
"""Extra field of ``timestamp``: how many lines the audit log had, and the SHA-256 of the last one."""


@dataclass(frozen=True, slots=True)
class Signing:
    """What a landing needs besides the drafts: where, with which keys, and the time."""

    layout: Layout
    ring: KeyRing
    book: KeyBook
    now: datetime


def lacking(held: Held, drafts: dict[str, Document]) -> tuple[str, ...]:
    """What keeps offline drafts from landing: a sentence for each role that still needs signatures."""
    new = replace(held, **drafts)
    return tuple(sentence for role in OFFLINE if (sentence := _lacking(held, new, role)))


def ready(held: Held, drafts: dict[str, Document]) -> dict[str, Document]:
    """The drafts that may land now: those with enough signatures, unless they need one that has not."""
    new = replace(held, **drafts)
    signed = {role: draft for role, draft in drafts.items() if not _lacking(held, new, role)}
    return {} if lacking(held, signed) else signed


def land(signing: Signing, held: Held, drafts: dict[str, Document]) -> Held:
    """Sign online roles afresh, prove the whole, write it; raises DeployError and changes nothing when it is not whole.

    ``drafts`` are signed metadata of offline roles, and rollout, signed or not.
    """
    missing = lacking(held, {role: draft for role, draft in drafts.items() if role in OFFLINE})
    if missing:
        raise DeployError(" ".join(missing).removesuffix("."), "enough signatures", "Let the others sign first.")
    new = _with_rollout(signing, replace(held, **drafts))
    changed = {role for role in (*DELEGATED, TARGETS) if new.of(role) is not held.of(role)}
    new = _with_timestamp(signing, held, _with_snapshot(signing, held, new, changed))
    for role in ROLES:
        if sentence := _lacking(held, new, role):
            raise DeployError(sentence.removesuffix("."), "its key at hand", "Name the folder with --keys.")
    _write(signing.layout, held, new)
    return new


def half_gone(now: datetime, role: str, document: Document) -> bool:
    """Less than half of a role's life is left, so it is time to sign it again."""
    left: bool = document.signed.expires - now < ROLES[role].life / 2
    return left


def _with_rollout(signing: Signing, new: Held) -> Held:
    """Rollout, signed again if it changed, is old, or its key did change."""
    good = not _lacking(new, new, ROLLOUT)
    if good and not half_gone(signing.now, ROLLOUT, new.rollout):
        return new
    again = next_document(signing.layout, ROLLOUT, new.rollout, signing.now)
    _sign(signing, again, ROLLOUT, new.public_keys(ROLLOUT))
    return replace(new, rollout=again)


def _with_snapshot(signing: Signing, held: Held, new: Held, changed: set[str]) -> Held:
    good = not _lacking(new, new, SNAPSHOT)
    if good and not changed and not half_gone(signing.now, SNAPSHOT, new.snapshot):
        return new
    again = next_document(signing.layout, SNAPSHOT, held.snapshot, signing.now)
    for role in changed:
        document = new.of(role)
        again.signed.meta[f"{role}.json"] = MetaFile.from_data(document.signed.version, document.to_bytes(), ["sha256"])
    _sign(signing, again, SNAPSHOT, held.public_keys(SNAPSHOT) | new.public_keys(SNAPSHOT))
    return replace(new, snapshot=again)


def _with_timestamp(signing: Signing, held: Held, new: Held) -> Held:
    again = next_document(signing.layout, TIMESTAMP, held.timestamp, signing.now)
    if new.snapshot is not held.snapshot:
        data = new.snapshot.to_bytes()
        again.signed.snapshot_meta = MetaFile.from_data(new.snapshot.signed.version, data, ["sha256"])
    n_lines, sha256 = head(signing.layout)
    again.signed.unrecognized_fields |= {
        SIGNED_AT: int(signing.now.timestamp()),
        AUDIT_HEAD: {"n": n_lines, "sha256": sha256},
    }
    _sign(signing, again, TIMESTAMP, held.public_keys(TIMESTAMP) | new.public_keys(TIMESTAMP))
    return replace(new, timestamp=again)


def _sign(signing: Signing, document: Document, role: str, public: dict[str, Key]) -> None:
    notes = [note for note in signing.book.of_role(role) if note.keyid in public]
    for signer in signing.ring.signers(notes, public, online=True):
        document.sign(signer, append=True)


def _lacking(held: Held, new: Held, role: str) -> str:
    """Why a role of ``new`` is not good enough, or ""."""
    document = new.of(role)
    old_too = role == ROOT and new.root is not held.root
    delegators = (held.delegator(role), new.delegator(role)) if old_too else (new.delegator(role),)
    worst = [_count(delegator, role, document) for delegator in delegators]
    short = [(n, threshold) for n, threshold in worst if n < threshold]
    return f"{role} {document.signed.version} has {short[0][0]} of {short[0][1]} signatures." if short else ""


def _count(delegator: Root | Targets, role: str, document: Document) -> tuple[int, int]:
    result: Any = delegator.get_verification_result(role, document.signed_bytes, document.signatures)
    return len(result.signed), result.threshold


def _write(layout: Layout, held: Held, new: Held) -> None:
    for role in (*DELEGATED, TARGETS, SNAPSHOT):
        if new.of(role) is not held.of(role):
            layout.put(layout.versioned(role, new.of(role).signed.version), new.of(role).to_bytes())
    layout.put(layout.timestamp, new.timestamp.to_bytes())
    if new.root is not held.root:
        layout.put(layout.versioned(ROOT, new.root.signed.version), new.root.to_bytes())
    for role in OFFLINE:
        if new.of(role) is not held.of(role):
            layout.remove(layout.draft(role))
