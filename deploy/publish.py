"""From a bundle to a signed release.

Promises: what is offered was read by the device's own reader, keeps the policy, and is not worse than the release
before it unless somebody said why; the reason goes into the audit log and beside the target, where every device and
auditor can read it. Nothing is offered to any home yet: that takes ``rollout``.
Refuses (DeployPolicyError) a bundle that breaks its policy and a worse one without a reason, and a version that is not
above every one released before, for homes never go back.
"""

from dataclasses import dataclass
from pathlib import Path

from tuf.api.metadata import TargetFile

from deploy.desk import Desk, Outcome
from deploy.drafts import refuse_second, write_draft
from deploy.policy import Bounds, refuse_broken
from deploy.roles import RELEASES
from deploy.shelf import ever_released, manifest_in, newest_release, order_of, put_archive
from deploy.worse import worse_than
from edge.bundle import Manifest, read_bundle
from edge.errors import DeployError, DeployPolicyError
from edge.update.release import read_name, release_path


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be published: the bundle's folder, the policy, the files of figures, and why if it is worse."""

    bundle: Path
    policy: Path
    evaluation: Path | None = None
    privacy: Path | None = None
    because: str = ""


def publish(desk: Desk, asked: Asked) -> Outcome:
    """Offer a bundle as a release; raises DeployError, DeployPolicyError, BundleError, UpdateRefusedError."""
    bundle = read_bundle(asked.bundle)
    refuse_second(desk.layout, RELEASES)
    path = release_path(bundle.manifest.id, bundle.manifest.version)
    refuse_old_version(path, sorted(ever_released(desk.layout)))
    worse = refuse_unfit(desk, bundle.manifest, asked)
    signer = desk.one_signer(RELEASES)
    target = put_archive(desk.layout, bundle, path)
    target.unrecognized_fields["custom"] = _custom(desk, asked.because)
    detail = (path, f"sha256 {target.hashes['sha256']}", *worse, *_reason(asked.because))
    desk.record("publish", detail, signer)
    _draft(desk, target)
    return desk.finish((f"{path} is packed ({target.length} bytes).", *worse, *_reason(asked.because)))


def refuse_old_version(path: str, released: list[str]) -> None:
    """Raise DeployError for a version that is not above all others: homes would never take it."""
    if path in released:
        do = "Give the bundle a new version; a release never changes."
        raise DeployError(f"{path} released already", "a version that was never released", do)
    newest = max(released, key=lambda each: read_name(each).version, default=None)
    if newest and read_name(path).version <= read_name(newest).version:
        do = "Give the bundle a higher version; homes never go back to a lower one."
        raise DeployError(path, f"a version above {newest}", do)


def refuse_unfit(desk: Desk, manifest: Manifest, asked: Asked) -> tuple[str, ...]:
    """Raise DeployPolicyError if the model may not go out; the sentences that say in which ways it is worse."""
    refuse_broken(manifest, Bounds(asked.policy, asked.evaluation, asked.privacy))
    before = newest_release(desk.held.releases.signed)
    worse = worse_than(manifest, manifest_in(desk.layout, before)) if before else ()
    if worse and not asked.because.strip():
        do = 'Do not publish it, or say why: --because "…". It stays readable for ever.'
        raise DeployPolicyError(f"a worse model: {' '.join(worse).removesuffix('.')}", "one that is no worse", do)
    return worse


def _custom(desk: Desk, because: str) -> dict[str, str | int]:
    before = newest_release(desk.held.releases.signed)
    custom: dict[str, str | int] = {"order": 1 + (order_of(before) if before else 0)}
    return custom | ({"because": because.strip()} if because.strip() else {})


def _reason(because: str) -> tuple[str, ...]:
    return (f"because: {because.strip()}",) if because.strip() else ()


def _draft(desk: Desk, target: TargetFile) -> None:
    draft = desk.again(RELEASES)
    draft.signed.targets[target.path] = target
    for signer in desk.signers(RELEASES):
        draft.sign(signer, append=True)
    write_draft(desk.layout, RELEASES, draft)
