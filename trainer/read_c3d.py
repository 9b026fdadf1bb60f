"""Marker recordings: ``c3d:FOLDER``, with ``index.csv`` or a pattern.

Promises: metres, y up; a marker that is missing in a frame (negative residual, or the origin, as some writers code it)
is not seen there. Refuses unknown marker sets and units, and files ezc3d cannot read; and says what to install without
ezc3d. Sets without a marker on the head give cycles that cannot be judged, which are refused as such.

Shape letters: M marker, T time, C coordinate.
"""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from edge.errors import TrainingError
from edge.gait.skeleton import LEFT_HIP, LEFT_SHOULDER, NECK, RIGHT_HIP, RIGHT_SHOULDER, ROOT, SPINE, to_canonical
from trainer.cut_cycles import Motion
from trainer.cycles import Reading
from trainer.marker_sets import landmarks
from trainer.read_folder import read_folder
from trainer.read_spec import Spec, Tell
from trainer.upright import y_up

try:
    import ezc3d
except ImportError:
    ezc3d = None

_PER_METRE: Final[Mapping[str, float]] = {"mm": 1000.0, "cm": 100.0, "m": 1.0}
_BLOCK_BYTES, _BIG_ENDIAN = 512, 86


def read_c3d(spec: Spec, tell: Tell) -> Reading:
    """Every C3D file below the folder; raises TrainingError."""
    if ezc3d is None:
        raise TrainingError("no ezc3d", "the library that reads C3D", "Install it: pip install ezc3d.")
    return read_folder(spec, ".c3d", load_c3d, f"marker recordings ({spec.path.name})", tell)


def load_c3d(path: Path) -> Motion:
    """One file as a canonical recording; raises ValueError."""
    markers, rate_hz, unit = _markers(path)
    if unit not in _PER_METRE or not rate_hz > 0.0:
        raise ValueError(f"the unit {unit!r} at {rate_hz} Hz")
    x_TJC, _ = landmarks(markers)
    x_TJC = y_up(x_TJC) / _PER_METRE[unit]
    x_TJC[:, ROOT] = 0.5 * (x_TJC[:, LEFT_HIP] + x_TJC[:, RIGHT_HIP])
    x_TJC[:, NECK] = 0.5 * (x_TJC[:, LEFT_SHOULDER] + x_TJC[:, RIGHT_SHOULDER])
    x_TJC[:, SPINE] = 0.5 * (x_TJC[:, ROOT] + x_TJC[:, NECK])
    x_TJC, visibility_TJ = to_canonical(x_TJC, "quietstep20")
    return Motion(np.arange(len(x_TJC)) / rate_hz, x_TJC, visibility_TJ, rate_hz)


def _markers(path: Path) -> tuple[dict[str, np.ndarray], float, str]:
    # What ezc3d throws on a spoiled file is whatever C++ threw.
    try:
        file = ezc3d.c3d(str(path))
    except Exception as error:
        raise ValueError(f"no readable C3D file ({' '.join(str(error).split())[:100]})") from error
    points: Mapping[str, Any] = file["parameters"].get("POINT", {})
    x_MTC = file["data"]["points"][:3].transpose(1, 2, 0).astype(np.float64)
    if not x_MTC.size or not {"RATE", "UNITS"} <= set(points):
        raise ValueError("a C3D file without points, their rate or their unit")
    _refuse_cut_short(path, x_MTC.shape[1])
    x_MTC[np.all(x_MTC == 0.0, axis=2)] = np.nan
    names = [label for key in sorted(points) if key.startswith("LABELS") for label in points[key]["value"]]
    markers = {name.split(":")[-1].strip(): x_TC for name, x_TC in zip(names, x_MTC, strict=False)}
    return markers, float(points["RATE"]["value"][0]), str(points["UNITS"]["value"][0]).strip().lower()


def _refuse_cut_short(path: Path, n_frames: int) -> None:
    """Raise ValueError when the header promises more frames than there are: ezc3d says nothing about it.

    C3D manual, header section: first and last frame at bytes 6 and 8, in the byte order of the
    processor named in the parameter section.
    """
    payload = path.read_bytes()
    processor = payload[(payload[0] - 1) * _BLOCK_BYTES + 3]
    first, last = struct.unpack(">HH" if processor == _BIG_ENDIAN else "<HH", payload[6:10])
    if n_frames < last - first + 1:
        raise ValueError(f"cut short: {n_frames} of {last - first + 1} frames")
