"""A new key in the place of an old one, and a new life for metadata that run out.

Promises: the metadata that hand out a role's keys (root, or targets for releases and rollout) go in flight with the new
key, and the role's own metadata too where it is an offline one, so that nothing rests on the old key's signature any
more. A new root needs enough signatures of the old keys and of the new ones. Every old root stays, so that a device
that slept for years can walk from its own to the newest.
Refuses a key that does not sign for the role now.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from securesystemslib.signer import Signer
from tuf.api.metadata import Key, Root, Targets

from deploy.ceremony import new_key
from deploy.desk import Desk, Outcome
from deploy.drafts import refuse_second, told, write_draft
from deploy.held import Document
from deploy.keys import KeyNote, write_book
from deploy.roles import DELEGATED, OFFLINE, ROOT, TARGETS, role_named
from edge.errors import DeployError, DeployKeyError


@dataclass(frozen=True, slots=True)
class Change:
    """Which key goes, and where the new one is made or found."""

    role: str
    old: str
    folder: Path
    uris: Mapping[str, str]


def rotate(desk: Desk, change: Change) -> Outcome:
    """Put a new key in flight; raises DeployError, DeployKeyError."""
    old = _old_key(desk, change)
    delegator = TARGETS if change.role in DELEGATED else ROOT
    roles = tuple(dict.fromkeys((delegator, change.role))) if change.role in OFFLINE else (delegator,)
    for role in roles:
        refuse_second(desk.layout, role)
    recorder = _recorder(desk, roles)
    made, signer = new_key(desk.book, change.role, change.folder, change.uris, desk.person.ring.secrets)
    book = desk.book.with_key(made)
    write_book(desk.layout, book)
    drafts = {role: desk.again(role) for role in roles}
    _replace(drafts[delegator].signed, change.role, old.keyid, signer.public_key)
    sentences = tuple(part for role, draft in drafts.items() for part in told(role, draft, desk.held, book))
    desk.record("rotate-key", sentences, recorder)
    for role, draft in reversed(drafts.items()):  # after a kill the role's own draft is a mere renewal
        _sign(desk, role, draft, [signer] if role == change.role else [])
        write_draft(desk.layout, role, draft)
    return replace(desk, book=book).finish((f"{made.name} is to take the place of {old.name}.", *sentences))


def renew(desk: Desk, role: str) -> Outcome:
    """Put an offline role in flight with nothing changed but a new life; raises DeployError."""
    if role_named(role).name not in OFFLINE:
        do = "Run `quietstep-deploy refresh`, which signs the online roles."
        raise DeployError(f"{role}, an online role", f"one of {', '.join(OFFLINE)}", do)
    refuse_second(desk.layout, role)
    recorder = desk.one_signer(role)
    draft = desk.again(role)
    sentences = told(role, draft, desk.held, desk.book)
    desk.record("renew", sentences, recorder)
    _sign(desk, role, draft, [])
    write_draft(desk.layout, role, draft)
    return desk.finish(sentences)


def _old_key(desk: Desk, change: Change) -> KeyNote:
    role_named(change.role)
    old = desk.book.named(change.old)
    if old.role != change.role or old.keyid not in desk.held.public_keys(change.role):
        names = ", ".join(desk.book.name_of(keyid) for keyid in desk.held.public_keys(change.role))
        raise DeployKeyError(f"{change.old}, which does not sign for {change.role}", f"one of {names}", "Name it.")
    return old


def _recorder(desk: Desk, roles: tuple[str, ...]) -> Signer:
    """Whoever signs the audit line: the first key at hand of a role that changes."""
    for role in roles:
        if signers := desk.signers(role):
            return signers[0]
    return desk.one_signer(roles[0])


def _replace(signed: Root | Targets, role: str, old_keyid: str, new: Key) -> None:
    """Exchange one key, in its place in the list (``signed`` is root or targets, both speak alike)."""
    signed.revoke_key(old_keyid, role)
    signed.add_key(new, role)


def _sign(desk: Desk, role: str, draft: Document, more: list[Signer]) -> None:
    for signer in (*desk.signers(role), *more):
        draft.sign(signer, append=True)
