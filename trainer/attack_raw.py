"""Landmarks as the source wrote them, for the attackers only: training never sees these.

``raw_landmarks``: the source's own coordinates, position and heading included, at the phase and length of a
normalised cycle. ``landmarks_unplaced``: the same with position (root of each frame) and rotation (one for each
cycle) removed, bones as long as they are: the paper's raw joints before bones are made one length. The rotation is
the one that best lays the cycle's mean pose on that of its normalised cycle (Kabsch, ``scipy``).

Kinds that keep raw single cycles: E-Gait. Others give no such surface.
Promises: cycle n of a surface is cycle n of ``cycles``. Refuses nothing the reader has read.

Shape letters: N cycle, T time, J landmark, C coordinate.
"""

from pathlib import Path
from typing import Final

import h5py
import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from edge.gait.normalise import N_SAMPLES, resample_periodic, roll_to_right_contact
from edge.gait.skeleton import MIRROR, N_BODY, ROOT
from trainer.attack import Surface
from trainer.cycles import Cycles

Floats = npt.NDArray[np.float64]
_EGAIT_RATE_HZ: Final = 30.0


def raw_surfaces(data: str, cycles: Cycles) -> list[Surface]:
    """Both surfaces of ``kind:path``, or none where the kind keeps no raw cycles."""
    kind, _, path = data.partition(":")
    if kind != "egait":
        return []
    with h5py.File(Path(path) / "features.h5", "r") as features:
        raw = [_cycle(np.asarray(features[key], dtype=np.float64)) for key in cycles.key_N]
    unplaced = [unplaced_cycle(x_TJC, normal_TJC) for x_TJC, normal_TJC in zip(raw, cycles.x_NTJC, strict=True)]
    return [Surface("raw_landmarks", _rows(raw)), Surface("landmarks_unplaced", _rows(unplaced))]


def unplaced_cycle(x_TJC: Floats, normal_TJC: npt.NDArray[np.float32]) -> Floats:
    """Remove each frame's root position and one rotation; ``normal_TJC`` says where the body faces.

    The reader exchanges left and right where a source has them exchanged, so whichever order fits better is taken.
    """
    at_root_TJC = x_TJC - x_TJC[:, ROOT : ROOT + 1]
    wanted_JC = normal_TJC.mean(axis=0)
    fits = []
    for order in (slice(None), list(MIRROR[:N_BODY])):
        turn, misfit = Rotation.align_vectors(wanted_JC, at_root_TJC[:, order].mean(axis=0))
        fits.append((misfit, at_root_TJC[:, order] @ turn.as_matrix().T))
    return min(fits, key=lambda fit: fit[0])[1]


def _cycle(flat_TP: Floats) -> Floats:
    rolled_TJC = roll_to_right_contact(flat_TP.reshape(len(flat_TP), N_BODY, 3), _EGAIT_RATE_HZ)
    return resample_periodic(rolled_TJC, np.arange(N_SAMPLES) * (len(rolled_TJC) / N_SAMPLES))


def _rows(cycles: list[Floats]) -> Floats:
    return np.stack(cycles).reshape(len(cycles), N_SAMPLES, -1)
