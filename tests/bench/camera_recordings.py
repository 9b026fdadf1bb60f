"""Synthetic walkers through the real pose estimator, kept on disk so that another bundle is measured in seconds.

    python -m tests.bench.camera_recordings CACHE_DIR [--identities 201,202,203] [--seconds 6] [--views side,...]

Promises: one recording a take (`edge.recording`), written whole or not at all, made once: a run that was killed goes
on where it stopped. The people are synthetic, so keeping them is no breach of the rule that cameras are never recorded.
The truth is not kept: the take's name gives it again. Delete the folder when the drawing or the estimator changes.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path
from rich.progress import track

from edge.affect import CLASSES
from edge.gait.skeleton import N_LANDMARKS, SkeletonFrame
from edge.recording import Recording, read_recording, write_recording
from edge.sense.lock import lock_out_network
from edge.sense.pose_model import find_or_build
from edge.sense.synthetic import SyntheticCamera
from tests.bench.mediapipe_error import VIEWS_DEG
from tests.bench.mediapipe_error_record import estimate

NOISE_IDENTITIES = (200,)
"""Whose errors `trainer/camera_errors.npz` holds: never tested on."""
IDENTITIES = (201, 202, 203)
SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class Take:
    """Who walked how, seen from where, for how long."""

    view: str
    identity: int
    affect: str
    seconds: float = SECONDS

    @property
    def camera(self) -> SyntheticCamera:
        """What would show it, and knows the truth."""
        walk = f"identity={self.identity},affect={self.affect},path=treadmill,seconds={self.seconds:g}"
        return SyntheticCamera(f"synthetic:view={VIEWS_DEG[self.view]:g},{walk}")

    def file(self, folder: Path) -> Path:
        """Where its recording is kept."""
        return folder / f"{self.view.replace(' ', '-')}_{self.identity}_{self.affect}_{self.seconds:g}s.npz"


def takes(identities: Iterable[int], views: Iterable[str], seconds: float) -> list[Take]:
    """Person by person, so that a run that was stopped leaves whole people."""
    return [Take(view, who, affect, seconds) for who in identities for view in views for affect in CLASSES]


def clean_frames(take: Take) -> list[SkeletonFrame]:
    """What was truly there, picture by picture."""
    camera, seen = take.camera, np.ones(N_LANDMARKS, np.float32)
    times_s = np.arange(round(take.seconds * camera.rate_hz)) / camera.rate_hz
    poses = [(float(t), camera.skeleton_at(float(t))) for t in times_s]
    return [SkeletonFrame(t, x_JC, seen) for t, x_JC in poses if x_JC is not None]


def recorded(wanted: list[Take], folder: Path, model: Path | None = None) -> dict[Take, Recording]:
    """Every take as the estimator told it; those that are not there yet are filmed now (about 25 ms a picture)."""
    missing = [take for take in wanted if not take.file(folder).is_file()]
    if missing:
        os.setpriority(os.PRIO_PROCESS, 0, 10)  # filming takes long; others go first
        folder.mkdir(parents=True, exist_ok=True)
        found = find_or_build(model, user_cache_path("quietstep"))
        lock_out_network()  # a landmarker reports its use to its maker where it can
        for take in track(missing, "filming"):
            _film(take, folder, found)
    return {take: read_recording(take.file(folder)) for take in wanted}


def _film(take: Take, folder: Path, model: Path) -> None:
    t_s, found_T, x_TJC, visibility_TJ = estimate(take.camera, model)
    if not found_T.any():
        # A recording must show somebody; nobody is what was seen, so one landmark at the origin stands for it.
        t_s, found_T, x_TJC = t_s[:1], np.array([True]), np.zeros((1, N_LANDMARKS, 3))
        visibility_TJ = visibility_TJ[:1]
    write_recording(take.file(folder), t_s[found_T], x_TJC[found_T], visibility_TJ[found_T])


def main() -> None:
    """Film what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--views", type=lambda text: text.split(","), default=list(VIEWS_DEG))
    parser.add_argument("--identities", type=lambda text: [int(n) for n in text.split(",")], default=IDENTITIES)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--model", type=Path, help="the pose model's file")
    asked = parser.parse_args()
    wanted = takes(asked.identities, asked.views, asked.seconds)
    print(f"{len(recorded(wanted, asked.folder, asked.model))} recordings in {asked.folder}")


if __name__ == "__main__":
    main()
