"""The synthetic camera through the real pose estimator and segmenter, against its own truth.

    python -m tests.bench.synthetic_view [--views side,oblique,frontal] [--identities 0,1,2] [--seconds 20] ...

One row per view, identity and affect: pictures with a pose; correlation of each ankle's forward position with the
truth; true contacts after the first window that were found within 67 ms (side-aware, one to one), contacts told that
are none (`extra`), true cycles after the first window that were found; bias and spread of the contact times.
It needs the pose model and no network once that is there.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path
from rich.console import Console
from rich.table import Table

from edge.gait.cycle import Contact, CycleSegmenter, GaitCycle
from edge.gait.skeleton import (
    LEFT_ANKLE,
    LEFT_HIP,
    LEFT_SHOULDER,
    RIGHT_ANKLE,
    RIGHT_HIP,
    RIGHT_SHOULDER,
    ROOT,
    SkeletonFrame,
)
from edge.gait.walker import AFFECTS, TrueContact
from edge.sense.lock import lock_out_network
from edge.sense.pose import PoseEstimator
from edge.sense.pose_model import find_or_build
from edge.sense.synthetic import SyntheticCamera

FIRST_WINDOW_S = 3.0
LAST_S = 0.5
NEAR_S = 0.067
SAME_S = 0.2


@dataclass(frozen=True, slots=True)
class Score:
    """One walk: counts, correlations (left, right) and contact errors in milliseconds (found minus true)."""

    n_pictures: int
    n_poses: int
    correlation: tuple[float, float]
    n_true: int
    n_extra: int
    n_cycles_true: int
    n_cycles_found: int
    n_cycles_usable: int
    errors_ms: tuple[float, ...]

    @property
    def n_near(self) -> int:
        """True contacts found within `NEAR_S`."""
        return sum(abs(e) <= 1000 * NEAR_S for e in self.errors_ms)


def measure(source: str, model: Path, max_people: int = 1) -> Score:
    """Run one synthetic walk through pose estimation and segmentation."""
    camera, pose = SyntheticCamera(source), PoseEstimator(model, max_people)
    frames, n_pictures = [], 0
    while (picture := camera.read()) is not None:
        n_pictures += 1
        if bodies := pose.update(picture.rgb_HWC, round(1000 * picture.t_s)):
            frames.append(SkeletonFrame(picture.t_s, bodies[0].x_JC, bodies[0].visibility_J))
    pose.close()
    return scored(camera, frames, n_pictures, *segmented(frames))


def segmented(frames: Iterable[SkeletonFrame]) -> tuple[list[Contact], list[GaitCycle]]:
    """What the device's segmenter makes of one track."""
    segmenter = CycleSegmenter()
    told = [*map(segmenter.update, frames), segmenter.flush()]
    news = [each for each in told if each is not None]
    return [c for each in news for c in each.contacts], [c for each in news for c in each.cycles]


def scored(
    camera: SyntheticCamera,
    frames: list[SkeletonFrame],
    n_pictures: int,
    contacts: list[Contact],
    cycles: list[GaitCycle],
) -> Score:
    """What was made of one walk, against the camera's truth."""
    seen, true = [frame.x_JC for frame in frames], [camera.skeleton_at(frame.t_s) for frame in frames]
    return _score(camera, n_pictures, (seen, true), contacts, cycles)


def _score(
    camera: SyntheticCamera,
    n_pictures: int,
    skeletons: tuple[list[np.ndarray | None], list[np.ndarray | None]],
    contacts: list[Contact],
    cycles: list[GaitCycle],
) -> Score:
    end_s = camera.spec.seconds - LAST_S
    truth = [c for c in camera.truth() if _settled(camera, c.t_s) and c.t_s < end_s]
    pairs = match(truth, contacts)
    inside = [c for c in contacts if _settled(camera, c.t_s) and c.t_s < end_s]
    right = [c.t_s for c in truth if c.side == "right"]
    true_cycles = [(a, b) for a, b in pairwise(right) if b - a < 2.0]
    hits = [_cycle_at(a, b, cycles) for a, b in true_cycles]
    return Score(
        n_pictures,
        len(skeletons[0]),
        _correlation(*skeletons),
        len(truth),
        max(0, len(inside) - len(pairs)),
        len(true_cycles),
        sum(c is not None for c in hits),
        sum(c is not None and c.usable for c in hits),
        tuple(1000 * (found.t_s - t.t_s) for t, found in pairs),
    )


def _settled(camera: SyntheticCamera, t_s: float) -> bool:
    """After the first window: of the recording on a treadmill, of each crossing otherwise."""
    spec = camera.spec
    return t_s >= FIRST_WINDOW_S if spec.path != "cross" else camera.seen_for_s(t_s) >= 1.0


