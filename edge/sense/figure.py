"""The body of the synthetic walker: solids and clothes hung on a skeleton.

Promises: pure; the same identity always wears the same clothes; head, face, chest and shoes point where the skeleton
does. Refuses nothing: the skeleton comes from the walker.

Legend: J landmark, C coordinate or colour, V height on a map, A angle on a map.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.gait.skeleton import (
    HEAD,
    LEFT_ANKLE,
    LEFT_ELBOW,
    LEFT_HEEL,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    LEFT_TOE,
    LEFT_WRIST,
    NECK,
    RIGHT_ANKLE,
    RIGHT_ELBOW,
    RIGHT_HEEL,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
    RIGHT_TOE,
    RIGHT_WRIST,
    ROOT,
    SPINE,
)
from edge.sense.solids import Cone, Floats, Paint

_LEFT = (LEFT_HIP, LEFT_KNEE, LEFT_ANKLE, LEFT_HEEL, LEFT_TOE, LEFT_SHOULDER, LEFT_ELBOW, LEFT_WRIST)
_RIGHT = (RIGHT_HIP, RIGHT_KNEE, RIGHT_ANKLE, RIGHT_HEEL, RIGHT_TOE, RIGHT_SHOULDER, RIGHT_ELBOW, RIGHT_WRIST)
_SKIN = ((224, 178, 150), (198, 144, 112), (150, 102, 76), (234, 192, 168))
_HAIR = ((52, 36, 26), (78, 52, 30), (28, 24, 24), (70, 58, 52))
_SHIRT = ((176, 66, 58), (74, 120, 168), (86, 140, 92), (190, 150, 70))
_TROUSERS = ((92, 118, 158), (112, 124, 142), (126, 126, 134), (110, 122, 92))
_SHOES = ((48, 40, 36), (36, 40, 52), (120, 40, 40), (60, 60, 60))

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Looks:
    """Colours of one identity and the two maps painted from them."""

    skin: Colour
    hair: Colour
    shirt: Colour
    trousers: Colour
    shoes: Colour
    face_VAC: NDArray[np.float32]
    shirt_VAC: NDArray[np.float32]


def looks_of(identity: int) -> Looks:
    """The looks of one synthetic person."""
    rng = np.random.default_rng((identity, 21))
    skin, hair, shirt, trousers, shoes = (
        palette[int(rng.integers(len(palette)))] for palette in (_SKIN, _HAIR, _SHIRT, _TROUSERS, _SHOES)
    )
    return Looks(skin, hair, shirt, trousers, shoes, _face(skin, hair), _shirt(shirt, skin))


def _face(skin: Colour, hair: Colour) -> NDArray[np.float32]:
    """Chin at the first row, crown at the last; the middle column looks ahead, the left ear is at 3/4."""
    canvas = np.empty((96, 192, 3), np.uint8)
    canvas[:] = skin
    canvas[72:] = hair
    canvas[18:, :50] = hair
    canvas[18:, 142:] = hair
    canvas[40:72, 50:62] = canvas[40:72, 130:142] = hair
    for x in (80, 112):
        cv2.ellipse(canvas, (x, 52), (8, 4), 0, 0, 360, (245, 245, 245), -1)
        cv2.circle(canvas, (x, 52), 4, (40, 28, 20), -1)
        cv2.ellipse(canvas, (x, 60), (10, 2), 0, 0, 360, hair, -1)
    cv2.ellipse(canvas, (96, 17), (11, 3), 0, 0, 360, (158, 62, 62), -1)
    return cv2.GaussianBlur(canvas, (3, 3), 0).astype(np.float32)


def _shirt(shirt: Colour, skin: Colour) -> NDArray[np.float32]:
    """Belt at the first row, collar at the last; a row of buttons and a pocket in front, plain behind."""
    canvas = np.empty((64, 96, 3), np.uint8)
    canvas[:] = shirt
    darker = tuple(0.62 * c for c in shirt)
    cv2.line(canvas, (48, 0), (48, 52), darker, 2)
    for y in range(6, 52, 9):
        cv2.circle(canvas, (48, y), 1, (240, 236, 226), -1)
    cv2.fillConvexPoly(canvas, np.array([(40, 63), (56, 63), (48, 52)]), skin)
    canvas[:4] = (44, 34, 28)
    return canvas.astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Directions of a body part and the size of the person."""

    left: Floats
    front: Floats
    up: Floats
    size: float


def solids_of(x_JC: NDArray[np.float32], looks: Looks) -> list[Cone]:
    """The solids of one person.

    Args:
        x_JC: (20, 3) world metres, y up.
        looks: their clothes.
    """
    x = x_JC.astype(float)
    size = _stature(x)
    trunk = _frame(x[LEFT_SHOULDER] - x[RIGHT_SHOULDER] + x[LEFT_HIP] - x[RIGHT_HIP], x[NECK] - x[ROOT], size)
    head = _frame(x[LEFT_SHOULDER] - x[RIGHT_SHOULDER], x[HEAD] - x[NECK], size)
    solids = _trunk(x, trunk, looks) + _head(x, head, looks)
    for side in (_LEFT, _RIGHT):
        solids += _leg(x, side, trunk, looks) + _arm(x, side, size, looks)
    return solids


