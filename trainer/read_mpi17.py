"""Arrays of video pose: ``mpi17:FOLDER?rate=60``, one ``.npy`` a recording, (frames, 17, 3), MPI-INF-3DHP order.

Promises: millimetres (``?unit=m`` for metres), y down, become metres, y up; landmarks that are not finite count as not
seen, as on the device. Refuses other shapes, files cut short, and files in which nothing is a number. Nothing is
unpickled.

Shape letters: T time, J landmark, C coordinate.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from edge.errors import TrainingError
from edge.gait.skeleton import to_canonical, upright
from edge.recording import LARGEST_METRES
from trainer.cut_cycles import Motion
from trainer.cycles import Reading
from trainer.read_folder import read_folder
from trainer.read_spec import Spec, Tell

_PER_METRE: Final[Mapping[str, float]] = {"mm": 1000.0, "cm": 100.0, "m": 1.0}
_N_LANDMARKS: Final = 17


def read_mpi17(spec: Spec, tell: Tell) -> Reading:
    """Every array below the folder; raises TrainingError, also when no rate is given: arrays do not hold it."""
    unit = spec.options.get("unit", "mm")
    if unit not in _PER_METRE:
        raise TrainingError(f"the unit {unit!r}", f"one of {', '.join(_PER_METRE)}", "Correct ?unit=.")
    load = partial(load_mpi17, rate_hz=spec.number("rate"), per_metre=_PER_METRE[unit])
    return read_folder(spec, ".npy", load, f"video pose, MPI-INF-3DHP landmarks ({spec.path.name})", tell)


def load_mpi17(path: Path, rate_hz: float, per_metre: float = 1000.0) -> Motion:
    """One array as a canonical recording; raises ValueError."""
    # A spoiled header makes numpy raise whatever its parser raised, TokenError and SyntaxError among it.
    try:
        x_TJC = np.load(path, allow_pickle=False)
    except Exception as error:
        raise ValueError(f"no readable array ({' '.join(str(error).split())[:100]})") from error
    if not isinstance(x_TJC, np.ndarray):
        raise ValueError("an archive, not a single array")
    if x_TJC.ndim != 3 or x_TJC.shape[1:] != (_N_LANDMARKS, 3) or not np.issubdtype(x_TJC.dtype, np.floating):
        raise ValueError(f"shape {x_TJC.shape} of {x_TJC.dtype}, not (frames, {_N_LANDMARKS}, 3) of floats")
    x_TJC = x_TJC.astype(np.float64) / per_metre
    if np.abs(x_TJC[np.isfinite(x_TJC)]).max(initial=0.0) > LARGEST_METRES:
        raise ValueError(f"landmarks beyond {LARGEST_METRES:.0f} m (is the unit right?)")
    x_TJC, visibility_TJ = to_canonical(x_TJC, "mpi17")
    x_TJC, _ = upright(x_TJC, visibility_TJ)
    return Motion(np.arange(len(x_TJC)) / rate_hz, x_TJC, visibility_TJ, rate_hz)
