"""One gait cycle made comparable: no displacement, no heading, one body, one length.

Shared by the trainer and the device, so both see the same numbers. Promises: the result does not change
when the walker stands elsewhere, faces elsewhere, is larger, or is seen by a tilted camera; mirroring the
input mirrors the result. Keeps: trunk flexion against the legs, sway and everything a limb does relative
to the pelvis. Bounce stays visible as the height of the pelvis over the standing foot.
Refuses (RecordingError): fewer than 8 frames, values that are not finite, bodies without extent.

Root, spine and neck are derived anew from hips and shoulders: sources disagree about where these lie
(E-Gait puts its root 5 cm above the hips, MediaPipe has none), and a model must not learn the source. For
the same reason "up" is the mean axis from ankles to hips over the cycle, not the source's vertical: E-Gait is
pitched by about 20 degrees, and the depth of MediaPipe leans with the camera.

Shapes: T time, J landmark (the first 16 of ``quietstep20``), C coordinate, B bone.
"""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

from edge.errors import RecordingError
from edge.gait.skeleton import (
    BODY_BONES,
    LEFT_ANKLE,
    LEFT_HIP,
    LEFT_SHOULDER,
    N_BODY,
    NECK,
    RIGHT_ANKLE,
    RIGHT_HIP,
    RIGHT_SHOULDER,
    ROOT,
    SPINE,
    FloatArray,
)

N_SAMPLES = 64
MIN_FRAMES = 8

# Metres, child landmark -> length of the bone to its parent, for a body of 1.70 m with the segment
# proportions of Drillis & Contini 1966 (as in Winter, Biomechanics and Motor Control of Human Movement).
TEMPLATE_BONES_M = (
    0.0,  # root
    0.245,  # spine
    0.245,  # neck
    0.200,  # head
    0.190,
    0.316,
    0.248,  # left shoulder, elbow, wrist
    0.190,
    0.316,
    0.248,  # right
    0.100,
    0.417,
    0.418,  # left hip, knee, ankle
    0.100,
    0.417,
    0.418,  # right
)

# The ankle is farthest forward shortly before the foot lands (gait.md: a constant offset of about 20 ms).
CONTACT_OFFSET_S = 0.020
_N_HARMONICS = 5
_CHILDREN = np.array([child for child, _ in BODY_BONES])
_PARENTS = np.array([parent for _, parent in BODY_BONES])
_TEMPLATE_B = np.array([TEMPLATE_BONES_M[child] for child, _ in BODY_BONES])


def normalise_cycle(x_TJC: FloatArray, n_samples: int = N_SAMPLES) -> FloatArray:
    """Normalise one gait cycle.

    x_TJC: (T, 16 or 20, 3), y up, any unit; T evenly spaced frames of one half-open cycle [start, end), so
    the frame after the last is the first again. Returns (n_samples, 16, 3) float32 in metres of the
    template body: root at the origin, facing +z on average, left is +x. Raises RecordingError.
    """
    x = _checked(x_TJC)
    if len(x) != n_samples:
        x = resample_periodic(x, np.arange(n_samples) * (len(x) / n_samples))
    normal_JTC = _with_template_bones(_facing_z(_with_common_trunk(x)))
    return np.ascontiguousarray(normal_JTC.transpose(1, 0, 2), dtype=np.float32)


def roll_to_right_contact(x_TJC: FloatArray, rate_hz: float = 30.0) -> FloatArray:
    """Roll a recording of exactly one cycle so that it starts at the right initial contact.

    x_TJC: (T, 16 or 20, 3), evenly spaced, periodic, any phase at the start. Returns the same shape,
    float64. The contact is where the right ankle, smoothed to its first five harmonics, is farthest
    forward of the hips, plus 20 ms; it is found between frames and the roll is by a periodic spline.
    Raises RecordingError like normalise_cycle.
    """
    full = np.asarray(x_TJC, dtype=np.float64)
    body = close_cycle(_checked(full))
    forward_T = _facing_z(_with_common_trunk(body))[RIGHT_ANKLE, :, 2]
    start = _periodic_peak(forward_T) + CONTACT_OFFSET_S * rate_hz
    return resample_periodic(close_cycle(full), start + np.arange(len(full)))


def resample_periodic(x_TJC: FloatArray, positions_T: FloatArray) -> FloatArray:
    """Cubic interpolation of a periodic recording at fractional frame positions (taken modulo its length)."""
    n = len(x_TJC)
    if np.array_equal(positions_T, np.arange(n)):
        return np.asarray(x_TJC, dtype=np.float64)
    closed = np.concatenate([x_TJC, x_TJC[:1]])
    return np.asarray(CubicSpline(np.arange(n + 1), closed, bc_type="periodic")(np.mod(positions_T, n)))


