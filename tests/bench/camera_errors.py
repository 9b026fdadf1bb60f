"""Measure `trainer/camera_errors.npz`: `python -m tests.bench.camera_errors CACHE_DIR --out FILE [--identities 200]`.

For every take of `camera_recordings` of these people: cycles as the real MediaPipe told them less the same cycles of
the clean skeleton, averaged over the take, as a constant and three harmonics. The people must be neither trained nor
tested on. What is not filmed yet is left out and said.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from edge.recording import read_recording
from tests.bench.camera_judged import pairs_of
from tests.bench.camera_recordings import NOISE_IDENTITIES, SECONDS, takes
from tests.bench.mediapipe_error import VIEWS_DEG
from trainer.camera_errors import waves


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--identities", type=lambda text: [int(n) for n in text.split(",")], default=NOISE_IDENTITIES)
    asked = parser.parse_args()
    weights, views = [], []
    for take in takes(asked.identities, VIEWS_DEG, SECONDS):
        if not take.file(asked.folder).is_file():
            print(f"not filmed: {take.view}, {take.identity}, {take.affect}")
            continue
        pairs = pairs_of(take, read_recording(take.file(asked.folder)))
        if pairs:
            error_TJC = np.mean([seen.x_TJC - clean.x_TJC for seen, clean in pairs], axis=0)
            weights.append(np.einsum("ht,tjc->hjc", waves(), error_TJC))
            views.append(VIEWS_DEG[take.view])
    np.savez_compressed(asked.out, weight_RHJC=np.array(weights, np.float16), view_deg_R=np.array(views, np.float32))
    print(f"{len(views)} recordings, {sorted(set(views))} degrees, in {asked.out}")


if __name__ == "__main__":
    main()
