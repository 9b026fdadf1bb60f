"""What one choice of settings finds in every trial, as counts for a range of offsets; kept on disk.

The key holds the settings, the condition, the trials and the text of everything that has a say (`edge/gait` and this
folder's faults and scoring), so a changed segmenter is measured anew.

Shapes: N part (trial with or without feet), O offset, 2 tolerance (50 and 100 ms), 3 count (found, told, true).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from edge.gait.settings import GaitSettings
from tests.bench.segmentation.conditions import CONDITIONS
from tests.bench.segmentation.kept import program_of
from tests.bench.segmentation.offset import Error, errors
from tests.bench.segmentation.ours import NAME, Ours
from tests.bench.segmentation.score import score
from tests.bench.segmentation.trials import Trial

OFFSETS_S = np.arange(-40, 41, 4) / 1000.0
_TOLERANCES_S = (0.05, 0.10)


@dataclass(frozen=True, slots=True)
class Part:
    """One trial, with or without feet."""

    trial: Trial
    with_feet: bool

    @property
    def name(self) -> str:
        return f"{self.trial.name} {self.with_feet}"


@dataclass(frozen=True, slots=True)
class Counts:
    """counts_NO23, cycles told per part, and the errors from which an offset is found."""

    counts_NO23: np.ndarray
    n_cycles_N: np.ndarray
    errors: tuple[Error, ...]


def counts(settings: GaitSettings, condition: str, parts: tuple[Part, ...], folder: Path) -> Counts:
    """From the folder, or measured and put there."""
    path = folder / f"{_key(settings, condition, parts)}.npz"
    if path.exists():
        return _read(path)
    told = [_of_part(part, settings, condition) for part in parts]
    made = Counts(
        np.array([counts_O23 for counts_O23, _, _ in told]),
        np.array([n_cycles for _, n_cycles, _ in told]),
        tuple(error for _, _, found in told for error in found),
    )
    _write(path, made)
    return made


def _of_part(part: Part, settings: GaitSettings, condition: str) -> tuple[np.ndarray, int, list[Error]]:
    how, trial = CONDITIONS[condition], part.trial
    changed = how.change(trial)
    if changed is None:
        return np.zeros((len(OFFSETS_S), 2, 3), dtype=int), 0, []
    found = Ours(settings=settings).run(how.frames(changed, part.with_feet), how.camera_hz)
    counts_O23 = [
        [score(found.initials, changed.truth_s, within_s, off_s).counts_E3.sum(axis=0) for within_s in _TOLERANCES_S]
        for off_s in OFFSETS_S
    ]
    return np.array(counts_O23), found.n_cycles, errors(trial.person, trial.group, found.initials, changed.truth_s)


def _read(path: Path) -> Counts:
    with np.load(path) as kept:
        who = zip(kept["person"].tolist(), kept["group"].tolist(), kept["error_s"].tolist(), strict=True)
        return Counts(kept["counts"], kept["n_cycles"], tuple(Error(*one) for one in who))


def _write(path: Path, made: Counts) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    half_done = path.with_suffix(".part.npz")
    np.savez(
        half_done,
        counts=made.counts_NO23,
        n_cycles=made.n_cycles_N,
        person=np.array([e.person for e in made.errors], dtype=str),
        group=np.array([e.group for e in made.errors], dtype=str),
        error_s=np.array([e.error_s for e in made.errors], dtype=float),
    )
    half_done.rename(path)


def _key(settings: GaitSettings, condition: str, parts: tuple[Part, ...]) -> str:
    told = {"settings": asdict(settings), "condition": condition, "parts": [part.name for part in parts]}
    scoring = (Path(__file__).parent / "score.py").read_text() + ",".join(map(str, OFFSETS_S))
    text = json.dumps(told, sort_keys=True) + program_of(NAME, condition) + scoring
    return hashlib.sha256(text.encode()).hexdigest()[:32]
