"""CPU per person-frame of the segmenter: `python -m tests.bench.gait_speed [--rounds N] [--json OUT] [--markdown OUT]`.

Promises: CPU time of one thread (BLAS too), so that other programs count for little; everything in turn, round by
round, in one run, on the same people: walkers of `edge.gait.walker` seen as `edge.gait.pose_noise` sees them, 30 frames
a second, past their first window. The refit beside it is the whole calculation done anew for each frame, as one would
write it: singular value decomposition of the trajectory matrices of the same window and channels, then means over the
anti-diagonals. Refuses to judge: it prints, and asserts nothing.

Shapes: T time, D channel, J landmark, C coordinate, L lag, K lagged vector.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from edge.gait.cycle import CycleSegmenter, Segmented, Stages
from edge.gait.pose_noise import PoseNoise, mediapipe_like
from edge.gait.settings import GaitSettings
from edge.gait.skeleton import FloatArray, SkeletonFrame
from edge.gait.spectrum import OnlineSpectrum
from edge.gait.walker import AFFECTS, Walker, skeletons

RATE_HZ = 30.0
CROWDS = (1, 10, 30, 100, 200)
N_WALKS, N_OFFSETS = 16, 400
SIDE, FRONT = 0, 8
ALONE = "segmenter, one person seen from the side"


@dataclass(slots=True)
class Subject:
    """Something that takes one input a frame; costs in CPU milliseconds per person, one list a round."""

    name: str
    people: int
    inputs: Iterator[Any]
    step: Callable[[Any], object]
    rounds: list[list[float]] = field(default_factory=list)
    closing: list[list[float]] = field(default_factory=list)

    def warm_up(self, n_steps: int) -> None:
        """Fill the windows, without a clock."""
        for _ in range(n_steps):
            self.step(next(self.inputs))

    def run(self, n_steps: int) -> None:
        """One round."""
        costs_ms: list[float] = []
        closing_ms: list[float] = []
        for _ in range(n_steps):
            given = next(self.inputs)
            begin_ns = time.thread_time_ns()
            told = self.step(given)
            costs_ms.append((time.thread_time_ns() - begin_ns) / 1e6 / self.people)
            if isinstance(told, Segmented) and told.cycles:
                closing_ms.append(costs_ms[-1])
        self.rounds.append(costs_ms)
        self.closing.append(closing_ms)


@dataclass(frozen=True, slots=True)
class Figure:
    """CPU milliseconds per person-frame: over all frames, and the least and most of the rounds' medians."""

    name: str
    people: int
    median_ms: float
    p99_ms: float
    least_ms: float
    most_ms: float
    mean_ms: float

    @property
    def is_whole(self) -> bool:
        """Whether this is all that following somebody takes, and not a part of it."""
        return self.name.startswith(("segmenter", "crowd"))

    @property
    def people_per_core(self) -> int:
        """How many people one core follows at 30 frames a second, by the mean cost."""
        return int(1000.0 / RATE_HZ / self.mean_ms)


def figure(name: str, people: int, rounds: list[list[float]]) -> Figure:
    """Sum up what the rounds brought."""
    costs_ms = [cost for one in rounds for cost in one]
    medians = [statistics.median(one) for one in rounds if one]
    return Figure(
        name,
        people,
        statistics.median(costs_ms),
        float(np.percentile(costs_ms, 99)),
        min(medians),
        max(medians),
        statistics.fmean(costs_ms),
    )


