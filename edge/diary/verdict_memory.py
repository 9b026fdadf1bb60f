"""Verdicts of a history that grows at its end: only what is new goes through the watches.

Promises: the very verdicts of `verdicts_of`, whatever days are given and in whatever order calls come; days that are
as they were at the last call cost a comparison. Refuses nothing.
"""

import copy
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from edge.diary.change import ChangeWatch, Verdict, in_order, through
from edge.diary.days import Day

STILL_CHANGING: Final = timedelta(days=4)
"""The last days are still written to: the watches are kept as they were before them."""


class VerdictMemory:
    """Remembers the days of the last call, their verdicts, and the watches as they stood before the newest days."""

    def __init__(self) -> None:
        self._days: list[Day] = []
        self._verdicts: list[Verdict] = []
        self._watches: dict[str, ChangeWatch] = {}

    def verdicts_of(self, days: Iterable[Day]) -> tuple[Verdict, ...]:
        """As ``edge.diary.change.verdicts_of``."""
        ordered = in_order(days)
        if ordered[: len(self._days)] != self._days:
            self._days, self._verdicts, self._watches = [], [], {}
        settled = ordered[-1].day - STILL_CHANGING if ordered else None
        n_settled = next((n for n, day in enumerate(ordered) if settled and day.day > settled), 0)
        for day in ordered[len(self._days) : n_settled]:
            self._verdicts.append(through(self._watches, day))
            self._days.append(day)
        watches = copy.deepcopy(self._watches)
        return (*self._verdicts, *(through(watches, day) for day in ordered[len(self._days) :]))
