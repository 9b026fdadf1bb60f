"""The operation on update.db that is cut: a first check, a cut download, a second check, a floor that rises.

Promises: the judge opens what is left as the next check would. "corrupt": it does not open, so that no update would be
taken any more; "lost": something acknowledged is not there, or a floor dropped; "half": a state between two steps.
The metadata are as long as real ones, so that they lie on overflow pages. Refuses nothing.
"""

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from edge.errors import UpdateStoreError
from edge.update.trust_store import Metadata, TrustStore, open_trust_store
from tests.bench.power_cut.operations import Operation

BUILT_S: Final = 1000
SHIPPED: Final = "2.0.0"
State = tuple[tuple[Metadata, ...], int, str, str | None, int | None, int, str | None]

FIRST: Final = tuple(Metadata(role, role.encode() * 2000) for role in ("root", "snapshot", "timestamp"))
SECOND: Final = (Metadata("snapshot", b"s" * 9000), Metadata("timestamp", b"t" * 700))
STEPS: Final[tuple[Callable[[TrustStore], None], ...]] = (
    lambda store: store.keep(FIRST, 2000, '"a"'),
    lambda store: store.keep_validator("f" * 64, '"v"'),
    lambda store: store.note_poll(2001, good=False),
    lambda store: store.keep(SECOND, 3000, None),
    lambda store: store.keep_validator("f" * 64, None),
    lambda store: store.note_poll(3001, good=True),
    lambda store: store.raise_version_floor("2.1.0"),
)


def opened(folder: Path) -> State:
    """All that the file holds but the device's random number. Raises UpdateStoreError."""
    with open_trust_store(folder, BUILT_S, SHIPPED) as store:
        now = store.standing
        polls = (now.timestamp_etag, now.last_good_s, now.n_failures)
        return store.metadata(), now.time_floor_s, now.version_floor, *polls, store.validator("f" * 64)


@cache
def way() -> tuple[State, ...]:
    """What the file holds after it was made, and after each step."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        states = [opened(folder)]
        for step in STEPS:
            with open_trust_store(folder, BUILT_S, SHIPPED) as store:
                step(store)
            states.append(opened(folder))
        return tuple(states)


def _judge(folder: Path, said: list[bytes]) -> str:
    try:
        state = opened(folder)
    except UpdateStoreError:
        return "corrupt"
    if state not in way():
        return "half"
    return "lost" if way().index(state) < len(said) - 1 else ""


def _prepare(_folder: Path) -> None:
    """It begins without a file."""


OPERATION: Final = Operation(
    "trust",
    _prepare,
    """
    from edge.update.trust_store import open_trust_store
    from tests.bench.power_cut.trust import BUILT_S, SHIPPED, STEPS
    with open_trust_store(Path(sys.argv[1]), BUILT_S, SHIPPED) as store:
        o.say("made ")
        for step in STEPS:
            step(store)
            o.say("1 ")
    """,
    _judge,
)
UNSYNCED: Final = Operation(
    "trust, synchronous=OFF (control)",
    _prepare,
    """
    from edge.update import trust_store
    from tests.bench.power_cut.trust import BUILT_S, SHIPPED, STEPS
    with trust_store.open_trust_store(Path(sys.argv[1]), BUILT_S, SHIPPED) as store:
        store._connection.execute("PRAGMA synchronous = OFF")
        o.say("made ")
        for step in STEPS:
            step(store)
            o.say("1 ")
    """,
    _judge,
)
