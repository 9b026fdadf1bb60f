"""Counters the monitor advances and the supervisor reads, in one page of anonymous memory.

Promises: reading never blocks the monitor; every gauge only tells how much, never who or how. The page has no name
and goes when the processes go. Refuses anything but the gauges listed here.
"""

import mmap
import os
from collections.abc import Iterable
from typing import Final

import msgspec
import numpy as np

GAUGES: Final = (
    "beat",  # messages handled, ticks included: the sign of life
    "n_frames",
    "n_gaps",  # frames missing from the sequence numbers
    "n_refused",  # messages that were not sound
    "n_people",  # in the newest frame of any camera
    "n_contacts",
    "n_cycles",
    "n_refused_cycles",
    "n_abstained",
    "n_rows",  # trend rows written
    "diary_failures",
    "ready",
    "n_preparing",  # signs of life while a rung is opened, built or proven
    "n_rungs_dropped",
    "n_shadow_cycles",  # judged by both models; what follows counts these (see edge.update.world)
    "n_shadow_both",
    "n_shadow_flips",
    "n_shadow_abstained",
    "n_shadow_abstained_before",
    "n_shadow_same",
    "n_shadow_dropped",
    "n_trial_cycles",
)
_PAGE: Final = 4096
_RUNG_AT: Final = 2048
_RUNG_BYTES: Final = 32
_STAGE_AT: Final = 2560
_STAGE_BYTES: Final = 128
_MODEL_AT: Final = 2688
_SHA_BYTES: Final = 64
_FAILED_AT: Final = 2752
_WHY_AT: Final = 2816
_WHY_BYTES: Final = 240


class Reading(msgspec.Struct, frozen=True):
    """All gauges at one moment."""

    beat: int
    n_frames: int
    n_gaps: int
    n_refused: int
    n_people: int
    n_contacts: int
    n_cycles: int
    n_refused_cycles: int
    n_abstained: int
    n_rows: int
    diary_failures: int
    ready: int
    n_preparing: int = 0
    n_rungs_dropped: int = 0
    n_shadow_cycles: int = 0
    n_shadow_both: int = 0
    n_shadow_flips: int = 0
    n_shadow_abstained: int = 0
    n_shadow_abstained_before: int = 0
    n_shadow_same: int = 0
    n_shadow_dropped: int = 0
    n_trial_cycles: int = 0


class Gauges:
    """The page, mapped by its file descriptor; ``create`` makes one, the descriptor is inherited."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._page = mmap.mmap(fd, _PAGE)
        self._values = np.frombuffer(self._page, dtype=np.int64, count=len(GAUGES))

    @classmethod
    def create(cls) -> "Gauges":
        """A new page of zeros in anonymous memory."""
        fd = os.memfd_create("quietstep-gauges", 0)
        os.ftruncate(fd, _PAGE)
        os.set_inheritable(fd, True)
        return cls(fd)

    def add(self, name: str, n: int = 1) -> None:
        """Advance one gauge."""
        self._values[GAUGES.index(name)] += n

    def put(self, name: str, value: int) -> None:
        """Set one gauge."""
        self._values[GAUGES.index(name)] = value

    def put_rung(self, rung: str) -> None:
        """Name the rung the encoder answers on."""
        self._put_text(_RUNG_AT, _RUNG_BYTES, rung)

    def rung(self) -> str:
        """The rung in use, empty before the encoder is ready."""
        return self._text(_RUNG_AT, _RUNG_BYTES)

    def put_stage(self, stage: str) -> None:
        """Name what the encoder is preparing; empty when nothing."""
        self._put_text(_STAGE_AT, _STAGE_BYTES, stage)

    def stage(self) -> str:
        """What the encoder is preparing, empty when nothing."""
        return self._text(_STAGE_AT, _STAGE_BYTES)

    def put_model(self, sha256: str) -> None:
        """Name the model that answers; empty for the one that ships with Quietstep."""
        self._put_text(_MODEL_AT, _SHA_BYTES, sha256)

    def model(self) -> str:
        """The model that answers."""
        return self._text(_MODEL_AT, _SHA_BYTES)

    def put_failed(self, sha256: str, why: str) -> None:
        """Say that a model may not answer any more; the reason first, for its reader looks at the name."""
        self._put_text(_WHY_AT, _WHY_BYTES, why or "for no reason that was told")
        self._put_text(_FAILED_AT, _SHA_BYTES, sha256)

    def failed(self) -> tuple[str, str]:
        """The model that failed last, and why; two empty texts where none did."""
        return self._text(_FAILED_AT, _SHA_BYTES), self._text(_WHY_AT, _WHY_BYTES)

    def clear(self, names: Iterable[str] = GAUGES) -> None:
        """Set gauges to zero, before a new monitor starts."""
        for name in names:
            self.put(name, 0)

    def read(self) -> Reading:
        """All gauges now."""
        return Reading(*(int(value) for value in self._values))

    def _put_text(self, at: int, n_bytes: int, text: str) -> None:
        self._page[at : at + n_bytes] = text.encode()[:n_bytes].ljust(n_bytes, b"\0")

    def _text(self, at: int, n_bytes: int) -> str:
        return self._page[at : at + n_bytes].rstrip(b"\0").decode(errors="replace")
