"""What the ladder does, for the log, the gauges and so the status line.

Promises: a rung that is refused or dropped is logged with its reason, the accepted one with its proof; while one is
opened or built the supervisor sees that the monitor lives. Refuses nothing.
"""

import structlog

from edge.encoder.ladder import Trial
from edge.gauges import Gauges

log = structlog.get_logger("encoder")


class LadderLog:
    """The ladder's listener in the monitor."""

    def __init__(self, gauges: Gauges) -> None:
        self._gauges = gauges
        self._not_taken: list[str] = []

    def working(self, stage: str) -> None:
        """A rung is being opened, built or proven."""
        self._gauges.put_stage(stage)
        self._gauges.add("n_preparing")

    def refused(self, rung: str, reason: str, *, answered: bool) -> None:
        """A rung may not answer; those never taken are told in one line with the one that is."""
        self._gauges.add("n_preparing")
        if answered:
            self._gauges.put_rung("")
            self._gauges.add("n_rungs_dropped")
            log.warning("rung dropped; the next one is tried", rung=rung, why=reason)
        else:
            self._not_taken.append(f"{rung} ({reason})")

    def accepted(self, rung: str, precision: str, trial: Trial) -> None:
        """A rung answers from now on."""
        self._gauges.put_rung(rung)
        self._gauges.put_stage("")
        log.info(
            "rung accepted",
            rung=rung,
            precision=precision,
            golden_gap=f"{trial.gap:.1e}",
            cycle_ms=round(1000 * trial.cycle_s, 3),
            not_taken=self._not_taken,
        )
        self._not_taken = []
