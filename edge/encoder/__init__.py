"""The affect encoder on the device: a verified bundle in, calibrated posteriors or a sentence out.

Promises: ``open_encoder`` hands out an encoder only after every file of its bundle was proven, the runtime took
exactly the rung it was asked for, and the golden inputs gave the stored answers. Refuses everything else with an
error of ``edge.errors``; an error is never a mood.
"""

from edge.encoder.affect_encoder import AffectEncoder, Encoder, open_encoder
from edge.encoder.answers import Encoded
from edge.encoder.judge import judge

__all__ = ["AffectEncoder", "Encoded", "Encoder", "judge", "open_encoder"]
