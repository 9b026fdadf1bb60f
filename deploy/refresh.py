"""What has to happen again and again, unattended: the online roles signed before they run out.

Promises: ``timestamp`` is signed anew each time, ``snapshot`` and ``rollout`` once half of their life is over; drafts
that enough people have signed are shown. Offline keys are never needed. Refuses nothing a device would take.
"""

from securesystemslib.signer import Signer

from deploy.desk import Desk, Outcome, live_drafts
from deploy.held import Document
from deploy.landing import lacking, land, ready
from deploy.roles import ONLINE, ROOT, TIMESTAMP


def refresh(desk: Desk) -> Outcome:
    """Sign the online roles again; raises DeployError, DeployKeyError."""
    drafts = live_drafts(desk.layout, desk.held)
    missing, landing = lacking(desk.held, drafts), ready(desk.held, drafts)
    done = tuple(f"Shows {role} {draft.signed.version}." for role, draft in landing.items())
    desk.record("refresh", done, _signer(desk, landing))
    new = land(desk.signing(), desk.held, landing)
    signed = tuple(f"{role} {new.of(role).signed.version}" for role in ONLINE if new.of(role) is not desk.held.of(role))
    return Outcome((*done, f"Signed {', '.join(signed)}.", *missing), shown=True)


def _signer(desk: Desk, landing: dict[str, Document]) -> Signer:
    """The timestamp's key; where a draft just replaces it and the old one is lost, the new one."""
    signers = desk.signers(TIMESTAMP)
    if signers or ROOT not in landing:
        return signers[0] if signers else desk.one_signer(TIMESTAMP)
    root = landing[ROOT].signed
    public = {keyid: root.get_key(keyid) for keyid in root.get_delegated_role(TIMESTAMP).keyids}
    notes = [each for each in desk.book.of_role(TIMESTAMP) if each.keyid in public]
    return (desk.person.ring.signers(notes, public, online=True) or [desk.one_signer(TIMESTAMP)])[0]
