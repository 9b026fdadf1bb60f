"""One rung as a competitor of ``quietstep bench encoder``: ``python -m edge.bench_rung RUNG BUNDLE [ENGINES]``.

Promises: the rung is opened, proven and asked exactly as the monitor does it, an accelerated one in its locked
process. Refuses a rung that is not accepted, with its reason.
"""

import sys
from pathlib import Path

from edge.bundle import GOLDEN, read_bundle
from edge.encoder import open_encoder
from edge.encoder.golden import read_golden
from edge.encoder.opening import proven_bytes
from edge.encoder.timing import Answer, Open, compete, own_stdout
from edge.errors import EncoderError
from edge.rungs import LadderSettings


def main() -> int:
    """Compete."""
    out = own_stdout()
    rung, folder, engines = sys.argv[1], Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ""
    golden = read_golden(proven_bytes(read_bundle(folder), GOLDEN))
    return compete(out, golden, lambda: _opened(folder, LadderSettings((rung,), engines=engines)))


def _opened(folder: Path, settings: LadderSettings) -> tuple[Open, Answer]:
    told = _Reasons()
    try:
        encoder = open_encoder(folder, settings, told)
    except EncoderError as error:
        reason = told.last or error.found
        raise EncoderError(reason, error.wanted, error.do) from error
    return Open(encoder.precision, encoder.trial.gap), encoder.encode


class _Reasons:
    """Keeps the plain reason of the one rung that was tried."""

    last = ""

    def working(self, stage: str) -> None:
        print(stage, file=sys.stderr)

    def refused(self, rung: str, reason: str, *, answered: bool) -> None:
        self.last = reason

    def accepted(self, rung: str, precision: str, trial: object) -> None:
        pass


if __name__ == "__main__":
    raise SystemExit(main())
