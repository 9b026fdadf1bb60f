"""What a rung of the runtime is asked and what it answers.

Promises: inputs are checked before a runtime sees them, and answers before anyone else does. Refuses wrong shapes,
NaN and infinity on either side: a broken answer is an EncoderError, never zeros.

Shape letters: N cycle, T time, J landmark, C coordinate, K class.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from edge.affect import CLASSES
from edge.bundle import N_SAMPLES
from edge.errors import EncoderError

Floats = npt.NDArray[np.float32]
N_LANDMARKS = 16


@dataclass(frozen=True, slots=True)
class Raw:
    """A rung's answer: calibrated logits (N, K) and out-of-distribution scores (N,), higher is stranger."""

    logits_NK: Floats
    ood_score_N: Floats


@dataclass(frozen=True, slots=True)
class Encoded:
    """Calibrated posteriors (N, K), each row summing to one, and out-of-distribution scores (N,)."""

    posterior_NK: npt.NDArray[np.float64]
    ood_score_N: npt.NDArray[np.float64]


class Rung(Protocol):
    """One runtime of the ladder, already open."""

    name: str

    def run(self, x_NTJC: Floats, duration_s_N: Floats) -> Raw:
        """Answer for checked inputs; raises EncoderError when the runtime fails."""
        ...

    def close(self) -> None:
        """Give back what it holds; never raises."""
        ...


def checked_cycles(x_NTJC: npt.ArrayLike, duration_s_N: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Inputs as float32 (N, 64, 16, 3) metres and (N,) seconds; raises EncoderError unless whole and finite."""
    x_NTJC = np.ascontiguousarray(x_NTJC, dtype=np.float32)
    duration_s_N = np.ascontiguousarray(duration_s_N, dtype=np.float32)
    wanted = (len(duration_s_N) if duration_s_N.ndim == 1 else -1, N_SAMPLES, N_LANDMARKS, 3)
    if x_NTJC.shape != wanted:
        raise _bad_input(f"cycles of shape {x_NTJC.shape} with durations of shape {duration_s_N.shape}")
    if not (np.isfinite(x_NTJC).all() and np.isfinite(duration_s_N).all() and (duration_s_N > 0).all()):
        raise _bad_input("a cycle with a missing, infinite or negative number")
    return x_NTJC, duration_s_N


def checked_shape(raw: Raw, n_cycles: int) -> Raw:
    """The answer itself; raises EncoderError unless it has one row for each cycle."""
    shapes = raw.logits_NK.shape, raw.ood_score_N.shape
    if shapes != ((n_cycles, len(CLASSES)), (n_cycles,)):
        raise _bad_answer(f"an answer of shapes {shapes[0]} and {shapes[1]} for {n_cycles} cycles")
    return raw


def checked_answer(raw: Raw, n_cycles: int) -> Raw:
    """The answer itself; raises EncoderError unless it has one finite row for each cycle."""
    checked_shape(raw, n_cycles)
    if not (np.isfinite(raw.logits_NK).all() and np.isfinite(raw.ood_score_N).all()):
        raise _bad_answer("an answer that is not a number")
    return raw


def to_posterior(logits_NK: Floats) -> npt.NDArray[np.float64]:
    """Softmax over classes in float64; the temperature is already inside the graph."""
    shifted_NK = logits_NK.astype(np.float64)
    shifted_NK -= shifted_NK.max(axis=1, keepdims=True)
    weight_NK = np.exp(shifted_NK)
    posterior_NK: npt.NDArray[np.float64] = weight_NK / weight_NK.sum(axis=1, keepdims=True)
    return posterior_NK


def _bad_input(found: str) -> EncoderError:
    wanted = f"finite cycles of shape (n, {N_SAMPLES}, {N_LANDMARKS}, 3) and n positive durations"
    return EncoderError(found, wanted, "Give the encoder cycles as edge.gait normalises them.")


def _bad_answer(found: str) -> EncoderError:
    do = "Fetch the model bundle again; if it stays, reinstall the inference runtime."
    return EncoderError(f"{found} from the model", "finite logits and scores", do)
