"""Readers for the segmentation benchmark: marker trials (C3D, TRC) and video pose, as canonical skeletons.

Promises: metres, y up, seconds from the first frame; landmarks a set lacks have visibility 0. Reads only what the
benchmark needs of C3D (point data as floats or integers, little endian).

Shapes: T time, J landmark or marker, C coordinate.
"""

from __future__ import annotations

import csv
import json
import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.gait.skeleton import LANDMARKS, N_LANDMARKS, to_canonical


@dataclass(frozen=True, slots=True)
class Trial:
    """One recording with what is known of its initial contacts (empty: none labelled)."""

    name: str
    group: str
    person: str
    rate_hz: float
    x_TJC: np.ndarray
    visibility_TJ: np.ndarray
    truth_s: dict[str, tuple[float, ...]]

    @property
    def t_s(self) -> np.ndarray:
        return np.arange(len(self.x_TJC)) / self.rate_hz


# Canonical landmark -> markers whose mean it is; {s} is the side.
_VAN_DER_ZEE = {"hip": ["{s}GTR"], "knee": ["{s}LEP", "{s}MEP"], "ankle": ["{s}LML", "{s}MML"],
                "heel": ["{s}CAL"], "toe": ["{s}5TH"], "shoulder": ["{s}AC"]}  # fmt: skip
_SHIDA = {"hip": ["{s}.GTR"], "knee": ["{s}.Knee"], "ankle": ["{s}.Ankle"], "heel": ["{s}.Heel"],
          "toe": ["{s}.MT1"]}  # fmt: skip
_ZOO = {"hip": ["{s}ASI", "SACR"], "knee": ["{s}KNE"], "ankle": ["{s}ANK"], "heel": ["{s}HEE"],
        "toe": ["{s}TOE"], "shoulder": ["{s}SHO"]}  # fmt: skip
_OPENCAP = {"hip": ["{s}_HJC"], "knee": ["{s}_knee"], "ankle": ["{s}_ankle"], "heel": ["{s}_calc"],
            "toe": ["{s}_toe"], "shoulder": ["{s}_Shoulder"]}  # fmt: skip
_GROUPS = {"turn": "turning", "walk": "walk without labels", "static": "not gait", "not-gait": "not gait"}


def trials(data: Path) -> Iterator[Trial]:
    """Every trial of gait_events/ and gaitvalidation/ under the data folder."""
    yield from _marker_trials(data / "gait_events")
    yield from _video_trials(data / "gaitvalidation")


def _marker_trials(folder: Path) -> Iterator[Trial]:
    truth = _marker_truth(folder)
    with (folder / "trials.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            path = folder / row["trial"]
            rate_hz, markers = _read_trc(path) if path.suffix == ".trc" else _read_c3d(path)
            x_TJC, visibility_TJ = _to_skeleton(path.name, markers)
            group = _GROUPS.get(row["kind"], row["kind"])
            person = path.name[:5] if path.parent.name == "biomechzoo_walk" else path.parent.name + group
            yield Trial(path.name, group, person, rate_hz, x_TJC, visibility_TJ, truth.get(path.name, {}))


def _marker_truth(folder: Path) -> dict[str, dict[str, tuple[float, ...]]]:
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: {"left": [], "right": []})
    for path in sorted(folder.glob("*/events.csv")):
        with path.open(newline="") as lines:
            for row in csv.DictReader(lines):
                if row["type"] == "HS":
                    side = "left" if row["side"] == "L" else "right"
                    found[row["file"]][side].append(float(row["time_s_from_first_frame"]))
    return {name: {side: tuple(sorted(t)) for side, t in sides.items()} for name, sides in found.items()}


def _video_trials(folder: Path) -> Iterator[Trial]:
    for path in sorted((folder / "keypoints").glob("*.npy")):
        labels = next((folder / "events").glob(path.stem + "_gait_events*.json"), None)
        if labels is None:
            continue
        events = json.loads(labels.read_text())
        truth = {side: tuple(f / 60.0 for f in events[f"{side}_down"]) for side in ("left", "right")}
        x_TJC, visibility_TJ = to_canonical(np.load(path) / 1000.0, "mpi17")
        person = "_".join(path.stem.split("_")[:2])
        yield Trial(path.stem, "video pose", person, 60.0, x_TJC, visibility_TJ, truth)


