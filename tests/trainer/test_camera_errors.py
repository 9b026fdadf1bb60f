"""Errors that are alike in every stride come from where they were measured, and mirrored from the other side."""

import numpy as np
import pytest

from trainer import camera_errors
from trainer.augment import mirrored
from trainer.camera_errors import FILE, N_HARMONICS, systematic, waves

RNG = np.random.default_rng(0)


@pytest.fixture
def two_views(monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    weight_RHJC = RNG.normal(size=(2, 1 + 2 * N_HARMONICS, 16, 3))
    monkeypatch.setattr(camera_errors, "_measured", lambda: (weight_RHJC, np.array([0.0, 90.0])))
    return weight_RHJC


def test_waves_are_orthonormal() -> None:
    np.testing.assert_allclose(waves() @ waves().T, np.eye(1 + 2 * N_HARMONICS), atol=1e-12)


def test_an_error_is_that_of_its_view(two_views: np.ndarray) -> None:
    for view_deg, weight_HJC in ((0.0, two_views[0]), (95.0, two_views[1])):
        error_TJC = systematic(view_deg, RNG)
        assert error_TJC is not None
        np.testing.assert_allclose(np.einsum("ht,tjc->hjc", waves(), error_TJC), weight_HJC, atol=1e-9)


def test_the_other_side_is_the_mirror_image(two_views: np.ndarray) -> None:
    here, there = systematic(90.0, RNG), systematic(-90.0, RNG)
    assert here is not None
    np.testing.assert_allclose(there, mirrored(here[None].astype(np.float32))[0], atol=1e-6)


def test_where_nobody_was_filmed_there_is_none(two_views: np.ndarray) -> None:
    assert systematic(45.0, RNG) is None
    assert systematic(180.0, RNG) is None


def test_what_is_shipped_are_bodies_errors_of_a_few_centimetres() -> None:
    with np.load(FILE, allow_pickle=False) as archive:
        weight_RHJC, view_deg_R = archive["weight_RHJC"], archive["view_deg_R"]
    assert weight_RHJC.shape == (len(view_deg_R), 1 + 2 * N_HARMONICS, 16, 3)
    assert {0.0, 30.0, 55.0, 90.0} <= set(view_deg_R.tolist())
    size_m = np.sqrt(np.square(weight_RHJC.astype(float)).sum(axis=(1, 3)) / 64)
    assert 0.02 < size_m.mean() < 0.2
    assert size_m.max() < 0.5
    assert (size_m[:, 0] == 0).all()
