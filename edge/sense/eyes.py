"""The eyes of one camera: ``python -m edge.sense.eyes``, its EyesSpec as JSON on standard input.

Promises: this process has shut itself out of every network before numpy, the pose estimator or a picture is loaded,
and has proved it again, in every thread, after the estimator stands; it reads no clock. Refuses to run unlocked:
LockError's sentence on stderr, exit code LOCK. Codes: ``specs.ExitCode``.
"""

from __future__ import annotations

import signal
import sys

import msgspec

from edge.errors import LockError, PoseModelError, QuietstepError
from edge.parent import die_with_parent
from edge.sense.lock import lock_out_network
from edge.sense.specs import ExitCode, EyesSpec


def main() -> int:
    """Lock, then run until the pictures end; the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the supervisor ends us in order.
    spec = msgspec.json.decode(sys.stdin.buffer.read(), type=EyesSpec)
    try:
        die_with_parent(spec.parent_pid)
        lock_out_network()
        # Only now: these import numpy and mediapipe, which start threads and must find the lock shut.
        from edge.sense.watching import watch  # noqa: PLC0415

        return watch(spec)
    except QuietstepError as error:
        print(error, file=sys.stderr, flush=True)
        return _code(error)


def _code(error: QuietstepError) -> ExitCode:
    if isinstance(error, LockError):
        return ExitCode.LOCK
    return ExitCode.MODEL if isinstance(error, PoseModelError) else ExitCode.RECYCLE


if __name__ == "__main__":
    sys.exit(main())
