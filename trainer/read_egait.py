"""The E-Gait pair: ``features.h5`` and ``labels.h5``, and ``index.csv`` where there is one.

Promises: every key of the features ends among the cycles or among the refused. Without an index no subject and no acted
affect is known: keys are numbered, and the note says so. Refuses files that are missing or cut short.

Shape letters: T time, J landmark, C coordinate.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import numpy.typing as npt

from edge.affect import CLASSES
from edge.errors import RecordingError, TrainingError
from edge.gait.normalise import normalise_cycle, roll_to_right_contact
from edge.gait.skeleton import LEFT_ANKLE, MIRROR, RIGHT_ANKLE
from trainer.cut_cycles import knees_bend_backwards, one_cycle
from trainer.cycles import UNLABELLED, Cycles, Looked, Reading, Refused, joined
from trainer.labels import INDEX, Label, is_known, read_index, unknown_subject, unknown_subjects
from trainer.read_spec import Tell

EGAIT_RATE_HZ: Final = 30.0
_LABELS: Final = ("happy", "angry", "sad", "neutral")
_N_LANDMARKS: Final = 16
_COLUMNS: Final = {"key", "source", "subject", "acted_emotion"}
# The 244 real cycles have 0.38 m or more, 0.92 or more, and 0.6 to 2.5 s.
_LEAST_SWING_M: Final = 0.15
_LEAST_FIRST_HARMONIC: Final = 0.7
_SHORTEST_S, _LONGEST_S = 0.4, 3.0
_Row = Mapping[str, str]
_Floats = npt.NDArray[Any]


@dataclass(slots=True)
class _Kept:
    """What is collected while reading."""

    cycles: list[Cycles]
    refused: list[Refused]
    looked: list[Looked]
    n_exchanged: int = 0


def read_egait(folder: Path, tell: Tell = lambda done, total: None) -> Reading:
    """The real part of E-Gait (STEP, Bhattacharya et al. 2020): one closed cycle per key at about 30 Hz (inferred).

    All of CMU and ICT and half of SIG come with left and right exchanged (measured: knees would bend backwards and
    standing feet slide forwards); they are exchanged back. Raises TrainingError for files that do not open.
    """
    has_index = (folder / INDEX).is_file()
    kept = _Kept([], [], [])
    with _open(folder / "features.h5") as features, _open(folder / "labels.h5") as labels:
        rows = _index(folder) if has_index else _numbered(features)
        left_over = sorted(set(features) - set(rows))
        kept.refused += [Refused(key, f"in features.h5, but not named in {INDEX}") for key in left_over]
        for done, (key, row) in enumerate(rows.items(), start=1):
            try:
                _take(kept, key, row, _recording(features, labels, key))
            except (RecordingError, ValueError) as error:
                kept.refused.append(Refused(key, str(error)))
            tell(done, len(rows))
    cycles = joined(kept.cycles)
    sources = ", ".join(sorted(set(cycles.source_N.tolist())))
    n_unknown = sum(not is_known(subject) for subject in cycles.subject_N.tolist())
    notes = unknown_subjects(n_unknown, "numbered" if not has_index else "counted as one person")
    notes += _exchanged(kept.n_exchanged)
    provenance = f"E-Gait, real part ({sources}); research use"
    return Reading(cycles, tuple(kept.refused), provenance, tuple(kept.looked), notes)


def _take(kept: _Kept, key: str, row: _Row, recording: tuple[_Floats, int]) -> None:
    x_TJC, perceived = recording
    exchanged = knees_bend_backwards(normalise_cycle(x_TJC))
    if exchanged:
        x_TJC = x_TJC[:, list(MIRROR[:_N_LANDMARKS])]
    duration_s = len(x_TJC) / EGAIT_RATE_HZ
    normal_TJC = normalise_cycle(roll_to_right_contact(x_TJC, EGAIT_RATE_HZ))
    _refuse_no_cycle(normal_TJC, duration_s)
    label = Label(row["subject"], row["source"], key, _acted(row["acted_emotion"]), perceived)
    kept.cycles.append(one_cycle(key, normal_TJC, duration_s, label))
    kept.looked.append(Looked(key, row["source"], EGAIT_RATE_HZ, duration_s, 1))
    kept.n_exchanged += exchanged


def _refuse_no_cycle(x_TJC: _Floats, duration_s: float) -> None:
    """Raise ValueError unless the ankles pass each other once, and far enough, in a time a stride may take."""
    apart_T = x_TJC[:, LEFT_ANKLE, 2] - x_TJC[:, RIGHT_ANKLE, 2]
    if not _SHORTEST_S <= duration_s <= _LONGEST_S:
        raise ValueError(f"not one gait cycle: {duration_s:.2f} s long")
    if np.ptp(apart_T) < _LEAST_SWING_M:
        raise ValueError(f"not a gait cycle: the ankles pass each other by {np.ptp(apart_T):.2f} m only")
    power = np.abs(np.fft.rfft(apart_T)[1:]) ** 2
    if power[0] < _LEAST_FIRST_HARMONIC * power.sum():
        raise ValueError("not one gait cycle: the ankles do not pass each other once in it")


def _recording(features: h5py.File, labels: h5py.File, key: str) -> tuple[_Floats, int]:
    if key not in features or key not in labels:
        raise ValueError("not in both features.h5 and labels.h5")
    x = np.asarray(features[key], dtype=np.float64)
    if x.ndim != 2 or x.shape[1] != 3 * _N_LANDMARKS:
        raise ValueError(f"shape {x.shape}, not (frames, {3 * _N_LANDMARKS})")
    label = int(labels[key][()])
    if not 0 <= label < len(_LABELS):
        raise ValueError(f"label {label}, not 0 to {len(_LABELS) - 1}")
    return x.reshape(len(x), _N_LANDMARKS, 3), CLASSES.index(_LABELS[label])


def _acted(name: str) -> int:
    if not name:
        return UNLABELLED
    if name not in CLASSES:
        found = f"the affect {name!r} in {INDEX}"
        raise TrainingError(found, f"one of {', '.join(CLASSES)}", "Correct the index.")
    return CLASSES.index(name)


def _index(folder: Path) -> dict[str, _Row]:
    return read_index(folder / INDEX, _COLUMNS, "key")


def _numbered(features: h5py.File) -> dict[str, _Row]:
    return {
        key: {"subject": unknown_subject(number), "source": "E-Gait", "acted_emotion": ""}
        for number, key in enumerate(sorted(features), start=1)
    }


def _exchanged(n: int) -> tuple[str, ...]:
    return (f"{n} cycles came with left and right exchanged; they were exchanged back.",) if n else ()


def _open(path: Path) -> h5py.File:
    try:
        return h5py.File(path, "r")
    except OSError as error:
        found = f"{path} that cannot be read ({type(error).__name__})"
        raise TrainingError(
            found, "features.h5, labels.h5 and, if there is one, index.csv", "Name the folder."
        ) from error