def _stature(x: Floats) -> float:
    leg = np.linalg.norm(x[LEFT_HIP] - x[LEFT_KNEE]) + np.linalg.norm(x[LEFT_KNEE] - x[LEFT_ANKLE])
    return float(leg) / 0.491


def _frame(left: Floats, up: Floats, size: float) -> _Frame:
    up = up / np.linalg.norm(up)
    left = left - (left @ up) * up
    left = left / np.linalg.norm(left)
    return _Frame(left, np.cross(left, up), up, size)


def _trunk(x: Floats, frame: _Frame, looks: Looks) -> list[Cone]:
    s, shirt = frame.size, Paint(looks.shirt, looks.shirt_VAC, frame.front, frame.left)
    plain, trousers, skin = Paint(looks.shirt), Paint(looks.trousers), Paint(looks.skin)
    waist, chest = x[ROOT] + 0.060 * s * frame.up, x[NECK] - 0.070 * s * frame.up
    solids = [Cone(x[LEFT_HIP], x[RIGHT_HIP], 0.062 * s, 0.062 * s, trousers)]
    solids += [Cone(x[ROOT] + 0.01 * s * frame.up, x[SPINE], 0.066 * s, 0.060 * s, trousers)]
    solids += [Cone(waist, chest, 0.069 * s, 0.075 * s, shirt)]
    for side in (1, -1):
        out = side * frame.left * s
        solids += [Cone(waist + 0.028 * out, chest + 0.050 * out, 0.058 * s, 0.062 * s, plain)]
        shoulder = x[LEFT_SHOULDER if side > 0 else RIGHT_SHOULDER]
        solids += [Cone(x[NECK] - 0.010 * s * frame.up, shoulder - 0.004 * s * frame.up, 0.036 * s, 0.034 * s, plain)]
    throat = x[NECK] + 0.6 * (x[HEAD] - x[NECK])
    solids += [Cone(x[NECK] - 0.02 * s * frame.up, throat, 0.032 * s, 0.030 * s, skin)]
    return solids


def _head(x: Floats, frame: _Frame, looks: Looks) -> list[Cone]:
    s, front, up = frame.size, frame.front, frame.up
    face = Paint(looks.skin, looks.face_VAC, front, frame.left)
    skin, hair = Paint(looks.skin), Paint(looks.hair)
    jaw = x[HEAD] + s * (0.022 * front - 0.038 * up)
    crown = x[HEAD] + s * (0.004 * front + 0.018 * up)
    nose = x[HEAD] + s * (0.056 * front - 0.006 * up)
    solids = [Cone(jaw, crown, 0.038 * s, 0.052 * s, face)]
    solids += [Cone(nose, nose + s * (0.012 * front - 0.016 * up), 0.005 * s, 0.009 * s, skin)]
    solids += [
        Cone(x[HEAD] + s * (0.026 * up - 0.010 * front), x[HEAD] - 0.018 * s * front, 0.051 * s, 0.046 * s, hair)
    ]
    for side in (1, -1):
        ear = x[HEAD] + side * 0.048 * s * frame.left
        solids += [Cone(ear + 0.008 * s * up, ear - 0.008 * s * up, 0.010 * s, 0.008 * s, skin)]
    return solids


def _leg(x: Floats, side: tuple[int, ...], frame: _Frame, looks: Looks) -> list[Cone]:
    hip, knee, ankle, heel, toe = (x[i] for i in side[:5])
    s, trousers, shoes = frame.size, Paint(looks.trousers), Paint(looks.shoes)
    sole = Paint((214, 210, 200))
    ahead = (toe - heel) / np.linalg.norm(toe - heel)
    above = ankle - heel - ((ankle - heel) @ ahead) * ahead
    above = above / np.linalg.norm(above)
    back, tip = heel + 0.010 * s * ahead, toe - 0.008 * s * ahead
    return [
        Cone(hip, knee, 0.052 * s, 0.035 * s, trousers),
        Cone(knee, ankle + 0.15 * (knee - ankle), 0.035 * s, 0.028 * s, trousers),
        Cone(ankle + 0.1 * (knee - ankle), ankle, 0.022 * s, 0.024 * s, shoes),
        Cone(ankle - 0.006 * s * above, tip + 0.014 * s * above, 0.025 * s, 0.015 * s, shoes),
        Cone(back + 0.020 * s * above, tip + 0.012 * s * above, 0.021 * s, 0.014 * s, shoes),
        Cone(back + 0.007 * s * above, tip + 0.007 * s * above, 0.009 * s, 0.009 * s, sole),
    ]


def _arm(x: Floats, side: tuple[int, ...], size: float, looks: Looks) -> list[Cone]:
    shoulder, elbow, wrist = (x[i] for i in side[5:])
    shirt, skin = Paint(looks.shirt), Paint(looks.skin)
    along = (wrist - elbow) / np.linalg.norm(wrist - elbow)
    return [
        Cone(shoulder, elbow, 0.033 * size, 0.025 * size, shirt),
        Cone(elbow, elbow + 0.25 * (wrist - elbow), 0.026 * size, 0.024 * size, shirt),
        Cone(elbow, wrist, 0.021 * size, 0.016 * size, skin),
        Cone(wrist, wrist + 0.050 * size * along, 0.019 * size, 0.014 * size, skin),
    ]
