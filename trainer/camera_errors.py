"""What MediaPipe gets wrong alike in every stride: measured errors of whole recordings, to be added to clean cycles.

``edge.gait.pose_error`` draws errors that know nothing of the gait; the estimator's own go with the stride and with the
side it looks from (elbows too far forward obliquely, one knee too straight), and are two thirds of all it gets wrong.
Here they are as measured: seen less true, after normalisation, averaged over the cycles of one recording, as a
constant and three harmonics of the cycle. ``camera_errors.npz`` holds them for drawn people only, who are nobody's
training or test people; `python -m tests.bench.camera_errors CACHE_DIR --out FILE` measures them again.

Promises: errors are metres on the template body, in its axes; a view from the other side is the mirror image. Refuses
nothing: a view nobody measured within ``NEAR_DEG`` has no such error.

Shape letters: R recording, T time, H wave, J landmark, C coordinate.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edge.gait.normalise import N_SAMPLES
from trainer.augment import mirrored

Floats = npt.NDArray[Any]

FILE: Final = Path(__file__).with_name("camera_errors.npz")
N_HARMONICS: Final = 3
NEAR_DEG: Final = 13.0


def systematic(view_deg: float, rng: np.random.Generator) -> Floats | None:
    """The error (64, 16, 3) of one recording from about there, drawn; None where nobody was filmed from there."""
    weight_RHJC, view_deg_R = _measured()
    near_R = np.flatnonzero(np.abs(view_deg_R - abs(view_deg)) <= NEAR_DEG)
    if not len(near_R):
        return None
    error_TJC = np.einsum("ht,hjc->tjc", waves(), weight_RHJC[rng.choice(near_R)])
    return np.asarray(mirrored(error_TJC[None].astype(np.float32))[0] if view_deg < 0 else error_TJC)


def waves() -> Floats:
    """Orthonormal rows (7, 64): the constant, then cosine and sine of each harmonic."""
    phase_T = 2 * np.pi * np.arange(N_SAMPLES) / N_SAMPLES
    turning = [wave(n * phase_T) * np.sqrt(2.0) for n in range(1, N_HARMONICS + 1) for wave in (np.cos, np.sin)]
    return np.stack([np.ones(N_SAMPLES), *turning]) / np.sqrt(N_SAMPLES)


@lru_cache(maxsize=1)
def _measured() -> tuple[Floats, Floats]:
    with np.load(FILE, allow_pickle=False) as archive:
        return archive["weight_RHJC"].astype(np.float64), archive["view_deg_R"].astype(np.float64)
