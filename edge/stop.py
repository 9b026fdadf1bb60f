"""Ctrl-C and SIGTERM, for as long as something runs.

Promises: the first one is noted, and what handled them before does again afterwards. Refuses nothing.
"""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType


class Stop:
    """Set by Ctrl-C or SIGTERM; the second one is not waited for."""

    def __init__(self) -> None:
        self.asked = False

    @contextlib.contextmanager
    def listening(self) -> Iterator["Stop"]:
        """Take the signals for as long as the block runs."""
        before = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True
