"""``python -m edge.update.self_test``: the self-test of a bundle that nothing has run yet, in a process of its own.

Promises: the files are those of the archive with the SHA-256 that was named; every rung that answers here proves the
golden answers, each in one more process; time, memory and how much the answers differ are measured. Whatever fails is
said in one line of JSON (`edge.update.decide.SelfTest`). It is locked out of the network before anything is read.
Refuses to run unlocked. A crash or a hang is for the one who started it to see.
"""

import os
import sys

import msgspec

from edge.errors import LockError
from edge.parent import die_with_parent
from edge.rungs import LadderSettings
from edge.sense.lock import lock_out_network
from edge.sense.specs import ExitCode

_NICER: int = 10
"""It must not take the processor from the cameras."""


class SelfTestSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Folder and SHA-256 of the bundle, folder of the one that ships with Quietstep, rungs to prove, parent."""

    folder: str
    sha256: str
    shipped: str
    ladder: LadderSettings
    parent_pid: int


def main() -> int:
    """Lock, then test, then say what came of it."""
    spec = msgspec.json.decode(sys.stdin.buffer.read(), type=SelfTestSpec)
    die_with_parent(spec.parent_pid)
    try:
        lock_out_network()
    except LockError as error:
        print(error, file=sys.stderr)
        return ExitCode.LOCK
    os.nice(_NICER)
    from edge.update.proving import proven  # noqa: PLC0415  (numpy starts threads: only behind the lock)

    sys.stdout.buffer.write(msgspec.json.encode(proven(spec)) + b"\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
