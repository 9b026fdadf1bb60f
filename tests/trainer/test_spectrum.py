"""Harmonics: against numpy's transform, and blind to phase."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.spectrum import N_HARMONICS, Harmonics, with_duration

RNG = np.random.default_rng(0)


def test_strengths_are_those_of_the_discrete_transform() -> None:
    x_NTP = RNG.normal(size=(3, 64, 5))
    wanted = np.abs(np.fft.rfft(x_NTP, axis=1)) / 64
    found = Harmonics()(torch.tensor(x_NTP, dtype=torch.float32)).reshape(3, 1 + N_HARMONICS, 5).numpy()
    np.testing.assert_allclose(found[:, 0], x_NTP.mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(found[:, 1:], wanted[:, 1 : 1 + N_HARMONICS], atol=1e-4)


@given(shift=st.integers(0, 63), seed=st.integers(0, 50))
@settings(max_examples=25, deadline=None)
def test_where_a_cycle_starts_does_not_matter(shift: int, seed: int) -> None:
    x_NTP = torch.tensor(np.random.default_rng(seed).normal(size=(2, 64, 4)), dtype=torch.float32)
    assert torch.allclose(Harmonics()(torch.roll(x_NTP, shift, dims=1)), Harmonics()(x_NTP), atol=1e-5)


def test_the_duration_stands_last() -> None:
    found = with_duration(torch.zeros(2, 3), torch.tensor([1.0, np.e], dtype=torch.float32))
    assert torch.allclose(found[:, -1], torch.tensor([0.0, 1.0]), atol=1e-6)
