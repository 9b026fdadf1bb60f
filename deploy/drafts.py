"""Metadata in flight: made by one person, signed by others, shown to nobody before enough have signed.

Promises: a draft changes nothing a device can see; signatures are added, never replaced by fewer. ``told`` says in
sentences *all* that a signature would agree to. Refuses a second draft of a role while one is in flight, and a draft
that changes anything no command here changes (paths of a delegation, a release's bytes, a key under its old id).
"""

from collections.abc import Iterator
from typing import Any, Final

from tuf.api.metadata import Root, Targets

from deploy.held import Document, Held, read_document
from deploy.keys import KeyBook
from deploy.layout import Layout
from deploy.roles import DELEGATED, OFFLINE, ROOT, TARGETS
from edge.errors import DeployError

_TOLD: Final = ("version", "expires", "keys", "roles", "targets", "delegations")


def read_drafts(layout: Layout) -> dict[str, Document]:
    """Every draft by its role, root first."""
    return {role: read_document(layout.draft(role)) for role in OFFLINE if layout.draft(role).is_file()}


def write_draft(layout: Layout, role: str, draft: Document) -> None:
    """Put a draft in flight, or back with another signature."""
    layout.put(layout.draft(role), draft.to_bytes())


def refuse_second(layout: Layout, role: str) -> None:
    """Raise DeployError if the role has a draft already: changing it would throw signatures away in silence."""
    if layout.draft(role).is_file():
        do = f"Let it be signed (`sign`), or throw it away: quietstep-deploy drop {role} --repo {layout.folder}"
        raise DeployError(f"a draft of {role} in flight already", "one at a time", do)


def told(role: str, draft: Document, held: Held, book: KeyBook) -> tuple[str, ...]:
    """What signing this draft agrees to, a sentence each."""
    old, new = held.of(role).signed, draft.signed
    head = f"{role} {old.version} becomes {new.version}, good until {new.expires:%Y-%m-%d}."
    changes = [*_key_changes(role, old, new, book), *_target_changes(old, new)]
    return (head, *(changes or ["Nothing else changes."]))


def refuse_strange(role: str, draft: Document, held: Held) -> None:
    """Raise DeployError for a draft that changes what ``told`` would not say; nobody shall sign it unseen."""
    old, new = held.of(role).signed, draft.signed
    altered = _differs(_fixed(old), _fixed(new)) or any(
        _differs(before, after) for before, after in ((_keys(old), _keys(new)), (_targets(old), _targets(new)))
    )
    if altered or new.version <= old.version:
        found = f"a draft of {role} that changes what no command here changes"
        do = f"Do not sign it. Find out who made it, then: quietstep-deploy drop {role}"
        raise DeployError(found, "one made by publish, rotate-key or renew", do)


def _fixed(signed: Any) -> dict[str, Any]:
    """What never changes: all but versions, dates, and what ``told`` tells."""
    fixed = {name: value for name, value in signed.to_dict().items() if name not in _TOLD}
    if isinstance(signed, Root):
        fixed["roles"] = sorted(signed.roles)
    elif signed.delegations:
        roles = signed.delegations.to_dict()["roles"]
        fixed["delegations"] = [
            {key: role[key] for key in role if key not in ("keyids", "threshold")} for role in roles
        ]
    return fixed


def _keys(signed: Any) -> dict[str, Any]:
    keys = signed.keys if isinstance(signed, Root) else signed.delegations.keys if signed.delegations else {}
    return {keyid: key.to_dict() for keyid, key in keys.items()}


def _targets(signed: Any) -> dict[str, Any]:
    return {path: file.to_dict() for path, file in signed.targets.items()} if isinstance(signed, Targets) else {}


def _differs(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Something that is in both is not the same in both."""
    return any(old[name] != new[name] for name in old.keys() & new.keys())


def _key_changes(role: str, old: Any, new: Any, book: KeyBook) -> Iterator[str]:
    for name in () if role not in (ROOT, TARGETS) else _delegates(old):
        before, after = old.get_delegated_role(name), new.get_delegated_role(name)
        for keyid in before.keyids:
            if keyid not in after.keyids:
                yield f"{book.name_of(keyid)} may no longer sign for {name}."
        for keyid in after.keyids:
            if keyid not in before.keyids:
                yield f"{book.name_of(keyid)} (key id {keyid[:12]}…) may sign for {name}."
        if before.threshold != after.threshold:
            yield f"{name} needs {after.threshold} signatures, no longer {before.threshold}."


def _delegates(signed: Root | Targets) -> tuple[str, ...]:
    return tuple(signed.roles) if isinstance(signed, Root) else DELEGATED if signed.delegations else ()


def _target_changes(old: Any, new: Any) -> Iterator[str]:
    if not isinstance(new, Targets):
        return
    for path in sorted(set(old.targets) - set(new.targets)):
        yield f"Takes back {path}."
    for path in sorted(new.targets):
        file = new.targets[path]
        if path not in old.targets:
            yield f"Offers {path}, {file.length} bytes, SHA-256 {file.hashes['sha256'][:16]}…"
            if isinstance(file.custom, dict) and file.custom.get("because"):
                yield f"It is worse than the one before, because: {file.custom['because']}"
