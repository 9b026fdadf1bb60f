"""Marker sets: which markers stand for which landmark of the canonical skeleton, one table per laboratory.

Promises: a landmark is the mean of its markers; where a set names several ways, the first whose markers are all there
(a marker that is never seen is not there).
Refuses (ValueError) markers of a set it does not know.

A landmark with no markers in any way is not seen. Hip joints under pelvis markers are estimated after Bell, Pedersen &
Brand 1990 (A comparison of the accuracy of several hip center location prediction methods): from the middle of the
front spines 36 % of their distance to the side, 30 % down and 19 % back, in the axes of the pelvis.

Shape letters: T time, J landmark, C coordinate.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edge.gait.skeleton import LANDMARKS, LEFT_HIP, RIGHT_HIP

_Floats = npt.NDArray[Any]
Markers = Mapping[str, _Floats]
_Ways = tuple[tuple[str, ...], ...]
_Set = Mapping[str, _Ways]


def _way(words: str) -> _Ways:
    """``LFHD RFHD | C7``: markers whose mean it is, or else those after the bar; {s} is L or R."""
    return tuple(tuple(way.split()) for way in words.split("|"))


def _set(**parts: str) -> _Set:
    return MappingProxyType({part: _way(words) for part, words in parts.items()})


SETS: Final[Mapping[str, _Set]] = MappingProxyType(
    {
        "Plug-in Gait": _set(
            head="LFHD RFHD LBHD RBHD | LFHD RFHD",
            shoulder="{s}SHO",
            elbow="{s}ELB",
            wrist="{s}WRA {s}WRB",
            hip="{s}ASI",
            knee="{s}KNE",
            ankle="{s}ANK",
            heel="{s}HEE",
            toe="{s}TOE",
        ),
        "Leardini": _set(
            shoulder="{s}SHO",
            elbow="{s}EL {s}EM",
            wrist="{s}WL {s}WM",
            hip="{s}.GTR",
            knee="{s}.Knee {s}.Knee.Medial | {s}.Knee",
            ankle="{s}.Ankle {s}.Ankle.Medial | {s}.Ankle",
            heel="{s}.Heel",
            toe="{s}.MT1",
        ),
        "van der Zee": _set(
            shoulder="{s}AC",
            elbow="{s}EP",
            wrist="{s}WR",
            hip="{s}GTR",
            knee="{s}LEP {s}MEP",
            ankle="{s}LML {s}MML",
            heel="{s}CAL",
            toe="{s}5TH",
        ),
    }
)
_NEEDED: Final = ("hip", "knee", "ankle")
_HIPS_UNDER_THE_PELVIS: Final = {"Plug-in Gait"}
_SACRUM: Final = (("LPSI", "RPSI"), ("SACR",))
_BELL_SIDE, _BELL_DOWN, _BELL_BACK = 0.36, 0.30, 0.19


def landmarks(markers: Markers) -> tuple[npt.NDArray[Any], str]:
    """(T, 20, 3) in the file's unit and axes, NaN where a landmark is missing, and the name of the set."""
    name = set_of(markers)
    n_frames = len(next(iter(markers.values())))
    x_TJC = np.full((n_frames, len(LANDMARKS), 3), np.nan)
    for at, landmark in enumerate(LANDMARKS):
        side, _, part = landmark.rpartition("_")
        there = _there(markers, SETS[name].get(part, ()), side)
        if there:
            x_TJC[:, at] = np.mean([markers[marker] for marker in there], axis=0)
    sacrum = _there(markers, _SACRUM, "")
    if sacrum and name in _HIPS_UNDER_THE_PELVIS:
        back_TC = np.mean([markers[marker] for marker in sacrum], axis=0)
        x_TJC[:, LEFT_HIP], x_TJC[:, RIGHT_HIP] = hip_joints(x_TJC[:, LEFT_HIP], x_TJC[:, RIGHT_HIP], back_TC)
    return x_TJC, name


def hip_joints(left_TC: _Floats, right_TC: _Floats, back_TC: _Floats) -> tuple[_Floats, _Floats]:
    """Left and right hip joint centres from the two front spines of the pelvis and the middle of its back."""
    middle_TC, across_TC = 0.5 * (left_TC + right_TC), left_TC - right_TC
    width_T1 = np.linalg.norm(across_TC, axis=1, keepdims=True)
    left = across_TC / width_T1
    ahead = middle_TC - back_TC
    ahead = ahead - (ahead * left).sum(axis=1, keepdims=True) * left
    ahead = ahead / np.linalg.norm(ahead, axis=1, keepdims=True)
    # Forward x left is up in every right-handed frame, whichever axis the laboratory calls up.
    centre_TC = middle_TC - width_T1 * (_BELL_BACK * ahead + _BELL_DOWN * np.cross(ahead, left))
    return centre_TC + _BELL_SIDE * across_TC, centre_TC - _BELL_SIDE * across_TC


def set_of(markers: Markers) -> str:
    """The set whose legs are all there; raises ValueError."""
    for name, parts in SETS.items():
        if all(_there(markers, parts[part], side) for part in _NEEDED for side in ("left", "right")):
            return name
    raise ValueError(f"markers of no set among {', '.join(SETS)} (found {', '.join(sorted(markers)[:6])} …)")


def _there(markers: Markers, ways: _Ways, side: str) -> tuple[str, ...]:
    for way in ways:
        named = tuple(marker.format(s=side[:1].upper()) for marker in way)
        if all(marker in markers and np.isfinite(markers[marker]).any() for marker in named):
            return named
    return ()
