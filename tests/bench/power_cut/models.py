"""The operation on models.db that is cut: a model's whole way, from staged to committed, and one that is refused.

Promises: the judge opens what is left as the next start would. "corrupt": it does not open; "lost": a step that was
acknowledged is not there, or a floor dropped; "half": a world that no step leads to. Refuses nothing.
"""

from pathlib import Path

from edge.errors import UpdateStoreError
from edge.update.decide import (
    Candidate,
    Commit,
    Quarantine,
    SelfTestIt,
    StartShadow,
    StartTrial,
    Step,
    World,
    after,
    offered,
)
from edge.update.pointer import ModelStore
from tests.bench.power_cut.operations import Operation

STEPS: tuple[Step | Candidate, ...] = (
    Candidate("c" * 64, "m", (2,)),
    SelfTestIt(),
    StartShadow(),
    StartTrial(),
    Commit(),
    Candidate("d" * 64, "m", (3,)),
    SelfTestIt(),
    Quarantine("it crashed"),
)


def next_world(world: World, step: Step | Candidate) -> World:
    """What one step makes of a world."""
    return offered(world, step) if isinstance(step, Candidate) else after(world, step)


def worlds() -> list[World]:
    """Every world on the way."""
    path = [World()]
    for step in STEPS:
        path.append(next_world(path[-1], step))
    return path


def _judge(folder: Path, said: list[bytes]) -> str:
    store = ModelStore(folder / "models.db")
    try:
        world = store.read().world
        store.change(lambda now: now)
    except UpdateStoreError:
        return "corrupt"
    way = worlds()
    if world not in way:
        return "half"
    return "lost" if way.index(world) < len(said) else ""


def _prepare(_folder: Path) -> None:
    """It begins without a file."""


OPERATION = Operation(
    "models",
    _prepare,
    """
    from edge.update.pointer import ModelStore
    from tests.bench.power_cut.models import STEPS, next_world
    store = ModelStore(Path(sys.argv[1]) / "models.db")
    for step in STEPS:
        store.change(lambda world: next_world(world, step))
        o.say("1 ")
    """,
    _judge,
)
