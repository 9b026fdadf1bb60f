"""Online multivariate singular spectrum analysis of a short sliding window.

Promises: after each sample the reconstruction of the whole window equals the batch formula on that window, to
rounding; the same window gives the same numbers, whatever came before it. Bounded memory.
Refuses nothing: samples are finite by contract (the caller fills what it did not see).

Source: Golyandina, Korobeynikov, Shlemov & Usevich 2015 (horizontal multivariate SSA), recurrent forecast after
Golyandina & Zhigljavsky 2013, section 3.1. Step 1: centre each channel. Step 2: sum the channels' L x L lag
covariances. Step 3: exact eigenvectors. Step 4: project the trajectory matrices on the leading r. Step 5: average
over anti-diagonals. Deviation: the window grows from n_first to n_window, with L = min(n_lags, n // 2).

Shapes: T time (n samples), D channel, L lag, K = n - L + 1 lagged vectors, R rank.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import as_strided

from edge.gait.skeleton import FloatArray


class _Plan:
    """Buffers and views for one window length, so that a frame allocates next to nothing."""

    def __init__(self, n: int, n_lags: int, n_channels: int) -> None:
        self.n, self.n_lags = n, min(n_lags, n // 2)
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

    def load(self, window_TD: FloatArray, mean_D: FloatArray) -> None:
        np.subtract(window_TD.T, mean_D[:, None], out=self.centred_DT)
        self._trajectory_LDK[:] = self.lagged_LDK

    def diagonal_average(self, matrix_LM: FloatArray) -> FloatArray:
        self.skewed_LDK[:] = matrix_LM.reshape(self.skewed_LDK.shape)
        return np.asarray(self.columns_DLT.sum(axis=1) / self.weight_T)


class OnlineSpectrum:
    """Singular spectrum of the last n_window samples of a multichannel signal."""

    def __init__(self, n_channels: int, n_window: int, n_first: int, n_lags: int, rank: int) -> None:
        self._n_channels, self._n_window, self._n_first = n_channels, n_window, n_first
        self._n_lags, self._rank = n_lags, rank
        self._buffer_TD = np.zeros((2 * n_window, n_channels))
        self.reset()

    def reset(self) -> None:
        """Forget the window."""
        self._end = 0
        self._n = 0
        self._plan: _Plan | None = None
        self._vectors_LR = np.zeros((0, 0))
        self._mean_D = np.zeros(self._n_channels)
        self._reconstruction_DT: FloatArray | None = None
        self.energy_share = 0.0

    @property
    def n(self) -> int:
        """Samples in the window."""
        return self._n

    @property
    def window_TD(self) -> FloatArray:
        """The samples as they came, oldest first; a view that the next update may overwrite."""
        return self._buffer_TD[self._end - self._n : self._end]

    def update(self, sample_D: FloatArray) -> FloatArray | None:
        """Take one sample; return the reconstruction (D, T) of the window, None while n < n_first."""
        if self._end == len(self._buffer_TD):
            self._buffer_TD[: self._n_window - 1] = self._buffer_TD[1 - self._n_window :]
            self._end = self._n_window - 1
        self._buffer_TD[self._end] = sample_D
        self._end += 1
        self._n = min(self._n + 1, self._n_window)
        if self._n < self._n_first:
            return None
        self._decompose()
        return self._reconstruction_DT

    def forecast(self) -> FloatArray | None:
        """The next sample (D,) by the linear recurrence of the leading vectors; None while unknown."""
        if self._reconstruction_DT is None:
            return None
        last_R = self._vectors_LR[-1]
        verticality = float(last_R @ last_R)
        if verticality > 0.98:  # the recurrence divides by 1 - verticality
            return None
        coefficients = (self._vectors_LR[:-1] @ last_R) / (1.0 - verticality)
        recent_DL = self._reconstruction_DT[:, 1 - self._vectors_LR.shape[0] :] - self._mean_D[:, None]
        return np.asarray(recent_DL @ coefficients + self._mean_D)

    def period_samples(self) -> float | None:
        """Period of the leading pair, by the rotation between its lags (ESPRIT); None while unknown."""
        if self._reconstruction_DT is None or self._vectors_LR.shape[1] < 2:
            return None
        pair = self._vectors_LR[:, -2:]
        turn = np.linalg.solve(pair[:-1].T @ pair[:-1], pair[:-1].T @ pair[1:])
        # Eigenvalues of a 2 x 2 matrix; complex ones are a rotation.
        half_trace = 0.5 * float(turn[0, 0] + turn[1, 1])
        det = float(turn[0, 0] * turn[1, 1] - turn[0, 1] * turn[1, 0])
        if det <= half_trace * half_trace:
            return None
        angle = math.atan2(math.sqrt(det - half_trace * half_trace), half_trace)
        return 2.0 * math.pi / angle

    def _decompose(self) -> None:
        if self._plan is None or self._plan.n != self._n:
            self._plan = _Plan(self._n, self._n_lags, self._n_channels)
        plan = self._plan
        window = self.window_TD
        self._mean_D = window.sum(axis=0) / self._n
        plan.load(window, self._mean_D)
        values, vectors = np.linalg.eigh(plan.trajectory_LM @ plan.trajectory_LM.T)
        self._vectors_LR = vectors[:, -self._rank :]
        total = float(values.sum())
        self.energy_share = float(values[-self._rank :].sum()) / total if total > 0.0 else 0.0
        projected = self._vectors_LR @ (self._vectors_LR.T @ plan.trajectory_LM)
        reconstruction = plan.diagonal_average(projected)
        reconstruction += self._mean_D[:, None]
        self._reconstruction_DT = reconstruction
