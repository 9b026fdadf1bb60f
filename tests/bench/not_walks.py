"""What must not be judged: limps, foreign skeletons and things that are no walk, made from cycles of real walks.

Each takes normalised cycles (N, 64, 16, 3) and gives cycles that passed through `normalise_cycle` again, as on a
device. A limp has a degree from 0 (none) to 1; the right leg is the bad one:

- stiff: its knee bends less by the degree and the leg swings out sideways by up to 8 cm instead;
- short step: it is carried forward less, by up to half of its swing;
- hurried: it is stood on for less time, up to 0.12 of the cycle (the segmenter refuses more than 0.15);
- leaning: the trunk leans over it in its stance, by up to 12 degrees;
- antalgic: all four at once.

Shapes: N cycle, T time, J landmark, C coordinate.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edge.errors import RecordingError
from edge.gait.normalise import normalise_cycle, resample_periodic
from edge.gait.skeleton import LEFT_WRIST, MIRROR, N_BODY, RIGHT_ANKLE, RIGHT_HIP, RIGHT_KNEE, RIGHT_WRIST, ROOT, SPINE

Change = Callable[[np.ndarray], np.ndarray]
DEGREES = (0.25, 0.5, 0.75, 1.0)
_SWING_OUT_M = 0.08
_LEAN_RAD = np.radians(12.0)
_HURRY = 0.12
_IN_SWING_FROM = 0.6


def stiff(x_TJC: np.ndarray, degree: float) -> np.ndarray:
    """A knee that hardly bends: it comes nearer to the line from hip to ankle; the leg swings out."""
    x = x_TJC.copy()
    hip, ankle = x[:, RIGHT_HIP], x[:, RIGHT_ANKLE]
    x[:, RIGHT_KNEE] += degree * (0.5 * (hip + ankle) - x[:, RIGHT_KNEE])
    phase_T = np.arange(len(x)) / len(x)
    share_T = np.clip((phase_T - _IN_SWING_FROM) / (1 - _IN_SWING_FROM), 0, 1)
    out_T = -degree * _SWING_OUT_M * np.sin(np.pi * share_T)
    x[:, RIGHT_ANKLE, 0] += out_T
    x[:, RIGHT_KNEE, 0] += out_T / 2
    return x


def short_step(x_TJC: np.ndarray, degree: float) -> np.ndarray:
    """A leg that is carried forward less than it trails."""
    x = x_TJC.copy()
    for joint in (RIGHT_KNEE, RIGHT_ANKLE):
        ahead_T = np.maximum(x[:, joint, 2] - x[:, joint, 2].mean(), 0.0)
        x[:, joint, 2] -= 0.5 * degree * ahead_T
    return x


def hurried(x_TJC: np.ndarray, degree: float) -> np.ndarray:
    """Stood on for less time: the left contact comes early."""
    phase_T = np.arange(len(x_TJC)) / len(x_TJC)
    was_T = np.interp(phase_T, [0.0, 0.5 - _HURRY * degree, 1.0], [0.0, 0.5, 1.0])
    return np.asarray(resample_periodic(x_TJC, was_T * len(x_TJC)))


def leaning(x_TJC: np.ndarray, degree: float) -> np.ndarray:
    """The trunk leans over the bad leg while it is stood on (Trendelenburg's way to spare a hip)."""
    x = x_TJC.copy()
    phase_T = np.arange(len(x)) / len(x)
    angle_T = degree * _LEAN_RAD * np.maximum(np.sin(2 * np.pi * phase_T + 0.2), 0.0)
    upper = slice(SPINE, RIGHT_WRIST + 1)
    side, up = x[:, upper, 0].copy(), x[:, upper, 1].copy()
    cos, sin = np.cos(angle_T)[:, None], np.sin(angle_T)[:, None]
    x[:, upper, 0], x[:, upper, 1] = cos * side - sin * up, sin * side + cos * up
    return x


def antalgic(x_TJC: np.ndarray, degree: float) -> np.ndarray:
    """All at once."""
    return hurried(leaning(short_step(stiff(x_TJC, degree), degree), degree), degree)


LIMPS: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "stiff knee": stiff,
    "short step": short_step,
    "hurried stance": hurried,
    "leaning trunk": leaning,
    "antalgic (all)": antalgic,
}

