"""The golden self-test: the stored inputs must give the stored answers on this machine, before anything else runs.

Promises: ``prove`` returns only when every golden cycle's logits and scores lie within the manifest's tolerance for
the rung's precision and no label changes. Refuses a golden file that is not what the contract says.

Shape letters: N cycle, T time, J landmark, C coordinate, K class.
"""

import io
import zipfile
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge.encoder.answers import Floats, Raw, Rung, checked_answer, checked_cycles
from edge.errors import BundleError, EncoderError

_ARRAYS: Final = {"x_NTJC", "duration_s_N", "logits_NK", "ood_score_N"}


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


def prove(rung: Rung, golden: Golden, tolerance: float) -> float:
    """Largest absolute difference to the golden answers; raises EncoderError beyond ``tolerance`` or on a flip."""
    raw = checked_answer(rung.run(golden.x_NTJC, golden.duration_s_N), len(golden.x_NTJC))
    logit_gap = float(np.abs(raw.logits_NK - golden.answer.logits_NK).max())
    score_gap = float(np.abs(raw.ood_score_N - golden.answer.ood_score_N).max())
    flips = int((raw.logits_NK.argmax(1) != golden.answer.logits_NK.argmax(1)).sum())
    gap = max(logit_gap, score_gap)
    if flips or not gap <= tolerance:
        found = f"golden answers off by {gap:.2g} with {flips} changed labels on rung {rung.name}"
        do = "Use the bundle that came with Quietstep; if it fails too, reinstall the inference runtime."
        raise EncoderError(found, f"at most {tolerance:.2g} and no changed label", do)
    return gap
