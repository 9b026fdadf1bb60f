"""When and where the feet of a synthetic walker meet the ground, and how a foot moves in between.

Promises: a foot in stance neither slides nor sinks (it turns about its heel, lies flat, turns about its toe);
everything is a smooth closed form of time, so any time may be asked for in any order and gives the same
answer. Refuses nothing: the walker has checked its parameters.

An initial contact is the moment the heel reaches the ground. The foot is still moving forward slowly then
(at `_LANDING` of walking speed), so its forward extreme relative to the pelvis comes a little earlier,
as marker laboratories find (about 20 ms; Zeni 2008 takes the extreme itself).

Axes: y up; heading 0 faces +z with the walker's left at +x; a positive heading turns to the left.
Footfall n is the right foot for even n, the left for odd n, and begins at phase n / 2.

Legend: T time, C coordinate (x, y, z).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.gait.walker_style import Body, Gait

Array = NDArray[np.float64]

_LANDING = 0.55
_BRAKE_PER_S = 18.0
_LANDING_DROP_M_S = 0.25
_LEAD = 0.265
_FLAT_FROM = 0.11
_FLAT_TO = 0.34
_CLEARANCE_M = 0.012
_RATES_HZ = (0.071, 0.163, 0.287, 0.431)


@dataclass(frozen=True, slots=True)
class Timing:
    """Phase of the gait cycle over time, and distance over phase, both with small smooth variations."""

    stride_s: float
    stride_m: float
    phase_a: Array
    phase_q: Array
    length_a: Array
    length_q: Array
    start: float

    def phase(self, t_s: Array) -> Array:
        """Cycles since the right initial contact number 0, strictly rising with time."""
        w = 2 * np.pi * np.asarray(_RATES_HZ)
        wobble = np.sin(np.outer(t_s, w) + self.phase_q) @ self.phase_a
        return np.asarray(t_s / self.stride_s + wobble + self.start)

    def travel(self, phase: Array) -> Array:
        """Distance along the path in metres at that phase."""
        w = 2 * np.pi * np.asarray(_RATES_HZ)
        return self.stride_m * (phase + np.sin(np.outer(phase, w) + self.length_q) @ self.length_a)

    def wander(self, phase: Array, q: float) -> Array:
        """A slow zero-mean wobble (T,) of the size of the length variation, to vary an amplitude."""
        size = float(np.linalg.norm(self.length_a * 2 * np.pi * np.asarray(_RATES_HZ)))
        return size * np.sin(2 * np.pi * 0.213 * phase + q)

    def when(self, phase: Array) -> Array:
        """The inverse of `phase`: seconds, to a nanosecond."""
        t_s = (phase - self.start) * self.stride_s
        for _ in range(20):
            t_s = t_s - (self.phase(t_s) - phase) * self.stride_s
        return t_s


def timing_of(gait: Gait, seed: tuple[int, ...], variability: float = 1.0) -> Timing:
    """Draw the variations of one walk. Their rates of change have the standard deviations the gait names."""
    rng = np.random.default_rng((*seed, 13))
    w = 2 * np.pi * np.asarray(_RATES_HZ)
    each = variability * math.sqrt(2 / len(w))
    return Timing(
        stride_s=gait.stride_s,
        stride_m=gait.stride_m,
        phase_a=each * gait.period_variation / (w * gait.stride_s),
        phase_q=rng.uniform(0, 2 * np.pi, len(w)),
        length_a=each * gait.length_variation / w,
        length_q=rng.uniform(0, 2 * np.pi, len(w)),
        start=float(rng.uniform(0, 1)),
    )


@dataclass(frozen=True, slots=True)
class Path:
    """A line on the floor: straight, or a loop of two straights joined by half circles (`straight_m` > 0)."""

    straight_m: float = 0.0
    radius_m: float = 0.5

    def at(self, s_m: Array) -> tuple[Array, Array]:
        """Position (T, 3) on the floor and heading (T,) in radians after walking s_m metres."""
        if self.straight_m <= 0:
            zero = np.zeros_like(s_m)
            return np.stack([zero, zero, s_m], -1), zero
        d, r = self.straight_m, self.radius_m
        half = d + np.pi * r
        n, rest = np.floor(s_m / half), np.mod(s_m, half)
        bend = np.clip(rest - d, 0, None) / r
        out = np.minimum(rest, d) + r * np.sin(bend)
        side = r * (1 - np.cos(bend))
        back = np.mod(n, 2) == 1
        x = np.where(back, 2 * r - side, side)
        z = np.where(back, d - out, out)
        return np.stack([x, np.zeros_like(x), z], -1), np.pi * n + bend


def forward_of(heading: Array) -> Array:
    """Unit vectors (T, 3) along a heading in radians."""
    return np.stack([np.sin(heading), np.zeros_like(heading), np.cos(heading)], -1)


def left_of(heading: Array) -> Array:
    """Unit vectors (T, 3) to the left of a heading in radians."""
    return np.stack([np.cos(heading), np.zeros_like(heading), -np.sin(heading)], -1)


def quintic(u: Array, start: tuple[Array | float, ...], end: tuple[Array | float, ...]) -> Array:
    """The fifth-order curve on u in [0, 1] with given (value, slope, curvature) at both ends."""
    p0, v0, a0 = start
    p1, v1, a1 = end
    h = p1 - p0 - v0 - a0 / 2
    dv = v1 - v0 - a0
    da = a1 - a0
    c3, c4, c5 = 10 * h - 4 * dv + da / 2, -15 * h + 7 * dv - da, 6 * h - 3 * dv + da / 2
    return np.asarray(p0 + u * (v0 + u * (a0 / 2 + u * (c3 + u * (c4 + u * c5)))))


@dataclass(frozen=True, slots=True)
class Foot:
    """One foot over time: ankle, heel and toe, each (T, 3), and where the knee should point, (T,) radians."""

    ankle_TC: Array
    heel_TC: Array
    toe_TC: Array
    heading_T: Array


@dataclass(frozen=True, slots=True)
class FootMotion:
    """The law of one foot for one body and gait. `lift_m` is the extra swing height that clears the floor."""

    body: Body
    gait: Gait
    lift_m: float = 0.0

    def pitch(self, psi: Array) -> Array:
        """Toe-up angle in radians at psi cycles after this foot's initial contact."""
        d = self.gait.stance
        contact, off = np.radians(self.gait.contact_pitch_deg), -np.radians(self.gait.push_off_deg)
        land = quintic(np.clip(psi / _FLAT_FROM, 0, 1), (contact, -1.2 * contact, 0.0), (0.0, 0.0, 0.0))
        push = np.clip((psi - _FLAT_TO) / (d - _FLAT_TO), 0, 1)
        rate = 2.2 * off
        rise = quintic(push, (0.0, 0.0, 0.0), (off, rate, 0.0))
        swing = np.clip((psi - d) / (1 - d), 0, 1)
        per_swing = (1 - d) / (d - _FLAT_TO)
        back = quintic(swing, (off, rate * per_swing, 0.0), (contact, -0.1 * contact, 0.0))
        return np.where(psi < _FLAT_FROM, land, np.where(psi < d, rise, back))

    def ankle_in_stance(self, psi: Array) -> Array:
        """(T, 2) forward and up from the point where the heel landed, while the foot is on the ground."""
        body, pitch = self.body, self.pitch(psi)
        about_heel = _turn(body.ankle_to_heel_m, body.ankle_height_m, pitch)
        sole = body.ankle_to_heel_m + body.ankle_to_toe_m
        about_toe = _turn(-body.ankle_to_toe_m, body.ankle_height_m, pitch) + np.array([sole, 0.0])
        return np.where((psi < _FLAT_FROM)[:, None], about_heel, about_toe)

    def toe_off(self) -> tuple[Array, Array]:
        """(2,) forward and up of the ankle at final contact, and its velocity per cycle."""
        d, e = self.gait.stance, 1e-5
        near = self.ankle_in_stance(np.array([d - 2 * e, d - e]))
        return near[1], (near[1] - near[0]) / e

    def swing_height(self, u: Array) -> Array:
        """Height of the ankle over the swing, u in [0, 1]."""
        share = 1 - self.gait.stance
        at, speed = self.toe_off()
        contact = _turn(
            self.body.ankle_to_heel_m, self.body.ankle_height_m, np.radians(np.array(self.gait.contact_pitch_deg))
        )
        drop = -_LANDING_DROP_M_S * self.gait.stride_s * share
        plain = quintic(u, (at[1], speed[1] * share, 0.0), (contact[1], drop, 0.0))
        return plain + self.lift_m * 64 * u**3 * (1 - u) ** 3


