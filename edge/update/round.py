"""One round of the updater: what runs here, one check, and what came of it for models.db.

Promises: the version floor and what stands in quarantine are those of models.db, read anew for each round; a bundle is
staged once, however often it is offered, and one that models.db does not take leaves nothing on the disk. Refuses, with
UpdateStoreError, a round without a readable models.db or root: then nothing is asked.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from edge.built import BUILT_S
from edge.bundle import read_manifest
from edge.errors import UpdateRefusedError, UpdateStoreError
from edge.update.bundles import remove, stage
from edge.update.check_update import Running, Source, Staged, check_update
from edge.update.choose import Nothing
from edge.update.network import Network
from edge.update.outcome import Outcome
from edge.update.pointer import ModelStore, named
from edge.update.release import dotted, read_version
from edge.update.trust_store import open_trust_store
from edge.update.world import SHIPPED, Candidate, Stage, World, held_shas


@dataclass(frozen=True, slots=True)
class Follower:
    """A home as the updater knows it: ``url`` above metadata/ and targets/, its first root.json, its ring and files."""

    url: str
    root: Path
    ring: str
    folder: Path
    models: Path
    shipped: Path

    @property
    def source(self) -> Source:
        """The repository; raises UpdateStoreError without a root."""
        try:
            root = self.root.read_bytes()
        except OSError as error:
            do = "Put it where root = … below [update] says. No update is taken; the model that runs goes on."
            raise UpdateStoreError(f"no {self.root} ({error.strerror})", "the publisher's root.json", do) from error
        return Source(f"{self.url}/metadata/", f"{self.url}/targets/", root, self.ring, self.folder)


def running_of(world: World, shipped_version: str, *, fetch: bool) -> tuple[Running, str]:
    """What a check must know of this home, and the version floor."""
    committed = [floor.version for floor in world.pointer.floors if floor.sha256 == world.pointer.active]
    # Without a row of its own the committed model is older than its kind's floor: the floor alone then decides.
    runs = shipped_version if world.pointer.active == SHIPPED or not committed else dotted(committed[0])
    floor = max([read_version(shipped_version), *(floor.version for floor in world.pointer.floors)])
    return Running(runs, world.quarantined, fetch, world), dotted(floor)


def check_once(home: Follower, network: Network, clock_s: float, *, fetch: bool) -> Outcome:
    """Ask once, and stage what came; raises UpdateError or BundleError."""
    source, models = home.source, ModelStore(home.models)
    running, floor = running_of(models.read().world, read_manifest(home.shipped).version, fetch=fetch)
    with open_trust_store(home.folder, BUILT_S, floor) as store:
        found = check_update(source, store, network, running, clock_s)
        return Outcome("nothing", found.reason) if isinstance(found, Nothing) else _taken(models, found, source)


def _taken(models: ModelStore, found: Staged, source: Source) -> Outcome:
    candidate = models.read().world.candidate
    if candidate is not None and (candidate.sha256 == found.sha256 or candidate.stage is Stage.TRIAL):
        return Outcome("here", _why_here(candidate, found), found.target)
    try:
        stage(models, found.bundle, found.sha256, int(time.time()), "staged", f"{found.target}, signed")
    except UpdateRefusedError:  # a commit came between the question and the answer
        remove(source.bundles, {found.sha256} - held_shas(models.read().world))
        raise
    return Outcome("staged", f"{_name(found)} is staged", found.target)


def _why_here(candidate: Candidate, found: Staged) -> str:
    if candidate.sha256 == found.sha256:
        return f"{_name(found)} is here already: {candidate.stage}"
    return f"{_name(found)} is here, and waits for the end of the trial of {named(candidate)}"


def _name(found: Staged) -> str:
    return f"{found.bundle.manifest.id} {found.bundle.manifest.version}"
