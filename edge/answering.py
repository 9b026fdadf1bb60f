"""Which model answers in the monitor: the committed one, one on trial, or, where that fails, the one before it.

Promises: it answers without a break. Another model is opened beside the one that answers, which goes on meanwhile, and
they change places between two calls; one that fails is left at once, and the same cycles are asked of the next; what a
shadow says goes nowhere but into counts. A model that failed is not opened again by this process.
Refuses with EncoderError only when not even the model that ships with Quietstep answers.
"""

import dataclasses
from collections.abc import Callable
from typing import Final, Protocol

import numpy.typing as npt
import structlog

from edge.bundle import Manifest
from edge.encoder import AffectEncoder, Encoded
from edge.encoder.answers import checked_cycles
from edge.encoder.climb import Listener, Silent
from edge.errors import EncoderError
from edge.model_order import ModelOrder
from edge.open_model import Compared, OpenModel, Question

SHIPPED: Final = ""
OpenByName = Callable[[str, Listener], AffectEncoder]

log = structlog.get_logger("encoder")


class Page(Protocol):
    """What the supervisor can read; `edge.gauges.Gauges`."""

    def add(self, name: str, n: int = 1) -> None:
        """Advance one counter."""
        ...

    def put_model(self, sha256: str) -> None:
        """The model that answers."""
        ...

    def put_failed(self, sha256: str, why: str) -> None:
        """A model that may not answer any more."""
        ...


class Answering:
    """An `edge.encoder.Encoder` of several models; ``follow`` between two messages."""

    def __init__(self, open_by_name: OpenByName, order: ModelOrder, page: Page, aloud: Listener) -> None:
        self._open_by_name, self._page, self._aloud = open_by_name, page, aloud
        self._order = order
        self._failed: set[str] = set()
        self._spare: OpenModel | None = None
        self._now, self._encoder = self._first_that_answers()
        self._last = self._encoder

    @property
    def manifest(self) -> Manifest:
        """Of the model that gave the last answer."""
        return self._last.manifest

    @property
    def model_id(self) -> str:
        """The model that gave the last answer, as the diary records it."""
        return self._last.model_id

    @property
    def rung(self) -> str:
        """The rung that gave the last answer."""
        return self._last.rung

    def encode(self, x_NTJC: npt.ArrayLike, duration_s_N: npt.ArrayLike) -> Encoded:
        """As `edge.encoder.AffectEncoder.encode`."""
        x_NTJC, duration_s_N = checked_cycles(x_NTJC, duration_s_N)
        while True:
            try:
                encoded = self._encoder.encode(x_NTJC, duration_s_N)
                break
            except EncoderError as error:
                self._leave(error)
        self._last = self._encoder
        if self._order.stage == "trial" and self._now.name == self._order.beside:
            self._page.add("n_trial_cycles", len(duration_s_N))
        if self._spare is not None and self._order.stage == "shadow" and self._spare.name == self._order.beside:
            self._spare.offer(Question(x_NTJC, duration_s_N, encoded, self._last.manifest))
        return encoded

    def follow(self, order: ModelOrder) -> None:
        """Do what the supervisor wishes, as far as it goes without waiting; it is called again every second."""
        self._order = order
        self._tell_failures()
        wanted = self._possible(order.answering)
        if wanted != self._now.name:
            self._change_to(wanted)
            return
        spare = order.spare if order.spare not in self._failed else None
        if spare == self._now.name:
            spare = None
        if self._spare is not None and self._spare.name != spare:
            self._spare.close()
            self._spare = None
        if self._spare is None and spare is not None:
            self._spare = self._opening(spare)

    def close(self) -> None:
        """Let go of every model."""
        for model in (self._now, self._spare):
            if model is not None:
                model.close()

    def _possible(self, name: str) -> str:
        """The model itself, or the one that stands in for it."""
        names = (name, self._order.active, self._order.fallback)
        return next((one for one in names if one not in self._failed), SHIPPED)

    def _change_to(self, wanted: str) -> None:
        """Change places with the spare if it is the one and idle; else open it, and try again next time."""
        if self._spare is not None and self._spare.name == wanted:
            encoder = self._spare.take()
            if encoder is not None:
                self._now, self._spare, self._encoder = self._spare, self._now, encoder
                self._tell_change()
            return
        if self._spare is not None:
            self._spare.close()
        self._spare = self._opening(wanted)

    def _tell_failures(self) -> None:
        for model in (self._now, self._spare):
            if model is None or model.name in self._failed:
                continue
            on_probation = model.name == self._order.beside and self._order.stage != ""
            if why := model.failure or (model.dropped if on_probation else ""):
                self._note_failure(model.name, why)
        if self._spare is not None and self._spare.name in self._failed:
            self._spare.close()
            self._spare = None

    def _note_failure(self, name: str, why: str) -> None:
        if name == SHIPPED:
            return
        self._failed.add(name)
        self._page.put_failed(name, why)
        log.warning("a model failed", model=name[:12], why=why)

    def _leave(self, error: EncoderError) -> None:
        """The one that answers failed: the next one at once. Raises what it raised where none is left."""
        if self._now.name == SHIPPED:
            raise error
        self._note_failure(self._now.name, error.found)
        left, spare = self._now, self._spare
        encoder = spare.take() if spare is not None and spare.name == self._possible(self._order.active) else None
        if spare is not None and encoder is not None:
            self._now, self._spare, self._encoder = spare, None, encoder
            self._tell_change()
        else:
            self._now, self._encoder = self._first_that_answers()
        left.close()

    def _first_that_answers(self) -> tuple[OpenModel, AffectEncoder]:
        """Open the committed model, or what stands in for it; here alone it is waited for."""
        while True:
            name = self._possible(self._order.active)
            model = self._opening(name, self._aloud)
            encoder = model.wait()
            if encoder is not None:
                self._page.put_model(name)
                return model, encoder
            model.close()
            if name == SHIPPED:
                raise model.error or EncoderError(model.failure, "a model that answers", "Run: quietstep doctor")
            self._note_failure(name, model.failure)

    def _opening(self, name: str, aloud: Listener | None = None) -> OpenModel:
        return OpenModel(name, lambda told: self._open_by_name(name, told), self._count, aloud or Silent())

    def _count(self, counts: Compared) -> None:
        for field in dataclasses.fields(counts):
            self._page.add(f"n_shadow_{field.name.removeprefix('n_')}", getattr(counts, field.name))

    def _tell_change(self) -> None:
        self._now.aloud = self._aloud
        if self._spare is not None:
            self._spare.aloud = Silent()
        self._page.put_model(self._now.name)
        accepted = self._encoder
        self._aloud.accepted(accepted.rung, accepted.precision, accepted.trial)
        log.info("model answers", model=accepted.model_id, sha256=self._now.name[:12] or "ships with Quietstep")