def foot_motion(body: Body, gait: Gait) -> FootMotion:
    """The motion whose swing just clears the floor by about a centimetre with heel and toe."""
    motion = FootMotion(body, gait)
    u = np.linspace(0.2, 0.9, 141)
    pitch = motion.pitch(gait.stance + u * (1 - gait.stance))
    lowest = np.minimum(
        _turn(-body.ankle_to_heel_m, -body.ankle_height_m, pitch)[:, 1],
        _turn(body.ankle_to_toe_m, -body.ankle_height_m, pitch)[:, 1],
    )
    room = 64 * u**3 * (1 - u) ** 3
    lack = (_CLEARANCE_M - motion.swing_height(u) - lowest) / room
    return FootMotion(body, gait, lift_m=float(max(0.0, lack.max())))


def foot_at(motion: FootMotion, timing: Timing, path: Path, phase: Array, side: int) -> Foot:
    """One foot (side +1 left, -1 right) at the given phases, in floor coordinates."""
    offset = 0.5 if side > 0 else 0.0
    n = np.floor(phase - offset)
    psi = phase - offset - n
    here, there = n + offset, n + offset + 1
    d = motion.gait.stance
    u = np.clip((psi - d) / (1 - d), 0, 1)
    now_C, now_h = _footprint(motion, timing, path, here, side)
    next_C, next_h = _footprint(motion, timing, path, there, side)
    stance = motion.ankle_in_stance(np.minimum(psi, d - 1e-9))
    planted = now_C + stance[:, :1] * forward_of(now_h) + _up(stance[:, 1])
    flying = _swing(motion, u, (now_C, now_h), (next_C, next_h))
    swinging = (psi >= d)[:, None]
    ankle = np.where(swinging, flying, planted)
    heading = now_h + (next_h - now_h) * quintic(u, (0.0, 0.0, 0.0), (1.0, 0.0, 0.0))
    return _rigid(motion.body, ankle, heading, motion.pitch(psi))


