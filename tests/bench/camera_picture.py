"""What was heard of each affect, clean and through the camera, view by view, as a PNG."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from edge.affect import CLASSES
from tests.bench.camera_judged import Heard

_HEARD = (*CLASSES, "abstained")


def draw(views: Mapping[str, tuple[Heard, Heard]], path: Path) -> None:
    """One column a view; above the clean skeletons, below what the camera made of them; shares of each true affect."""
    figure = Figure(figsize=(2.5 * len(views) + 1, 5.6), layout="constrained")
    axes = figure.subplots(2, len(views), squeeze=False)
    for column, (name, (camera, clean)) in enumerate(views.items()):
        _matrix(axes[0][column], f"{name}\nclean skeletons", clean)
        _matrix(axes[1][column], "through MediaPipe", camera)
    figure.supylabel("walked")
    figure.supxlabel("heard")
    figure.savefig(path, dpi=110)


def _matrix(axis: Any, title: str, one: Heard) -> None:
    share_KA = one.table_KA / np.maximum(one.table_KA.sum(axis=1, keepdims=True), 1)
    axis.imshow(share_KA, vmin=0, vmax=1, cmap="Blues", aspect="auto")
    for (at, to), share in np.ndenumerate(share_KA):
        axis.text(
            to, at, f"{share:.2f}", ha="center", va="center", fontsize=7, color="white" if share > 0.6 else "black"
        )
    axis.set_xticks(range(len(_HEARD)), [name[:3] for name in _HEARD], fontsize=7)
    axis.set_yticks(range(len(CLASSES)), [name[:3] for name in CLASSES], fontsize=7)
    axis.set_title(title, fontsize=8)