def _to_skeleton(name: str, markers: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    table = next(t for t in (_VAN_DER_ZEE, _SHIDA, _ZOO, _OPENCAP) if t["knee"][0].format(s="L") in markers)
    n = len(next(iter(markers.values())))
    x = np.full((n, N_LANDMARKS, 3), np.nan)
    for side, letter in (("left", "L"), ("right", "R")):
        for part, names in table.items():
            there = [_marker(markers, m.format(s=letter)) for m in names]
            x[:, LANDMARKS.index(f"{side}_{part}")] = np.mean(there, axis=0)
    if table in (_VAN_DER_ZEE, _ZOO):  # z up -> y up by a proper rotation
        x = x[..., [1, 2, 0]]
    if table is not _OPENCAP:
        x = x / 1000.0
    return to_canonical(x, "quietstep20")


def _marker(markers: dict[str, np.ndarray], name: str) -> np.ndarray:
    return markers[name] if name in markers else markers[name[0].lower() + name[1:]]


def _read_trc(path: Path) -> tuple[float, dict[str, np.ndarray]]:
    lines = path.read_text().splitlines()
    rate_hz = float(lines[2].split("\t")[0])
    names = [name.strip() for name in lines[3].split("\t")[2:] if name.strip()]
    rows = [line.split("\t")[2 : 2 + 3 * len(names)] for line in lines[5:] if line.strip()]
    values = np.array([[float(v) if v.strip() else np.nan for v in row] for row in rows])
    return rate_hz, dict(zip(names, values.reshape(len(rows), -1, 3).transpose(1, 0, 2), strict=True))


def _read_c3d(path: Path) -> tuple[float, dict[str, np.ndarray]]:
    raw = path.read_bytes()
    is_dec = raw[512 * (raw[0] - 1) + 3] == 85
    n_points, n_analog, first, last = struct.unpack_from("<HHHH", raw, 2)
    scale, rate_hz = (float(_floats(raw, 1, at, is_dec)[0]) for at in (12, 20))
    start, stride = 512 * (struct.unpack_from("<H", raw, 16)[0] - 1), 4 * n_points + n_analog
    word = 4 if scale < 0 else 2
    n_frames = min(last - first + 1, (len(raw) - start) // (stride * word))
    n = n_frames * stride
    values = _floats(raw, n, start, is_dec) if scale < 0 else np.frombuffer(raw, "<i2", n, start)
    points = values.reshape(n_frames, stride)[:, : 4 * n_points].reshape(n_frames, n_points, 4)
    x = points[..., :3].astype(np.float64) * (1.0 if scale < 0 else scale)
    x[points[..., 3] < 0] = np.nan
    names = _c3d_labels(raw, 512 * (raw[0] - 1))
    return rate_hz, {name: x[:, i] for i, name in enumerate(names[:n_points])}


def _floats(raw: bytes, n: int, at: int, is_dec: bool) -> np.ndarray:
    if not is_dec:
        return np.frombuffer(raw, "<f4", n, at)
    # DEC floats: 16-bit halves exchanged, exponent two larger.
    halves = np.frombuffer(raw, "<u2", 2 * n, at).reshape(n, 2)[:, ::-1]
    return np.ascontiguousarray(halves).view("<f4")[:, 0] / 4.0


def _c3d_labels(raw: bytes, start: int) -> list[str]:
    """POINT:LABELS (and LABELS2, ...) of the parameter section at this byte."""
    groups: dict[int, str] = {}
    labels: list[tuple[int, str, list[str]]] = []
    at = start + 4
    while raw[at] != 0:
        n_name, group = abs(struct.unpack_from("<b", raw, at)[0]), struct.unpack_from("<b", raw, at + 1)[0]
        name = raw[at + 2 : at + 2 + n_name].decode("ascii").upper()
        step_at = at + 2 + n_name
        if group < 0:
            groups[-group] = name
        elif name.startswith("LABELS"):
            width, count = raw[step_at + 4], raw[step_at + 5]
            text = raw[step_at + 6 : step_at + 6 + width * count].decode("latin-1")
            labels.append((group, name, [text[i * width : (i + 1) * width].strip() for i in range(count)]))
        step = struct.unpack_from("<h", raw, step_at)[0]
        if step == 0:
            break
        at = step_at + step
    points = sorted((name, found) for group, name, found in labels if groups.get(group) == "POINT")
    return [label.split(":")[-1] for _, found in points for label in found]
