"""The whole chain beside a bare MediaPipe loop on one clip: `python -m tests.bench.chain [--data PATH] [--rounds N]`.

Promises: both in turn, several rounds, in one run; frames a second and CPU per frame of every process, as medians with
spread and as ratios. Start-up is left out on both sides: the clock runs from the first frame to the last. Refuses to
judge: it prints, and asserts nothing. Without --data the clip is the synthetic camera's.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import platformdirs
from rich.console import Console
from rich.table import Table

from edge.config import Camera, Config
from edge.sense.pose_model import find_or_build
from edge.sense.specs import SourceSpec
from edge.service import Service, serving

CLIP = ("video/demo.mp4", (0.0, 0.45, 1.0, 1.0), (55, 190))
SYNTHETIC = "synthetic:identity=1,view=side,path=treadmill,seconds=20"

BARE = """
import json, sys, time
from edge.sense.lock import lock_out_network
lock_out_network()
import mediapipe as mp, numpy as np
from mediapipe.tasks.python import BaseOptions, vision
from edge.sense.sources import open_source
from edge.sense.specs import SourceSpec
model, source, crop, frames = json.loads(sys.argv[1])
options = vision.PoseLandmarkerOptions(
    base_options=BaseOptions(model_asset_path=model), running_mode=vision.RunningMode.VIDEO, num_poses=1)
landmarker = vision.PoseLandmarker.create_from_options(options)
opened = open_source(SourceSpec(source, crop and tuple(crop), frames and tuple(frames)))
pictures, wall = [], None
for_mediapipe = 0.0
while picture := opened.read():
    if len(pictures) == 1:
        wall, cpu, for_mediapipe = time.perf_counter(), time.process_time(), 0.0
    image = mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(picture.rgb_HWC))
    begin = time.process_time()
    result = landmarker.detect_for_video(image, round(picture.t_s * 1000))
    for_mediapipe += time.process_time() - begin
    pictures.append((picture.t_s, result, picture.rgb_HWC[::8, ::8].copy()))
n = len(pictures) - 1
told = [n / (time.perf_counter() - wall), 1000 * (time.process_time() - cpu) / n, 1000 * for_mediapipe / n]

from edge.sense.light import judge_light
from edge.sense.pose import _body, _distinct
from edge.sense.tracks import TrackKeeper
from edge.wire import Frame, Person, encode, pack_body
tracks, begin = TrackKeeper(), time.process_time()
for seq, (t_s, result, rgb_HWC) in enumerate(pictures):
    pairs = zip(result.pose_world_landmarks, result.pose_landmarks, strict=True)
    bodies = _distinct([_body(world, marks, 1.0) for world, marks in pairs], 4)
    state = "ok" if bodies else judge_light(rgb_HWC)
    numbers = tracks.update(t_s, [body.spot for body in bodies])
    people = tuple(Person(k, pack_body(b.x_JC, b.visibility_J)) for k, b in zip(numbers, bodies, strict=True))
    encode(Frame("hall", seq, 0, 0, state, people))
told.append(1000 * (time.process_time() - begin) / len(pictures))
print(json.dumps(told))
"""


def bare(model: Path, clip: SourceSpec) -> dict[str, float]:
    """A loop of decoding and MediaPipe for one person and nothing else; then what the eyes do around MediaPipe."""
    argument = json.dumps([str(model), clip.source, clip.crop, clip.frames])
    done = subprocess.run([sys.executable, "-c", BARE, argument], capture_output=True, text=True, check=True)
    fps, loop_ms, mediapipe_ms, around_ms = json.loads(done.stdout.splitlines()[-1])
    return {"fps": fps, "loop": loop_ms, "mediapipe": mediapipe_ms, "around": around_ms}


def chain(model: Path, clip: SourceSpec) -> dict[str, float]:
    """Capture, eyes and monitor as a home runs them, no frame skipped."""
    camera = Camera(place="hall", source=clip.source, crop=clip.crop, frames=clip.frames, every_frame=True)
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Config(camera=(camera,), data_dir=Path(folder)), model)
        with serving(service):
            first = last = None
            while service.step():
                n = service.status.cameras["hall"].n_taken
                if n >= 1:
                    now = (n, time.perf_counter(), *(cpu_ms(child.pid) for child in service.children))
                    if all(value is not None for value in now):
                        first, last = first or now, now if last is None or n > last[0] else last
                time.sleep(0.005)
    n = last[0] - first[0]
    monitor, capture, eyes = ((last[i] - first[i]) / n for i in (2, 3, 4))
    return {"fps": n / (last[1] - first[1]), "capture": capture, "eyes": eyes, "monitor": monitor}


def cpu_ms(pid: int | None) -> float | None:
    """CPU time of a process so far, threads that ended included; in steps of the kernel's tick (10 ms)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def told(values: Sequence[float]) -> str:
    """Median and spread."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    clip = SourceSpec(str(options.data / CLIP[0]), CLIP[1], CLIP[2]) if options.data else SourceSpec(SYNTHETIC)
    model = find_or_build(None, Path(platformdirs.user_cache_dir("quietstep")))
    rounds = [(bare(model, clip), chain(model, clip)) for _ in range(options.rounds)]
    report(rounds, options.json)


def report(rounds: list[tuple[dict[str, float], dict[str, float]]], out: Path | None) -> None:
    """Ratios of pairs beside the medians: the machine's speed drifts, pairs do not."""
    table = Table(title=f"{len(rounds)} rounds: median (least to most)", title_justify="left", show_edge=False)
    for column in ("what", "value", "ratio to the bare loop of the same round"):
        table.add_column(column)
    after = [alone["around"] + whole["monitor"] for alone, whole in rounds]
    ratios = {
        "fps": [whole["fps"] / alone["fps"] for alone, whole in rounds],
        "after": [cpu / alone["mediapipe"] for cpu, (alone, _) in zip(after, rounds, strict=True)],
    }
    table.add_row("frames a second, bare MediaPipe loop", told([alone["fps"] for alone, _ in rounds]))
    table.add_row("frames a second, whole chain", told([whole["fps"] for _, whole in rounds]), told(ratios["fps"]))
    for name, text in (("loop", "bare loop"), ("mediapipe", "MediaPipe in it"), ("around", "eyes around MediaPipe")):
        table.add_row(f"CPU ms a frame, {text}", told([alone[name] for alone, _ in rounds]))
    for name in ("capture", "eyes", "monitor"):
        table.add_row(f"CPU ms a frame, {name} process", told([whole[name] for _, whole in rounds]))
    table.add_row("CPU ms a frame, everything after MediaPipe", told(after), f"{told(ratios['after'])} of MediaPipe")
    Console(width=130).print(table)
    if out:
        out.write_text(json.dumps({"rounds": rounds, "ratios": ratios}, indent=1))


if __name__ == "__main__":
    main()