def close_cycle(x_TJC: FloatArray) -> FloatArray:
    """Spread the jump between the last and the first frame of a roughly cut cycle evenly over all frames."""
    step = 0.5 * ((x_TJC[-1] - x_TJC[-2]) + (x_TJC[1] - x_TJC[0]))
    jump = x_TJC[0] - (x_TJC[-1] + step)
    ramp_T = np.arange(len(x_TJC)) / len(x_TJC) - 0.5
    return np.asarray(x_TJC + ramp_T[:, None, None] * jump)


def _checked(x_TJC: FloatArray) -> FloatArray:
    x = np.asarray(x_TJC, dtype=np.float64)
    if x.ndim != 3 or x.shape[1] < N_BODY or x.shape[2] != 3 or len(x) < MIN_FRAMES:
        raise RecordingError(
            found=f"a gait cycle of shape {x.shape}",
            wanted=f"(at least {MIN_FRAMES} frames, 16 or 20 landmarks, 3)",
            do="cut the cycle at a higher frame rate, or map it with to_canonical first",
        )
    x = x[:, :N_BODY]
    if not np.isfinite(x).all():
        raise RecordingError(
            found="a gait cycle with coordinates that are not finite",
            wanted="numbers for all sixteen landmarks",
            do="leave this cycle out, or fill short gaps first",
        )
    return x


def _with_common_trunk(x_TJC: FloatArray) -> FloatArray:
    """Root-centred (16, T, 3): landmark by landmark, each in one piece of memory."""
    x = np.ascontiguousarray(x_TJC.transpose(1, 0, 2))
    x[ROOT] = 0.5 * (x[LEFT_HIP] + x[RIGHT_HIP])
    x[NECK] = 0.5 * (x[LEFT_SHOULDER] + x[RIGHT_SHOULDER])
    x[SPINE] = 0.5 * (x[ROOT] + x[NECK])
    x -= x[ROOT].copy()
    return np.asarray(x)


def _facing_z(x_JTC: FloatArray) -> FloatArray:
    """Turn a root-centred cycle: mean leg axis to +y, mean left of hips and shoulders to +x."""
    x = x_JTC
    up = _unit(-0.5 * _mean(x[LEFT_ANKLE] + x[RIGHT_ANKLE]), "ankles at the hips")
    left = _mean(x[LEFT_HIP] - x[RIGHT_HIP] + x[LEFT_SHOULDER] - x[RIGHT_SHOULDER])
    left = _unit(left - (left @ up) * up, "hips and shoulders without width")
    return np.asarray(x @ np.array([left, up, _cross(left, up)]).T)


def _mean(x_TC: FloatArray) -> FloatArray:
    return np.asarray(np.add.reduce(x_TC, axis=0) / len(x_TC))


def _cross(a: FloatArray, b: FloatArray) -> list[float]:
    # numpy's cross product of two single vectors takes as long as the rest of the rotation.
    (ax, ay, az), (bx, by, bz) = a.tolist(), b.tolist()
    return [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx]


def _unit(axis: FloatArray, degenerate: str) -> FloatArray:
    length = float(np.linalg.norm(axis))
    if length < 1e-9:
        raise _degenerate(degenerate)
    return np.asarray(axis / length)


def _with_template_bones(x_JTC: FloatArray) -> FloatArray:
    bone_BTC = x_JTC[_CHILDREN] - x_JTC[_PARENTS]
    length_BT = np.sqrt(np.einsum("btc,btc->bt", bone_BTC, bone_BTC))
    if float(np.minimum.reduce(length_BT, axis=None)) < 1e-9:
        raise _degenerate("a bone without length")
    bone_BTC *= (_TEMPLATE_B[:, None] / length_BT)[..., None]
    out_JTC = np.zeros_like(x_JTC)
    for (child, parent), bone_TC in zip(BODY_BONES, bone_BTC, strict=True):
        np.add(out_JTC[parent], bone_TC, out=out_JTC[child])
    return out_JTC


def _periodic_peak(signal_T: FloatArray) -> float:
    spectrum = np.fft.rfft(signal_T)
    spectrum[_N_HARMONICS + 1 :] = 0.0
    n_fine = 16 * len(signal_T)
    return float(np.argmax(np.fft.irfft(spectrum, n_fine))) / 16.0


def _degenerate(found: str) -> RecordingError:
    return RecordingError(found=found, wanted="a body with extent", do="leave this cycle out")
