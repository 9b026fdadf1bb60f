"""Online multivariate singular spectrum analysis of a short sliding window.

Promises: after each sample the reconstruction of the whole window equals the batch formula on that window, to
rounding; the same window gives the same numbers, whatever came before it. Bounded memory. Many windows of one
length may be decomposed together (`decompose_together`): the same numbers, to rounding.
Refuses nothing: samples are finite by contract (the caller fills what it did not see).

Source: Golyandina, Korobeynikov, Shlemov & Usevich 2015 (horizontal multivariate SSA), recurrent forecast after
Golyandina & Zhigljavsky 2013, section 3.1. Step 1: centre each channel. Step 2: sum the channels' L x L lag
covariances. Step 3: exact eigenvectors. Step 4: project the trajectory matrices on the leading r. Step 5: average
over anti-diagonals. Deviations: the window grows from n_first to n_window, with L = min(n_lags, n // 2); the last
channels may be kept without taking part (`n_stacked`), so that they are at hand when they should.

Shapes: T time (n samples), D channel, L lag, K = n - L + 1 lagged vectors, R rank, M = D x K, N windows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import as_strided

from edge.gait.skeleton import FloatArray


class _Plan:
    """Buffers and views for one window length, so that a frame allocates next to nothing."""

    def __init__(self, n: int, n_lags: int, n_channels: int) -> None:
        self.n, self.n_lags, self.n_channels = n, min(n_lags, n // 2), n_channels
        k, size = n - self.n_lags + 1, 8
        self.centred_DT = np.zeros((n_channels, n))
        self.lagged_LDK = as_strided(
            self.centred_DT, (self.n_lags, n_channels, k), (size, n * size, size), writeable=False
        )
        self.trajectory_LM = np.zeros((self.n_lags, n_channels * k))
        self._trajectory_LDK = self.trajectory_LM.reshape(self.n_lags, n_channels, k)
        # Row l of a matrix written with one extra column lands l places to the right when read without it:
        # anti-diagonals become columns.
        skewed = np.zeros((n_channels, self.n_lags * (n + 1)))
        self.skewed_LDK = as_strided(skewed, (self.n_lags, n_channels, k), ((n + 1) * size, skewed.strides[0], size))
        self.columns_DLT = skewed[:, : self.n_lags * n].reshape(n_channels, self.n_lags, n)
        steps = np.arange(1, n + 1)
        self.weight_T = np.minimum(np.minimum(steps, steps[::-1]), min(self.n_lags, k)).astype(np.float64)

    def fits(self, n: int, n_channels: int) -> bool:
        return self.n == n and self.n_channels == n_channels

    def load(self, window_TD: FloatArray, mean_D: FloatArray) -> FloatArray:
        """Fill the trajectory matrices; return the sum of the channels' lag covariances (L, L)."""
        np.subtract(window_TD.T, mean_D[:, None], out=self.centred_DT)
        self._trajectory_LDK[:] = self.lagged_LDK
        return np.asarray(self.trajectory_LM @ self.trajectory_LM.T)

    def diagonal_average(self, matrix_LM: FloatArray) -> FloatArray:
        self.skewed_LDK[:] = matrix_LM.reshape(self.skewed_LDK.shape)
        return np.asarray(np.add.reduce(self.columns_DLT, axis=1) / self.weight_T)


class OnlineSpectrum:
    """Singular spectrum of the last n_window samples of a multichannel signal.

    `n_stacked` (default: all) says how many of the channels, counted from the first, take part.
    """

    def __init__(self, n_channels: int, n_window: int, n_first: int, n_lags: int, rank: int) -> None:
        self._n_channels, self._n_window, self._n_first = n_channels, n_window, n_first
        self._n_lags, self.rank = n_lags, rank
        self._buffer_TD = np.zeros((2 * n_window, n_channels))
        self.n_stacked = n_channels
        self.reset()

    def reset(self) -> None:
        """Forget the window."""
        self._end = 0
        self._n = 0
        self._plan: _Plan | None = None
        self._vectors_LR = np.zeros((0, 0))
        self._mean_D = np.zeros(self._n_channels)
        self.reconstruction_DT: FloatArray | None = None
        self.energy_share = 0.0

    @property
    def n(self) -> int:
        """Samples in the window."""
        return self._n

    @property
    def window_TD(self) -> FloatArray:
        """The samples as they came, oldest first; a view that the next update may overwrite."""
        return self._buffer_TD[self._end - self._n : self._end]

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
        self.take(*np.linalg.eigh(self.covariance_LL()))

    def update(self, sample_D: FloatArray) -> FloatArray | None:
        """Take one sample; return the reconstruction (D, T) of the window, None while n < n_first."""
        if not self.push(sample_D):
            return None
        self.decompose()
        return self.reconstruction_DT

    def covariance_LL(self) -> FloatArray:
        """The lag covariance of the window, channels summed: what `take` wants the eigenvectors of."""
        if self._plan is None or not self._plan.fits(self._n, self.n_stacked):
            self._plan = _Plan(self._n, self._n_lags, self.n_stacked)
        window_TD = self.window_TD[:, : self.n_stacked]
        self._mean_D = np.add.reduce(window_TD, axis=0) / self._n
        return self._plan.load(window_TD, self._mean_D)

    def take(self, values_L: FloatArray, vectors_LL: FloatArray) -> None:
        """Take eigenvalues and eigenvectors, rising, of the `covariance_LL` just asked for."""
        plan = self._plan
        assert plan is not None
        self._vectors_LR = vectors_LL[:, -self.rank :]
        total = float(np.add.reduce(values_L))
        leading = float(np.add.reduce(values_L[-self.rank :]))
        self.energy_share = leading / total if total > 0.0 else 0.0
        projected_LM = self._vectors_LR @ (self._vectors_LR.T @ plan.trajectory_LM)
        reconstruction_DT = plan.diagonal_average(projected_LM)
        reconstruction_DT += self._mean_D[:, None]
        self.reconstruction_DT = reconstruction_DT

    def forecast(self) -> FloatArray | None:
        """The next sample (D,) by the linear recurrence of the leading vectors; None while unknown."""
        ahead_DT = self.ahead(1)
        return None if ahead_DT is None else ahead_DT[:, 0]

    def ahead(self, n: int) -> FloatArray | None:
        """The next n samples (D, n) by the linear recurrence of the leading vectors; None while unknown."""
        if self.reconstruction_DT is None:
            return None
        last_R = self._vectors_LR[-1]
        verticality = float(last_R @ last_R)
        if verticality > 0.98:  # the recurrence divides by 1 - verticality
            return None
        coefficients_L = (self._vectors_LR[:-1] @ last_R) / (1.0 - verticality)
        n_back = len(coefficients_L)
        run_DT = np.zeros((len(self._mean_D), n_back + n))
        run_DT[:, :n_back] = self.reconstruction_DT[:, -n_back:] - self._mean_D[:, None]
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


def decompose_together(spectra: Sequence[OnlineSpectrum]) -> None:
    """`decompose` many spectra, the eigenvectors of those with equally many lags in one call."""
    groups: dict[int, list[tuple[OnlineSpectrum, FloatArray]]] = {}
    for spectrum in spectra:
        covariance_LL = spectrum.covariance_LL()
        groups.setdefault(len(covariance_LL), []).append((spectrum, covariance_LL))
    for members in groups.values():
        values_NL, vectors_NLL = np.linalg.eigh(np.stack([covariance_LL for _, covariance_LL in members]))
        for (spectrum, _), values_L, vectors_LL in zip(members, values_NL, vectors_NLL, strict=True):
            spectrum.take(values_L, vectors_LL)
