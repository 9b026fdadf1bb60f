"""Kinematics of a synthetic walker: skeletons for any times, and the initial contacts that belong to them.

Promises: bone lengths are constant; a foot in stance stays where it landed and never sinks; contacts alternate
and come from the same phases that move the feet; the same walker gives the same numbers for the same times in
any order. Refuses: an unknown affect or path, and times that are not finite numbers in one dimension.

How it is built: footfalls first (`footfall`), then a pelvis that travels along the path, rises in single
support and falls in double support, sways and turns; knees follow by two-link inverse kinematics, so their curves
come out near normal gait (Winter: about 15 degrees in loading, 60 in swing); trunk, head and arms are forward
kinematics with the arm swinging with the opposite leg. Cycles vary by a few percent in time, length and swing.

Legend: T time, J landmark, C coordinate (x, y, z), y up, metres. Landmarks are the twenty of `quietstep20`.
"""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edge.gait.footfall import (
    Array,
    Foot,
    FootMotion,
    Path,
    Timing,
    foot_at,
    foot_motion,
    forward_of,
    left_of,
    timing_of,
)
from edge.gait.skeleton import (
    HEAD,
    LEFT_HEEL,
    LEFT_HIP,
    LEFT_SHOULDER,
    N_LANDMARKS,
    NECK,
    RIGHT_HEEL,
    RIGHT_HIP,
    RIGHT_SHOULDER,
    ROOT,
    SPINE,
)
from edge.gait.walker_style import AFFECTS, Body, Gait, body_of, gait_of

__all__ = ["AFFECTS", "PATHS", "Body", "Gait", "TrueContact", "Walker", "contacts", "skeletons"]

PATHS = ("treadmill", "straight", "loop")

_REACH = 0.9985
_NOMINAL_REACH = 0.9965
_BOB_LOW = 0.06
_UP = np.array([0.0, 1.0, 0.0])


@dataclass(frozen=True, slots=True)
class Walker:
    """One person walking in one affect.

    Attributes:
        identity: which synthetic person; sets body and habits.
        affect: one of `AFFECTS`.
        path: `treadmill` (stays at the origin, the floor moves), `straight` (along +z) or `loop` (there and
            back for ever, turning left on half circles of `turn_radius_m` after `straight_m`).
        seed: which walk of this person; sets the small variations and the phase at time 0.
        variability: scales the variations; 0 gives strictly periodic walking.
        body, gait: overrides of what identity and affect would give.

    Raises:
        ValueError: unknown affect or path.
    """

    identity: int = 0
    affect: str = "neutral"
    path: str = "treadmill"
    seed: int = 0
    variability: float = 1.0
    straight_m: float = 4.0
    turn_radius_m: float = 0.6
    body: Body = field(default=None)  # type: ignore[assignment]
    gait: Gait = field(default=None)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.path not in PATHS:
            raise ValueError(f"found path {self.path!r}, wanted one of {', '.join(PATHS)}")
        if self.body is None:
            object.__setattr__(self, "body", body_of(self.identity))
        if self.gait is None:
            object.__setattr__(self, "gait", gait_of(self.identity, self.affect))


