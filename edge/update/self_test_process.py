"""The near end of a self-test: starts its process, looks whether it is done, and ends one that hangs.

Promises: ``result`` never waits; a process that crashes, hangs or says nothing is a self-test that failed. Refuses
nothing of its own.
"""

import contextlib
import os
import subprocess
import sys
import time
from typing import Final

import msgspec

from edge.update.decide import SelfTest
from edge.update.self_test import SelfTestSpec

LOAD_S: Final = 120.0
"""Longest accepted time beyond what the rungs may take to open; a slow device loads its libraries in 20 s."""
_MOST_BYTES: Final = 65_536


class SelfTestProcess:
    """A self-test that runs."""

    def __init__(self, spec: SelfTestSpec, limit_s: float | None = None) -> None:
        self._said = os.memfd_create("quietstep-self-test")
        opening_s = LOAD_S + spec.ladder.build_limit_s * sum(rung != "cpu" for rung in spec.ladder.rungs)
        self._until_s = time.monotonic() + (opening_s if limit_s is None else limit_s)
        command = [sys.executable, "-m", "edge.update.self_test"]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=self._said,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died at once; its exit code tells
            self._process.stdin.write(msgspec.json.encode(msgspec.structs.replace(spec, parent_pid=os.getpid())))
            self._process.stdin.close()

    def result(self) -> SelfTest | None:
        """What came of it; None while it runs."""
        code = self._process.poll()
        if code is None:
            if time.monotonic() < self._until_s:
                return None
            self.kill()
            return SelfTest(failure="a self-test that hung")
        try:
            return msgspec.json.decode(os.pread(self._said, _MOST_BYTES, 0), type=SelfTest)
        except msgspec.DecodeError:
            return SelfTest(failure=f"a self-test that ended with exit code {code}")

    def kill(self) -> None:
        """End it, and what it started (they die with it)."""
        self._process.kill()
        self._process.wait()
