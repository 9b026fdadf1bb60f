"""Training noise beside the real thing: `python -m tests.bench.camera_noise CACHE_DIR [--identities ...]`.

Cycles of synthetic walkers as the real MediaPipe told them (`camera_recordings`), and as `trainer.camera_takes` draws
them from the same clean cycles and the same view: how far each landmark stays from where it should be over a cycle
(`stays`), and how far it moves about that (`moves`), in millimetres after normalisation; spread of the relative error
of the duration. What is not filmed yet is filmed.

Shapes: N cycle, T time, J landmark, C coordinate.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from edge.gait.cycle import GaitCycle
from tests.bench.camera_judged import pairs_of
from tests.bench.camera_recordings import IDENTITIES, SECONDS, recorded, takes
from tests.bench.mediapipe_error import VIEWS_DEG
from trainer.camera_takes import Filming, seen_by_camera

GROUPS = {
    "head": [3],
    "shoulders": [4, 7],
    "elbows": [5, 8],
    "wrists": [6, 9],
    "hips": [10, 13],
    "knees": [11, 14],
    "ankles": [12, 15],
}
_N_DRAWN = 8
Pair = tuple[GaitCycle, GaitCycle]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--views", type=lambda text: text.split(","), default=list(VIEWS_DEG))
    parser.add_argument("--identities", type=lambda text: [int(n) for n in text.split(",")], default=IDENTITIES)
    asked = parser.parse_args()
    table = Table("view", "cycles", "duration, SD %", *GROUPS, title="Real → drawn, mm: stays / moves")
    for view in asked.views:
        table.add_row(view, *_row(VIEWS_DEG[view], _pairs(asked.folder, asked.identities, view)))
    Console(width=170).print(table)


def _pairs(folder: Path, identities: list[int], view: str) -> list[Pair]:
    """Cycles that both eyes found, as seen and clean."""
    filmed = recorded(takes(identities, [view], SECONDS), folder)
    return [pair for take, recording in filmed.items() for pair in pairs_of(take, recording)]


def _row(view_deg: float, pairs: list[Pair]) -> list[str]:
    seen_x, clean_x = (np.array([pair[at].x_TJC for pair in pairs]) for at in (0, 1))
    seen_s, clean_s = (np.array([pair[at].duration_s for pair in pairs]) for at in (0, 1))
    again_x, again_s = np.repeat(clean_x, _N_DRAWN, axis=0), np.repeat(clean_s, _N_DRAWN)
    drawn_x, drawn_s = seen_by_camera(again_x, again_s, np.random.default_rng(0), Filming((view_deg,)))
    real, drawn = _sizes(seen_x - clean_x), _sizes(drawn_x - again_x)
    cells = [
        " → ".join(
            f"{1e3 * stays_J[at].mean():.0f}/{1e3 * moves_J[at].mean():.0f}" for stays_J, moves_J in (real, drawn)
        )
        for at in GROUPS.values()
    ]
    return [str(len(pairs)), f"{100 * np.std(seen_s / clean_s):.1f} → {100 * np.std(drawn_s / again_s):.1f}", *cells]


def _sizes(error_NTJC: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(J,) distance of the mean over the cycle, and root mean square about it; means over cycles."""
    mean_N1JC = error_NTJC.mean(axis=1, keepdims=True)
    moves_NJ = np.sqrt(np.square(error_NTJC - mean_N1JC).sum(axis=-1).mean(axis=1))
    return np.linalg.norm(mean_N1JC[:, 0], axis=-1).mean(axis=0), moves_NJ.mean(axis=0)


if __name__ == "__main__":
    main()
