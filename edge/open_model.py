"""One open model with the thread that keeps it: opened, asked in the shadow, and closed, while watching goes on.

Promises: nobody waits for it. ``offer`` drops what it has no time for, ``take`` hands the model over only while it is
idle, and a failure is told, never raised. Of what a shadow says, counts are all that leaves this module; its cycles
stay in this process and the model's own. Refuses nothing.

The thread stays until ``close``, for a rung's process dies with the thread that started it (`edge.encoder.isolated`).
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.affect import Affect, Judgement
from edge.bundle import Manifest
from edge.encoder import AffectEncoder, Encoded, judge
from edge.encoder.climb import Listener
from edge.encoder.ladder import Trial
from edge.errors import QuietstepError


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of some cycles that both models were asked about (`edge.update.decide.ShadowCounts`)."""

    n_cycles: int = 0
    n_both: int = 0
    n_flips: int = 0
    n_abstained: int = 0
    n_abstained_before: int = 0
    n_same: int = 0
    n_dropped: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """Cycles (N, 64, 16, 3) metres, durations (N,) seconds, and what the answering model said of them."""

    x_NTJC: npt.ArrayLike
    duration_s_N: npt.ArrayLike
    said: Encoded
    manifest: Manifest


OpenIt = Callable[[Listener], AffectEncoder]


class OpenModel:
    """A model by name (the SHA-256 of its archive); ``open_it`` runs in its thread, and so does ``count``.

    It listens to its own ladder, and passes on what it hears to ``aloud`` where there is somebody.
    """

    def __init__(self, name: str, open_it: OpenIt, count: Callable[[Compared], None], aloud: Listener) -> None:
        self.name = name
        self.error: QuietstepError | None = None
        self.failure = ""
        self.dropped = ""
        self.aloud = aloud
        self._open_it, self._count = open_it, count
        self._encoder: AffectEncoder | None = None
        self._question: Question | None = None
        self._last_K: npt.NDArray[np.float64] | None = None
        self._busy, self._ending = True, False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._live, name=f"model {name[:8]}", daemon=True)
        self._thread.start()

    def wait(self) -> AffectEncoder | None:
        """The model once it is open; None when it cannot be."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy)
            return self._encoder

    def take(self) -> AffectEncoder | None:
        """The model, while it is open and idle: whoever takes it asks it alone from then on."""
        with self._changed:
            return None if self._busy or self.failure else self._encoder

    def offer(self, question: Question) -> None:
        """Ask it in the shadow; while it is busy the question is dropped and counted."""
        with self._changed:
            if self._encoder is None or self.failure:
                return
            if not self._busy:
                self._question, self._busy = question, True
                self._changed.notify_all()
                return
        self._count(Compared(n_dropped=len(question.said.posterior_NK)))

    def close(self) -> None:
        """Let it go, soon."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()

    def working(self, stage: str) -> None:
        """Its ladder: something takes time."""
        self.aloud.working(stage)

    def refused(self, rung: str, reason: str, *, answered: bool) -> None:
        """Its ladder: a rung may not answer. Where one did, ``dropped`` says so from then on."""
        self.dropped = f"rung {rung} dropped: {reason}" if answered else self.dropped
        self.aloud.refused(rung, reason, answered=answered)

    def accepted(self, rung: str, precision: str, trial: Trial) -> None:
        """Its ladder: this rung answers."""
        self.aloud.accepted(rung, precision, trial)

    def _live(self) -> None:
        encoder = self._open()
        while (question := self._next()) is not None and encoder is not None:
            self._guarded(lambda asked=question: self._compare(encoder, asked))  # type: ignore[misc]
        if encoder is not None:
            encoder.close()

    def _open(self) -> AffectEncoder | None:
        opened: list[AffectEncoder] = []
        self._guarded(lambda: opened.append(self._open_it(self)))
        self._encoder = opened[0] if opened else None
        return self._encoder

    def _next(self) -> Question | None:
        with self._changed:
            self._question, self._busy = None, False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._ending or self._question is not None)
            return None if self._ending else self._question

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except QuietstepError as error:
            self.failure, self.error = error.found or "an error without a word", error
        except Exception as error:  # whatever a model provokes must not end the thread that keeps its process
            self.failure = f"an unexpected {type(error).__name__}"

    def _compare(self, encoder: AffectEncoder, question: Question) -> None:
        encoded = encoder.encode(question.x_NTJC, question.duration_s_N)
        now = judge(encoded, encoder.manifest)
        before = judge(question.said, question.manifest)
        self._count(compared(now, before, self._n_same(encoded)))

    def _n_same(self, encoded: Encoded) -> int:
        """Answers that are the one before, to six digits: no two cycles of a living person are."""
        last = [] if self._last_K is None else [self._last_K]
        posterior_NK = np.concatenate([*(row[None] for row in last), encoded.posterior_NK])
        self._last_K = posterior_NK[-1]
        return int((np.abs(np.diff(posterior_NK, axis=0)).max(axis=1) < 1e-6).sum())


def compared(now: tuple[Judgement, ...], before: tuple[Judgement, ...], n_same: int) -> Compared:
    """Counts of two models' judgements of the same cycles."""
    pairs = [(a, b) for a, b in zip(now, before, strict=True) if isinstance(a, Affect) and isinstance(b, Affect)]
    return Compared(
        n_cycles=len(now),
        n_both=len(pairs),
        n_flips=sum(_label(a) != _label(b) for a, b in pairs),
        n_abstained=sum(not isinstance(judgement, Affect) for judgement in now),
        n_abstained_before=sum(not isinstance(judgement, Affect) for judgement in before),
        n_same=n_same,
    )


def _label(affect: Affect) -> int:
    return int(np.argmax(affect.posterior))
