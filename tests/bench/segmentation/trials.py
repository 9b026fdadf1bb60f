"""The trials: marker recordings and video pose as canonical skeletons, with their labelled contacts.

Promises: metres, y up, seconds from the first frame; landmarks a set lacks have visibility 0.

Shapes: T time, J landmark, C coordinate.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edge.gait.skeleton import LANDMARKS, N_BODY, N_LANDMARKS, SkeletonFrame, to_canonical
from tests.bench.segmentation.recordings import Markers, read

CAMERA_HZ = 30.0
GROUPS = ("treadmill", "parkinson", "straight", "turning", "video pose", "not gait")
Times = dict[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Trial:
    """One recording; truth_s and finals_s are its labelled initial and final contacts by side (empty: none)."""

    name: str
    group: str
    person: str
    rate_hz: float
    x_TJC: np.ndarray
    visibility_TJ: np.ndarray
    truth_s: Times
    finals_s: Times = field(default_factory=dict)

    @property
    def t_s(self) -> np.ndarray:
        return np.arange(len(self.x_TJC)) / self.rate_hz

    @property
    def has_feet(self) -> bool:
        return bool(self.visibility_TJ[:, N_BODY:].any())


# Canonical landmark -> markers whose mean it is; {s} is the side.
_VAN_DER_ZEE = {"hip": ["{s}GTR"], "knee": ["{s}LEP", "{s}MEP"], "ankle": ["{s}LML", "{s}MML"],
                "heel": ["{s}CAL"], "toe": ["{s}5TH"], "shoulder": ["{s}AC"]}  # fmt: skip
_SHIDA = {"hip": ["{s}.GTR"], "knee": ["{s}.Knee"], "ankle": ["{s}.Ankle"], "heel": ["{s}.Heel"],
          "toe": ["{s}.MT1"]}  # fmt: skip
_ZOO = {"hip": ["{s}ASI", "SACR"], "knee": ["{s}KNE"], "ankle": ["{s}ANK"], "heel": ["{s}HEE"],
        "toe": ["{s}TOE"], "shoulder": ["{s}SHO"]}  # fmt: skip
_OPENCAP = {"hip": ["{s}_HJC"], "knee": ["{s}_knee"], "ankle": ["{s}_ankle"], "heel": ["{s}_calc"],
            "toe": ["{s}_toe"], "shoulder": ["{s}_Shoulder"]}  # fmt: skip
_GROUP_OF_KIND = {"turn": "turning", "walk": "walk without labels", "static": "not gait", "not-gait": "not gait"}


def trials(data: Path) -> Iterator[Trial]:
    """Every trial of gait_events/ and gaitvalidation/ under the data folder."""
    yield from _marker_trials(data / "gait_events")
    yield from _video_trials(data / "gaitvalidation")


def camera_frames(trial: Trial, with_feet: bool, camera_hz: float = CAMERA_HZ) -> list[SkeletonFrame]:
    """The trial as seen by a camera, interpolated between its own frames."""
    t_s = np.arange(int(trial.t_s[-1] * camera_hz + 1e-6) + 1) / camera_hz
    position = np.minimum(t_s * trial.rate_hz, len(trial.x_TJC) - 1)
    before = np.floor(position + 1e-9).astype(int)
    after = np.minimum(before + 1, len(trial.x_TJC) - 1)
    weight = np.clip(position - before, 0.0, 1.0)[:, None, None]
    x = (1 - weight) * trial.x_TJC[before] + weight * trial.x_TJC[after]
    visibility = np.minimum(trial.visibility_TJ[before], trial.visibility_TJ[after])
    if not with_feet:
        visibility[:, N_BODY:] = 0.0
    return [SkeletonFrame(float(t), xi, vi) for t, xi, vi in zip(t_s, x, visibility, strict=True)]


def _marker_trials(folder: Path) -> Iterator[Trial]:
    labels = {kind: _labels(folder, kind) for kind in ("HS", "TO")}
    with (folder / "trials.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            path = folder / row["trial"]
            rate_hz, markers = read(path)
            x_TJC, visibility_TJ = _to_skeleton(markers)
            group = _GROUP_OF_KIND.get(row["kind"], row["kind"])
            truth, finals = labels["HS"].get(path.name, {}), labels["TO"].get(path.name, {})
            yield Trial(path.name, group, _person(path, group), rate_hz, x_TJC, visibility_TJ, truth, finals)


def _person(path: Path, group: str) -> str:
    # biomechZoo names its people in the file name; each of gaitkit's files is a person of its own.
    if path.parent.name == "biomechzoo_walk":
        return path.name[:5]
    return path.parent.name + (group if path.parent.name == "gaitkit_c3d" else "")


def _labels(folder: Path, kind: str) -> dict[str, Times]:
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: {"left": [], "right": []})
    for path in sorted(folder.glob("*/events.csv")):
        with path.open(newline="") as lines:
            for row in csv.DictReader(lines):
                if row["type"] == kind:
                    side = "left" if row["side"] == "L" else "right"
                    found[row["file"]][side].append(float(row["time_s_from_first_frame"]))
    return {name: {side: tuple(sorted(t)) for side, t in sides.items()} for name, sides in found.items()}


def _video_trials(folder: Path) -> Iterator[Trial]:
    for path in sorted((folder / "keypoints").glob("*.npy")):
        labels = next((folder / "events").glob(path.stem + "_gait_events*.json"), None)
        if labels is None:
            continue
        events = json.loads(labels.read_text())
        truth, finals = _video_labels(events, "down"), _video_labels(events, "up")
        x_TJC, visibility_TJ = to_canonical(np.load(path) / 1000.0, "mpi17")
        person = "_".join(path.stem.split("_")[:2])
        yield Trial(path.stem, "video pose", person, 60.0, x_TJC, visibility_TJ, truth, finals)


def _video_labels(events: dict[str, list[float]], kind: str) -> Times:
    return {side: tuple(sorted(f / 60.0 for f in events[f"{side}_{kind}"])) for side in ("left", "right")}


def _to_skeleton(markers: Markers) -> tuple[np.ndarray, np.ndarray]:
    table = next(t for t in (_VAN_DER_ZEE, _SHIDA, _ZOO, _OPENCAP) if t["knee"][0].format(s="L") in markers)
    x = np.full((len(next(iter(markers.values()))), N_LANDMARKS, 3), np.nan)
    for side, letter in (("left", "L"), ("right", "R")):
        for part, names in table.items():
            there = [_marker(markers, m.format(s=letter)) for m in names]
            x[:, LANDMARKS.index(f"{side}_{part}")] = np.mean(there, axis=0)
    if table in (_VAN_DER_ZEE, _ZOO):  # z up -> y up by a proper rotation
        x = x[..., [1, 2, 0]]
    if table is not _OPENCAP:
        x = x / 1000.0
    return to_canonical(x, "quietstep20")


def _marker(markers: Markers, name: str) -> np.ndarray:
    return markers[name] if name in markers else markers[name[0].lower() + name[1:]]
