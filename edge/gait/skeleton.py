"""The canonical skeleton ``quietstep20`` and one table per source topology that maps into it.

Promises: whatever comes in, what leaves is 20 landmarks in one order, y up, never mirrored, always
finite; a landmark the source lacks, or gives as NaN or infinity, is the origin with visibility 0.
Refuses: unknown topologies and arrays of the wrong shape (RecordingError). Units are not guessed: metres in,
metres out.

Shapes: T time, J landmark (of the source, or canonical), C coordinate (x, y, z), 20 canonical landmarks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import RecordingError

FloatArray = NDArray[Any]

LANDMARKS = (
    "root",
    "spine",
    "neck",
    "head",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "right_shoulder",
    "right_elbow",
    "right_wrist",
    "left_hip",
    "left_knee",
    "left_ankle",
    "right_hip",
    "right_knee",
    "right_ankle",
    "left_heel",
    "left_toe",
    "right_heel",
    "right_toe",
)
N_BODY = 16
N_LANDMARKS = 20

ROOT, SPINE, NECK, HEAD = range(4)
LEFT_SHOULDER, LEFT_ELBOW, LEFT_WRIST = 4, 5, 6
RIGHT_SHOULDER, RIGHT_ELBOW, RIGHT_WRIST = 7, 8, 9
LEFT_HIP, LEFT_KNEE, LEFT_ANKLE = 10, 11, 12
RIGHT_HIP, RIGHT_KNEE, RIGHT_ANKLE = 13, 14, 15
LEFT_HEEL, LEFT_TOE, RIGHT_HEEL, RIGHT_TOE = 16, 17, 18, 19

# (child, parent), every parent before its children.
BONES = (
    (SPINE, ROOT),
    (NECK, SPINE),
    (HEAD, NECK),
    (LEFT_SHOULDER, NECK),
    (LEFT_ELBOW, LEFT_SHOULDER),
    (LEFT_WRIST, LEFT_ELBOW),
    (RIGHT_SHOULDER, NECK),
    (RIGHT_ELBOW, RIGHT_SHOULDER),
    (RIGHT_WRIST, RIGHT_ELBOW),
    (LEFT_HIP, ROOT),
    (LEFT_KNEE, LEFT_HIP),
    (LEFT_ANKLE, LEFT_KNEE),
    (RIGHT_HIP, ROOT),
    (RIGHT_KNEE, RIGHT_HIP),
    (RIGHT_ANKLE, RIGHT_KNEE),
    (LEFT_HEEL, LEFT_ANKLE),
    (LEFT_TOE, LEFT_ANKLE),
    (RIGHT_HEEL, RIGHT_ANKLE),
    (RIGHT_TOE, RIGHT_ANKLE),
)
BODY_BONES = tuple(bone for bone in BONES if bone[0] < N_BODY)

MIRROR = (0, 1, 2, 3, 7, 8, 9, 4, 5, 6, 13, 14, 15, 10, 11, 12, 18, 19, 16, 17)

_Y_UP = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
# Half a turn about x: x right, y down, z away from the camera -> x right, y up, z towards the camera.
_Y_DOWN = ((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0))


@dataclass(frozen=True, slots=True)
class Topology:
    """How one source names its landmarks: canonical landmark i is the mean of ``parents[i]``.

    No parents: the source has no such landmark. ``rotation`` turns native axes to y up (determinant +1).
    """

    name: str
    n_landmarks: int
    parents: tuple[tuple[int, ...], ...]
    rotation: tuple[tuple[float, float, float], ...]


def _same(n_body: int) -> tuple[tuple[int, ...], ...]:
    return tuple((i,) if i < n_body else () for i in range(N_LANDMARKS))


# MediaPipe gives neither root, spine nor neck; its ears carry the head, for the nose moves with the gaze.
_MEDIAPIPE33 = (
    (23, 24),
    (11, 12, 23, 24),
    (11, 12),
    (7, 8),
    (11,),
    (13,),
    (15,),
    (12,),
    (14,),
    (16,),
    (23,),
    (25,),
    (27,),
    (24,),
    (26,),
    (28,),
    (29,),
    (31,),
    (30,),
    (32,),
)
# MPI-INF-3DHP as MeTRAbs gives it: head top, neck, right arm, left arm, right leg, left leg, pelvis, spine, head.
_MPI17 = (
    (14,),
    (15,),
    (1,),
    (16,),
    (5,),
    (6,),
    (7,),
    (2,),
    (3,),
    (4,),
    (11,),
    (12,),
    (13,),
    (8,),
    (9,),
    (10,),
    (),
    (),
    (),
    (),
)

TOPOLOGIES: Mapping[str, Topology] = MappingProxyType(
    {
        "quietstep20": Topology("quietstep20", 20, _same(20), _Y_UP),
        "quietstep16": Topology("quietstep16", 16, _same(16), _Y_UP),
        "mediapipe33": Topology("mediapipe33", 33, _MEDIAPIPE33, _Y_DOWN),
        "mpi17": Topology("mpi17", 17, _MPI17, _Y_DOWN),
    }
)


@dataclass(frozen=True, slots=True, repr=False)
class SkeletonFrame:
    """One person in one picture: t_s seconds, x_JC (20, 3) float32 metres y up, visibility_J (20,) in [0, 1]."""

    t_s: float
    x_JC: FloatArray
    visibility_J: FloatArray

    def __repr__(self) -> str:
        # A repr must never hold landmarks: it ends up in logs.
        return f"SkeletonFrame(t_s={self.t_s!r})"


def to_canonical(
    x_TJC: FloatArray, topology: str, visibility_TJ: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Map a recording (T, J, 3), or one frame (J, 3), of a source topology into ``quietstep20``.

    Returns x (T, 20, 3) float32 and visibility (T, 20) float32, without T for a single frame. Visibility of
    a derived landmark is the least of its parents'; without ``visibility_TJ`` what is finite counts as seen.
    Raises RecordingError for an unknown topology or a wrong shape.
    """
    table = _table(topology)
    x = np.asarray(x_TJC, dtype=np.float64)
    if x.ndim not in (2, 3) or x.shape[-2:] != (table.n_landmarks, 3):
        raise RecordingError(
            found=f"an array of shape {x.shape} for topology {topology}",
            wanted=f"(frames, {table.n_landmarks}, 3), or ({table.n_landmarks}, 3) for a single frame",
            do="check the topology named with the recording",
        )
    seen = _seen(x, visibility_TJ)
    gather, exists = _GATHER[topology]
    x = np.where(np.isfinite(x), x, 0.0)[..., gather, :].mean(axis=-2) @ np.asarray(table.rotation).T
    visibility = seen[..., gather].min(axis=-1) * exists
    x *= (visibility > 0.0)[..., None]
    return (x + 0.0).astype(np.float32), visibility.astype(np.float32)


