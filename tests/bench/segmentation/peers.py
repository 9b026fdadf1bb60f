"""gaitkit's detectors on the same frames.

They work on whole recordings, so they get the whole trial at once, on an even grid at the camera's rate: stamps and
gaps are resolved for them by linear interpolation, landmarks that are hidden are bridged. Units and axes are those of
gaitkit's own C3D reader (millimetres, z up); knee and ankle angles, which its Bayesian methods use, are computed in
space from hip, knee, ankle, heel and toe. Mickelborough needs heels: without feet it gets the ankle in their place.
A trial where a detector raises counts as nothing found, and is counted.

Shapes: T time, J landmark, C coordinate.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import io
import os
import sys
import time
from types import ModuleType

import numpy as np

from edge.gait.skeleton import LANDMARKS, SkeletonFrame
from tests.bench.segmentation.found import Found, Told, cycles_of

VERSION = "1.5.0"
NAMES = ("bike", "bayesian_bis", "zeni", "mickelborough")
_PARTS = ("hip", "knee", "ankle", "heel", "toe", "shoulder")
_USED = [f"{side}_{part}" for side in ("left", "right") for part in _PARTS]
_INDEX = [LANDMARKS.index(name) for name in _USED]
_MIN_VISIBILITY = 0.5
_LEAST_FRAMES = 2


def gaitkit() -> ModuleType:
    """The package, or a sentence that says how to get it."""
    # It would install missing extras by itself.
    os.environ.setdefault("GAITKIT_AUTO_INSTALL_DEPS", "0")
    try:
        module = importlib.import_module("gaitkit")
    except ModuleNotFoundError:
        sys.exit(f"The peers come from gaitkit, which is not here: pip install gaitkit=={VERSION} (it is in `dev`).")
    found = importlib.metadata.version("gaitkit")
    if found != VERSION:
        sys.exit(f"Found gaitkit {found}, wanted {VERSION}: pip install gaitkit=={VERSION}.")
    return module


class Peer:
    """One of gaitkit's detectors."""

    online = False

    def __init__(self, name: str) -> None:
        self.name = name
        self._detect = gaitkit().detect

    def run(self, frames: list[SkeletonFrame], camera_hz: float) -> Found:
        if len(frames) < _LEAST_FRAMES:
            return Found()
        start_s = frames[0].t_s
        angle_frames = to_gaitkit(on_even_grid(frames, camera_hz), heel_from_ankle=self.name == "mickelborough")
        begun_ns, failure = time.thread_time_ns(), None
        try:
            with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
                result = self._detect(angle_frames, method=self.name, fps=camera_hz)
        except Exception as error:  # whatever a peer raises is its answer for this trial
            return Found(failure=f"{type(error).__name__}: {error}")
        spent_ms = (time.thread_time_ns() - begun_ns) / 1e6
        initials = _told(result.left_hs, "left", start_s) + _told(result.right_hs, "right", start_s)
        finals = _told(result.left_to, "left", start_s) + _told(result.right_to, "right", start_s)
        found = Found(sorted(initials, key=_time), sorted(finals, key=_time), failure=failure)
        found.cpu_ms = [spent_ms / len(frames)]
        found.n_cycles = found.n_usable = cycles_of(found.initials)
        return found


def _time(told: Told) -> float:
    return told.t_s


def _told(events: list[dict[str, float]], side: str, start_s: float) -> list[Told]:
    return [Told(side, start_s + float(event["time"]), float("nan")) for event in events]


def on_even_grid(frames: list[SkeletonFrame], rate_hz: float) -> np.ndarray:
    """(T, 12, 3) of the landmarks a peer uses; NaN throughout where one was never seen."""
    t_s = np.array([frame.t_s for frame in frames])
    x = np.stack([frame.x_JC[_INDEX] for frame in frames])
    seen = np.stack([frame.visibility_J[_INDEX] for frame in frames]) >= _MIN_VISIBILITY
    grid_s = t_s[0] + np.arange(int((t_s[-1] - t_s[0]) * rate_hz + 1e-6) + 1) / rate_hz
    out = np.full((len(grid_s), len(_INDEX), 3), np.nan)
    for j in range(len(_INDEX)):
        if seen[:, j].sum() >= 2:
            for c in range(3):
                out[:, j, c] = np.interp(grid_s, t_s[seen[:, j]], x[seen[:, j], j, c])
    return out


def to_gaitkit(x_TJC: np.ndarray, heel_from_ankle: bool) -> list[dict[str, object]]:
    """gaitkit's frames: dictionaries of landmarks in millimetres, z up, and angles in degrees."""
    parts = {name: x_TJC[:, j] for j, name in enumerate(_USED)}
    if heel_from_ankle:
        for side in ("left", "right"):
            if np.isnan(parts[f"{side}_heel"]).any():
                parts[f"{side}_heel"] = parts[f"{side}_ankle"]
    angles = {f"{side}_{joint}_angle": _angle(parts, side, joint)
              for side in ("left", "right") for joint in ("knee", "ankle")}  # fmt: skip
    there = {name: 1000.0 * x[:, [2, 0, 1]] for name, x in parts.items() if np.isfinite(x).all()}
    return [
        {
            "frame_index": t,
            "landmark_positions": {name: tuple(x[t].tolist()) for name, x in there.items()},
            **{name: float(values[t]) for name, values in angles.items()},
        }
        for t in range(len(x_TJC))
    ]


def _angle(parts: dict[str, np.ndarray], side: str, joint: str) -> np.ndarray:
    """Flexion of the knee from straight, of the ankle from the right angle; zero where unknown. Degrees."""
    knee, ankle = parts[f"{side}_knee"], parts[f"{side}_ankle"]
    if joint == "knee":
        return np.nan_to_num(180.0 - _between(parts[f"{side}_hip"] - knee, ankle - knee))
    return np.nan_to_num(90.0 - _between(knee - ankle, parts[f"{side}_toe"] - parts[f"{side}_heel"]))


def _between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        cosine = (a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
        return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
