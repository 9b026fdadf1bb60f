"""The operation on state.db that is cut: pauses that begin and end, consent that is given and taken back.

Promises: the judge opens what is left as the next start would. "corrupt": it cannot be read, so that the whole home
would rest; "lost": something acknowledged is not there; "half": a state between two steps. Refuses nothing.
"""

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from edge.errors import StateError
from edge.pause import ALL_PLACES, Clock
from edge.state import State, StateDoor, open_door, read_state
from tests.bench.power_cut.operations import Operation

NOW: Final = Clock(1_800_000_000.0, 500.0, "boot")
STEPS: Final[tuple[Callable[[StateDoor], object], ...]] = (
    lambda door: door.accept("Anna", NOW),
    lambda door: door.pause("hall", NOW, None),
    lambda door: door.pause(ALL_PLACES, NOW, NOW.wall_s + 3600.0),
    lambda door: door.resume("hall"),
    lambda door: door.withdraw("Anna", NOW),
    lambda door: door.resume(ALL_PLACES),
)


@cache
def way() -> tuple[State, ...]:
    """The state before there is a file, and after each step."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "state.db"
        states = [read_state(path)]
        for step in STEPS:
            with open_door(path) as door:
                step(door)
            states.append(read_state(path))
        return tuple(states)


def _judge(folder: Path, said: list[bytes]) -> str:
    path = folder / "state.db"
    try:
        state = read_state(path)
        with open_door(path):
            pass
        again = read_state(path)
    except StateError:
        return "corrupt"
    if state not in way() or again != state:
        return "half"
    last = len(way()) - 1 - way()[::-1].index(state)
    return "lost" if last < len(said) else ""


def _prepare(_folder: Path) -> None:
    """It begins without a file."""


OPERATION: Final = Operation(
    "state",
    _prepare,
    """
    from edge.state import open_door
    from tests.bench.power_cut.pauses import STEPS
    for step in STEPS:
        with open_door(Path(sys.argv[1]) / "state.db") as door:
            step(door)
        o.say("1 ")
    """,
    _judge,
)
