"""Losses of every epoch as rows of a CSV file, for whatever draws curves.

``samples`` are cycles the encoders saw, of all ranks: four a quadruple. ``seconds`` is one epoch's time without keeping
its state. With several ranks the losses are those of the first one's share.

Promises: one row for each fit, stage and epoch, also when a run was killed and taken up again: rows of epochs that
are run anew, and a last line cut short, are taken out first. Refuses a file that cannot be written.
"""

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Protocol

from edge.errors import TrainingError
from trainer.whole_file import write_whole

LOSSES: Final = ("reconstruction", "cross", "triplet", "cross_entropy")
"""Paper A has the first three, the network trained on exchanged people the last."""
COLUMNS: Final = ("fit", "stage", "epoch", *LOSSES, "seconds", "samples_per_s")
Row = list[str]


class Told(Protocol):
    """Losses of an epoch, whatever they are."""

    def told(self) -> dict[str, float]:
        """As numbers, by names of ``LOSSES``."""


class LossLog:
    """Appends to one file; ``epoch`` counts from 1, as epochs that are done."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self, fit: str, stage: str, n_done: int) -> None:
        """Keep this fit's rows of epochs that are done, drop those that will be run again."""
        rows = [row for row in self._rows() if row[:2] != [fit, stage] or int(row[2]) <= n_done]
        write_whole(self._path, _text([COLUMNS, *rows]).encode())

    def add(self, fit: str, stage: str, epoch: int, losses: Told, seconds: float, n_samples: int) -> None:
        """One epoch; raises TrainingError."""
        told = losses.told()
        parts = (f"{told[name]:.6g}" if name in told else "" for name in LOSSES)
        values = [*parts, f"{seconds:.4g}", f"{n_samples / seconds:.4g}"]
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(_text([[fit, stage, str(epoch), *values]]))
        except OSError as error:
            found = f"that {self._path} cannot be written ({error.strerror})"
            raise TrainingError(found, "room for the losses", "Make room, or name another --work.") from error

    def _rows(self) -> list[Row]:
        try:
            text = self._path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return []
        whole = text[: text.rfind("\n") + 1]
        return [row for row in csv.reader(io.StringIO(whole)) if len(row) == len(COLUMNS) and row[2].isdecimal()]


def _text(rows: Iterable[Iterable[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()
