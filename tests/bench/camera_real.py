"""Real people, without labels of affect: does a bundle spread its answers, or say one thing of everybody?

The demonstration video (one walker, real MediaPipe), `gaitvalidation/` (17 people, ordinary video, walking to and from
the camera), and the styles of `bandai_namco/` as a ranking: actors who walk "happy" should get more of happy than they
get walking "normal".

Promises: cut and judged as a home would; a share is told of cycles, a spread of people. Refuses nothing: what a reader
refuses is counted.

Shapes: N cycle, K class.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path
from rich.console import Console
from rich.table import Table

from edge.affect import CLASSES
from edge.encoder import AffectEncoder
from edge.recording import read_recording, write_recording
from edge.sense.lock import lock_out_network
from edge.sense.pose_model import find_or_build
from tests.bench.camera_judged import Heard, asked_about, frames_of, heard, together
from tests.bench.mediapipe_error_record import video_walk
from tests.bench.synthetic_view import segmented
from trainer.readers import read_cycles
from trainer.scores import ABSTAINED

VIDEO = "demo-video.npz"
STYLE = r"dataset-(\d)_walk(?:-[a-z]+)?_([a-z-]+)_\d+"


def real_people(encoder: AffectEncoder, data: Path, folder: Path, console: Console) -> dict[str, object]:
    """Print the tables; return their figures."""
    video = of_video(encoder, data, folder)
    people = of_reader(
        encoder, f"mpi17:{data / 'gaitvalidation' / 'keypoints'}?rate=60&pattern={{subject}}_T{{take}}.npy"
    )
    actors = [of_styles(encoder, data / "bandai_namco" / f"dataset-{n}") for n in (1, 2)]
    styles = together(actors)
    console.print(
        spread_table("demo.mp4, one walker", video),
        spread_table("gaitvalidation, each person", people),
        spread_table("bandai_namco, each style", styles),
    )
    named = {"video": video, "gaitvalidation": people, "bandai_namco": styles}
    return {name: {who: spread(each) for who, each in _groups(one)} for name, one in named.items()}


def of_video(encoder: AffectEncoder, data: Path, folder: Path) -> Heard:
    """The walker of the demonstration video, filmed once and kept."""
    path = folder / VIDEO
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        model = find_or_build(None, user_cache_path("quietstep"))
        lock_out_network()
        walk = video_walk(data, model)
        write_recording(path, *(part[walk.found_T] for part in (walk.t_s, walk.x_TJC, walk.visibility_TJ)))
    recording = read_recording(path)
    _, cycles = segmented(frames_of(recording.t_s, recording.x_TJC, recording.visibility_TJ))
    return heard(encoder, cycles, group="video")


def of_reader(encoder: AffectEncoder, words: str) -> Heard:
    """Whatever a reader of the trainer reads, by subject."""
    reading = read_cycles(words)
    cycles = reading.cycles
    told = asked_about(encoder, cycles.x_NTJC, cycles.duration_s_N, np.full(len(cycles), -1), cycles.subject_N)
    return replace(told, n_unusable=sum(each.what == "cycle" for each in reading.refused))


def of_styles(encoder: AffectEncoder, folder: Path) -> Heard:
    """One set of motion capture, by style."""
    reading = read_cycles(f"bvh:{folder}?pattern={{name}}.bvh")
    cycles = reading.cycles
    style_N = np.array([style_of(key) for key in cycles.key_N])
    return asked_about(encoder, cycles.x_NTJC, cycles.duration_s_N, np.full(len(cycles), -1), style_N)


def style_of(key: str) -> str:
    """`dataset-1_walk_happy_001.bvh#3` is set 1, happy; turning and walking sideways or backwards are told apart."""
    match = re.match(STYLE, key)
    return f"{match[1]} {match[2]}" if match else "other"


def spread(one: Heard) -> dict[str, object]:
    """Mean posterior and shares of answers, over answered cycles; entropy of the answers (2 bits: even)."""
    answered_N = one.answer_N != ABSTAINED
    shares_K = np.bincount(one.answer_N[answered_N], minlength=len(CLASSES)) / max(answered_N.sum(), 1)
    posterior_NK = one.posterior_NK[answered_N]
    return {
        "n": len(answered_N),
        "abstained": one.abstained,
        "answers": shares_K.tolist(),
        "posterior": posterior_NK.mean(0).tolist() if answered_N.any() else [float("nan")] * len(CLASSES),
        "entropy_bits": float(abs(shares_K * np.log2(np.maximum(shares_K, 1e-12))).sum()),
    }


def spread_table(title: str, one: Heard) -> Table:
    """One line for each group and one for all."""
    table = Table("who", "cycles", "abstained", *(f"p {k}" for k in CLASSES), *(f"said {k}" for k in CLASSES), "bits",
                  title=title, caption=f"{one.n_unusable} cycles unusable; bits: entropy of the answers")  # fmt: skip
    groups = _groups(one)
    for who, each in groups if len(groups) > 2 else groups[:1]:
        told = spread(each)
        values = (*told["posterior"], *told["answers"], told["entropy_bits"])
        table.add_row(who, str(told["n"]), f"{told['abstained']:.2f}", *(f"{value:.2f}" for value in values))
    return table


def _groups(one: Heard) -> list[tuple[str, Heard]]:
    parts = [(str(who), one.of(one.group_N == who)) for who in np.unique(one.group_N)]
    return [*parts, ("all", one)]
