"""What it costs to see up to four people: `QUIETSTEP_DATA=… python tests/bench/eyes.py MODEL.task`.

Promises: prints, for one walk, milliseconds and frames with a pose of bare landmarkers for 1, 2 and 4 poses and of our
estimator, one after the other in one run. Refuses to judge: it prints, and asserts nothing.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision

from edge.sense.lock import lock_out_network
from edge.sense.pose import PoseEstimator
from edge.sense.sources import SourceSpec, open_source

WALK = ("video/demo.mp4", (0.0, 0.45, 1.0, 1.0), (55, 190))


def pictures() -> list[tuple[np.ndarray, int]]:
    """The walker alone, and milliseconds."""
    name, crop, frames = WALK
    source = open_source(SourceSpec(str(Path(os.environ["QUIETSTEP_DATA"]) / name), crop, frames))
    walk = []
    while picture := source.read():
        walk.append((np.ascontiguousarray(picture.rgb_HWC), round(picture.t_s * 1000)))
    return walk


def bare(model: str, n_poses: int) -> Callable[[np.ndarray, int], int]:
    """A landmarker as it comes."""
    options = vision.PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=model), running_mode=vision.RunningMode.VIDEO, num_poses=n_poses
    )
    landmarker = vision.PoseLandmarker.create_from_options(options)

    def look(rgb_HWC: np.ndarray, t_ms: int) -> int:
        picture = mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb_HWC)
        return len(landmarker.detect_for_video(picture, t_ms).pose_landmarks)

    return look


def ours(model: str, max_people: int) -> Callable[[np.ndarray, int], int]:
    """The eyes' estimator."""
    estimator = PoseEstimator(Path(model), max_people)
    return lambda rgb_HWC, t_ms: len(estimator.update(rgb_HWC, t_ms))


def main(model: str) -> None:
    """Print one line per estimator."""
    lock_out_network()  # A landmarker reports its use to its maker where it can.
    walk = pictures()
    for make, name in ((bare, "bare landmarker"), (ours, "our estimator")):
        for n_people in (1, 2, 4):
            look = make(model, n_people)
            cpu_s, wall_s = time.process_time(), time.perf_counter()
            n_seen = sum(look(*picture) > 0 for picture in walk)
            wall_ms = 1e3 * (time.perf_counter() - wall_s) / len(walk)
            cpu_ms = 1e3 * (time.process_time() - cpu_s) / len(walk)
            print(f"{name} for {n_people}: {n_seen} of {len(walk)} frames, {wall_ms:.1f} ms wall, {cpu_ms:.1f} ms CPU")


if __name__ == "__main__":
    main(sys.argv[1])
