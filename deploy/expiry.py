"""What runs out when.

Promises: every role in one table, drafts apart; *soon* begins when a third of the role's life is left, so that there is
time to bring two people together, or to see that ``refresh`` no longer runs. Refuses nothing.
"""

from datetime import datetime
from typing import Literal

import msgspec

from deploy.held import Held
from deploy.roles import ROLES

State = Literal["good", "soon", "expired"]


class Expiry(msgspec.Struct, frozen=True):
    """One role: version, last moment (UTC), days left (negative if over), and what that means."""

    role: str
    version: int
    expires: datetime
    days_left: float
    state: State
    do: str


def expiries(held: Held, now: datetime) -> tuple[Expiry, ...]:
    """Every role of a repository at the time ``now``."""
    return tuple(_expiry(held, role, now) for role in ROLES)


def _expiry(held: Held, role: str, now: datetime) -> Expiry:
    signed = held.of(role).signed
    left = signed.expires - now
    state: State = "expired" if signed.is_expired(now) else "soon" if left < ROLES[role].life / 3 else "good"
    command = "refresh" if ROLES[role].online else f"renew {role}, then sign"
    days = round(left.total_seconds() / 86400, 2)
    return Expiry(role, signed.version, signed.expires, days, state, "" if state == "good" else command)
