"""The wall clock together with the one that nobody can set.

Promises: both are read at one moment. Refuses nothing: where the kernel names no boot, the name is empty.
"""

import time
from pathlib import Path

from edge.pause import Clock


def read_clock() -> Clock:
    """The wall clock, and the one that nobody can set."""
    try:
        boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        boot_id = ""
    return Clock(time.time(), time.clock_gettime(time.CLOCK_BOOTTIME), boot_id)
