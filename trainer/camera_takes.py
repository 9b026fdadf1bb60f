"""A clean cycle as the pose estimator of a home would have told it: measured error, view by view, as training noise.

Promises: the walker is seen for a little over one cycle, at 30 pictures a second, by a camera on one of the asked
sides; the error is what MediaPipe was measured to make from there (``edge.gait.pose_error``); legs it exchanges are
told apart and poses it loses are bridged as the device does; the cycle is cut at contacts that are as uncertain as the
segmenter's and passes through ``edge.gait.normalise_cycle``. The same generator gives the same takes.
Refuses, with ValueError, arrays that are not cycles of sixteen landmarks (``pose_error`` does) and views that are not
finite.

Bone lengths are varied before the camera looks, not after: ``normalise_cycle`` gives every body the same bones, so a
longer thigh alone is invisible to a model. What a smaller or other body changes is how large a centimetre of error is.

Deviation from a home: the segmenter does not look at the take, so none is refused as unrhythmic or with wobbling limbs.

Shape letters: N cycle, T time, J landmark, C coordinate, B bone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edge.gait.normalise import resample_periodic
from edge.gait.pose_error import spoil
from edge.gait.pose_error_presets import PRESETS, filmed, preset
from edge.gait.pose_error_sizes import PoseError, Three
from edge.gait.settings import GaitSettings
from edge.gait.skeleton import BODY_BONES, LEFT_ANKLE, MIRROR, N_BODY, N_LANDMARKS, RIGHT_ANKLE
from edge.gait.unswap import Unswap
from trainer.camera_errors import systematic
from trainer.walkers import RATE_HZ, cut_cycle

Floats = npt.NDArray[Any]

VIEWS_DEG: Final = tuple(error.view_deg for error in PRESETS.values())
BONE_SD: Final = 0.06
_LEAD_S: Final = 0.3
_FILMED_SHARE: Final = 0.5
# Below and behind the ankle, below and ahead of it; metres. Only so that the estimator's model has feet to err about.
_HEEL, _TOE = (0.0, -0.07, -0.05), (0.0, -0.07, 0.14)


@dataclass(frozen=True, slots=True)
class Filming:
    """How takes are made.

    ``views_deg``: where cameras may stand (0 in front of the walker, 90 beside, 180 behind); either side is as likely.
    ``bone_sd``: relative spread of body size and of each bone. ``contact_sd_s``: spread of what both contacts of a
    cycle are late by, and of what each adds. ``beside``: shares of the drawn error that stays through a recording, and
    of what moves, where what is alike in every stride is added as measured (`camera_errors`); ``alone``: where it is
    not, because nobody was filmed from there. The presets hold what is alike in every stride too, and give hips the
    constant of all landmarks, which turns the body: that is why neither is whole. Shares and spreads were chosen so
    that takes are as far from their clean cycles as the synthetic camera's (`python -m tests.bench.camera_noise`).
    """

    views_deg: Sequence[float] = VIEWS_DEG
    bone_sd: float = BONE_SD
    contact_sd_s: tuple[float, float] = (0.015, 0.004)
    beside: tuple[float, float] = (0.2, 0.5)
    alone: tuple[float, float] = (0.4, 1.0)


def seen_by_camera(
    x_NTJC: npt.ArrayLike, duration_s_N: npt.ArrayLike, rng: np.random.Generator, filming: Filming | None = None
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Each cycle (N, T, 16, 3), normalised, and its duration in seconds, as a camera would have had them."""
    filming = filming or Filming()
    bodies_NTJC = bone_varied(x_NTJC, rng, filming.bone_sd)
    lasting_s = np.asarray(duration_s_N, dtype=np.float64)
    takes = [_take(x_TJC, float(s), filming, rng) for x_TJC, s in zip(bodies_NTJC, lasting_s, strict=True)]
    x = np.stack([x_TJC for x_TJC, _ in takes]) if takes else np.zeros_like(bodies_NTJC)
    return x.astype(np.float32), np.array([s for _, s in takes], dtype=np.float32)


