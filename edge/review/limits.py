"""How often somebody may try a password. Decisions only: the time comes with the call.

Promises: `MOST_FAILURES` wrong ones within `WINDOW_S` from one address, and four times as many for one name from all of
them, then nothing but waiting helps; a right one forgets the address's failures. Memory is bounded. Refuses nothing
else: a slow guesser is argon2's business and a long password's.
"""

from collections import OrderedDict, deque
from typing import Final

MOST_FAILURES: Final = 5
MOST_FOR_A_NAME: Final = 20
WINDOW_S: Final = 600.0
MOST_KEPT: Final = 4096


class Failures:
    """Wrong passwords of the last ten minutes."""

    def __init__(self) -> None:
        self._at_s: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def wait_s(self, address: str, name: str, now_s: float) -> float:
        """How long to wait before a password is looked at; 0 for not at all."""
        limits = ((("address", address), MOST_FAILURES), (("name", name), MOST_FOR_A_NAME))
        return max(self._wait_s(key, most, now_s) for key, most in limits)

    def failed(self, address: str, name: str, now_s: float) -> None:
        """One more wrong one."""
        for key, most in ((("address", address), MOST_FAILURES), (("name", name), MOST_FOR_A_NAME)):
            self._at_s.setdefault(key, deque(maxlen=most)).append(now_s)
            self._at_s.move_to_end(key)
        while len(self._at_s) > MOST_KEPT:
            self._at_s.popitem(last=False)

    def succeeded(self, address: str) -> None:
        """The right one."""
        self._at_s.pop(("address", address), None)

    def _wait_s(self, key: tuple[str, str], most: int, now_s: float) -> float:
        failures = self._at_s.get(key)
        if failures is None or len(failures) < most:
            return 0.0
        return max(0.0, failures[0] + WINDOW_S - now_s)
