"""The golden self-test: the stored inputs must give the stored answers on this machine, before anything else runs.

Promises: ``prove`` returns only when every golden cycle's logits and scores lie within the tolerance for the rung's
precision, alone and in every batch size, no label changes, and the time of one cycle was taken. Refuses a golden
file that is not what the contract says.

Shape letters: N cycle, T time, J landmark, C coordinate, K class.
"""

import io
import statistics
import time
import zipfile
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge.encoder.answers import Floats, Raw, Rung, checked_answer, checked_cycles, checked_shape
from edge.encoder.batches import SHAPES
from edge.encoder.ladder import Trial, why_refused
from edge.errors import BundleError, EncoderError

_ARRAYS: Final = {"x_NTJC", "duration_s_N", "logits_NK", "ood_score_N"}
_N_TIMED: Final = 9


@dataclass(frozen=True, slots=True)
class Golden:
    """Inputs from synthetic walkers and the float32 answers of the trainer."""

    x_NTJC: Floats
    duration_s_N: Floats
    answer: Raw


def read_golden(npz: bytes) -> Golden:
    """Decode ``golden.npz``; raises BundleError unless it holds exactly the contract's arrays, all finite."""
    try:
        with np.load(io.BytesIO(npz), allow_pickle=False) as arrays:
            if set(arrays.files) != _ARRAYS:
                raise ValueError(f"arrays {sorted(arrays.files)}")
            x_NTJC, duration_s_N = checked_cycles(arrays["x_NTJC"], arrays["duration_s_N"])
            raw = Raw(*(arrays[name].astype(np.float32) for name in ("logits_NK", "ood_score_N")))
        if len(x_NTJC) == 0:
            raise ValueError("no cycles")
        return Golden(x_NTJC, duration_s_N, checked_answer(raw, len(x_NTJC)))
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, EncoderError) as error:
        do = "Use the bundle that came with Quietstep, or fetch this one again."
        raise BundleError(f"golden answers that cannot be read ({error})", f"{sorted(_ARRAYS)}", do) from error


def prove(rung: Rung, golden: Golden, tolerance: float) -> Trial:
    """What the golden inputs gave; raises EncoderError when that is not good enough (``why_refused``)."""
    trial = try_out(rung, golden)
    reason = why_refused(trial, tolerance)
    if reason:
        do = "Use the bundle that came with Quietstep; if it fails too, reinstall the inference runtime."
        raise EncoderError(f"{reason} on rung {rung.name}", "the golden answers, in time", do)
    return trial


def try_out(rung: Rung, golden: Golden) -> Trial:
    """Ask ``rung`` for the golden cycles in every batch size and compare; raises EncoderError when it fails."""
    parts = [_compare(rung, golden, n) for n in sorted({*SHAPES, len(golden.x_NTJC)}) if n <= len(golden.x_NTJC)]
    gaps = [gap for gap, _flips in parts]
    finite = bool(np.isfinite(gaps).all())
    cycle_s = _time_one(rung, golden)
    return Trial(max(gaps) if finite else float("nan"), max(flips for _gap, flips in parts), finite, cycle_s)


def _compare(rung: Rung, golden: Golden, n: int) -> tuple[float, int]:
    raw = checked_shape(rung.run(golden.x_NTJC[:n], golden.duration_s_N[:n]), n)
    wanted_NK, wanted_score_N = golden.answer.logits_NK[:n], golden.answer.ood_score_N[:n]
    gap = max(np.abs(raw.logits_NK - wanted_NK).max(), np.abs(raw.ood_score_N - wanted_score_N).max())
    finite = np.isfinite(raw.logits_NK).all() and np.isfinite(raw.ood_score_N).all()
    flips = int((raw.logits_NK.argmax(axis=1) != wanted_NK.argmax(axis=1)).sum())
    return float(gap) if finite else float("nan"), flips


def _time_one(rung: Rung, golden: Golden) -> float:
    """Median seconds for one cycle."""
    times_s = []
    for _ in range(_N_TIMED):
        begin_s = time.perf_counter()
        rung.run(golden.x_NTJC[:1], golden.duration_s_N[:1])
        times_s.append(time.perf_counter() - begin_s)
    return statistics.median(times_s)
