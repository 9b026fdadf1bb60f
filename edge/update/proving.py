"""What the self-test asks of a bundle: its golden answers on each rung, and answers that differ from walker to walker.

Promises: a failure is a `SelfTest` with its sentence; nothing of an answer is kept but the largest range. The probes
are golden inputs, its own and those of the model that ships with Quietstep: synthetic walkers all. Refuses nothing.

Shape letters: N cycle, K class.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from edge.bundle import GOLDEN, read_bundle
from edge.encoder import open_encoder
from edge.encoder.golden import read_golden
from edge.encoder.opening import proven_bytes
from edge.encoder.timing import memory_mib
from edge.errors import QuietstepError
from edge.update.bundles import verified
from edge.update.decide import SelfTest

if TYPE_CHECKING:
    from edge.update.self_test import SelfTestSpec


def proven(spec: "SelfTestSpec") -> SelfTest:
    """Test the bundle on every rung of ``spec.ladder``."""
    try:
        bundle, shipped = verified(Path(spec.folder), spec.sha256), read_bundle(Path(spec.shipped))
        probes = [read_golden(proven_bytes(one, GOLDEN)) for one in (bundle, shipped)]
        x_NTJC = np.concatenate([golden.x_NTJC for golden in probes])
        duration_s_N = np.concatenate([golden.duration_s_N for golden in probes])
        tests = [_on_rung(spec, rung, x_NTJC, duration_s_N) for rung in spec.ladder.rungs]
    except (QuietstepError, OSError, MemoryError) as error:
        return SelfTest(failure=str(getattr(error, "found", error)) or type(error).__name__)
    return SelfTest("", max(test.cycle_s for test in tests), memory_mib(), min(test.spread for test in tests))


def _on_rung(spec: "SelfTestSpec", rung: str, x_NTJC: np.ndarray, duration_s_N: np.ndarray) -> SelfTest:
    settings = msgspec.structs.replace(spec.ladder, rungs=(rung,), apart=True)
    encoder = open_encoder(Path(spec.folder), settings)
    try:
        posterior_NK = encoder.encode(x_NTJC, duration_s_N).posterior_NK
        spread = float((posterior_NK.max(axis=0) - posterior_NK.min(axis=0)).max())
        return SelfTest("", encoder.trial.cycle_s, memory_mib(), spread)
    finally:
        encoder.close()
