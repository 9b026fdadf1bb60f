"""Taking a release back: from then on no home takes it, whatever the online keys say.

Promises: like a release itself it takes two people; the reason stands in the audit log for ever, and the version is
never used again. Homes that committed it keep it, and the archive stays where it is, unlisted. Refuses a release that a
ring still offers (``stop`` comes first, for that works at once), one that is not listed, and no reason.
"""

from deploy.desk import Desk, Outcome
from deploy.drafts import refuse_second, write_draft
from deploy.rings import rings
from deploy.roles import RELEASES
from deploy.shelf import listed_path
from edge.errors import DeployError


def withdraw(desk: Desk, release: str, because: str) -> Outcome:
    """Put the withdrawal of a release in flight; raises DeployError, UpdateRefusedError."""
    path = listed_path(desk.held.releases.signed, release)
    refuse_second(desk.layout, RELEASES)
    if not because.strip():
        raise DeployError("a withdrawal without a reason", "one that can be read later", 'Say why: --because "…"')
    if offering := [name for name, now in rings(desk).items() if now.target == path and now.share]:
        do = f"First, where the online keys are: quietstep-deploy stop {offering[0]}"
        raise DeployError(f"that the ring {offering[0]} offers {path}", "a release that no ring offers", do)
    signers = desk.signers(RELEASES)
    desk.record("withdraw", (path, f"because: {because.strip()}"), desk.one_signer(RELEASES))
    draft = desk.again(RELEASES)
    del draft.signed.targets[path]
    for signer in signers:
        draft.sign(signer, append=True)
    write_draft(desk.layout, RELEASES, draft)
    return desk.finish((f"{path} is on its way to be taken back.",))
