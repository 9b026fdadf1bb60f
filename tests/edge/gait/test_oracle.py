"""The online spectrum beside three oracles: ssalib and pyts (golden/README.md), and the batch formula written anew."""

from pathlib import Path

import numpy as np
import pytest

from edge.gait.spectrum import OnlineSpectrum, decompose_together
from edge.gait.walker import Walker, skeletons
from tests.bench.gait_speed import full_refit

GOLDEN = dict(np.load(Path(__file__).parent / "golden" / "reconstructions.npz"))
CASES = sorted(key for key in GOLDEN if not key.startswith("series"))
WINDOW, FIRST, LAGS, RANK = 90, 24, 24, 6


def case(key):
    """Series (n,), lags, rank and the reconstruction (n,) a library gave."""
    _, kind, n, lags, rank = key.split("_")
    return GOLDEN[f"series_{kind}"][: int(n[1:])], int(lags[1:]), int(rank[1:]), GOLDEN[key]


def lead_in(key):
    """What was in the stream before: nothing, or a stretch that has to slide out of the window without a trace."""
    return np.random.default_rng(len(key)).normal(3.0, 2.0, 137)


@pytest.mark.parametrize("before", [lambda key: np.zeros(0), lead_in], ids=["grown", "slid"])
@pytest.mark.parametrize("key", CASES)
def test_one_channel_equals_what_ssalib_and_pyts_gave(key, before):
    series, lags, rank, golden = case(key)
    spectrum = OnlineSpectrum(1, n_window=len(series), n_first=len(series), n_lags=lags, rank=rank)
    for value in [*before(key), *series]:
        online = spectrum.update(np.array([value]))
    np.testing.assert_allclose(online, golden[None], rtol=0.0, atol=1e-12)


def test_the_golden_values_are_of_both_libraries_and_of_every_shape():
    shapes = {tuple(key.split("_")[1:]) for key in CASES if key.startswith("ssalib")}
    assert shapes == {tuple(key.split("_")[1:]) for key in CASES if key.startswith("pyts")}
    assert len(shapes) == 3 * 5 * 3


def batch(window_TD, n_lags, rank):
    """The whole window at once: channels side by side, singular value decomposition, means over i + j = t.

    Returns the reconstruction (D, T) and the leading left vectors (L, R).
    """
    n, n_channels = window_TD.shape
    rows, columns = np.ogrid[:n_lags, : n - n_lags + 1]
    t_LK = rows + columns
    mean_D = window_TD.mean(axis=0)
    u, s, vh = np.linalg.svd(np.hstack(list((window_TD - mean_D).T[:, t_LK])), full_matrices=False)
    parts = np.hsplit((u[:, :rank] * s[:rank]) @ vh[:rank], n_channels)
    sums = [np.bincount(t_LK.ravel(), part.ravel()) / np.bincount(t_LK.ravel()) for part in parts]
    return np.array(sums) + mean_D[:, None], u[:, :rank]


def batch_forecast(reconstruction_DT, mean_D, vectors_LR):
    """Golyandina & Zhigljavsky 2013, section 3.1, vector by vector."""
    last_R = vectors_LR[-1]
    coefficients = sum(pi * vector[:-1] for pi, vector in zip(last_R, vectors_LR.T, strict=True)) / (1 - sum(last_R**2))
    past_DL = (reconstruction_DT - mean_D[:, None])[:, -len(coefficients) :]
    return past_DL @ coefficients + mean_D


def feet_and_heights(seconds=9.0, seed=0):
    """Four channels (T, 4) of a walk: both ankles forward of the hips, and both ankles' heights."""
    t_s = np.arange(round(30 * seconds)) / 30.0
    x = skeletons(Walker(identity=3, seed=seed), t_s).astype(float)
    x += np.random.default_rng(seed).normal(0.0, 0.01, x.shape)
    return np.hstack([x[:, [12, 15], 2] - x[:, [0], 2], x[:, [12, 15], 1] - x[:, [0], 1]])


SIGNALS = {
    "feet": feet_and_heights()[:, :2],
    "feet and heights": feet_and_heights(),
    "random": np.random.default_rng(1).normal(size=(240, 3)),
    "trend": np.random.default_rng(2).normal(size=(240, 2)).cumsum(axis=0),
}


@pytest.mark.parametrize("name", SIGNALS)
def test_many_channels_equal_the_batch_formula_after_every_sample(name):
    signal = SIGNALS[name]
    spectrum = OnlineSpectrum(signal.shape[1], WINDOW, FIRST, LAGS, RANK)
    for end in range(1, len(signal) + 1):
        online = spectrum.update(signal[end - 1])
        window = signal[max(0, end - WINDOW) : end]
        if len(window) < FIRST:
            assert online is None
            continue
        expected, vectors = batch(window, min(LAGS, len(window) // 2), RANK)
        np.testing.assert_allclose(online, expected, rtol=0.0, atol=1e-10)
        if (ahead := spectrum.forecast()) is not None:
            again = batch_forecast(expected, window.mean(axis=0), vectors)
            np.testing.assert_allclose(ahead, again, rtol=0.0, atol=1e-8)


@pytest.mark.parametrize("n_stacked", [1, 2, 3])
def test_channels_that_take_no_part_change_nothing(n_stacked):
    signal = SIGNALS["feet and heights"]
    spectrum = OnlineSpectrum(4, WINDOW, FIRST, LAGS, RANK)
    for end in range(1, len(signal) + 1):
        spectrum.n_stacked = n_stacked if end % 40 > 20 else 4
        online = spectrum.update(signal[end - 1])
        if online is not None:
            window = signal[max(0, end - WINDOW) : end, : spectrum.n_stacked]
            expected, _ = batch(window, min(LAGS, len(window) // 2), RANK)
            np.testing.assert_allclose(online, expected, rtol=0.0, atol=1e-10)


def test_windows_decomposed_together_equal_the_batch_formula_each():
    """Of different lengths (one every seven samples joins), numbers of channels and ranks."""
    spectra, taken = [], []
    for t in range(150):
        if t % 7 == 0 and len(spectra) < 12:
            spectra.append(OnlineSpectrum(4, WINDOW, FIRST, LAGS, (RANK, 8)[len(spectra) % 2]))
            spectra[-1].n_stacked = (2, 4, 3)[len(spectra) % 3]
            taken.append(feet_and_heights(5.0, seed=len(spectra)))
        due = [s for k, s in enumerate(spectra) if s.push(taken[k][t - 7 * k])]
        decompose_together(due)
        for spectrum in due:
            window_TD = spectrum.window_TD[:, : spectrum.n_stacked]
            expected, _ = batch(window_TD, min(LAGS, len(window_TD) // 2), spectrum.rank)
            np.testing.assert_allclose(spectrum.reconstruction_DT, expected, rtol=0.0, atol=1e-10)
    assert len({spectrum.n for spectrum in spectra}) > 1


@pytest.mark.parametrize("name", SIGNALS)
def test_the_refit_the_speed_bench_races_against_does_the_same_work(name):
    window = SIGNALS[name][:WINDOW]
    expected, _ = batch(window, LAGS, RANK)
    np.testing.assert_allclose(full_refit(window, LAGS, RANK), expected, rtol=0.0, atol=1e-10)


def test_the_batch_formula_of_this_test_is_itself_what_the_libraries_gave():
    for key in CASES:
        series, lags, rank, golden = case(key)
        np.testing.assert_allclose(batch(series[:, None], lags, rank)[0], golden[None], rtol=0.0, atol=1e-12)
