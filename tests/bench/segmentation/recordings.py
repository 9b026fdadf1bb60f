"""Reading marker files (C3D through ezc3d, TRC by hand): rate and markers, units as in the file.

Shapes: T time, C coordinate.
"""

from __future__ import annotations

from pathlib import Path

import ezc3d
import numpy as np

Markers = dict[str, np.ndarray]


def read(path: Path) -> tuple[float, Markers]:
    """Rate in Hz and marker name -> (T, 3); NaN where a marker is missing."""
    return _read_trc(path) if path.suffix == ".trc" else _read_c3d(path)


def _read_c3d(path: Path) -> tuple[float, Markers]:
    point = ezc3d.c3d(str(path))
    parameters = point["parameters"]["POINT"]
    names = [label for key in sorted(parameters) if key.startswith("LABELS") for label in parameters[key]["value"]]
    x_MTC = point["data"]["points"][:3].transpose(1, 2, 0).astype(np.float64)
    # Some writers code a missing marker as the origin instead of a negative residual.
    x_MTC[np.all(x_MTC == 0.0, axis=2)] = np.nan
    rate_hz = float(parameters["RATE"]["value"][0])
    return rate_hz, {name.split(":")[-1].strip(): x for name, x in zip(names, x_MTC, strict=False)}


def _read_trc(path: Path) -> tuple[float, Markers]:
    lines = path.read_text().splitlines()
    rate_hz = float(lines[2].split("\t")[0])
    names = [name.strip() for name in lines[3].split("\t")[2:] if name.strip()]
    rows = [line.split("\t")[2 : 2 + 3 * len(names)] for line in lines[5:] if line.strip()]
    values = np.array([[float(v) if v.strip() else np.nan for v in row] for row in rows])
    return rate_hz, dict(zip(names, values.reshape(len(rows), -1, 3).transpose(1, 0, 2), strict=True))