# Where Human3.6M's seventeen keep ours: what comes of reading one topology as another.
_AS_H36M = (ROOT, RIGHT_HIP, RIGHT_KNEE, RIGHT_ANKLE, 10, 11, 12, 1, 2, 3, 3, 4, 5, 6, 7, 8)
_LIMBS_EXCHANGED = (0, 1, 2, 3, 10, 11, 12, 13, 14, 15, 4, 5, 6, 7, 8, 9)


def _scaled(x_TJC: np.ndarray, factor: float) -> np.ndarray:
    x = x_TJC.copy()
    x[:, 5:7] = x[:, 4:5] + factor * (x[:, 5:7] - x[:, 4:5])
    x[:, 8:10] = x[:, 7:8] + factor * (x[:, 8:10] - x[:, 7:8])
    return x


def _child(x_TJC: np.ndarray) -> np.ndarray:
    """Legs shorter by a third, the head half as far again."""
    x = x_TJC.copy()
    x[:, 3] = x[:, 2] + 1.5 * (x[:, 3] - x[:, 2])
    x[:, 10:16] = x[:, ROOT, None] + (x[:, 10:16] - x[:, ROOT, None]) * 0.67
    return x


def _astray(x_TJC: np.ndarray) -> np.ndarray:
    """The wrists are the ankles' and the other way round, on one side: two people in one skeleton."""
    x = x_TJC.copy()
    x[:, [LEFT_WRIST, 12]] = x_TJC[:, [12, LEFT_WRIST]]
    return x


RNG = np.random.default_rng(0)
FOREIGN: dict[str, Change] = {
    "y downwards (mirrored)": lambda x: x * np.array([1.0, -1.0, 1.0]),
    "left and right exchanged": lambda x: x[:, list(MIRROR[:N_BODY])],
    "y and z exchanged": lambda x: x[..., [0, 2, 1]],
    "depth inverted": lambda x: x * np.array([1.0, 1.0, -1.0]),
    "depth lost": lambda x: x * np.array([1.0, 1.0, 0.05]),
    "Human3.6M read as ours": lambda x: x[:, list(_AS_H36M)],
    "arms read as legs": lambda x: x[:, list(_LIMBS_EXCHANGED)],
    "hand and foot exchanged": _astray,
    "arms twice as long *": lambda x: _scaled(x, 2.0),
    "child's proportions *": _child,
}
"""With *: other bones, same movement. Normalisation gives everybody the same bones, so these are to be judged."""

NO_WALK: dict[str, Change] = {
    "noise, 0.3 m": lambda x: x + RNG.normal(0.0, 0.3, x.shape),
    "noise, 0.1 m": lambda x: x + RNG.normal(0.0, 0.1, x.shape),
    "frozen in a step": lambda x: np.repeat(x[10:11], len(x), axis=0) + RNG.normal(0.0, 0.003, x.shape),
    "standing": lambda x: np.repeat(x.mean(axis=0)[None], len(x), axis=0) + RNG.normal(0.0, 0.005, x.shape),
    "marching on the spot": lambda x: _no_way_forward(x),
    "shuffled frames": lambda x: x[RNG.permutation(len(x))],
    "backwards": lambda x: x[::-1],
    "half a cycle late": lambda x: np.roll(x, len(x) // 2, axis=0),
    "a third of a cycle late": lambda x: np.roll(x, len(x) // 3, axis=0),
    "two cycles as one": lambda x: np.concatenate([x[::2], x[::2]]),
    "half a cycle as one": lambda x: np.repeat(x[: len(x) // 2], 2, axis=0),
}


def _no_way_forward(x_TJC: np.ndarray) -> np.ndarray:
    x = x_TJC.copy()
    x[:, [11, 12, 14, 15], 2] += 0.8 * (x.mean(axis=0)[[11, 12, 14, 15], 2] - x[:, [11, 12, 14, 15], 2])
    return x


def changed(x_NTJC: np.ndarray, change: Change) -> tuple[np.ndarray, np.ndarray]:
    """Every cycle changed and normalised again, and which (N,) could be: a body without extent is refused."""
    out, whole = [], []
    for x_TJC in np.asarray(x_NTJC, float):
        try:
            out.append(normalise_cycle(change(x_TJC)))
            whole.append(True)
        except RecordingError:
            whole.append(False)
    return np.array(out, np.float32).reshape(-1, *x_NTJC.shape[1:]), np.array(whole)
