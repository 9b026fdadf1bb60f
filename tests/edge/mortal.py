"""A process of a test that never outlives its block.

Promises: whatever fails inside, the process is killed. A plain ``with subprocess.Popen`` would wait for it instead, and
a test that failed would look like one that hangs.
"""

import contextlib
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any


@contextlib.contextmanager
def mortal(command: Sequence[Any], **how: Any) -> Iterator[subprocess.Popen[Any]]:
    """As ``subprocess.Popen`` in a block."""
    with subprocess.Popen(command, **how) as child:
        try:
            yield child
        finally:
            child.kill()
