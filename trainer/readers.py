"""Readers for training data, one per kind: ``kind:path`` in, cycles out.

Promises: every cycle is rolled to a right initial contact and normalised by ``edge.gait``; a recording that cannot
be used is refused with its key and the reason. Refuses unknown kinds, missing files and files that do not decode.

Shape letters: N cycle, T time, J landmark, C coordinate.
"""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import h5py
import numpy as np

from edge.affect import CLASSES
from edge.errors import RecordingError, TrainingError
from edge.gait.normalise import normalise_cycle, roll_to_right_contact
from edge.gait.skeleton import (
    LEFT_ANKLE,
    LEFT_HIP,
    LEFT_KNEE,
    MIRROR,
    RIGHT_ANKLE,
    RIGHT_HIP,
    RIGHT_KNEE,
)
from trainer.cycles import UNLABELLED, Cycles, Reading, Refused

EGAIT_RATE_HZ: Final = 30.0
_EGAIT_LABELS: Final = ("happy", "angry", "sad", "neutral")
_EGAIT_LANDMARKS: Final = 16
_COLUMNS: Final = {"key", "source", "subject", "acted_emotion"}
_Row = Mapping[str, str]


def read_cycles(spec: str) -> Reading:
    """Read ``kind:path``, e.g. ``egait:data/egait``; raises TrainingError."""
    kind, colon, path = spec.partition(":")
    if not colon or kind not in READERS:
        wanted = f"kind:path with one of the kinds {', '.join(READERS)}"
        raise TrainingError(f"the data {spec!r}", wanted, "Write for example --data egait:FOLDER.")
    reading = READERS[kind](Path(path))
    if not len(reading.cycles):
        raise _refusal(f"no usable cycle in {path}", "at least one", "Look at what was refused and why.")
    return reading


def read_egait(folder: Path) -> Reading:
    """The real part of E-Gait (STEP, Bhattacharya et al. 2020): one closed cycle per key at about 30 Hz (inferred).

    All of CMU and ICT and half of SIG come with left and right exchanged (measured: knees would bend backwards and
    standing feet slide forwards); they are exchanged back.
    """
    rows = _index(folder / "index.csv")
    refused: list[Refused] = []
    kept: list[tuple[_Row, np.ndarray, float, int]] = []
    with _open(folder / "features.h5") as features, _open(folder / "labels.h5") as labels:
        for row in rows:
            try:
                x_TJC, perceived = _egait_recording(features, labels, row["key"])
                kept.append((row, _one_cycle(x_TJC), len(x_TJC) / EGAIT_RATE_HZ, perceived))
            except (RecordingError, ValueError) as error:
                refused.append(Refused(row["key"], str(error)))
    sources = ", ".join(sorted({row["source"] for row, *_ in kept}))
    return Reading(_gather(kept), tuple(refused), f"E-Gait, real part ({sources}); research use")


READERS: Final[Mapping[str, Callable[[Path], Reading]]] = {"egait": read_egait}


def _one_cycle(x_TJC: np.ndarray) -> np.ndarray:
    if _knees_bend_backwards(normalise_cycle(x_TJC)):
        x_TJC = x_TJC[:, list(MIRROR[:_EGAIT_LANDMARKS])]
    return normalise_cycle(roll_to_right_contact(x_TJC, EGAIT_RATE_HZ))


def _knees_bend_backwards(x_TJC: np.ndarray) -> bool:
    z_TJ = x_TJC[..., 2]
    ends_TJ = z_TJ[:, [LEFT_HIP, RIGHT_HIP]] + z_TJ[:, [LEFT_ANKLE, RIGHT_ANKLE]]
    return bool((z_TJ[:, [LEFT_KNEE, RIGHT_KNEE]] - 0.5 * ends_TJ).mean() < 0.0)


def _egait_recording(features: h5py.File, labels: h5py.File, key: str) -> tuple[np.ndarray, int]:
    if key not in features or key not in labels:
        raise ValueError("named in index.csv, but not in features.h5 and labels.h5")
    x = np.asarray(features[key], dtype=np.float64)
    if x.ndim != 2 or x.shape[1] != 3 * _EGAIT_LANDMARKS:
        raise ValueError(f"shape {x.shape}, not (frames, {3 * _EGAIT_LANDMARKS})")
    label = int(labels[key][()])
    if not 0 <= label < len(_EGAIT_LABELS):
        raise ValueError(f"label {label}, not 0 to {len(_EGAIT_LABELS) - 1}")
    return x.reshape(len(x), _EGAIT_LANDMARKS, 3), CLASSES.index(_EGAIT_LABELS[label])


def _gather(kept: list[tuple[_Row, np.ndarray, float, int]]) -> Cycles:
    x_NTJC = np.stack([x for _, x, _, _ in kept]) if kept else np.zeros((0, 64, _EGAIT_LANDMARKS, 3))
    acted = [_acted(row["acted_emotion"]) for row, *_ in kept]
    return Cycles(
        x_NTJC=x_NTJC.astype(np.float32),
        duration_s_N=np.array([duration_s for *_, duration_s, _ in kept], dtype=np.float32),
        key_N=np.array([row["key"] for row, *_ in kept], dtype=np.str_),
        subject_N=np.array([row["subject"] for row, *_ in kept], dtype=np.str_),
        source_N=np.array([row["source"] for row, *_ in kept], dtype=np.str_),
        acted_N=np.array(acted, dtype=np.int64),
        perceived_N=np.array([perceived for *_, perceived in kept], dtype=np.int64),
    )


def _acted(name: str) -> int:
    if not name:
        return UNLABELLED
    if name not in CLASSES:
        raise _refusal(f"the affect {name!r} in index.csv", f"one of {', '.join(CLASSES)}", "Correct the index.")
    return CLASSES.index(name)


def _index(path: Path) -> list[_Row]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows: list[_Row] = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error
    if not rows or not set(rows[0]) >= _COLUMNS:
        wanted = f"a table with the columns {', '.join(sorted(_COLUMNS))}"
        raise _refusal(f"{path.name} without these columns or without rows", wanted, "Give the E-Gait index.")
    return rows


def _open(path: Path) -> h5py.File:
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> TrainingError:
    found = f"{path} that cannot be read ({type(error).__name__})"
    return TrainingError(found, "features.h5, labels.h5 and index.csv", "Name the folder that holds all three.")


def _refusal(found: str, wanted: str, do: str) -> TrainingError:
    return TrainingError(found, wanted, do)
