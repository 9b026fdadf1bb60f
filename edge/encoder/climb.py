"""The ladder in use: opens rungs in order, proves each, answers on the accepted one, and steps down when it fails.

Promises: a rung answers only after it was proven; one that fails later is closed and dropped with its reason, the
next is proven the same way, and the same cycles are asked again, so nothing of a broken rung is ever handed out. A
dropped rung stays dropped until the process starts anew. Refuses with an error when no rung is left.

Shape letters: N cycle, T time, J landmark, C coordinate.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from edge.encoder.answers import Floats, Raw, Rung, checked_answer
from edge.encoder.golden import Golden, prove
from edge.encoder.ladder import Ladder, Refused, Trial
from edge.errors import EncoderError


class Listener(Protocol):
    """Who is told what the ladder does."""

    def working(self, stage: str) -> None:
        """Something that takes time goes on; called at least every second while it does."""
        ...

    def refused(self, rung: str, reason: str, *, answered: bool) -> None:
        """A rung may not answer; ``answered`` says that it did until now."""
        ...

    def accepted(self, rung: str, precision: str, trial: Trial) -> None:
        """This rung answers from now on."""
        ...


class Silent:
    """A listener that tells nobody."""

    def working(self, stage: str) -> None:
        """Nobody is told."""

    def refused(self, rung: str, reason: str, *, answered: bool) -> None:
        """Nobody is told."""

    def accepted(self, rung: str, precision: str, trial: Trial) -> None:
        """Nobody is told."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A rung that opened, the precision it computes in, and the tolerance that goes with it."""

    rung: Rung
    precision: str
    tolerance: float


@dataclass(frozen=True, slots=True)
class Accepted:
    """The rung that answers and how it was proven."""

    rung: Rung
    precision: str
    trial: Trial


class Climb:
    """All rungs behind one; ``open_rung`` opens one by name or raises EncoderError."""

    def __init__(
        self, rungs: tuple[str, ...], open_rung: Callable[[str], Opened], golden: Golden, listener: Listener
    ) -> None:
        self._ladder = Ladder(rungs)
        self._open_rung = open_rung
        self._golden = golden
        self._listener = listener
        self._accepted: Accepted | None = None
        self._step_down()

    @property
    def accepted(self) -> Accepted:
        """The rung that answers; raises EncoderError when none is left."""
        if self._accepted is None:
            raise self._ladder.error()
        return self._accepted

    @property
    def refused(self) -> tuple[Refused, ...]:
        """Every rung that may not answer, with its reason."""
        return self._ladder.refused

    def run(self, x_NTJC: Floats, duration_s_N: Floats) -> Raw:
        """A checked answer from the first rung that gives one; raises EncoderError when none does."""
        while True:
            accepted = self.accepted
            try:
                return checked_answer(accepted.rung.run(x_NTJC, duration_s_N), len(x_NTJC))
            except EncoderError as error:
                accepted.rung.close()
                self._accepted = None
                self._refuse(accepted.rung.name, error, answered=True)
                self._step_down()

    def close(self) -> None:
        """End what the accepted rung started."""
        if self._accepted:
            self._accepted.rung.close()

    def _step_down(self) -> None:
        while (name := self._ladder.next) is not None:
            self._listener.working(f"trying rung {name}")
            try:
                self._accepted = self._proven(self._open_rung(name))
                self._listener.accepted(name, self._accepted.precision, self._accepted.trial)
                return
            except EncoderError as error:
                self._refuse(name, error, answered=False)
        raise self._ladder.error()

    def _proven(self, opened: Opened) -> Accepted:
        try:
            return Accepted(opened.rung, opened.precision, prove(opened.rung, self._golden, opened.tolerance))
        except EncoderError:
            opened.rung.close()
            raise

    def _refuse(self, name: str, error: EncoderError, *, answered: bool) -> None:
        self._ladder = self._ladder.without(name, error.found, error.do)
        self._listener.refused(name, error.found, answered=answered)
