"""Recordings of skeletons: ``.npz`` files with ``x_TJC``, ``t_s``, optionally ``visibility_TJ``, and ``topology``.

Promises: what ``read_recording`` returns is canonical, finite and strictly rising in time; landmarks that were not
finite are not seen, and counted. Refuses files that are no such archive, wrong shapes or types, unknown topologies,
times that do not rise, and recordings in which nothing is seen. Nothing is unpickled.

Shape letters: T time, J landmark, C coordinate.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from edge.errors import RecordingError
from edge.gait.skeleton import to_canonical, upright

KEYS: Final = ("x_TJC", "t_s", "topology")
LARGEST_METRES: Final = 100.0
MOST_FRAMES: Final = 20_000_000


@dataclass(frozen=True, slots=True, repr=False)
class Recording:
    """A canonical recording: (T,) seconds, (T, 20, 3) metres y up, (T, 20) visibility."""

    t_s: npt.NDArray[np.float64]
    x_TJC: npt.NDArray[np.float32]
    visibility_TJ: npt.NDArray[np.float32]
    topology: str
    n_not_finite: int
    turned: bool


def read_recording(path: Path) -> Recording:
    """The recording in ``path``; raises RecordingError with a sentence."""
    arrays = _load(path)
    x_TJC, t_s, topology = arrays["x_TJC"], arrays["t_s"], str(arrays["topology"])
    _check_numbers(path, x_TJC, "x_TJC", 3)
    _check_times(path, t_s, len(x_TJC))
    visibility_TJ = arrays.get("visibility_TJ")
    if visibility_TJ is not None:
        _check_numbers(path, visibility_TJ, "visibility_TJ", 2)
    finite_TJ = np.isfinite(x_TJC).all(axis=2)
    _check_metres(path, x_TJC[finite_TJ])
    x_T20C, visibility_T20 = to_canonical(x_TJC, topology, visibility_TJ)
    x_T20C, turned = upright(x_T20C, visibility_T20)
    n_not_finite = int((~finite_TJ).sum())
    return Recording(np.asarray(t_s, np.float64), x_T20C, visibility_T20, topology, n_not_finite, turned)


def write_recording(path: Path, t_s: npt.ArrayLike, x_TJC: npt.ArrayLike, visibility_TJ: npt.ArrayLike) -> None:
    """Write a canonical recording beside ``path`` and move it there whole; raises RecordingError."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            np.savez_compressed(
                file,
                x_TJC=np.asarray(x_TJC, np.float32),
                t_s=np.asarray(t_s, np.float64),
                visibility_TJ=np.asarray(visibility_TJ, np.float32),
                topology=np.array("quietstep20"),
            )
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        found = f"no way to write {path} ({error.strerror})"
        raise RecordingError(found, "a folder that can be written", "Choose another file.") from error


def _load(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise RecordingError(f"no file {path}", "a recording (.npz)", "Check the path.")
    try:
        with np.load(path, allow_pickle=False) as archive:
            if not hasattr(archive, "files"):
                raise _refusal(path, "a single array", f"an archive with {', '.join(KEYS)}")
            arrays = {name: archive[name] for name in archive.files}
    except RecordingError:
        raise
    except Exception as error:  # a spoiled header raises what numpy's, zip's and Python's own readers happen to
        raise _refusal(path, f"no readable archive ({error})", "an .npz file without pickled objects") from error
    missing = [key for key in KEYS if key not in arrays]
    if missing:
        raise _refusal(path, f"no {', '.join(missing)}", f"{', '.join(KEYS)} and optionally visibility_TJ")
    return arrays


def _check_numbers(path: Path, array: np.ndarray, name: str, n_dims: int) -> None:
    if array.ndim != n_dims or not np.issubdtype(array.dtype, np.floating) or array.shape[0] == 0:
        raise _refusal(
            path,
            f"{name} of shape {array.shape} and type {array.dtype}",
            f"{n_dims} dimensions of floats, not empty",
        )
    if len(array) > MOST_FRAMES:
        raise _refusal(path, f"{len(array)} frames", f"at most {MOST_FRAMES}")


def _check_times(path: Path, t_s: np.ndarray, n_frames: int) -> None:
    if t_s.shape != (n_frames,) or not np.issubdtype(t_s.dtype, np.number):
        raise _refusal(path, f"t_s of shape {t_s.shape}", f"one time in seconds per frame, shape ({n_frames},)")
    if not np.isfinite(t_s).all():
        raise _refusal(path, f"a time that is no number at frame {int(np.argmin(np.isfinite(t_s)))}", "finite seconds")
    steps = np.diff(t_s)
    if (steps <= 0).any():
        at = int(np.argmax(steps <= 0)) + 1
        raise _refusal(path, f"time running backwards or standing still at frame {at}", "t_s that rises strictly")


def _check_metres(path: Path, x_NC: np.ndarray) -> None:
    if len(x_NC) == 0:
        raise _refusal(path, "no landmark that is a number", "landmarks in metres")
    if np.abs(x_NC).max() > LARGEST_METRES:
        raise _refusal(path, "landmarks beyond any room", f"metres, within {LARGEST_METRES:.0f} (millimetres?)")


def _refusal(path: Path, found: str, wanted: str) -> RecordingError:
    return RecordingError(f"{found} in {path}", wanted, "Write the recording again, see `quietstep replay --help`.")
