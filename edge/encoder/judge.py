"""From the encoder's answer to what the diary may hear: an affect or an abstention.

Promises: a cycle whose score lies above the bundle's threshold is an abstention with its reason, never a mood.
Refuses answers that are not finite. Pure: no runtime, no files.

Shape letters: N cycle, K class.
"""

import numpy as np

from edge.affect import AbstainReason, Abstention, Affect, Judgement
from edge.bundle import Manifest
from edge.encoder.answers import Encoded
from edge.errors import EncoderError


def judge(encoded: Encoded, manifest: Manifest) -> tuple[Judgement, ...]:
    """One judgement per cycle, in order; raises EncoderError when an answer is not finite."""
    if not (np.isfinite(encoded.posterior_NK).all() and np.isfinite(encoded.ood_score_N).all()):
        do = "Fetch the model bundle again; if it stays, reinstall the inference runtime."
        raise EncoderError("a posterior or score that is not a number", "finite answers", do)
    pairs = zip(encoded.posterior_NK, encoded.ood_score_N, strict=True)
    return tuple(_one(posterior_K, float(score), manifest.ood_threshold) for posterior_K, score in pairs)


def _one(posterior_K: np.ndarray, score: float, threshold: float) -> Judgement:
    if score > threshold:
        return Abstention(AbstainReason.OUT_OF_DISTRIBUTION)
    angry, happy, neutral, sad = (float(share) for share in posterior_K)
    return Affect((angry, happy, neutral, sad))
