"""A walk without end through the production segmenter: `python -m tests.bench.endless_walk [--frames N] [--json OUT]`.

Promises: the same seed gives the same frames; they vary (walking, standing, turning, squatting, dropped and hidden
frames, exchanged legs, stamps that go back, people who vanish). Watched are the deep size of the segmenter's state, the
objects it reaches, all objects of the process and its resident memory; the command fails when the later half of the run
needed more of any than the earlier half did. Refuses to judge speed: CPU per frame is printed, with the making of the
frames in it, to show whether it creeps.

Shapes: T time, J landmark, C coordinate.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time
import types
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from edge.gait.cycle import CycleSegmenter, Segmented
from edge.gait.skeleton import N_LANDMARKS, SkeletonFrame
from edge.gait.walker import AFFECTS, Walker, skeletons

RATE_HZ = 30.0
LEFT, RIGHT = [10, 11, 12, 16, 17], [13, 14, 15, 18, 19]
# A segmenter between two frames holds a contact or two more or less; a process's allocator keeps a page or two.
SPARE_STATE_BYTES, SPARE_STATE_OBJECTS, SPARE_OBJECTS, SPARE_RSS_BYTES = 256, 8, 200, 2 << 20
KINDS = ("walk", "walk", "walk", "turn", "turn", "stand", "squat", "vanish")


def deep_size(thing: object) -> tuple[int, int]:
    """Bytes and objects reachable from a thing: array memory once per array, 8 for every reference in a container.

    Single numbers count as the reference that holds them, and spare room that lists and dictionaries keep is left
    out, so that equal contents have equal sizes.
    """
    stack, seen, n_bytes = [thing], set(), 0
    apart = (int, float, type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)
    while stack:
        one = stack.pop()
        if one is None or id(one) in seen or isinstance(one, apart):
            continue
        seen.add(id(one))
        referents = gc.get_referents(one)
        n_bytes += 8 * len(referents)
        stack += referents
        if isinstance(one, np.ndarray):
            n_bytes += one.nbytes if one.base is None else 0
            stack.append(one.base)
        elif isinstance(one, str | bytes | bytearray):
            n_bytes += len(one)
    return n_bytes, len(seen)


class EndlessWalk:
    """Frames of somebody who walks, turns, stands, squats and vanishes, in an order nobody knows but the seed."""

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        t_s = np.arange(900) / RATE_HZ
        walkers = [Walker(identity=i, affect=AFFECTS[i % 4], path=("treadmill", "loop")[i // 4]) for i in range(8)]
        self._clips = [skeletons(walker, t_s) for walker in walkers]
        self._noise_TJC = self._rng.standard_normal((4000, N_LANDMARKS, 3)).astype(np.float32)
        self._t_s = 0.0

    def __iter__(self) -> Iterator[SkeletonFrame]:
        while True:
            yield from self._episode()

    def _episode(self) -> Iterator[SkeletonFrame]:
        rng = self._rng
        kind, n = KINDS[rng.integers(len(KINDS))], int(rng.integers(30, 600))
        if kind == "vanish":
            self._t_s += rng.uniform(0.2, 60.0)
            return
        x_TJC = self._movement(kind, n)
        visibility_TJ = np.ones((n, N_LANDMARKS), dtype=np.float32)
        self._spoil(x_TJC, visibility_TJ)
        t_T = self._t_s + np.arange(1, n + 1) / RATE_HZ + np.clip(rng.normal(0.0, 0.008, n), -0.015, 0.015)
        t_T[rng.random(n) < 0.002] -= 1.0
        self._t_s += n / RATE_HZ
        kept = rng.random(n) >= rng.choice([0.0, 0.05, 0.3])
        yield from map(SkeletonFrame, t_T[kept].tolist(), x_TJC[kept], visibility_TJ[kept])

    def _movement(self, kind: str, n: int) -> np.ndarray:
        rng = self._rng
        clip = self._clips[rng.integers(len(self._clips))]
        start = int(rng.integers(len(clip) - n))
        x_TJC = clip[start : start + n] if kind in ("walk", "turn") else np.repeat(clip[start : start + 1], n, axis=0)
        turn = rng.uniform(-2.0, 2.0) if kind == "turn" else 0.0
        angle_T1 = (rng.uniform(0.0, 6.3) + turn * np.arange(n, dtype=np.float32) / RATE_HZ)[:, None]
        cos_T1, sin_T1 = np.cos(angle_T1), np.sin(angle_T1)
        out_TJC = x_TJC.copy()
        out_TJC[..., 0] = cos_T1 * x_TJC[..., 0] + sin_T1 * x_TJC[..., 2]
        out_TJC[..., 2] = cos_T1 * x_TJC[..., 2] - sin_T1 * x_TJC[..., 0]
        if kind == "squat":
            down_T1 = 0.2 - 0.2 * np.cos(2 * np.pi * np.arange(n) / rng.uniform(40.0, 120.0))[:, None]
            out_TJC[:, :11, 1] -= down_T1
            out_TJC[:, [13], 1] -= down_T1
        first = int(rng.integers(len(self._noise_TJC) - n))
        return np.asarray(out_TJC + rng.choice([0.0, 0.005, 0.02]) * self._noise_TJC[first : first + n], np.float32)

    def _spoil(self, x_TJC: np.ndarray, visibility_TJ: np.ndarray) -> None:
        rng, n = self._rng, len(x_TJC)
        for start in np.flatnonzero(rng.random(n) < 0.01):
            part = slice(start, start + rng.integers(1, 5))
            x_TJC[part, LEFT + RIGHT] = x_TJC[part, RIGHT + LEFT]
        for start in np.flatnonzero(rng.random(n) < 0.01):
            visibility_TJ[start : start + rng.integers(6, 30), (LEFT, RIGHT)[rng.integers(2)]] = 0.1
        for row in np.flatnonzero(rng.random(n) < 0.005):
            x_TJC[row, rng.integers(N_LANDMARKS)] = rng.choice([np.nan, np.inf])


@dataclass(slots=True)
class Stretch:
    """One stretch of the run: what it brought, what a frame cost, and the most that was held in it."""

    frames: int = 0
    contacts: int = 0
    cycles: int = 0
    usable: int = 0
    cpu_us_per_frame: float = 0.0
    state_bytes: int = 0
    state_objects: int = 0
    objects: int = 0
    rss_bytes: int = 0

    def take(self, told: Segmented | None) -> None:
        """Count what a frame brought."""
        self.frames += 1
        if told is not None:
            self.contacts += len(told.contacts)
            self.cycles += len(told.cycles)
            self.usable += sum(cycle.usable for cycle in told.cycles)

    def look(self, segmenter: CycleSegmenter) -> None:
        """Note the size of the state between two frames."""
        n_bytes, n_objects = deep_size(segmenter)
        self.state_bytes, self.state_objects = max(self.state_bytes, n_bytes), max(self.state_objects, n_objects)


def rss_bytes() -> int:
    """Resident memory of this process (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def walk(segmenter: CycleSegmenter, frames: Iterator[SkeletonFrame], n_frames: int, look_every: int) -> Stretch:
    """Feed n_frames, looking at the state every so often."""
    stretch, begin_s = Stretch(), time.process_time()
    for k in range(n_frames):
        stretch.take(segmenter.update(next(frames)))
        if k % look_every == 0:
            stretch.look(segmenter)
    stretch.cpu_us_per_frame = 1e6 * (time.process_time() - begin_s) / n_frames
    gc.collect()
    stretch.objects, stretch.rss_bytes = len(gc.get_objects()), rss_bytes()
    return stretch


def grown(stretches: list[Stretch]) -> list[str]:
    """Which figures the later half needed more of than the earlier half; the first stretch (warming up) is left out."""
    half = 1 + len(stretches[1:]) // 2
    earlier, later = stretches[1:half], stretches[half:]
    limits = {
        "state_bytes": SPARE_STATE_BYTES,
        "state_objects": SPARE_STATE_OBJECTS,
        "objects": SPARE_OBJECTS,
        "rss_bytes": SPARE_RSS_BYTES,
    }
    return [
        name
        for name, spare in limits.items()
        if max(getattr(s, name) for s in later) > max(getattr(s, name) for s in earlier) + spare
    ]


def table(stretches: list[Stretch]) -> Table:
    """One row a stretch."""
    out = Table(title="An endless walk, stretch by stretch (sizes: the most between two frames)")
    for name in ("frames so far", "contacts", "cycles", "usable", "CPU µs a frame", "state bytes", "state objects"):
        out.add_column(name, justify="right")
    out.add_column("process objects", justify="right")
    out.add_column("resident MiB", justify="right")
    so_far = 0
    for s in stretches:
        so_far += s.frames
        counts = (so_far, s.contacts, s.cycles, s.usable, round(s.cpu_us_per_frame), s.state_bytes, s.state_objects)
        out.add_row(*(f"{count:,}" for count in counts), f"{s.objects:,}", f"{s.rss_bytes / 2**20:.1f}")
    return out


def main() -> None:
    """Walk, print the table, and fail when anything has grown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=10_000_000)
    parser.add_argument("--stretches", type=int, default=20)
    parser.add_argument("--look-every", type=int, default=97)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    if asked.stretches < 3 or asked.frames < asked.stretches:
        parser.error("at least three stretches of at least one frame are needed to see growth")
    segmenter, frames = CycleSegmenter(), iter(EndlessWalk(asked.seed))
    stretches = [
        walk(segmenter, frames, asked.frames // asked.stretches, asked.look_every)
        for _ in track(range(asked.stretches), description="walking")
    ]
    more = grown(stretches)
    Console(width=140).print(table(stretches))
    print(f"frames refused for their time: {segmenter.n_refused:,}")
    print("grown: " + ", ".join(more) if more else "nothing grew")
    if asked.json:
        asked.json.write_text(json.dumps({"grown": more, "stretches": [asdict(s) for s in stretches]}, indent=1))
    sys.exit(bool(more))


if __name__ == "__main__":
    main()
