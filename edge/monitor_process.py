"""Process 2: ``python -m edge.monitor_process``, with a MonitorSpec on stdin.

Promises: it locks itself out of the network before numpy, SQLCipher or ONNX Runtime are loaded, and refuses to run
unlocked. Exit codes: 0 stopped as asked, 1 a sentence on stderr says why it could not go on, 4 no lock.
"""

import sys

import msgspec

from edge.errors import LockError
from edge.monitor_spec import MonitorSpec
from edge.parent import die_with_parent
from edge.sense.lock import lock_out_network
from edge.sense.specs import ExitCode


def main() -> int:
    """Lock, then load and run the loop."""
    spec = msgspec.json.decode(sys.stdin.buffer.read(), type=MonitorSpec)
    die_with_parent(spec.parent_pid)
    try:
        lock_out_network()
    except LockError as error:
        print(error, file=sys.stderr)
        return ExitCode.LOCK
    from edge.monitor_loop import run_monitor  # noqa: PLC0415  (numpy starts threads: only behind the lock)

    return run_monitor(spec)


if __name__ == "__main__":
    raise SystemExit(main())
