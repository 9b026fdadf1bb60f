import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.gait.spectrum import OnlineSpectrum


def explicit_reconstruction(x_TD, n_lags, rank):
    """The textbook formula, with loops, by singular value decomposition of the joined trajectory matrix."""
    n, d = x_TD.shape
    k = n - n_lags + 1
    mean = x_TD.mean(axis=0)
    blocks = [[[x_TD[i + j, c] - mean[c] for j in range(k)] for i in range(n_lags)] for c in range(d)]
    joined = np.hstack([np.array(block) for block in blocks])
    u, s, vt = np.linalg.svd(joined, full_matrices=False)
    approximated = (u[:, :rank] * s[:rank]) @ vt[:rank]
    out = np.zeros((d, n))
    for c in range(d):
        part = approximated[:, c * k : (c + 1) * k]
        for t in range(n):
            out[c, t] = np.mean([part[i, t - i] for i in range(n_lags) if 0 <= t - i < k]) + mean[c]
    return out


def new(**changed):
    return OnlineSpectrum(**({"n_channels": 2, "n_window": 90, "n_first": 24, "n_lags": 24, "rank": 6} | changed))


def walk_like(n, seed=0, noise=0.05):
    rng = np.random.default_rng(seed)
    t = np.arange(n) / 33.0
    waves = [np.cos(2 * np.pi * (t - lag)) + 0.2 * np.cos(4 * np.pi * (t - lag)) for lag in (0.0, 0.5)]
    return np.stack(waves, axis=1) + rng.normal(0.0, noise, (n, 2))


@pytest.mark.parametrize("n", [24, 25, 47, 60, 90])
def test_online_equals_the_batch_formula_on_the_same_window(n):
    x = walk_like(n)
    spectrum = new()
    for row in x:
        online = spectrum.update(row)
    assert np.allclose(online, explicit_reconstruction(x, min(24, n // 2), 6), atol=1e-10)


def test_after_sliding_only_the_last_window_counts():
    x = walk_like(431)
    spectrum = new()
    for row in x:
        online = spectrum.update(row)
    assert np.array_equal(spectrum.window_TD, x[-90:])
    assert np.allclose(online, explicit_reconstruction(x[-90:], 24, 6), atol=1e-10)


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 3), st.integers(1, 4), st.integers(0, 2**31), st.integers(20, 50))
def test_online_equals_batch_for_any_shape(channels, rank, seed, n):
    x = np.random.default_rng(seed).normal(size=(n, channels))
    spectrum = new(n_channels=channels, n_window=30, n_first=20, n_lags=10, rank=rank)
    for row in x:
        online = spectrum.update(row)
    assert np.allclose(online, explicit_reconstruction(x[-30:], 10, rank), atol=1e-8)


def test_reset_equals_new():
    used = new()
    for row in walk_like(200, seed=5):
        used.update(row)
    used.reset()
    fresh = new()
    for row in walk_like(60, seed=6):
        a, b = used.update(row), fresh.update(row)
        assert (a is None and b is None) or np.array_equal(a, b)
    assert np.array_equal(used.forecast(), fresh.forecast())


def test_the_window_of_the_caller_is_not_changed():
    x = walk_like(100)
    before = x.copy()
    spectrum = new()
    for row in x:
        spectrum.update(row)
    assert np.array_equal(x, before)


def test_nothing_is_told_before_the_first_window():
    spectrum = new()
    for row in walk_like(23):
        assert spectrum.update(row) is None
    assert spectrum.forecast() is None
    assert spectrum.period_samples() is None


def test_a_clean_walk_is_forecast_half_a_second_ahead():
    x = walk_like(120, noise=0.0)
    spectrum = new()
    for row in x[:90]:
        spectrum.update(row)
    for t in range(90, 105):
        ahead = spectrum.forecast()
        assert np.allclose(ahead, x[t], atol=0.05)
        spectrum.update(ahead)


@pytest.mark.parametrize("period", [24.0, 33.0, 45.0])
def test_the_period_of_the_leading_pair_is_the_stride(period):
    spectrum = new(n_channels=1)
    for t in range(90):
        spectrum.update(np.array([np.cos(2 * np.pi * t / period)]))
    assert spectrum.period_samples() == pytest.approx(period, rel=0.02)


def test_a_constant_signal_has_no_energy_and_no_trouble():
    spectrum = new()
    for _ in range(100):
        out = spectrum.update(np.array([3.0, -1.0]))
    assert np.allclose(out, [[3.0], [-1.0]])
    assert spectrum.energy_share == 0.0
    forecast = spectrum.forecast()
    assert forecast is None or np.allclose(forecast, [3.0, -1.0])