def _swing(motion: FootMotion, u: Array, now: tuple[Array, Array], then: tuple[Array, Array]) -> Array:
    share = 1 - motion.gait.stance
    at, speed = motion.toe_off()
    body = motion.body
    contact = _turn(body.ankle_to_heel_m, body.ankle_height_m, np.radians(np.array(motion.gait.contact_pitch_deg)))
    ahead, ahead_next = forward_of(now[1]), forward_of(then[1])
    landing = _LANDING * motion.gait.stride_m * share
    brake = -_BRAKE_PER_S * motion.gait.speed_m_s * (motion.gait.stride_s * share) ** 2
    v = u[:, None]
    start = (now[0] + at[0] * ahead, speed[0] * share * ahead, 0.0)
    end = (then[0] + contact[0] * ahead_next, landing * ahead_next, brake * ahead_next)
    flat = quintic(v, start, end)
    flat[:, 1] = motion.swing_height(u)
    return flat


def _footprint(motion: FootMotion, timing: Timing, path: Path, phase: Array, side: int) -> tuple[Array, Array]:
    """Where the heel lands (T, 3) and the way the foot points (T,) for the footfalls at these phases."""
    gait = motion.gait
    lead = _LEAD * gait.stride_m - motion.body.ankle_to_heel_m
    at_C, heading = path.at(timing.travel(phase) + lead)
    at_C = at_C + side * gait.step_width_m / 2 * left_of(heading)
    return at_C, heading + side * np.radians(gait.toe_out_deg)


def _rigid(body: Body, ankle: Array, heading: Array, pitch: Array) -> Foot:
    ahead = forward_of(heading)
    heel = _turn(-body.ankle_to_heel_m, -body.ankle_height_m, pitch)
    toe = _turn(body.ankle_to_toe_m, -body.ankle_height_m, pitch)
    return Foot(
        ankle_TC=ankle,
        heel_TC=ankle + heel[:, :1] * ahead + _up(heel[:, 1]),
        toe_TC=ankle + toe[:, :1] * ahead + _up(toe[:, 1]),
        heading_T=heading,
    )


def _turn(forward: float, up: float, pitch: Array) -> Array:
    """(..., 2): the sagittal vector (forward, up) of a flat foot after pitching it toe-up."""
    c, s = np.cos(pitch), np.sin(pitch)
    return np.stack([c * forward - s * up, s * forward + c * up], -1)


def _up(y: Array) -> Array:
    out = np.zeros((len(y), 3))
    out[:, 1] = y
    return out
