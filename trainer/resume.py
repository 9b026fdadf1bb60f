"""The state of a training loop on disk after every epoch, so that a killed run goes on to the same weights.

A loop says ``for epoch in kept.epochs("autoencoder", n_epochs, Loop(...))``. Before the first epoch the loop's parts
are brought to where they stood; after each epoch they are kept (``loop_state``) as ``states/STAGE-EPOCH.npz``. The
newest two are there; one that is torn is passed over.

Promises: a process killed at any time loses at most one epoch, and what it then trains is the same to the bit. States
are not flushed to the disk: after a power cut an older one counts, or none, and the result is still the same.
Refuses nothing: a state that cannot be used is trained again.
"""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from trainer.loop_state import Loop, is_state_of, put_back, state_bytes
from trainer.loss_log import LossLog, Told
from trainer.place import ALONE, Place
from trainer.whole_file import write_whole

_N_KEPT: Final = 2


class Unkept:
    """Keeps nothing: the loop as it would run without."""

    def __init__(self, place: Place = ALONE) -> None:
        self.place = place

    def epochs(self, stage: str, n_epochs: int, loop: Loop) -> Iterator[int]:
        """Every epoch that is still to run, from 0."""
        yield from range(n_epochs)

    def note(self, losses: Told, n_samples: int) -> None:
        """The running epoch's mean losses and how many cycles the encoders saw."""


class Kept(Unkept):
    """Keeps one fit's state in ``folder`` and its losses in ``log``; the first rank writes, all are told."""

    def __init__(self, folder: Path, log: LossLog, place: Place = ALONE) -> None:
        super().__init__(place)
        self._fit, self._states, self._log = folder.name, folder / "states", log
        self._now = ("", 0, 0.0)

    def epochs(self, stage: str, n_epochs: int, loop: Loop) -> Iterator[int]:
        """Every epoch that is still to run; states are kept between."""
        n_done = self._bring_back(stage, loop)
        if self.place.is_first:
            self._log.begin(self._fit, stage, n_done)
        for epoch in range(n_done, n_epochs):
            self._now = (stage, epoch + 1, time.perf_counter())
            yield epoch
            self._keep(stage, epoch + 1, loop)

    def note(self, losses: Told, n_samples: int) -> None:
        """One row in the log."""
        stage, epoch, began_s = self._now
        if self.place.is_first:
            self._log.add(self._fit, stage, epoch, losses, time.perf_counter() - began_s, n_samples)

    def forget(self) -> None:
        """Delete all states: the fit is finished and kept as a model."""
        if self.place.is_first:
            shutil.rmtree(self._states, ignore_errors=True)

    def _keep(self, stage: str, n_done: int, loop: Loop) -> None:
        content = state_bytes(loop, n_done, self.place)
        if self.place.is_first:
            write_whole(self._states / f"{stage}-{n_done:05}.npz", content, flush=False)
            for old in self._newest_first(stage)[_N_KEPT:]:
                old.unlink()

    def _bring_back(self, stage: str, loop: Loop) -> int:
        """Put the newest usable state into ``loop`` on every rank; the number of epochs it has behind it."""
        content = self.place.told(self._usable(stage, loop) if self.place.is_first else None)
        return 0 if content is None else put_back(content, loop, self.place)

    def _usable(self, stage: str, loop: Loop) -> bytes | None:
        for path in self._newest_first(stage):
            content = path.read_bytes()
            if is_state_of(content, loop, self.place):
                return content
        return None

    def _newest_first(self, stage: str) -> list[Path]:
        return sorted(self._states.glob(f"{stage}-[0-9][0-9][0-9][0-9][0-9].npz"), reverse=True)
