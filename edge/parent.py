"""A child's tie to the process that started it.

Promises: a child never outlives its parent, whatever ends that. Refuses a kernel that cannot promise it (LockError).
"""

import ctypes
import os
import signal
from typing import Final

from edge.errors import LockError

_PR_SET_PDEATHSIG: Final = 1


def die_with_parent(parent_pid: int) -> None:
    """Let the kernel kill this process when the thread that started it ends; end now if it is gone already."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise LockError("a kernel without PR_SET_PDEATHSIG", "Linux", "Run Quietstep on Linux.")
    if os.getppid() != parent_pid:
        raise SystemExit(0)