def bone_varied(x_NTJC: npt.ArrayLike, rng: np.random.Generator, sd: float = BONE_SD) -> Floats:
    """The same movements on other bodies: one size per cycle, one factor per bone, left as right; not normalised."""
    x = np.asarray(x_NTJC, dtype=np.float64)
    size_N, factor_NJ = rng.normal(0.0, sd, len(x)), rng.normal(0.0, sd, (len(x), N_BODY))
    out = np.zeros_like(x)
    for child, parent in BODY_BONES:
        factor_N = np.exp(size_N + factor_NJ[:, min(child, MIRROR[child])])
        out[:, :, child] = out[:, :, parent] + factor_N[:, None, None] * (x[:, :, child] - x[:, :, parent])
    return out


def _take(x_TJC: Floats, duration_s: float, filming: Filming, rng: np.random.Generator) -> tuple[Floats, float]:
    view_deg = float(rng.choice(np.asarray(filming.views_deg)) * rng.choice((-1, 1)))
    alike_TJC = systematic(view_deg, rng)
    error = _camera(view_deg, filming.alone if alike_TJC is None else filming.beside, rng)
    late_s, own_s = (rng.normal(0.0, sd_s, n) for sd_s, n in zip(filming.contact_sd_s, (1, 2), strict=True))
    start_s, end_s = _LEAD_S + error.delay_s + late_s + own_s + (0.0, duration_s)
    t_s = np.arange(0.0, end_s + 3 / RATE_HZ, 1 / RATE_HZ)
    told_TJC = x_TJC if alike_TJC is None else x_TJC + alike_TJC
    body_TJC = resample_periodic(told_TJC, (t_s - _LEAD_S) / duration_s * len(told_TJC))
    seen_TJC, visibility_TJ = spoil(_with_feet(body_TJC), error, rng, RATE_HZ)
    whole_TJC = _bridged(*_told_apart(t_s, seen_TJC, visibility_TJ))
    return cut_cycle(whole_TJC[:, :N_BODY], t_s, start_s, end_s), end_s - start_s


def _camera(view_deg: float, shares: tuple[float, float], rng: np.random.Generator) -> PoseError:
    error, (constant, moving) = preset(view_deg), shares
    parts = tuple(replace(part, sd_m=_share(part.sd_m, moving)) for part in error.landmarks)
    error = replace(error, constant_m=_share(error.constant_m, constant), landmarks=parts)
    return filmed(error) if rng.random() < _FILMED_SHARE else error


def _share(sizes_m: Three, share: float) -> Three:
    right_m, up_m, depth_m = sizes_m
    return share * right_m, share * up_m, share * depth_m


def _with_feet(x_TJC: Floats) -> npt.NDArray[np.float32]:
    ends_TJC = [x_TJC[:, ankle] + at for ankle in (LEFT_ANKLE, RIGHT_ANKLE) for at in (_HEEL, _TOE)]
    return np.concatenate([x_TJC, np.stack(ends_TJC, axis=1)], axis=1).astype(np.float32)


def _told_apart(t_s: Floats, x_TJC: Floats, visibility_TJ: Floats) -> tuple[Floats, Floats]:
    """What the segmenter makes of exchanged legs; frames without a pose never reach it."""
    unswap = Unswap(GaitSettings())
    x, seen = np.zeros((len(t_s), N_LANDMARKS, 3)), np.zeros((len(t_s), N_LANDMARKS))
    for at in np.flatnonzero(visibility_TJ.any(axis=1)):
        # Both arrays are the un-swapper's own: they are copied here before its next call.
        x[at], seen[at] = unswap.update(float(t_s[at]), x_TJC[at], visibility_TJ[at])
    return x, seen


def _bridged(x_TJC: Floats, visibility_TJ: Floats) -> Floats:
    rows, seen_T = np.arange(len(x_TJC)), visibility_TJ.any(axis=1)
    if seen_T.all():
        return x_TJC
    flat = x_TJC.reshape(len(x_TJC), -1)
    return np.stack([np.interp(rows, rows[seen_T], column[seen_T]) for column in flat.T], axis=1).reshape(x_TJC.shape)