class People:
    """Walkers to draw frames from; person i is walk i % 16 from another moment on, seen from another direction."""

    def __init__(self, n_frames: int) -> None:
        t_s = np.arange(n_frames + N_OFFSETS) / RATE_HZ
        self._seen = [_seen(i, t_s) for i in range(N_WALKS)]
        self.n_frames = n_frames

    def frames(self, person: int) -> Iterator[SkeletonFrame]:
        """Frame after frame of one person, from time 0."""
        x_TJC, visibility_TJ = self._seen[person % N_WALKS]
        offset = 37 * person % N_OFFSETS
        for k in range(self.n_frames):
            yield SkeletonFrame(k / RATE_HZ, x_TJC[offset + k], visibility_TJ[offset + k])

    def crowd(self, n_people: int) -> Iterator[dict[int, SkeletonFrame]]:
        """Frames of many people at once, by track number."""
        for row in zip(*(self.frames(person) for person in range(n_people)), strict=True):
            yield dict(enumerate(row))

    def windows(self, person: int, n_samples: int) -> list[FloatArray]:
        """The very windows (T, D), of full length, that a segmenter decomposes."""
        heard: list[FloatArray] = []

        class Listening(OnlineSpectrum):
            def decompose(self) -> None:
                heard.append(self.window_TD[:, : self.n_stacked].copy())
                super().decompose()

        segmenter = CycleSegmenter(stages=Stages(spectrum=Listening))
        for frame in self.frames(person):
            segmenter.update(frame)
        return [window_TD for window_TD in heard if window_TD.shape == (n_samples, heard[-1].shape[1])]


def _seen(i: int, t_s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """A walker as a camera along z sees him, from the side (0) over the front (8) to the side again."""
    angle = np.pi * (0.5 - i / N_WALKS)
    walker = Walker(identity=i, affect=AFFECTS[i % 4])
    noise = PoseNoise(view_deg=float(np.degrees(angle)))
    x_TJC, visibility_TJ = mediapipe_like(skeletons(walker, t_s), seed=i, noise=noise)
    c, s = np.cos(angle), np.sin(angle)
    return (x_TJC @ np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])).astype(np.float32), visibility_TJ


def trajectories_LM(window_TD: FloatArray, n_lags: int) -> FloatArray:
    """The channels' trajectory matrices, centred, side by side."""
    centred_DT = (window_TD - window_TD.mean(axis=0)).T
    return np.hstack([np.lib.stride_tricks.sliding_window_view(channel, n_lags).T for channel in centred_DT])


def full_refit(window_TD: FloatArray, n_lags: int, rank: int) -> FloatArray:
    """Reconstruction (D, T) of a window by the book: centre, embed, decompose, project, average."""
    n_channels = window_TD.shape[1]
    u_LL, s_L, v_LM = np.linalg.svd(trajectories_LM(window_TD, n_lags), full_matrices=False)
    approximated_LM = (u_LL[:, :rank] * s_L[:rank]) @ v_LM[:rank]
    out = []
    for part_LK, mean in zip(np.hsplit(approximated_LM, n_channels), window_TD.mean(axis=0), strict=True):
        flipped = part_LK[::-1]
        out.append([np.diagonal(flipped, k).mean() + mean for k in range(1 - n_lags, part_LK.shape[1])])
    return np.array(out)


def one_by_one(n_people: int) -> Callable[[dict[int, SkeletonFrame]], object]:
    """As many segmenters as people, in a loop."""
    segmenters = [CycleSegmenter() for _ in range(n_people)]

    def step(frames: dict[int, SkeletonFrame]) -> None:
        for track_number, frame in frames.items():
            segmenters[track_number].update(frame)

    return step


def crowd_class() -> type | None:
    """The batched path, None where it does not exist."""
    try:
        return importlib.import_module("edge.gait.crowd").Crowd
    except ModuleNotFoundError:
        return None


def parts(people: People, person: int, view: str) -> list[Subject]:
    """The spectrum alone, the refit and the eigenvectors alone, on the windows of one person."""
    s = GaitSettings()
    windows = people.windows(person, s.n_window)
    n_channels = windows[0].shape[1]
    rank = s.rank if n_channels == 2 else s.frontal_rank
    spectrum = OnlineSpectrum(n_channels, s.n_window, s.n_first, s.n_lags, rank)
    squares = (trajectories @ trajectories.T for trajectories in (trajectories_LM(w, s.n_lags) for w in windows))
    where = f"{view}, {n_channels} channels"
    return [
        Subject(f"its spectrum alone, {where}", 1, (window_TD[-1] for window_TD in windows), spectrum.update),
        Subject(f"full refit, {where}", 1, iter(windows), lambda window_TD: full_refit(window_TD, s.n_lags, rank)),
        Subject(f"eigh {s.n_lags} x {s.n_lags} alone, {view}", 1, squares, np.linalg.eigh),
    ]