@dataclass(frozen=True, slots=True)
class TrueContact:
    """An initial contact of the walker: which foot, and when its heel reaches the ground."""

    side: str
    t_s: float


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is computed once per walker: foot law, timing, path and the mean height of the hips."""

    motion: FootMotion
    timing: Timing
    path: Path
    hip_height_m: float
    swing_q: float


def contacts(walker: Walker, start_s: float, end_s: float) -> tuple[TrueContact, ...]:
    """Every initial contact in [start_s, end_s), in order of time."""
    timing = _plan(walker).timing
    edge = timing.phase(np.array([start_s, end_s]))
    half = np.arange(np.ceil(2 * edge[0]), np.ceil(2 * edge[1])).astype(float)
    found = zip(half, timing.when(half / 2), strict=True)
    return tuple(TrueContact("right" if n % 2 == 0 else "left", float(t)) for n, t in found)


def skeletons(walker: Walker, t_s: Array) -> NDArray[np.float32]:
    """The twenty landmarks at the given times.

    Args:
        walker: who walks, how and where.
        t_s: (T,) seconds in any order; also negative.

    Returns:
        x_TJC: (T, 20, 3) float32 metres; on the path (or, on the treadmill, about the origin facing +z).

    Raises:
        ValueError: times that are not finite or not one-dimensional.
    """
    t_s = np.asarray(t_s, float)
    if t_s.ndim != 1 or not np.isfinite(t_s).all():
        raise ValueError(f"found times of shape {t_s.shape}, wanted finite numbers in one dimension")
    plan = _plan(walker)
    phase = plan.timing.phase(t_s)
    x_TJC = _pose(walker, plan, phase)
    if walker.path == "treadmill":
        x_TJC[..., 2] -= plan.timing.travel(phase)[:, None]
    return x_TJC.astype(np.float32)


@lru_cache(maxsize=64)
def _plan(walker: Walker) -> _Plan:
    motion = foot_motion(walker.body, walker.gait)
    steady = timing_of(walker.gait, (walker.identity, walker.seed), 0.0)
    line = Path()
    guess = _Plan(motion, steady, line, 0.0, 0.0)
    phase = np.linspace(0, 1, 101)
    spare = _spare_height(walker, guess, phase, _NOMINAL_REACH)
    timing = timing_of(walker.gait, (walker.identity, walker.seed), walker.variability)
    path = Path(walker.straight_m, walker.turn_radius_m) if walker.path == "loop" else line
    return _Plan(motion, timing, path, float(spare.min()), float(timing.length_q[0]))


@dataclass(frozen=True, slots=True)
class _Pelvis:
    root_TC: Array
    left_TC: Array
    heading_T: Array


def _pelvis(walker: Walker, plan: _Plan, phase: Array) -> _Pelvis:
    """Mid-hip and the axis to the left hip before the legs had their say about the height."""
    gait = walker.gait
    at_C, heading = plan.path.at(plan.timing.travel(phase))
    twice = 4 * np.pi * (phase - _BOB_LOW)
    sway = -gait.sway_m * np.sin(2 * np.pi * (phase - 0.05))
    root = at_C + sway[:, None] * left_of(heading) + 0.008 * np.sin(twice)[:, None] * forward_of(heading)
    root[:, 1] = plan.hip_height_m - gait.bounce_m / 2 * np.cos(twice)
    turn = np.radians(gait.pelvis_turn_deg) * np.cos(2 * np.pi * phase)
    left = left_of(heading + turn)
    drop = np.radians(3.0) * np.sin(2 * np.pi * (phase - 0.03))
    left = np.cos(drop)[:, None] * left - np.sin(drop)[:, None] * _UP
    return _Pelvis(root, left, heading)


def _spare_height(walker: Walker, plan: _Plan, phase: Array, reach: float) -> Array:
    """How much higher (T,) the pelvis could be before a leg would have to be longer than `reach` of itself."""
    pelvis = _pelvis(walker, plan, phase)
    spare = []
    for side in (1, -1):
        ankle = foot_at(plan.motion, plan.timing, plan.path, phase, side).ankle_TC
        hip = pelvis.root_TC + side * walker.body.hip_width_m / 2 * pelvis.left_TC
        flat = np.sum((hip - ankle)[:, [0, 2]] ** 2, axis=1)
        top = ankle[:, 1] + np.sqrt(np.maximum((reach * walker.body.leg_m) ** 2 - flat, 1e-6))
        spare.append(top - hip[:, 1])
    return np.asarray(np.minimum(*spare))


def _pose(walker: Walker, plan: _Plan, phase: Array) -> Array:
    body = walker.body
    pelvis = _pelvis(walker, plan, phase)
    lower = np.minimum(0.0, _spare_height(walker, plan, phase, _REACH))
    root = pelvis.root_TC + lower[:, None] * _UP
    x_TJC = np.empty((len(phase), N_LANDMARKS, 3))
    x_TJC[:, ROOT] = root
    _upper_body(walker, plan, phase, pelvis.heading_T, x_TJC)
    for side, hip_index, heel_index in ((1, LEFT_HIP, LEFT_HEEL), (-1, RIGHT_HIP, RIGHT_HEEL)):
        foot = foot_at(plan.motion, plan.timing, plan.path, phase, side)
        hip = root + side * body.hip_width_m / 2 * pelvis.left_TC
        x_TJC[:, hip_index] = hip
        x_TJC[:, hip_index + 1] = _knee(body, hip, foot, pelvis.heading_T)
        x_TJC[:, hip_index + 2] = foot.ankle_TC
        x_TJC[:, heel_index], x_TJC[:, heel_index + 1] = foot.heel_TC, foot.toe_TC
    return x_TJC


def _knee(body: Body, hip: Array, foot: Foot, heading: Array) -> Array:
    """Two-link inverse kinematics: the knee bends forward, between where foot and pelvis point."""
    down = foot.ankle_TC - hip
    span = np.linalg.norm(down, axis=1, keepdims=True)
    along = down / span
    ahead = forward_of((heading + foot.heading_T) / 2)
    ahead = ahead - np.sum(ahead * along, axis=1, keepdims=True) * along
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    near = (body.thigh_m**2 - body.shank_m**2 + span**2) / (2 * span)
    out = np.sqrt(np.maximum(body.thigh_m**2 - near**2, 0.0))
    return np.asarray(hip + near * along + out * ahead)


def _upper_body(walker: Walker, plan: _Plan, phase: Array, heading: Array, x_TJC: Array) -> None:
    """Fill spine, neck, head, shoulders, elbows and wrists above the root."""
    body, gait = walker.body, walker.gait
    turn = -np.radians(gait.shoulder_turn_deg) * np.cos(2 * np.pi * (phase - 0.03))
    ahead, left = forward_of(heading + turn), left_of(heading + turn)
    nod = np.radians(1.2) * np.cos(4 * np.pi * (phase - 0.1))
    lean = np.radians(gait.trunk_flexion_deg) + nod
    x_TJC[:, SPINE] = x_TJC[:, ROOT] + body.trunk_m / 2 * _tilt(0.6 * lean, forward_of(heading))
    x_TJC[:, NECK] = x_TJC[:, SPINE] + body.trunk_m / 2 * _tilt(1.4 * lean, ahead)
    look = 1.4 * lean + np.radians(gait.neck_flexion_deg + 4.0) - 0.6 * nod
    x_TJC[:, HEAD] = x_TJC[:, NECK] + body.neck_to_head_m * _tilt(look, forward_of(heading))
    swing = 1.0 + 4 * plan.timing.wander(phase, plan.swing_q)
    for side, index in ((1, LEFT_SHOULDER), (-1, RIGHT_SHOULDER)):
        shoulder = x_TJC[:, NECK] + side * body.shoulder_width_m / 2 * left
        shoulder = shoulder - (0.022 * body.height_m + 0.4 * gait.slump_m) * _UP + gait.slump_m * ahead
        x_TJC[:, index] = shoulder
        x_TJC[:, index + 1], x_TJC[:, index + 2] = _arm(walker, phase, side, swing, shoulder, ahead, left)


def _arm(
    walker: Walker, phase: Array, side: int, swing: Array, shoulder: Array, ahead: Array, left: Array
) -> tuple[Array, Array]:
    """Elbow and wrist: the arm is forward when the opposite foot lands (a little after it)."""
    body, gait = walker.body, walker.gait
    wave = side * np.cos(2 * np.pi * (phase - 0.02)) * swing
    amplitude = np.radians(gait.arm_swing_deg)
    upper = amplitude * (0.9 * wave + 0.05)
    elbow = np.radians(gait.elbow_deg) + 0.45 * amplitude * (1 + wave)
    out = side * np.radians(7.0)
    elbow_at = shoulder + body.upper_arm_m * _hang(upper, out, ahead, left)
    wrist_at = elbow_at + body.forearm_m * _hang(upper + elbow, 0.3 * out, ahead, left)
    return elbow_at, wrist_at


def _tilt(angle: Array, ahead: Array) -> Array:
    """Up, leaned forward by an angle in radians."""
    return np.asarray(np.cos(angle)[:, None] * _UP + np.sin(angle)[:, None] * ahead)


def _hang(angle: Array, out: float, ahead: Array, left: Array) -> Array:
    """Down, raised forward by an angle and to the left by `out`, in radians."""
    down = -np.cos(angle)[:, None] * _UP + np.sin(angle)[:, None] * ahead
    return np.asarray(np.cos(out) * down + np.sin(out) * left)
