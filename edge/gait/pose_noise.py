"""What a monocular pose estimator does to a skeleton, for simulated weeks and robustness checks.

Promises: deterministic from the seed; hip-centred like world landmarks of MediaPipe; finite. It imitates the kind of
error (measured for this project: limb lengths wobble by several centimetres, depth is the worst axis and
leans, errors are correlated from frame to frame), not any one estimator exactly. Refuses arrays
that are not (T, 20, 3).

Round sizes, kept as they are because the shipped reference is made with them. What MediaPipe was measured to do, view
by view, is `pose_error`.

Legend: T time, J landmark, C coordinate (x, y, z), y up, metres.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.gait.skeleton import BONES, N_LANDMARKS, ROOT

Array = NDArray[np.float64]

_REACH_J = np.array([0, 0.5, 0.6, 0.8, 0.7, 1.0, 1.4, 0.7, 1.0, 1.4, 0.4, 0.8, 1.2, 0.4, 0.8, 1.2, 1.4, 1.4, 1.4, 1.4])


@dataclass(frozen=True, slots=True)
class PoseNoise:
    """Sizes of the errors: standard deviations unless said otherwise.

    Attributes:
        jitter_m: picture-plane error of an average landmark (wrists and feet more, hips less).
        depth_factor: how many times larger the error along the line of sight is.
        memory_s: time constant of the jitter.
        wobble: slow relative change of each bone's length.
        lean_deg: slow tilt of the whole body in depth.
        view_deg: where the camera stands: 90 sees the walker's left side, 0 the front (walker facing +z).
    """

    jitter_m: float = 0.007
    depth_factor: float = 2.5
    memory_s: float = 0.08
    wobble: float = 0.03
    lean_deg: float = 2.0
    view_deg: float = 90.0


def mediapipe_like(
    x_TJC: NDArray[np.float32],
    visibility_TJ: NDArray[np.float32] | None = None,
    seed: int = 0,
    noise: PoseNoise | None = None,
    rate_hz: float = 30.0,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Spoil clean skeletons as a pose estimator would.

    Args:
        x_TJC: (T, 20, 3) frames at an even rate.
        visibility_TJ: (T, 20); default is about 0.95 with the far side lower.
        seed: same seed, same noise.
        noise: sizes; the default is a decent side view.
        rate_hz: frames a second.

    Returns:
        (x_TJC, visibility_TJ), float32, hip-centred (root at the origin).

    Raises:
        ValueError: the array is not (T, 20, 3).
    """
    if x_TJC.ndim != 3 or x_TJC.shape[1:] != (N_LANDMARKS, 3):
        raise ValueError(f"found skeletons of shape {x_TJC.shape}, wanted (T, {N_LANDMARKS}, 3)")
    noise = noise or PoseNoise()
    rng = np.random.default_rng((seed, 17))
    n = len(x_TJC)
    x = _wobble(x_TJC - x_TJC[:, [ROOT]], noise, rng, rate_hz)
    sight = np.array([np.sin(np.radians(noise.view_deg)), 0.0, np.cos(np.radians(noise.view_deg))])
    jitter = _smooth(rng.standard_normal((n, N_LANDMARKS, 3)), noise.memory_s * rate_hz)
    jitter += (noise.depth_factor - 1) * (jitter @ sight)[..., None] * sight
    lean = np.radians(noise.lean_deg) * _smooth(rng.standard_normal((n, 1)), 2.0 * rate_hz)
    x = x + noise.jitter_m * _REACH_J[:, None] * jitter
    x = x + (x[..., 1] * np.tan(lean))[..., None] * sight
    seen = visibility_TJ if visibility_TJ is not None else _visibility(x, sight)
    return x.astype(np.float32), seen.astype(np.float32)


def _wobble(x_TJC: NDArray[np.float32], noise: PoseNoise, rng: np.random.Generator, rate_hz: float) -> Array:
    factor = 1 + noise.wobble * _smooth(rng.standard_normal((len(x_TJC), len(BONES))), 0.4 * rate_hz)
    out = np.zeros(x_TJC.shape)
    for index, (child, parent) in enumerate(BONES):
        bone = x_TJC[:, child] - x_TJC[:, parent]
        out[:, child] = out[:, parent] + factor[:, [index]] * bone
    return out


def _smooth(white: Array, memory: float) -> Array:
    """First-order autoregression with unit variance and a time constant of `memory` frames."""
    keep = float(np.exp(-1 / max(memory, 1e-6)))
    gain = np.sqrt(1 - keep**2)
    out = white.copy()
    for i in range(1, len(out)):
        out[i] = keep * out[i - 1] + gain * white[i]
    return out


def _visibility(x: Array, sight: Array) -> Array:
    """High for what is near the camera, lower for what the body may hide."""
    depth = x @ sight
    return np.asarray(np.clip(0.93 + 0.6 * depth, 0.55, 0.99))
