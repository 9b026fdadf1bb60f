"""The work folder: every fit of a release, what was measured of them, and enough to go on after a kill.

    WORK/plan.json             the data (SHA-256), settings and machine this folder belongs to
    WORK/losses.csv            one row for each fit and epoch (``loss_log``)
    WORK/fits/NAME/states/     a fit under way (``resume``)
    WORK/fits/NAME/model.json  a fit that is finished (``weights``); it is not trained again
    WORK/measured.json         every figure of a finished run, and the out-of-distribution score beside it

Promises: the same command goes on where a killed one stopped, to the same bundle; one run at a time. No cycle is kept
here. Refuses a folder of other data, settings, seed, folds, torch or machine, one that holds other things, and one in
which another run is at work.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import torch

from edge.bundle import Figure
from edge.errors import TrainingError
from trainer.compare import fingerprint
from trainer.cycles import Cycles
from trainer.loss_log import LossLog
from trainer.place import ALONE, Place
from trainer.recipes import Model, fit_model
from trainer.resume import Kept, Unkept
from trainer.strangeness import Strangeness
from trainer.strangeness_file import read_strangeness, write_strangeness
from trainer.train import Report, Settings
from trainer.weights import MEANING, Trained, read_fitted, write_fitted
from trainer.whole_file import write_whole

SCHEMA: Final = 1
FINAL: Final = "final"
_PLAN, _MEASURED, _LOCK, _LOSSES, _FITS = "plan.json", "measured.json", "lock", "losses.csv", "fits"
_WORDS: Final = {
    "data_sha256": "data",
    "n_folds": "folds",
    "n_ranks": "processes",
    "n_threads": "threads",
    "fold_seed": "seed of folds",
}
_YES: Final = b"yes"
Kind = TypeVar("Kind", bound=msgspec.Struct)
_OTHER: Final = "Name another --work, or bring back what it was begun with."


class Belongs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What decides the weights; a folder serves one of these only."""

    data_sha256: str
    settings: Settings
    n_folds: int
    fold_seed: int
    torch: str
    device: str
    precision: str
    n_ranks: int
    n_threads: int