def match(truth: list[TrueContact], contacts: list[Contact]) -> list[tuple[TrueContact, Contact]]:
    """Pair each true contact with the nearest one told of the same side, each used once, within `SAME_S`."""
    near = [
        (abs(c.t_s - t.t_s), i, j)
        for i, t in enumerate(truth)
        for j, c in enumerate(contacts)
        if c.side == t.side and abs(c.t_s - t.t_s) < SAME_S
    ]
    taken_i: set[int] = set()
    taken_j: set[int] = set()
    pairs = []
    for _, i, j in sorted(near):
        if i not in taken_i and j not in taken_j:
            taken_i.add(i)
            taken_j.add(j)
            pairs.append((truth[i], contacts[j]))
    return pairs


def _cycle_at(start_s: float, end_s: float, cycles: list[GaitCycle]) -> GaitCycle | None:
    near = (c for c in cycles if abs(c.start_s - start_s) < 0.1 and abs(c.end_s - end_s) < 0.1)
    return next(near, None)


def _correlation(seen: list[np.ndarray | None], true: list[np.ndarray | None]) -> tuple[float, float]:
    both = [(a, b) for a, b in zip(seen, true, strict=True) if a is not None and b is not None]
    if len(both) < 60:
        return (float("nan"), float("nan"))
    a, b = (_forward(np.array(x, float))[30:] for x in zip(*both, strict=True))
    return tuple(float(np.corrcoef(a[:, side], b[:, side])[0, 1]) for side in (0, 1))  # type: ignore[return-value]


def _forward(x_TJC: np.ndarray) -> np.ndarray:
    """(T, 2) left and right ankle ahead of mid-hip, along the smoothed forward axis of hips and shoulders."""
    left = x_TJC[:, LEFT_HIP] - x_TJC[:, RIGHT_HIP] + x_TJC[:, LEFT_SHOULDER] - x_TJC[:, RIGHT_SHOULDER]
    axis, keep = left[0], np.exp(-1 / 30)
    out = np.empty((len(x_TJC), 2))
    for i, now in enumerate(left):
        axis = keep * axis + (1 - keep) * now
        ahead = np.cross(axis, [0.0, 1.0, 0.0])
        out[i] = (x_TJC[i, [LEFT_ANKLE, RIGHT_ANKLE]] - x_TJC[i, ROOT]) @ ahead / np.linalg.norm(ahead)
    return out


def _row(name: str, scores: list[Score]) -> list[str]:
    errors = np.array([e for s in scores for e in s.errors_ms])
    n_true, n_near = sum(s.n_true for s in scores), sum(s.n_near for s in scores)
    low = np.nanmin([s.correlation for s in scores]) if any(len(s.errors_ms) for s in scores) else float("nan")
    return [
        name,
        f"{sum(s.n_poses for s in scores)}/{sum(s.n_pictures for s in scores)}",
        f"{low:.3f}",
        f"{n_near}/{n_true} {100 * n_near / max(n_true, 1):.1f} %",
        str(sum(s.n_extra for s in scores)),
        f"{sum(s.n_cycles_found for s in scores)}/{sum(s.n_cycles_true for s in scores)}",
        str(sum(s.n_cycles_usable for s in scores)),
        f"{errors.mean():+.0f}" if errors.size else "-",
        f"{errors.std():.0f}" if errors.size else "-",
    ]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--views", default="side,oblique,frontal")
    parser.add_argument("--identities", default="0,1,2")
    parser.add_argument("--affects", default=",".join(AFFECTS))
    parser.add_argument("--path", default="treadmill")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--people", type=int, default=4, help="most people the estimator looks for (a home: 4)")
    parser.add_argument("--model", type=Path)
    asked = parser.parse_args()
    model = find_or_build(asked.model, user_cache_path("quietstep"))
    lock_out_network()  # a landmarker reports its use to its maker where it can
    table = Table(title=f"synthetic camera, {asked.path}, {asked.seconds:g} s each")
    for head in ("walk", "poses", "least corr", "within 67 ms", "extra", "cycles", "usable", "bias ms", "SD ms"):
        table.add_column(head, justify="left" if head == "walk" else "right")
    for view in asked.views.split(","):
        scores = []
        for identity in asked.identities.split(","):
            for affect in asked.affects.split(","):
                walk = f"identity={identity},affect={affect},path={asked.path},seconds={asked.seconds}"
                scores.append(measure(f"synthetic:view={view},{walk}", model, asked.people))
                table.add_row(*_row(f"{view} {identity} {affect}", scores[-1:]))
        table.add_section()
        table.add_row(*_row(f"{view}, all", scores), style="bold")
        table.add_section()
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
