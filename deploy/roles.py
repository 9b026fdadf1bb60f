"""Who may sign what, how many of them it takes, and for how long it holds.

Promises: one table decides; nothing else in this package names a threshold or a lifetime. A stolen online key alone
releases nothing (``releases`` is offline, two of three), and two people have to be robbed before a model is forged.
Refuses role names that are not in the table.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from edge.errors import DeployError

ROOT: Final = "root"
TARGETS: Final = "targets"
RELEASES: Final = "releases"
ROLLOUT: Final = "rollout"
SNAPSHOT: Final = "snapshot"
TIMESTAMP: Final = "timestamp"


@dataclass(frozen=True, slots=True)
class Role:
    """One role: how many keys it has, how many must sign, how long a signature holds, and where its keys live."""

    name: str
    n_keys: int
    threshold: int
    life: timedelta
    online: bool
    duty: str


ROLES: Final = {
    role.name: role
    for role in (
        Role(ROOT, 3, 2, timedelta(days=365), False, "says which keys are whose; built into every device"),
        Role(TARGETS, 3, 2, timedelta(days=365), False, "hands releases and rollout to their keys, lists nothing"),
        Role(RELEASES, 3, 2, timedelta(days=365), False, "lists the models that may be taken"),
        Role(ROLLOUT, 1, 1, timedelta(days=3), True, "says which ring gets which release, and how many homes"),
        Role(SNAPSHOT, 1, 1, timedelta(days=7), True, "says which metadata belong together"),
        Role(TIMESTAMP, 1, 1, timedelta(days=1), True, "says that this is the newest"),
    )
}
OFFLINE: Final = tuple(name for name, role in ROLES.items() if not role.online)
ONLINE: Final = tuple(name for name, role in ROLES.items() if role.online)
DELEGATED: Final = (RELEASES, ROLLOUT)


def role_named(name: str) -> Role:
    """The role of that name; raises DeployError."""
    if name not in ROLES:
        raise DeployError(f"no role {name!r}", f"one of {', '.join(ROLES)}", "Name one of these.")
    return ROLES[name]