class Began(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``plan.json``."""

    schema: int
    model_id: str
    version: str
    belongs: Belongs


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``measured.json``: what a bundle says beside its weights; ``used`` tells what the model was trained on."""

    temperature: float
    ood_threshold: float
    provenance: tuple[str, ...]
    used: str
    evaluation: tuple[Figure, ...]
    privacy: tuple[Figure, ...]


def belongs(cycles: Cycles, settings: Settings, n_folds: int, fold_seed: int, place: Place) -> Belongs:
    """What a run of these would be, here."""
    machine = str(torch.__version__), place.device, place.precision, place.n_ranks, torch.get_num_threads()
    return Belongs(fingerprint(cycles), settings, n_folds, fold_seed, *machine)


class Unsaved:
    """A run that keeps nothing."""

    def __init__(self, place: Place = ALONE) -> None:
        self.place = place

    def fit(self, name: str, cycles: Cycles, settings: Settings, report: Report | None = None) -> Model:
        """Train; raises TrainingError."""
        return fit_model(cycles, settings, report, Unkept(self.place))

    def measured(self) -> Measured | None:
        """Figures of a run that was finished before."""
        return None

    def assist(self, name: str, cycles: Cycles, settings: Settings) -> None:
        """What the other ranks do while the first one is in ``fit``."""
        fit_model(cycles, settings, None, Unkept(self.place))

    def is_measured(self) -> bool:
        """What the other ranks ask while the first one is in ``measured``."""
        return False

    def finish(self, measured: Measured, strangeness: Strangeness) -> None:
        """The run is finished."""


class Work(Unsaved):
    """One run's folder; ``begun`` opens it. The first rank reads and writes, the others are told."""

    def __init__(self, folder: Path, place: Place) -> None:
        super().__init__(place)
        self._folder = folder
        self._log = LossLog(folder / _LOSSES)

    def fit(self, name: str, cycles: Cycles, settings: Settings, report: Report | None = None) -> Model:
        """The finished fit of this name, or what is left of it to train; raises TrainingError."""
        folder, data_sha256 = self._folder / _FITS / name, fingerprint(cycles)
        kept = Kept(folder, self._log, self.place)
        fitted = _finished(folder, settings, data_sha256)
        self.place.told(_YES if fitted else None)
        if fitted is None:
            fitted = fit_model(cycles, settings, report, kept)
            write_fitted(folder, fitted, settings, data_sha256)
        kept.forget()
        return fitted

    def assist(self, name: str, cycles: Cycles, settings: Settings) -> None:
        """What the other ranks do while the first one is in ``fit``."""
        if self.place.told(None) is None:
            fit_model(cycles, settings, None, Kept(self._folder / _FITS / name, self._log, self.place))

    def measured(self) -> Measured | None:
        """Figures of a run that was finished before; the other ranks learn whether there are any. TrainingError."""
        path = self._folder / _MEASURED
        there = _decoded(path, Measured) if self.place.is_first and path.exists() else None
        self.place.told(_YES if there else None)
        return there

    def is_measured(self) -> bool:
        """What the other ranks ask while the first one is in ``measured``."""
        return self.place.told(None) is not None

    def finish(self, measured: Measured, strangeness: Strangeness) -> None:
        """Keep the figures and the score, last of all; raises TrainingError."""
        write_strangeness(self._folder, strangeness)
        _write(self._folder / _MEASURED, measured)


@dataclass(frozen=True, slots=True)
class Finished:
    """All a bundle is made of."""

    began: Began
    measured: Measured
    fitted: Model
    strangeness: Strangeness


def read_finished(folder: Path) -> Finished:
    """A finished run's folder; raises TrainingError when it is none, or not finished."""
    began = _decoded(folder / _PLAN, Began)
    if not (folder / _MEASURED).exists():
        found = f"a run in {folder} that is not finished"
        raise TrainingError(
            found, "a work folder whose training came to its end", "Start the same train command again."
        )
    trained = read_fitted(folder / _FITS / FINAL)
    return Finished(began, _decoded(folder / _MEASURED, Measured), trained.fitted, read_strangeness(folder))


def final_fit(folder: Path) -> Path:
    """Where a run that works in ``folder`` keeps the model of everyone, once it is trained."""
    return folder / _FITS / FINAL


def read_began(folder: Path) -> Began | None:
    """What the run of a work folder is of; None where the folder holds one model and no run. Raises TrainingError."""
    return _decoded(folder / _PLAN, Began) if (folder / _PLAN).exists() else None


def read_fit(folder: Path, name: str = FINAL) -> Trained:
    """A finished fit of a work folder, the final one by default; a folder that holds one model is read as that.

    Raises TrainingError.
    """
    fit_folder = folder / _FITS / name
    return read_fitted(fit_folder if (folder / _PLAN).exists() or (fit_folder / MEANING).exists() else folder)


@contextmanager
def begun(folder: Path | None, began: Began, place: Place) -> Iterator[Unsaved]:
    """Open or make the work folder of a run, and lock it; None keeps nothing. Raises TrainingError."""
    if folder is None:
        yield Unsaved(place)
    elif not place.is_first:
        yield Work(folder, place)
    else:
        _make(folder)
        with _locked(folder):
            _refuse_foreign(folder, began)
            _write(folder / _PLAN, began)
            yield Work(folder, place)


def _make(folder: Path) -> None:
    if folder.is_dir() and not (folder / _PLAN).exists():
        strange = sorted(path.name for path in folder.iterdir() if path.name != _LOCK and path.name[0] != ".")
        if strange:
            found = f"{strange[0]} in {folder}, which is no work folder"
            raise TrainingError(found, "a new folder, or one a run began in", "Name another --work.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        found = f"that {folder} cannot be made ({error.strerror})"
        raise TrainingError(found, "a folder for the work", "Name another --work.") from error


def _refuse_foreign(folder: Path, began: Began) -> None:
    if not (folder / _PLAN).exists():
        return
    there, here = _decoded(folder / _PLAN, Began).belongs, began.belongs
    other = [name for name in there.__struct_fields__ if getattr(there, name) != getattr(here, name)]
    if "settings" in other:
        names = [each.name for each in fields(Settings)]
        other += [name for name in names if getattr(there.settings, name) != getattr(here.settings, name)]
        other.remove("settings")
    if other:
        found = f"a work folder {folder} of another run ({', '.join(_WORDS.get(name, name) for name in other)})"
        raise TrainingError(found, "the one this command began, or a new one", _OTHER)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / _LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            do = "Wait for it, or name another --work."
            raise TrainingError(f"another run at work in {folder}", "a folder of its own", do) from error
        yield


def _finished(folder: Path, settings: Settings, data_sha256: str) -> Model | None:
    """A whole model of this fit; one that is torn or of something else is trained again."""
    try:
        trained = read_fitted(folder)
    except TrainingError:
        return None
    return trained.fitted if (trained.settings, trained.data_sha256) == (settings, data_sha256) else None


def _write(path: Path, value: msgspec.Struct) -> None:
    write_whole(path, msgspec.json.format(msgspec.json.encode(value)) + b"\n")


def _decoded(path: Path, kind: type[Kind]) -> Kind:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        found = f"that {path} cannot be used ({error})"
        raise TrainingError(
            found, f"a work folder of schema {SCHEMA}", "Name another --work, or bring it back."
        ) from error
