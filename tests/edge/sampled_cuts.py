"""A small part of `python -m tests.bench.power_cut` as a test.

Promises: a skip with its reason where strace is not here or may not trace.
"""

import shutil

import pytest

from tests.bench.power_cut.cuts import Outcome, cut
from tests.bench.power_cut.operations import Operation


def sampled(operation: Operation, n_drawn: int, most_states: int) -> Outcome:
    """What came of it."""
    if not shutil.which("strace"):
        pytest.skip("strace is not here (Debian package strace)")
    try:
        return cut(operation, n_drawn=n_drawn, most_states=most_states)
    except RuntimeError as error:
        if "ptrace" in str(error):
            pytest.skip("strace may not trace here")
        raise
