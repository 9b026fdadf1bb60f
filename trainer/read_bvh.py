"""BVH folders: ``bvh:FOLDER``, with ``index.csv`` or ``?pattern={subject}_{affect}_{take}.bvh``.

Promises: the joints of a hierarchy it knows become the canonical skeleton; BVH states no unit, so legs are given the
template's length. Refuses hierarchies it has no table for, naming the joint it lacks.

Shape letters: T time, J landmark, C coordinate.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from edge.gait.normalise import TEMPLATE_BONES_M
from edge.gait.skeleton import LANDMARKS, LEFT_ANKLE, LEFT_KNEE, to_canonical
from trainer.bvh import Bvh, read_bvh_file
from trainer.cut_cycles import Motion
from trainer.cycles import Reading
from trainer.read_folder import read_folder
from trainer.read_spec import Spec, Tell
from trainer.upright import leg_length, y_up

_Table = Mapping[str, str]
_LEG_M: Final = TEMPLATE_BONES_M[LEFT_KNEE] + TEMPLATE_BONES_M[LEFT_ANKLE]


def _table(middle: tuple[str, str, str, str], limbs: tuple[str, ...], sides: tuple[str, str]) -> _Table:
    """Canonical landmark -> joint: root, spine, neck, head; shoulder, elbow, wrist, hip, knee, ankle, toe with {s}."""
    parts = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "toe")
    rows = dict(zip(("root", "spine", "neck", "head"), middle, strict=True))
    for side, letter in zip(("left", "right"), sides, strict=True):
        rows |= {f"{side}_{part}": limb.format(s=letter) for part, limb in zip(parts, limbs, strict=True)}
    return MappingProxyType(rows)


_BANDAI_LIMBS = ("UpperArm_{s}", "LowerArm_{s}", "Hand_{s}", "UpperLeg_{s}", "LowerLeg_{s}", "Foot_{s}", "Toes_{s}")
_STUDIO_LIMBS = ("{s}Arm", "{s}ForeArm", "{s}Hand", "{s}UpLeg", "{s}Leg", "{s}Foot", "{s}ToeBase")
_PLAIN_LIMBS = ("{s}Shoulder", "{s}Elbow", "{s}Wrist", "{s}Hip", "{s}Knee", "{s}Ankle", "{s}Toe")
TABLES: Final[Mapping[str, _Table]] = MappingProxyType(
    {
        "Bandai Namco": _table(("Hips", "Spine", "Neck", "Head"), _BANDAI_LIMBS, ("L", "R")),
        "CMU, MotionBuilder, Mixamo": _table(("Hips", "Spine", "Neck", "Head"), _STUDIO_LIMBS, ("Left", "Right")),
        "plain": _table(("Hips", "Chest", "Neck", "Head"), _PLAIN_LIMBS, ("Left", "Right")),
    }
)
# What a hierarchy may do without: normalisation derives the first three anew, contacts work without feet.
_SPARE: Final = {"root", "spine", "neck", "left_toe", "right_toe"}


def read_bvh(spec: Spec, tell: Tell) -> Reading:
    """Every BVH file below the folder; raises TrainingError."""
    return read_folder(spec, ".bvh", load_bvh, f"BVH motion capture ({spec.path.name})", tell)


def load_bvh(path: Path) -> Motion:
    """One file as a canonical recording; raises ValueError."""
    bvh = read_bvh_file(path)
    x_TJC = y_up(_landmarks(bvh))
    x_TJC, visibility_TJ = to_canonical(x_TJC * (_LEG_M / leg_length(x_TJC)), "quietstep20")
    return Motion(np.arange(len(x_TJC)) / bvh.rate_hz, x_TJC, visibility_TJ, bvh.rate_hz)


def _landmarks(bvh: Bvh) -> np.ndarray:
    at = bvh.positions()
    lacks = {name: [joint for part, joint in table.items() if joint not in at and part not in _SPARE]
             for name, table in TABLES.items()}  # fmt: skip
    nearest = min(lacks, key=lambda name: len(lacks[name]))
    if lacks[nearest]:
        raise ValueError(f"a hierarchy without {', '.join(lacks[nearest][:4])} (nearest table: {nearest})")
    nothing = np.full((len(bvh.value_TV), 3), np.nan)
    return np.stack([at.get(TABLES[nearest].get(part, ""), nothing) for part in LANDMARKS], axis=1)
