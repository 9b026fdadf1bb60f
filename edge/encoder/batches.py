"""Many cycles in one call: how any number of them becomes calls of a few fixed sizes.

Promises: every cycle is answered once, in order; a call of a fixed shape is filled up with its last cycle, and what
that answered is thrown away. One engine then serves one person and a hundred streams. Refuses nothing.

Shape letters: N cycle, T time, J landmark, C coordinate, K class.
"""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from edge.encoder.answers import Floats, Raw

SHAPES: Final = (1, 4, 16, 64)
"""Batch sizes that engines are built for."""
CPU_CHUNK: Final = 16
"""On a CPU more at once leave its cache: 64 took twice as long per cycle as 16 (edge/encoder/README.md)."""

RunFixed = Callable[[Floats, Floats], Raw]


def pieces(n_cycles: int, most: int) -> Iterator[slice]:
    """Consecutive slices of at most ``most`` cycles."""
    for start in range(0, n_cycles, most):
        yield slice(start, min(start + most, n_cycles))


def shape_for(n_cycles: int) -> int:
    """The smallest fixed shape that takes ``n_cycles`` (at most the largest)."""
    return next(shape for shape in SHAPES if shape >= n_cycles)


def run_padded(run: RunFixed, x_NTJC: Floats, duration_s_N: Floats) -> Raw:
    """Answer for any number of cycles with calls of the fixed shapes only."""
    return _joined([_one(run, x_NTJC[part], duration_s_N[part]) for part in pieces(len(x_NTJC), SHAPES[-1])])


def run_chunked(run: RunFixed, x_NTJC: Floats, duration_s_N: Floats, most: int) -> Raw:
    """Answer for any number of cycles with calls of at most ``most``."""
    if len(x_NTJC) <= most:
        return run(x_NTJC, duration_s_N)
    return _joined([run(x_NTJC[part], duration_s_N[part]) for part in pieces(len(x_NTJC), most)])


def _one(run: RunFixed, x_NTJC: Floats, duration_s_N: Floats) -> Raw:
    n = len(x_NTJC)
    n_missing = shape_for(n) - n
    if n_missing:
        x_NTJC = np.concatenate([x_NTJC, np.repeat(x_NTJC[-1:], n_missing, axis=0)])
        duration_s_N = np.concatenate([duration_s_N, np.repeat(duration_s_N[-1:], n_missing)])
    raw = run(x_NTJC, duration_s_N)
    return Raw(raw.logits_NK[:n], raw.ood_score_N[:n])


def _joined(raws: list[Raw]) -> Raw:
    if len(raws) == 1:
        return raws[0]
    return Raw(np.concatenate([raw.logits_NK for raw in raws]), np.concatenate([raw.ood_score_N for raw in raws]))
