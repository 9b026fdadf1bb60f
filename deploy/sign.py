"""The second person: read what is in flight, prove it again on their own machine, sign, or throw it away.

Promises: what a signature agrees to is told in full; every new archive is unpacked and proven again before anybody
signs for it, held against this person's own copy of the policy, and against the release before; a signature is added to
those that are there. Refuses a model that breaks the policy, a worse one without a reason, a draft that changes what no
command changes, and a key that has signed already or may not sign.
"""

from collections.abc import Iterator
from typing import Final

from securesystemslib.signer import Signer
from tuf.api.metadata import Key, Root, TargetFile, Targets

from deploy.desk import Desk, Outcome, live_drafts
from deploy.drafts import refuse_strange, told, write_draft
from deploy.held import Document
from deploy.policy import Bounds, refuse_broken
from deploy.roles import DELEGATED, RELEASES, ROOT, TARGETS, role_named
from deploy.shelf import manifest_in, newest_release
from deploy.worse import worse_than
from edge.errors import DeployError, DeployKeyError, DeployPolicyError

MANIFESTS: Final = Bounds()
"""The trainer's policy, and the figures that the bundle's manifest has."""


def in_flight(desk: Desk, bounds: Bounds = MANIFESTS) -> tuple[str, ...]:
    """What a signature now would agree to; raises DeployError when there is nothing to sign, DeployPolicyError for a
    model that breaks this person's own policy file, by the figures of this person's own files where they are given."""
    drafts = live_drafts(desk.layout, desk.held)
    if not drafts:
        do = "Nothing to do; `publish`, `rotate-key` and `renew` put drafts in flight."
        raise DeployError("nothing in flight", "a draft that needs signatures", do)
    for role, draft in drafts.items():
        refuse_strange(role, draft, desk.held)
    sentences = [told(role, draft, desk.held, desk.book) for role, draft in drafts.items()]
    return (*(sentence for part in sentences for sentence in part), *_proven(desk, drafts, bounds))


def sign(desk: Desk, bounds: Bounds = MANIFESTS) -> Outcome:
    """Sign every draft with each key at hand that has not yet; raises DeployKeyError and what ``in_flight`` does."""
    sentences = in_flight(desk, bounds)
    drafts = live_drafts(desk.layout, desk.held)
    added: list[tuple[str, Signer]] = []
    for role, draft in drafts.items():
        public = _may_sign(desk, role, drafts)
        notes = [each for each in desk.book.of_role(role) if each.keyid in public.keys() - draft.signatures.keys()]
        for signer in desk.person.ring.signers(notes, public, online=False):
            draft.sign(signer, append=True)
            added.append((role, signer))
    if not added:
        do = "Name the folder of a key that may sign and has not yet: --keys, or --key for a token or a service."
        raise DeployKeyError("no key here that could add a signature", "at least one", do)
    by = tuple(f"{desk.book.name_of(signer.public_key.keyid)} signs {role}." for role, signer in added)
    desk.record("sign", (*sentences, *by), _recorder(desk, added))
    for role in {role for role, _ in added}:
        write_draft(desk.layout, role, drafts[role])
    return desk.finish(by)


def drop(desk: Desk, role: str) -> Outcome:
    """Throw a draft and its signatures away; raises DeployError."""
    role_named(role)
    drafts = live_drafts(desk.layout, desk.held)
    if role not in drafts:
        raise DeployError(f"no draft of {role} in flight", f"one of {', '.join(drafts) or 'none'}", "Nothing to do.")
    desk.record("drop", told(role, drafts[role], desk.held, desk.book), desk.one_signer(role))
    desk.layout.remove(desk.layout.draft(role))
    return Outcome((f"The draft of {role} is gone; devices never saw it.",), shown=False)


def _may_sign(desk: Desk, role: str, drafts: dict[str, Document]) -> dict[str, Key]:
    """Public keys, by id, whose signature counts for a draft: those of now, and those the drafts bring in."""
    public = dict(desk.held.public_keys(role))
    for delegator_role in (ROOT, TARGETS):
        signed = drafts[delegator_role].signed if delegator_role in drafts else None
        if signed is not None and role in _delegated(signed):
            public |= {keyid: signed.get_key(keyid) for keyid in signed.get_delegated_role(role).keyids}
    return public


def _delegated(signed: Root | Targets) -> tuple[str, ...]:
    if isinstance(signed, Root):
        return tuple(signed.roles)
    return DELEGATED if signed.delegations else ()


def _recorder(desk: Desk, added: list[tuple[str, Signer]]) -> Signer:
    """Whoever signs the audit line: a key devices know already, if one is here."""
    known = [signer for role, signer in added if signer.public_key.keyid in desk.held.public_keys(role)]
    return known[0] if known else added[0][1]


def _proven(desk: Desk, drafts: dict[str, Document], bounds: Bounds) -> Iterator[str]:
    """Prove every new archive and its figures; in which ways it is worse than the release before, a sentence each."""
    before = newest_release(desk.held.releases.signed)
    for target in _new_targets(desk, drafts):
        manifest = manifest_in(desk.layout, target)
        refuse_broken(manifest, bounds)
        worse = worse_than(manifest, manifest_in(desk.layout, before)) if before else ()
        if worse and not (isinstance(target.custom, dict) and target.custom.get("because")):
            do = f"Do not sign it. Find out who made it, then: quietstep-deploy drop {RELEASES}"
            raise DeployPolicyError(f"a worse model: {' '.join(worse).removesuffix('.')}", "a reason for it", do)
        yield f"{target.path} is proven: every file, to the last byte, and its figures keep the policy."
        yield from worse


def _new_targets(desk: Desk, drafts: dict[str, Document]) -> Iterator[TargetFile]:
    if RELEASES in drafts:
        shown = desk.held.releases.signed.targets
        yield from (target for path, target in drafts[RELEASES].signed.targets.items() if path not in shown)
