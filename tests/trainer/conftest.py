"""One small model of paper A, trained once for every test that asks what a trained one does; attackers in a hurry."""

from collections.abc import Iterator

import pytest
import torch

from trainer import attack, privacy
from trainer.disentangle import Shape
from trainer.readers import read_cycles
from trainer.train import Fitted, Settings, fit

PLAIN_SPEC = "walkers:4x4x1x1"
QUICK_ATTACKERS = ("logistic regression", "nearest neighbour")


@pytest.fixture(scope="session")
def plain_settings() -> Settings:
    """Enough steps for four people, nothing disturbed, nothing dropped."""
    return Settings(epochs=25, classifier_epochs=1, batch_size=8, shape=Shape(dropout=0.0), disturbance=None)


@pytest.fixture(scope="session")
def plain_model(plain_settings: Settings) -> Fitted:
    """Trained on ``walkers:4x4x1x1``."""
    torch.set_num_threads(1)
    return fit(read_cycles(PLAIN_SPEC).cycles, plain_settings)


@pytest.fixture(scope="module")
def few_attackers() -> Iterator[None]:
    """Two of the five attackers, where the attack is not what a test is about: they take most of a small release."""
    with pytest.MonkeyPatch.context() as patch:
        _only(patch, *QUICK_ATTACKERS)
        yield


@pytest.fixture
def few_attackers_here(monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """The same for one test; their names."""
    _only(monkeypatch, *QUICK_ATTACKERS)
    return QUICK_ATTACKERS


def _only(patch: pytest.MonkeyPatch, *quick: str) -> None:
    every = privacy.attackers
    for module in (privacy, attack):
        patch.setattr(module, "attackers", lambda *sizes: {name: every(*sizes)[name] for name in quick})
