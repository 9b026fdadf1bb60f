"""The ways to make a model, behind one call.

``paper-a``: autoencoder, three losses, CNN on the affect code (``train``). ``swaps``: harmonics of angles and
landmarks, exchanged people (``swap_train``); the reference bundle is made like that.

Promises: either model answers ``logits`` and ``inner_codes``. Refuses what the two refuse.
"""

from trainer.cycles import Cycles
from trainer.resume import Unkept
from trainer.swap_train import SwapFitted, fit_swaps
from trainer.train import Fitted, Report, Settings, fit

Model = Fitted | SwapFitted


def fit_model(cycles: Cycles, settings: Settings, report: Report | None = None, kept: Unkept | None = None) -> Model:
    """Train by ``settings.method``; raises TrainingError."""
    if settings.method == "swaps":
        return fit_swaps(cycles, settings.swaps, settings.seed, report, kept)
    return fit(cycles, settings, report, kept)
