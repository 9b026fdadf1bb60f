"""Open a bundle and answer for gait cycles.

Promises: the bytes that run are the bytes whose hash was proven; a rung is accepted only after the golden
self-test. Refuses a bundle whose topology, length, classes, schema or version does not fit this device.

Shape letters: N cycle, T time, J landmark, C coordinate, K class.
"""

import hashlib
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from edge.affect import CLASSES
from edge.bundle import GOLDEN, GRAPH, Bundle, Manifest, read_bundle
from edge.encoder.answers import Encoded, Raw, Rung, checked_answer, checked_cycles, to_posterior
from edge.encoder.cpu import CpuRung
from edge.encoder.golden import prove, read_golden
from edge.encoder.graph import refuse_external_data
from edge.errors import BundleError

_PRECISION: Final = "float32"


class AffectEncoder:
    """An accepted model on one rung. Keeps no state between calls."""

    def __init__(self, manifest: Manifest, rung: Rung, golden_gap: float) -> None:
        self.manifest = manifest
        self.golden_gap = golden_gap
        self._rung = rung

    @property
    def rung(self) -> str:
        """Name of the runtime that answers, e.g. "cpu"."""
        return self._rung.name

    @property
    def model_id(self) -> str:
        """Id of the bundle, as the diary records it."""
        return self.manifest.id

    def encode(self, x_NTJC: npt.ArrayLike, duration_s_N: npt.ArrayLike) -> Encoded:
        """Posteriors and scores for normalised cycles (N, 64, 16, 3) in metres and durations (N,) in seconds.

        Raises EncoderError for input or output that is not whole and finite.
        """
        x_NTJC, duration_s_N = checked_cycles(x_NTJC, duration_s_N)
        raw = self._answer(x_NTJC, duration_s_N)
        return Encoded(to_posterior(raw.logits_NK), raw.ood_score_N.astype(np.float64))

    def _answer(self, x_NTJC: npt.NDArray[np.float32], duration_s_N: npt.NDArray[np.float32]) -> Raw:
        if not len(x_NTJC):
            return Raw(np.zeros((0, len(CLASSES)), np.float32), np.zeros(0, np.float32))
        return checked_answer(self._rung.run(x_NTJC, duration_s_N), len(x_NTJC))


def open_encoder(folder: Path) -> AffectEncoder:
    """Verify the bundle in ``folder`` and open it on the CPU; raises BundleError or EncoderError."""
    bundle = read_bundle(Path(folder))
    onnx = _proven_bytes(bundle, GRAPH)
    refuse_external_data(onnx)
    golden = read_golden(_proven_bytes(bundle, GOLDEN))
    rung = CpuRung(onnx)
    gap = prove(rung, golden, _tolerance(bundle))
    return AffectEncoder(bundle.manifest, rung, gap)


def _proven_bytes(bundle: Bundle, name: str) -> bytes:
    """Read a file once and prove what was read, so that no swap between check and use goes unseen."""
    payload = bundle.path(name).read_bytes()
    wanted = next(file.sha256 for file in bundle.manifest.files if file.name == name)
    if hashlib.sha256(payload).hexdigest() != wanted:
        raise _refusal(f"{name} changed while it was read", "a bundle that nobody else writes to")
    return payload


def _tolerance(bundle: Bundle) -> float:
    tolerance = bundle.manifest.tolerance.get(_PRECISION)
    if tolerance is None or not 0 < tolerance <= 0.01:
        raise _refusal(f"the {_PRECISION} tolerance {tolerance}", "a tolerance above 0 and at most 0.01")
    return tolerance


def _refusal(found: str, wanted: str) -> BundleError:
    return BundleError(found, wanted, "Use the bundle that came with Quietstep, or fetch this one again.")
