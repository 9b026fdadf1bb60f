"""Hand-made features of a gait cycle: posture, movement, and the measures of gait analysis.

Posture and movement: Zhai et al. 2024, "Looking into Gait for Perceiving Emotions via Bilateral Posture and Movement
Graph Convolutional Networks" (BPM-GCN), Tab. I: per frame 14 angles (the second landmark is the vertex), 9 distances
and 8 areas of triangles; per landmark velocity and acceleration, each as three components and its size. The paper
feeds them frame by frame; here each is one number for a cycle (posture: mean, spread, range; movement: mean of the
absolute value), for KNN-man and SVM-man take vectors. Gait: stride time, cadence, step length, arm swing, trunk and
neck flexion.

Deviation: neck, spine and root of a normalised cycle are derived (midpoints), so five of the 31 posture features never
change here (angles over neck and spine, the triangle of shoulders and neck); classifiers drop what never changes.

Promises: the cycle is closed, so derivatives have no border; units are radians, metres, seconds. Refuses nothing.

Shape letters: N cycle, T time, J landmark, C coordinate, F feature, P channel of ``trainer.sequences``.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from edge.gait.skeleton import LANDMARKS, N_BODY
from trainer.sequences import apart

Floats = npt.NDArray[np.float64]
_UP: Final = "up"
"""Any point straight above the root [S]."""
ANGLES: Final = (
    ("left_shoulder", "neck", "right_shoulder"),
    ("neck", "right_shoulder", "left_shoulder"),
    ("right_shoulder", "left_shoulder", "neck"),
    ("neck", "right_shoulder", "right_elbow"),
    ("neck", "left_shoulder", "left_elbow"),
    ("right_shoulder", "right_elbow", "right_wrist"),
    ("left_shoulder", "left_elbow", "left_wrist"),
    ("neck", "spine", "root"),
    ("head", "neck", "spine"),
    ("root", "right_hip", "right_knee"),
    ("root", "left_hip", "left_knee"),
    ("right_hip", "right_knee", "right_ankle"),
    ("left_hip", "left_knee", "left_ankle"),
    ("head", "root", _UP),
)
DISTANCES: Final = (
    ("right_wrist", "root"),
    ("left_wrist", "root"),
    ("right_wrist", "right_shoulder"),
    ("left_wrist", "left_shoulder"),
    ("right_elbow", "root"),
    ("left_elbow", "root"),
    ("right_ankle", "root"),
    ("left_ankle", "root"),
    ("right_ankle", "left_ankle"),
)
AREAS: Final = (
    ("left_wrist", "neck", "right_wrist"),
    ("left_shoulder", "neck", "right_shoulder"),
    ("left_wrist", "root", "right_wrist"),
    ("left_elbow", "neck", "right_elbow"),
    ("left_ankle", "neck", "right_ankle"),
    ("left_hip", "neck", "right_hip"),
    ("left_ankle", "root", "right_ankle"),
    ("left_knee", "neck", "right_knee"),
)
GAIT: Final = (
    "stride_time_s",
    "cadence_spm",
    "step_length_left_m",
    "step_length_right_m",
    "arm_swing_left_m",
    "arm_swing_right_m",
    "trunk_flexion_rad",
    "neck_flexion_rad",
)


def handmade_features(x_NTP: npt.ArrayLike) -> Floats:
    """(N, F): posture over the cycle, movement of every landmark, gait measures, in the order of ``names``."""
    x_NTJC, duration_s_N = apart(x_NTP)
    return np.column_stack([_over_cycle(posture(x_NTJC)), movement(x_NTJC, duration_s_N), gait(x_NTJC, duration_s_N)])


def names() -> list[str]:
    """What each column of ``handmade_features`` is."""
    shown = [f"{kind} {' '.join(each)}" for kind, every in _POSTURE for each in every]
    postures = [f"{statistic} of {each}" for statistic in ("mean", "spread", "range") for each in shown]
    moves = [
        f"{what} {axis} of {landmark}"
        for what in ("speed", "acceleration")
        for landmark in LANDMARKS[:N_BODY]
        for axis in ("x", "y", "z", "size")
    ]
    return [*postures, *moves, *GAIT]


def coordinate_statistics(x_NTP: npt.ArrayLike) -> Floats:
    """(N, F): mean, spread, range, mean speed and mean acceleration of every coordinate, and the log cycle time."""
    x_NTJC, duration_s_N = apart(x_NTP)
    x_NTF = x_NTJC.reshape(*x_NTJC.shape[:2], -1)
    speed_NTF = _derivative(x_NTF, duration_s_N)
    rates = (np.abs(rate).mean(axis=1) for rate in (speed_NTF, _derivative(speed_NTF, duration_s_N)))
    return np.column_stack([_over_cycle(x_NTF), *rates, np.log(duration_s_N)])


def posture(x_NTJC: Floats) -> Floats:
    """(N, T, 31): angles, distances and areas of every frame."""
    at = {name: x_NTJC[:, :, index] for index, name in enumerate(LANDMARKS[:N_BODY])}
    at[_UP] = at["root"] + np.array([0.0, 1.0, 0.0])
    angles = (_angle(at[a] - at[vertex], at[b] - at[vertex]) for a, vertex, b in ANGLES)
    distances = (np.linalg.norm(at[a] - at[b], axis=-1) for a, b in DISTANCES)
    areas = (_size(np.cross(at[a] - at[b], at[c] - at[b])) / 2 for a, b, c in AREAS)
    return np.stack([*angles, *distances, *areas], axis=-1)


def movement(x_NTJC: Floats, duration_s_N: Floats) -> Floats:
    """(N, 8 J): mean absolute velocity (x, y, z, size) of every landmark in m/s, then acceleration in m/s²."""
    speed_NTJC = _derivative(x_NTJC, duration_s_N)
    parts = []
    for rate_NTJC in (speed_NTJC, _derivative(speed_NTJC, duration_s_N)):
        sized = np.concatenate([np.abs(rate_NTJC), _size(rate_NTJC)[..., None]], axis=-1)
        parts.append(sized.mean(axis=1).reshape(len(x_NTJC), -1))
    return np.concatenate(parts, axis=1)


def gait(x_NTJC: Floats, duration_s_N: Floats) -> Floats:
    """(N, 8): the measures of ``GAIT``; a step is as long as the ankles are apart, forward, with that foot ahead."""
    at = {name: x_NTJC[:, :, index] for index, name in enumerate(LANDMARKS[:N_BODY])}
    apart_NT = (at["left_ankle"] - at["right_ankle"])[..., 2]
    swings = (np.ptp((at[f"{side}_wrist"] - at[f"{side}_shoulder"])[..., 2], axis=1) for side in ("left", "right"))
    trunk_NC, head_NC = (at["neck"] - at["root"]).mean(axis=1), (at["head"] - at["neck"]).mean(axis=1)
    trunk_N = np.arctan2(trunk_NC[:, 2], trunk_NC[:, 1])
    neck_N = np.arctan2(head_NC[:, 2], head_NC[:, 1]) - trunk_N
    steps = apart_NT.max(axis=1), -apart_NT.min(axis=1)
    return np.column_stack([duration_s_N, 120.0 / duration_s_N, *steps, *swings, trunk_N, neck_N])


_POSTURE: Final = (("angle", ANGLES), ("distance", DISTANCES), ("area", AREAS))


def _over_cycle(value_NTF: Floats) -> Floats:
    return np.concatenate([value_NTF.mean(axis=1), value_NTF.std(axis=1), np.ptp(value_NTF, axis=1)], axis=1)


def _derivative(value_NT: Floats, duration_s_N: Floats) -> Floats:
    """Central differences over a closed cycle, per second."""
    step_s_N = duration_s_N / value_NT.shape[1]
    gap = np.roll(value_NT, -1, axis=1) - np.roll(value_NT, 1, axis=1)
    return gap / (2.0 * step_s_N).reshape(-1, *[1] * (value_NT.ndim - 1))


def _angle(a: Floats, b: Floats) -> Floats:
    """From sine and cosine together: exact where both arms are nearly in line, where the cosine alone is not."""
    return np.arctan2(_size(np.cross(a, b)), (a * b).sum(axis=-1))


def _size(value: Floats) -> Floats:
    return np.linalg.norm(value, axis=-1)
