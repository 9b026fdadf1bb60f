"""May this device take what the repository offers? Pure decisions: no clock, no file, no socket.

Promises: a release is offered only where ``releases`` and ``rollout`` name the same target with the same SHA-256 and
length, this device is in the share, and the version is above what runs here or ran: never below the floor.
Refuses, with UpdateRefusedError, two roles that contradict each other, which no honest publisher signs.
"""

from dataclasses import dataclass, field

from edge.bundle import Manifest
from edge.errors import UpdateRefusedError
from edge.update.release import MAX_PAYLOAD_BYTES, Rollout, Version, read_name, read_version, takes_part
from edge.update.world import Candidate, World, why_not_taken

_DO = "Nothing was changed. Tell whoever publishes the updates."


@dataclass(frozen=True, slots=True)
class Listed:
    """What ``releases`` says of a target."""

    length: int
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Here:
    """What this device knows of itself: random number, version that runs, lowest it may take, what failed here."""

    device_id: str
    running: Version
    version_floor: Version
    quarantined: frozenset[str] = frozenset()
    """SHA-256 of archives that failed on this device."""
    world: World = field(default_factory=World)
    """What is written down of its models: one that would be refused after it came need not come."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No update for this device now; ``reason`` in a few words."""

    reason: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A release that may be fetched."""

    target: str
    sha256: str
    length: int
    previous: str | None


def refuse_disagreement(rollout: Rollout, listed: Listed | None) -> None:
    """Raise UpdateRefusedError unless both roles speak of the same bytes, no more than 2 GiB of them."""
    if listed is None:
        raise UpdateRefusedError(f"{rollout.target} in the rollout alone", "a release that is listed too", _DO)
    if listed.length > MAX_PAYLOAD_BYTES:
        raise UpdateRefusedError(f"a release of {listed.length} bytes", "at most 2 GiB", _DO)
    if (listed.length, listed.sha256) != (rollout.length, rollout.sha256):
        raise UpdateRefusedError(f"two accounts of {rollout.target}", "one length and SHA-256 in both roles", _DO)


def decide(rollout: Rollout, here: Here) -> Offer | Nothing:
    """What a rollout means for this device, before anything but metadata was fetched."""
    version = read_name(rollout.target).version
    if not takes_part(rollout, here.device_id):
        return Nothing("this ring is offered nothing" if rollout.share == 0 else "not this device's turn yet")
    if rollout.sha256 in here.quarantined:
        return Nothing("that release failed here before")
    if version == here.running:
        return Nothing("the newest release runs already")
    if version < max(here.version_floor, here.running):
        return Nothing("the release is older than what ran here")
    candidate = Candidate(rollout.sha256, read_name(rollout.target).id, version)
    if reason := why_not_taken(here.world, candidate):
        return Nothing(reason)
    return Offer(rollout.target, rollout.sha256, rollout.length, rollout.previous)


def refuse_other_bundle(offer: Offer, manifest: Manifest) -> None:
    """Raise UpdateRefusedError where the archive holds another model than its name says."""
    name = read_name(offer.target)
    if (manifest.id, read_version(manifest.version)) != (name.id, name.version):
        found = f"the model {manifest.id} {manifest.version} in {offer.target}"
        raise UpdateRefusedError(found, "the one of that name", _DO)
