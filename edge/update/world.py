"""What a home has written down about its models, and what each step makes of it. Values and rules only.

Promises: floors never drop; what stands in quarantine stays there; there is always a committed model and one to fall
back to, in the end the one that ships with Quietstep. Refuses a candidate that stands in quarantine, or is not newer
than what was committed of its kind (``offered``); a step that does not fit changes nothing (``after``).
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from edge.errors import UpdateRefusedError
from edge.update.release import Version, dotted

SHIPPED: Final = ""
"""Stands for the SHA-256 of the model that ships with Quietstep: never downloaded, never taken away."""


class Stage(StrEnum):
    """Where a candidate is."""

    STAGED = "staged"
    SHADOW = "shadow"
    TRIAL = "trial"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A verified bundle that is not committed: SHA-256 of its archive, name, and how often its stage was begun.

    ``running``: its stage was begun and has not ended in order. After a power cut that is still so.
    """

    sha256: str
    model_id: str
    version: Version
    stage: Stage = Stage.STAGED
    attempts: int = 0
    running: bool = False


@dataclass(frozen=True, slots=True)
class Floor:
    """The highest version of a model id that was ever committed, and the SHA-256 of that bundle's archive."""

    model_id: str
    version: Version
    sha256: str = SHIPPED


@dataclass(frozen=True, slots=True)
class Pointer:
    """The committed model, the committed one before it, and the highest version ever committed of each model id."""

    active: str = SHIPPED
    fallback: str = SHIPPED
    floors: tuple[Floor, ...] = ()

    def floor(self, model_id: str) -> Floor:
        """What a new one must exceed; the version is empty where there was none."""
        return next((floor for floor in self.floors if floor.model_id == model_id), Floor(model_id, ()))


@dataclass(frozen=True, slots=True)
class World:
    """Everything that is written down."""

    pointer: Pointer = Pointer()
    candidate: Candidate | None = None
    quarantined: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SelfTestIt:
    """Begin the self-test, in a process of its own."""


@dataclass(frozen=True, slots=True)
class StartShadow:
    """Let it run beside the committed model; what it says is counted and thrown away."""


@dataclass(frozen=True, slots=True)
class StartTrial:
    """Let it answer, with the committed model ready beside it."""


@dataclass(frozen=True, slots=True)
class Commit:
    """It is the committed model from now on."""


@dataclass(frozen=True, slots=True)
class RollBack:
    """Back to the model before: from a trial, or, where ``active``, from the committed model itself.

    The one that failed is quarantined unless only its files were ``damaged``.
    """

    reason: str
    damaged: bool = False
    active: bool = False


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A candidate that never answered is thrown away for good."""

    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do yet."""

    reason: str


Step = SelfTestIt | StartShadow | StartTrial | Commit | RollBack | Quarantine | Wait


def why_not_taken(world: World, candidate: Candidate) -> str:
    """Why a candidate cannot become one at all; empty where it can."""
    if candidate.sha256 in world.quarantined:
        return "it was tried before, and stands in quarantine"
    if candidate.sha256 in (SHIPPED, world.pointer.active):
        return "it is the model that runs"
    floor = world.pointer.floor(candidate.model_id)
    # The very bundle that was committed may come again: its files may have been damaged since.
    if candidate.version < floor.version or (candidate.version == floor.version and candidate.sha256 != floor.sha256):
        return f"version {dotted(floor.version)} of {candidate.model_id} was committed, and this is not newer"
    return ""


def after(world: World, step: Step) -> World:
    """What is written down once ``step`` was taken; a step that does not fit changes nothing."""
    candidate = world.candidate
    if isinstance(step, RollBack) and step.active:
        return _fallen_back(world, step)
    if candidate is None or isinstance(step, Wait):
        return world
    if isinstance(step, RollBack | Quarantine):
        return replace(world, candidate=None, quarantined=world.quarantined | {candidate.sha256})
    if isinstance(step, Commit):
        return _committed(world, candidate)
    return replace(world, candidate=_begun(candidate, step))


def _begun(candidate: Candidate, step: SelfTestIt | StartShadow | StartTrial) -> Candidate:
    stages = {SelfTestIt: Stage.STAGED, StartShadow: Stage.SHADOW, StartTrial: Stage.TRIAL}
    stage = stages[type(step)]
    attempts = candidate.attempts + 1 if stage is candidate.stage else 1
    return replace(candidate, stage=stage, attempts=attempts, running=True)


def _committed(world: World, candidate: Candidate) -> World:
    if candidate.stage is not Stage.TRIAL:
        return world
    pointer = world.pointer
    others = [floor for floor in pointer.floors if floor.model_id != candidate.model_id]
    floor = Floor(candidate.model_id, candidate.version, candidate.sha256)
    if floor.version < pointer.floor(candidate.model_id).version:
        return world
    moved = Pointer(candidate.sha256, pointer.active, tuple(sorted((*others, floor), key=lambda one: one.model_id)))
    return replace(world, pointer=moved, candidate=None)


def _fallen_back(world: World, step: RollBack) -> World:
    """The committed model itself failed: the one before it, then the one that ships with Quietstep."""
    pointer = world.pointer
    if pointer.active == SHIPPED:
        return world
    quarantined = world.quarantined if step.damaged else world.quarantined | {pointer.active}
    active = SHIPPED if pointer.fallback in quarantined else pointer.fallback
    return replace(world, pointer=replace(pointer, active=active, fallback=SHIPPED), quarantined=quarantined)


def offered(world: World, candidate: Candidate) -> World:
    """With a new candidate; an earlier one that has not answered yet makes room.

    Raises UpdateRefusedError for one that cannot be taken, and while another is on trial.
    """
    fresh = Candidate(candidate.sha256, candidate.model_id, candidate.version)
    if reason := why_not_taken(world, fresh):
        raise UpdateRefusedError(f"a model that is not taken: {reason}", "a newer one", "Nothing was changed.")
    if world.candidate is not None and world.candidate.stage is Stage.TRIAL:
        raise UpdateRefusedError("another model on trial", "none", "Wait for it to end: quietstep update status.")
    if world.candidate is not None and world.candidate.sha256 == fresh.sha256:
        return world
    return replace(world, candidate=fresh)


def interrupted(world: World) -> World:
    """The stage died (power, the supervisor, the monitor): its attempt counts."""
    return world if world.candidate is None else replace(world, candidate=replace(world.candidate, running=False))


def set_down(world: World) -> World:
    """The service ends in order while a stage runs: this attempt does not count."""
    candidate = world.candidate
    if candidate is None or not candidate.running:
        return world
    return replace(world, candidate=replace(candidate, running=False, attempts=candidate.attempts - 1))


def steadied(world: World) -> World:
    """The shadow ran for long without a death: earlier ones were accidents. A trial's attempts stay counted."""
    candidate = world.candidate
    if candidate is None or candidate.stage is not Stage.SHADOW or not candidate.running:
        return world
    return replace(world, candidate=replace(candidate, attempts=1))


def held_shas(world: World) -> frozenset[str]:
    """The bundles that must stay on disk."""
    shas = {world.pointer.active, world.pointer.fallback, world.candidate.sha256 if world.candidate else SHIPPED}
    return frozenset(shas - {SHIPPED})
