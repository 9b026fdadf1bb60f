"""Open a bundle and answer for gait cycles.

Promises: the bytes that run are the bytes whose hash was proven; a rung is accepted only after the golden
self-test. Refuses a bundle whose topology, length, classes, schema or version does not fit this device.

Shape letters: N cycle, T time, J landmark, C coordinate, K class.
"""

from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from edge.affect import CLASSES
from edge.bundle import GOLDEN, Manifest, read_bundle
from edge.encoder.answers import Encoded, Raw, checked_cycles, to_posterior
from edge.encoder.climb import Climb, Listener, Silent
from edge.encoder.golden import read_golden
from edge.encoder.ladder import Refused, Trial
from edge.encoder.opening import Opener, proven_bytes
from edge.rungs import CPU_ONLY, LadderSettings


class Encoder(Protocol):
    """Whoever answers for cycles: one model, or the one of several whose turn it is."""

    @property
    def manifest(self) -> Manifest:
        """Of the model that gave the last answer."""
        ...

    @property
    def model_id(self) -> str:
        """As `AffectEncoder.model_id`."""
        ...

    @property
    def rung(self) -> str:
        """As `AffectEncoder.rung`."""
        ...

    def encode(self, x_NTJC: npt.ArrayLike, duration_s_N: npt.ArrayLike) -> Encoded:
        """As `AffectEncoder.encode`."""
        ...


class AffectEncoder:
    """A proven model on the highest rung that was accepted. Keeps no state between calls but which rung that is."""

    def __init__(self, manifest: Manifest, climb: Climb) -> None:
        self._manifest = manifest
        self._climb = climb

    @property
    def manifest(self) -> Manifest:
        """What the bundle says of itself."""
        return self._manifest

    @property
    def rung(self) -> str:
        """Name of the runtime that answers now, e.g. "cpu"; raises EncoderError when none is left."""
        return self._climb.accepted.rung.name

    @property
    def precision(self) -> str:
        """What it computes in: "float32" or "mixed"."""
        return self._climb.accepted.precision

    @property
    def trial(self) -> Trial:
        """How the rung that answers now was proven."""
        return self._climb.accepted.trial

    @property
    def refused(self) -> tuple[Refused, ...]:
        """The rungs that may not answer, each with its reason."""
        return self._climb.refused

    @property
    def model_id(self) -> str:
        """Id and version of the bundle, as the diary records them."""
        return f"{self.manifest.id}-{self.manifest.version}"

    def encode(self, x_NTJC: npt.ArrayLike, duration_s_N: npt.ArrayLike) -> Encoded:
        """Posteriors and scores for normalised cycles (N, 64, 16, 3) in metres and durations (N,) in seconds.

        Any number of cycles, of any people and cameras. Raises EncoderError for input that is not whole and finite,
        and when no rung is left that answers.
        """
        x_NTJC, duration_s_N = checked_cycles(x_NTJC, duration_s_N)
        raw = self._climb.run(x_NTJC, duration_s_N) if len(x_NTJC) else _nothing()
        return Encoded(to_posterior(raw.logits_NK), raw.ood_score_N.astype(np.float64))

    def close(self) -> None:
        """End the process of the rung, if it has one."""
        self._climb.close()


def open_encoder(folder: Path, settings: LadderSettings = CPU_ONLY, listener: Listener | None = None) -> AffectEncoder:
    """Verify the bundle in ``folder`` and open it on the first rung that proves itself.

    Raises BundleError for the bundle, EncoderError when no rung is accepted.
    """
    bundle = read_bundle(Path(folder))
    told = listener or Silent()
    opener = Opener(bundle, settings, told)
    golden = read_golden(proven_bytes(bundle, GOLDEN))
    return AffectEncoder(bundle.manifest, Climb(settings.rungs, opener, golden, told))


def _nothing() -> Raw:
    return Raw(np.zeros((0, len(CLASSES)), np.float32), np.zeros(0, np.float32))
