"""The versions of Quietstep and the days on which they were built, newest last. Values only.

Promises: ``BUILT_S`` is the beginning of the day on which this version was built; no clock that shows less is believed.
A test refuses a version without a day, a day in the future and days that go back. Refuses nothing at run time.
"""

from datetime import UTC, datetime
from typing import Final

BUILT: Final = (("0.1.0", "2026-11-26"),)
BUILT_S: Final = int(datetime.fromisoformat(BUILT[-1][1]).replace(tzinfo=UTC).timestamp())
"""Seconds since 1970."""
