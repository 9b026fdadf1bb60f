"""Which ring of homes gets which release, and how many of them.

Promises: the release named is one that ``releases`` lists, and its SHA-256 and length are taken from there, so that the
device finds both roles of one mind. ``stop`` is the emergency brake: nobody takes the release any more; homes that have
it keep it. Both are signed by the online key alone and seen by devices at their next poll.
Refuses a release that is not signed and shown yet, and a share that is no percentage.
"""

import msgspec

from deploy.desk import Desk, Outcome, live_drafts
from deploy.held import copy_of
from deploy.landing import land
from deploy.roles import RELEASES, ROLLOUT
from deploy.shelf import bytes_of, listed_path, put_bytes
from edge.errors import DeployError
from edge.update.release import SCHEMA, Rollout, decode_rollout, encode_rollout, rollout_path


def roll_out(desk: Desk, ring: str, release: str, share: int) -> Outcome:
    """Offer a release to ``share`` percent of a ring; raises DeployError, UpdateRefusedError."""
    path = listed_path(desk.held.releases.signed, release)
    draft = live_drafts(desk.layout, desk.held).get(RELEASES)
    if draft is not None and path not in draft.signed.targets:
        do = f"Offer another one, or throw the draft away: quietstep-deploy drop {RELEASES}"
        raise DeployError(f"that {path} is being taken back", "a release that stays", do)
    target, now = desk.held.releases.signed.targets[path], rings(desk).get(ring)
    previous = now.previous if now and now.target == path else now.target if now else None
    rollout = Rollout(SCHEMA, ring, path, target.hashes["sha256"], target.length, share, previous)
    _show(desk, rollout, "rollout")
    return Outcome((f"{share} % of the ring {ring} may take {path}.",), shown=True)


def stop(desk: Desk, ring: str) -> Outcome:
    """Offer a ring nothing any more; raises DeployError."""
    now = rings(desk).get(ring)
    if now is None:
        found, wanted = f"no ring {ring!r}", f"one of {', '.join(rings(desk)) or 'none'}"
        raise DeployError(found, wanted, "A ring begins with its first rollout.")
    _show(desk, msgspec.structs.replace(now, share=0), "stop")
    do = "Homes that took it keep it. To bring them back, publish the older model under a higher version."
    return Outcome((f"Nobody in the ring {ring} takes {now.target} any more.",), shown=True, next=(do,))


def rings(desk: Desk) -> dict[str, Rollout]:
    """What each ring is offered now, by its name; raises DeployError, UpdateRefusedError."""
    found = {}
    for path, target in sorted(desk.held.rollout.signed.targets.items()):
        ring = path.removeprefix(f"{ROLLOUT}/").removesuffix(".json")
        found[ring] = decode_rollout(bytes_of(desk.layout, target), ring)
    return found


def _show(desk: Desk, rollout: Rollout, act: str) -> None:
    path, data = rollout_path(rollout.ring), encode_rollout(rollout)
    decode_rollout(data, rollout.ring)  # a device would read it
    signer = desk.one_signer(ROLLOUT)
    target = put_bytes(desk.layout, path, data)
    detail = (f"ring {rollout.ring}", rollout.target, f"share {rollout.share} %")
    desk.record(act, detail, signer)
    changed = copy_of(desk.held.rollout)
    changed.signed.targets[path] = target
    land(desk.signing(), desk.held, {ROLLOUT: changed})