def subjects(people: People, crowds: tuple[int, ...]) -> list[Subject]:
    """Everything that is raced."""
    out = [Subject(ALONE, 1, people.frames(SIDE), CycleSegmenter().update), *parts(people, SIDE, "side")]
    out += [Subject("segmenter, one person seen from the front", 1, people.frames(FRONT), CycleSegmenter().update)]
    out += parts(people, FRONT, "front")
    crowd = crowd_class()
    for n in crowds:
        out.append(Subject(f"crowd of {n}, one by one", n, people.crowd(n), one_by_one(n)))
        if crowd is not None:
            out.append(Subject(f"crowd of {n}, batched", n, people.crowd(n), crowd(GaitSettings()).update))
    return out


def figures(raced: list[Subject]) -> list[Figure]:
    """One figure a subject, and one for the costly frames of the single segmenter."""
    out = []
    for subject in raced:
        out.append(figure(subject.name, subject.people, subject.rounds))
        if any(subject.closing):
            out.append(figure("the same, frames that close a cycle", 1, subject.closing))
    return out


def rows(found: list[Figure]) -> list[list[str]]:
    """The table's cells; the ratio is to the single segmenter's median, above 1 is dearer."""
    alone = next(f for f in found if f.name == ALONE)
    return [
        [
            f.name,
            f"{f.median_ms:.3f}",
            f"{f.p99_ms:.3f}",
            f"{f.least_ms:.3f} to {f.most_ms:.3f}",
            f"{f.median_ms / alone.median_ms:.2f}",
            str(f.people_per_core) if f.is_whole else "",
        ]
        for f in found
    ]


HEADER = [
    "CPU per person-frame",
    "median ms",
    "99th",
    "medians of the rounds",
    "ratio to one person",
    "people a core at 30 Hz",
]


def markdown(found: list[Figure]) -> str:
    """The table as it stands in a README."""
    lines = [HEADER, ["---"] * len(HEADER), *rows(found)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def table(found: list[Figure]) -> Table:
    """The table for the terminal."""
    out = Table(title="CPU per person and frame, BLAS on one thread")
    for k, name in enumerate(HEADER):
        out.add_column(name, justify="right" if k else "left")
    for row in rows(found):
        out.add_row(*row)
    return out


def on_one_thread() -> None:
    """Start again with BLAS on one thread: it reads the environment before anything else does."""
    wanted = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        again = [sys.executable, "-m", "tests.bench.gait_speed", *sys.argv[1:]]
        os.execve(sys.executable, again, os.environ | wanted)


def main() -> None:
    """Race, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=60, help="frames in a round of a crowd; ten times that for one")
    parser.add_argument("--people", type=int, nargs="*", default=CROWDS)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    asked = parser.parse_args()
    on_one_thread()
    settings = GaitSettings()
    n_warm = settings.n_window + 30
    people = People(settings.n_window + n_warm + 10 * asked.steps * asked.rounds)
    raced = subjects(people, tuple(asked.people))
    for subject in track(raced, description="warming up"):
        subject.warm_up(n_warm)
    for number in track(range(asked.rounds), description="racing"):
        for subject in raced[number % len(raced) :] + raced[: number % len(raced)]:
            subject.run(asked.steps if subject.people > 1 else 10 * asked.steps)
    found = figures(raced)
    Console(width=140).print(table(found))
    if crowd_class() is None:
        print("Crowd: not there yet")
    if asked.markdown:
        asked.markdown.write_text(markdown(found))
    if asked.json:
        told = [{name: getattr(f, name) for name in (*Figure.__slots__, "people_per_core")} for f in found]
        asked.json.write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