def upright(x_TJC: FloatArray, visibility_TJ: FloatArray) -> tuple[FloatArray, bool]:
    """Turn a whole canonical recording by half a turn about x if it stands on its head.

    A stranger's file may hold native (y down) or already turned coordinates. It is upside down when in most
    frames where they are seen the shoulders (or, without them, the hips) are below the ankles. Returns
    the recording (T, J, 3) and whether it was turned; never mirrors, never changes its input.
    """
    up = _height_over_ankles(x_TJC, visibility_TJ)
    if up.size == 0 or float(np.median(up)) >= 0.0:
        return x_TJC, False
    return np.asarray(x_TJC * np.array([1.0, -1.0, -1.0], dtype=x_TJC.dtype)), True


def mirror(x_TJC: FloatArray) -> FloatArray:
    """Mirror left and right of (..., 16 or 20, 3): x negated, paired landmarks exchanged. Its own inverse."""
    order = np.asarray(MIRROR[: x_TJC.shape[-2]])
    return np.asarray(x_TJC[..., order, :] * np.array([-1.0, 1.0, 1.0], dtype=x_TJC.dtype))


def _table(topology: str) -> Topology:
    if topology not in TOPOLOGIES:
        raise RecordingError(
            found=f"topology {topology!r}",
            wanted="one of " + ", ".join(TOPOLOGIES),
            do="name the order of the landmarks, or convert the recording to quietstep20",
        )
    return TOPOLOGIES[topology]


def _seen(x: FloatArray, visibility: FloatArray | None) -> FloatArray:
    finite = np.isfinite(x).all(axis=-1)
    if visibility is None:
        return np.asarray(finite, dtype=np.float64)
    given = np.asarray(visibility, dtype=np.float64)
    if given.shape != x.shape[:-1]:
        raise RecordingError(
            found=f"visibility of shape {given.shape} beside landmarks of shape {x.shape}",
            wanted=f"shape {x.shape[:-1]}",
            do="give one visibility per landmark and frame, or none at all",
        )
    return np.where(finite & np.isfinite(given), np.clip(given, 0.0, 1.0), 0.0)


def _gather(table: Topology) -> tuple[NDArray[np.intp], FloatArray]:
    # Parents padded to four by repeating them, so that one fancy index and one mean do it for a frame.
    padded = [(list(p) * 4)[:4] if p else [0] * 4 for p in table.parents]
    return np.asarray(padded, dtype=np.intp), np.asarray([float(bool(p)) for p in table.parents])


_GATHER = {name: _gather(table) for name, table in TOPOLOGIES.items()}


def _height_over_ankles(x: FloatArray, visibility: FloatArray) -> FloatArray:
    ankles = [LEFT_ANKLE, RIGHT_ANKLE]
    for upper in ([LEFT_SHOULDER, RIGHT_SHOULDER], [LEFT_HIP, RIGHT_HIP]):
        rows = (visibility[:, upper + ankles] > 0.0).all(axis=1)
        if rows.any():
            return np.asarray(x[rows][:, upper, 1].mean(axis=1) - x[rows][:, ankles, 1].mean(axis=1))
    return np.empty(0)
