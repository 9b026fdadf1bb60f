"""Readers for training data, one per kind: ``kind:path`` in, cycles out.

    egait:FOLDER         features.h5, labels.h5 and, where there is one, index.csv
    bvh:FOLDER           ?pattern={subject}_{affect}_{take}.bvh, or index.csv
    c3d:FOLDER           the same
    mpi17:FOLDER?rate=60 .npy arrays of MPI-INF-3DHP landmarks; the same, and ?unit=
    recording:FOLDER     .npz as `quietstep record` writes; the same
    walkers:30x4x5x20    synthetic people x affects x recordings x cycles; ?seed=0&noise=side

Promises: every cycle starts at a right initial contact and was normalised by ``edge.gait``; a recording that cannot
be used is refused with its key and the reason. Refuses unknown kinds, missing files and files that do not decode.
"""

from collections.abc import Callable, Mapping
from typing import Final

from edge.errors import TrainingError
from trainer.cycles import Reading
from trainer.labels import OPTIONS
from trainer.read_bvh import read_bvh
from trainer.read_c3d import read_c3d
from trainer.read_egait import read_egait
from trainer.read_mpi17 import read_mpi17
from trainer.read_recording import read_recordings
from trainer.read_spec import Spec, Tell, parse
from trainer.walkers_factorial import OPTIONS as WALKER_OPTIONS
from trainer.walkers_factorial import read_walkers

_SHOWN_REFUSALS: Final = 3


def _egait(spec: Spec, tell: Tell) -> Reading:
    return read_egait(spec.path, tell)


READERS: Final[Mapping[str, tuple[Callable[[Spec, Tell], Reading], frozenset[str]]]] = {
    "egait": (_egait, frozenset()),
    "bvh": (read_bvh, OPTIONS),
    "c3d": (read_c3d, OPTIONS),
    "mpi17": (read_mpi17, OPTIONS | {"rate", "unit"}),
    "recording": (read_recordings, OPTIONS),
    "walkers": (read_walkers, WALKER_OPTIONS),
}


def read_cycles(words: str, tell: Tell = lambda done, total: None) -> Reading:
    """Read ``kind:path``, e.g. ``egait:data/egait``; raises TrainingError, also when no cycle could be used."""
    reading = read_all(words, tell)
    if not len(reading.cycles):
        shown = "; ".join(f"{refused.key}: {refused.reason}" for refused in reading.refused[:_SHOWN_REFUSALS])
        found = f"no usable cycle in {words} ({shown})"
        raise TrainingError(found, "at least one", "See what was refused and why with `quietstep-train inspect`.")
    return reading


def read_all(words: str, tell: Tell = lambda done, total: None) -> Reading:
    """The same, but a reading in which everything was refused is returned for inspection."""
    spec = parse(words, {kind: options for kind, (_, options) in READERS.items()})
    return READERS[spec.kind][0](spec, tell)
