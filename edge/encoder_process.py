"""The process of a rung of its own: ``python -m edge.encoder_process``, with a RungSpec on stdin.

Promises: it holds gait cycles, so it locks itself out of the network before numpy or a driver's library is loaded,
and dies with the process that started it. Refuses to run unlocked (exit code 4).
"""

import socket
import sys

import msgspec

from edge.errors import LockError
from edge.parent import die_with_parent
from edge.rungs import RungSpec
from edge.sense.lock import lock_out_network
from edge.sense.specs import ExitCode


def main() -> int:
    """Lock, then open the rung and answer until the other end is gone."""
    spec = msgspec.json.decode(sys.stdin.buffer.read(), type=RungSpec)
    die_with_parent(spec.parent_pid)
    try:
        lock_out_network()
    except LockError as error:
        print(error, file=sys.stderr)
        return ExitCode.LOCK
    from edge.encoder.worker import serve  # noqa: PLC0415  (numpy starts threads: only behind the lock)

    with socket.socket(fileno=spec.line_fd) as end:
        return serve(spec, end)


if __name__ == "__main__":
    raise SystemExit(main())
