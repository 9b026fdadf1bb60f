"""Online multivariate singular spectrum analysis of a short sliding window.

Promises: after each sample the reconstruction of the whole window equals the batch formula on that window, to
rounding; the same window gives the same numbers, whatever came before it. Bounded memory. Many windows may be
decomposed together (`decompose_together`): the same numbers, in less time each.
Refuses nothing: samples are finite by contract (the caller fills what it did not see).

Source: Golyandina, Korobeynikov, Shlemov & Usevich 2015 (horizontal multivariate SSA), recurrent forecast after
Golyandina & Zhigljavsky 2013, section 3.1. Step 1: centre each channel. Step 2: sum the channels' L x L lag
covariances. Step 3: exact eigenvectors. Step 4: project the trajectory matrices on the leading r. Step 5: average
over anti-diagonals. Deviations: the window grows from n_first to n_window, with L = min(n_lags, n // 2); the last
channels may be kept without taking part (`n_stacked`), so that they are at hand when they should.

Shapes: N windows, T time (n samples), D channel, L lag, K = n - L + 1 lagged vectors, R rank, M = D x K.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import as_strided

from edge.gait.skeleton import FloatArray

# Windows decomposed in one go: as many as stay in a small cache.
_CHUNK = 8
# Full windows with and without heights: as they are, and for many together in whole chunks and a rest. (A growing
# window needs a new plan every frame.)
_MOST_PLANS_ALONE, _MOST_PLANS_TOGETHER = 2, 8


class _Plan:
    """Buffers and views for windows of one length, so that a frame allocates next to nothing."""

    def __init__(self, n_windows: int, n: int, n_channels: int, n_lags: int) -> None:
        shape = (n_windows, n_lags, n_channels, n - n_lags + 1)
        size, row = 8, 8 * n
        self._centred_NDT = np.zeros((n_windows, n_channels, n))
        self._lagged_NLDK = as_strided(self._centred_NDT, shape, (n_channels * row, size, row, size), writeable=False)
        self._trajectory_NLDK = np.zeros(shape)
        self.trajectory_NLM = self._trajectory_NLDK.reshape(n_windows, n_lags, -1)
        # Row l of a matrix written with one extra column lands l places to the right when read without it:
        # anti-diagonals become columns.
        skewed = np.zeros((n_windows, n_channels, n_lags * (n + 1)))
        to_N, to_D, _ = skewed.strides
        self._skewed_NLDK = as_strided(skewed, shape, (to_N, row + size, to_D, size))
        self._columns_NDLT = skewed[:, :, : n_lags * n].reshape(n_windows, n_channels, n_lags, n)
        steps = np.arange(1, n + 1)
        self._weight_T = np.minimum(np.minimum(steps, steps[::-1]), min(n_lags, n - n_lags + 1)).astype(np.float64)

    def load(self, spectra: Sequence[OnlineSpectrum]) -> FloatArray:
        """Fill the trajectory matrices with the centred windows; return the means (N, D)."""
        n_channels, n = self._centred_NDT.shape[1:]
        for window_DT, spectrum in zip(self._centred_NDT, spectra, strict=True):
            window_DT[:] = spectrum.window_TD[:, :n_channels].T
        mean_ND = np.add.reduce(self._centred_NDT, axis=2) / n
        self._centred_NDT -= mean_ND[:, :, None]
        self._trajectory_NLDK[:] = self._lagged_NLDK
        return np.asarray(mean_ND)

    def diagonal_average(self, matrix_NLM: FloatArray) -> FloatArray:
        self._skewed_NLDK[:] = matrix_NLM.reshape(self._skewed_NLDK.shape)
        return np.asarray(np.add.reduce(self._columns_NDLT, axis=2) / self._weight_T)


class Plans:
    """The plans used last; one set may serve many spectra of one thread."""

    def __init__(self, most: int = _MOST_PLANS_TOGETHER) -> None:
        self._most = most
        self._plans: dict[tuple[int, int, int, int], _Plan] = {}

    def get(self, n_windows: int, n: int, n_channels: int, n_lags: int) -> _Plan:
        key = (n_windows, n, n_channels, n_lags)
        plan = self._plans.get(key)
        if plan is None:
            while len(self._plans) >= self._most:
                del self._plans[next(iter(self._plans))]
            plan = self._plans[key] = _Plan(*key)
        return plan

    def forget(self) -> None:
        """Let the buffers go."""
        self._plans.clear()


class OnlineSpectrum:
    """Singular spectrum of the last n_window samples of a multichannel signal.

    `n_stacked` (default: all) says how many of the channels, counted from the first, take part; `rank` how many
    eigenvectors are kept. Both may be changed between samples.
    """

    def __init__(self, n_channels: int, n_window: int, n_first: int, n_lags: int, rank: int) -> None:
        self._n_channels, self._n_window, self._n_first = n_channels, n_window, n_first
        self._n_lags, self.rank = n_lags, rank
        self._buffer_TD = np.zeros((2 * n_window, n_channels))
        self._own_plans = Plans(_MOST_PLANS_ALONE)
        self.reset()

    def reset(self) -> None:
        """Forget the window."""
        self._end = 0
        self._n = 0
        self.n_stacked = self._n_channels
        self._vectors_LR = np.zeros((0, 0))
        self._mean_D = np.zeros(self._n_channels)
        self.reconstruction_DT: FloatArray | None = None
        self.energy_share = 0.0
        self._own_plans.forget()

    @property
    def n(self) -> int:
        """Samples in the window."""
        return self._n

    @property
    def window_TD(self) -> FloatArray:
        """The samples as they came, oldest first; a view that the next update may overwrite."""
        return self._buffer_TD[self._end - self._n : self._end]

    @property
    def kind(self) -> tuple[int, int, int, int]:
        """Samples, channels, lags and rank: spectra that agree in these may be decomposed in one go."""
        return self._n, self.n_stacked, min(self._n_lags, self._n // 2), self.rank

    def push(self, sample_D: FloatArray) -> bool:
        """Take one sample; return whether there are enough of them to `decompose`."""
        if self._end == len(self._buffer_TD):
            self._buffer_TD[: self._n_window - 1] = self._buffer_TD[1 - self._n_window :]
            self._end = self._n_window - 1
        self._buffer_TD[self._end] = sample_D
        self._end += 1
        self._n = min(self._n + 1, self._n_window)
        return self._n >= self._n_first

    def decompose(self) -> None:
        """Bring the reconstruction up to date with the window."""
        _decompose((self,), self._own_plans)

    def update(self, sample_D: FloatArray) -> FloatArray | None:
        """Take one sample; return the reconstruction (D, T) of the window, None while n < n_first."""
        if not self.push(sample_D):
            return None
        self.decompose()
        return self.reconstruction_DT

    def take(self, reconstruction_DT: FloatArray, mean_D: FloatArray, vectors_LR: FloatArray, energy: float) -> None:
        """Take what a decomposition of this window gave."""
        self.reconstruction_DT, self._mean_D, self._vectors_LR = reconstruction_DT, mean_D, vectors_LR
        self.energy_share = energy

    def forecast(self) -> FloatArray | None:
        """The next sample (D,) by the linear recurrence of the leading vectors; None while unknown."""
        ahead_DT = self.ahead(1)
        return None if ahead_DT is None else ahead_DT[:, 0]

    def ahead(self, n: int) -> FloatArray | None:
        """The next n samples (D, n) by the linear recurrence of the leading vectors; None while unknown."""
        return self._continue(n, 1)

    def before(self, n: int) -> FloatArray | None:
        """The n samples (D, n) before the window, by the same recurrence backwards; None while unknown."""
        continued_DT = self._continue(n, -1)
        return None if continued_DT is None else continued_DT[:, ::-1]

    def _continue(self, n: int, step: int) -> FloatArray | None:
        if self.reconstruction_DT is None:
            return None
        vectors_LR, known_DT = self._vectors_LR[::step], self.reconstruction_DT[:, ::step]
        last_R = vectors_LR[-1]
        verticality = float(last_R @ last_R)
        if verticality > 0.98:  # the recurrence divides by 1 - verticality
            return None
        coefficients_L = (vectors_LR[:-1] @ last_R) / (1.0 - verticality)
        n_back = len(coefficients_L)
        run_DT = np.zeros((len(self._mean_D), n_back + n))
        run_DT[:, :n_back] = known_DT[:, -n_back:] - self._mean_D[:, None]
        for i in range(n):
            run_DT[:, n_back + i] = run_DT[:, i : i + n_back] @ coefficients_L
        return np.asarray(run_DT[:, n_back:] + self._mean_D[:, None])

    def period_samples(self) -> float | None:
        """Period of the leading pair, by the rotation between its lags (ESPRIT); None while unknown."""
        if self.reconstruction_DT is None or self._vectors_LR.shape[1] < 2:
            return None
        a, b = self._vectors_LR[:, -2], self._vectors_LR[:, -1]
        # The lags' columns are orthonormal, so without their last row the normal matrix is I - (last row)(last row)'.
        u, v = float(a[-1]), float(b[-1])
        det_g = 1.0 - u * u - v * v
        if det_g <= 1e-9:
            return None
        aa, ab, ba, bb = float(a[:-1] @ a[1:]), float(a[:-1] @ b[1:]), float(b[:-1] @ a[1:]), float(b[:-1] @ b[1:])
        half_trace = 0.5 * ((1.0 - v * v) * aa + u * v * (ba + ab) + (1.0 - u * u) * bb) / det_g
        det = (aa * bb - ab * ba) / det_g
        # Eigenvalues of the 2 x 2 matrix that turns one lag into the next; complex ones are a rotation.
        if det <= half_trace * half_trace:
            return None
        angle = math.atan2(math.sqrt(det - half_trace * half_trace), half_trace)
        return 2.0 * math.pi / angle


def decompose_together(spectra: Sequence[OnlineSpectrum], plans: Plans | None = None) -> None:
    """`decompose` many spectra, those of one kind in one go."""
    plans = Plans() if plans is None else plans
    kinds: dict[tuple[int, int, int, int], list[OnlineSpectrum]] = {}
    for spectrum in spectra:
        kinds.setdefault(spectrum.kind, []).append(spectrum)
    for alike in kinds.values():
        for i in range(0, len(alike), _CHUNK):
            _decompose(alike[i : i + _CHUNK], plans)


def _decompose(alike: Sequence[OnlineSpectrum], plans: Plans) -> None:
    n, n_channels, n_lags, rank = alike[0].kind
    plan = plans.get(len(alike), n, n_channels, n_lags)
    mean_ND = plan.load(alike)
    trajectory_NLM = plan.trajectory_NLM
    values_NL, vectors_NLL = np.linalg.eigh(trajectory_NLM @ trajectory_NLM.transpose(0, 2, 1))
    vectors_NLR = vectors_NLL[:, :, -rank:]
    reconstruction_NDT = plan.diagonal_average(vectors_NLR @ (vectors_NLR.transpose(0, 2, 1) @ trajectory_NLM))
    reconstruction_NDT += mean_ND[:, :, None]
    for i, spectrum in enumerate(alike):
        values: list[float] = values_NL[i].tolist()
        total = sum(values)
        energy = sum(values[-rank:]) / total if total > 0.0 else 0.0
        spectrum.take(reconstruction_NDT[i], mean_ND[i], vectors_NLR[i], energy)
