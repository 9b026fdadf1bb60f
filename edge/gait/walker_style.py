"""Who a synthetic walker is and how a mood changes the way they walk.

Promises: `body_of(identity)` and `gait_of(identity, affect)` are pure functions of their arguments, so the
same walker comes back in every process. Refuses: an affect that is not one of the four classes.

Body segments are fractions of stature after Drillis & Contini 1966 as tabulated by Winter (Biomechanics and
Motor Control of Human Movement). The affect correlates give directions; the sizes are our choice, at the
speeds of a home rather than of a laboratory's walkway:
- Montepare, Goldstein & Clausen 1987: sad gaits have less arm swing; angry gaits are heavy-footed with long
  strides; happy gaits are faster paced and bouncier.
- Roether, Omlor, Christensen & Giese 2009: head inclination marks sadness; larger limb movement and more
  elbow flexion mark anger and, less, happiness.
- Gross, Crane & Fredrickson 2012: walking speed rises with joy and anger and falls with sadness; trunk and neck
  are extended in joy, neck flexed in sadness.
- Michalak et al. 2009: sad and depressed walking is slow, with little arm swing and vertical movement, more
  lateral sway and a slumped posture.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

AFFECTS = ("angry", "happy", "neutral", "sad")


@dataclass(frozen=True, slots=True)
class Body:
    """Segment lengths in metres; the names say which landmarks they join."""

    height_m: float
    thigh_m: float
    shank_m: float
    ankle_height_m: float
    ankle_to_heel_m: float
    ankle_to_toe_m: float
    hip_width_m: float
    trunk_m: float
    neck_to_head_m: float
    shoulder_width_m: float
    upper_arm_m: float
    forearm_m: float

    @property
    def leg_m(self) -> float:
        """Hip to ankle with a straight knee."""
        return self.thigh_m + self.shank_m


@dataclass(frozen=True, slots=True)
class Gait:
    """Parameters of one way to walk. Angles are in degrees, swings are half of peak to peak."""

    speed_m_s: float
    cadence_spm: float
    arm_swing_deg: float
    elbow_deg: float
    trunk_flexion_deg: float
    neck_flexion_deg: float
    slump_m: float
    bounce_m: float
    sway_m: float
    step_width_m: float
    pelvis_turn_deg: float
    shoulder_turn_deg: float
    contact_pitch_deg: float
    push_off_deg: float
    toe_out_deg: float
    period_variation: float
    length_variation: float

    @property
    def stride_s(self) -> float:
        """Mean time from one initial contact to the next of the same foot."""
        return 120.0 / self.cadence_spm

    @property
    def stride_m(self) -> float:
        """Mean distance travelled in one gait cycle."""
        return self.speed_m_s * self.stride_s

    @property
    def stance(self) -> float:
        """Share of the cycle a foot is on the ground: 0.62 at 1.25 m/s, longer when slower."""
        return float(np.clip(0.62 - 0.05 * (self.speed_m_s - 1.25), 0.58, 0.67))


_NEUTRAL = Gait(
    speed_m_s=1.08,
    cadence_spm=100.0,
    arm_swing_deg=14.0,
    elbow_deg=30.0,
    trunk_flexion_deg=3.5,
    neck_flexion_deg=6.0,
    slump_m=0.0,
    bounce_m=0.040,
    sway_m=0.016,
    step_width_m=0.11,
    pelvis_turn_deg=5.0,
    shoulder_turn_deg=5.0,
    contact_pitch_deg=17.0,
    push_off_deg=52.0,
    toe_out_deg=7.0,
    period_variation=0.018,
    length_variation=0.015,
)
_STYLES = {
    "neutral": _NEUTRAL,
    "angry": replace(
        _NEUTRAL,
        speed_m_s=1.42,
        cadence_spm=115.0,
        arm_swing_deg=21.0,
        elbow_deg=46.0,
        trunk_flexion_deg=9.0,
        neck_flexion_deg=10.0,
        bounce_m=0.052,
        step_width_m=0.13,
        pelvis_turn_deg=8.0,
        shoulder_turn_deg=9.0,
        contact_pitch_deg=25.0,
        push_off_deg=58.0,
    ),
    "happy": replace(
        _NEUTRAL,
        speed_m_s=1.25,
        cadence_spm=108.0,
        arm_swing_deg=26.0,
        elbow_deg=38.0,
        trunk_flexion_deg=0.0,
        neck_flexion_deg=-3.0,
        bounce_m=0.060,
        pelvis_turn_deg=7.0,
        shoulder_turn_deg=9.0,
        contact_pitch_deg=21.0,
        push_off_deg=60.0,
    ),
    "sad": replace(
        _NEUTRAL,
        speed_m_s=0.76,
        cadence_spm=83.0,
        arm_swing_deg=6.5,
        elbow_deg=20.0,
        trunk_flexion_deg=9.5,
        neck_flexion_deg=27.0,
        slump_m=0.035,
        bounce_m=0.025,
        sway_m=0.028,
        step_width_m=0.12,
        pelvis_turn_deg=3.0,
        shoulder_turn_deg=2.0,
        contact_pitch_deg=12.0,
        push_off_deg=42.0,
        period_variation=0.024,
    ),
}


def body_of(identity: int) -> Body:
    """The body of one synthetic person: stature 1.56 to 1.90 m, segments varied by a few percent."""
    rng = np.random.default_rng((identity, 11))
    height = rng.uniform(1.56, 1.90)
    leg = height * (1.0 + 0.025 * rng.standard_normal())
    vary = 1.0 + 0.03 * rng.standard_normal(6)
    return Body(
        height_m=height,
        thigh_m=0.245 * leg,
        shank_m=0.246 * leg,
        ankle_height_m=0.042 * height,
        ankle_to_heel_m=0.032 * height,
        ankle_to_toe_m=0.105 * height * vary[0],
        hip_width_m=0.112 * height * vary[1],
        trunk_m=0.292 * height * vary[2],
        neck_to_head_m=0.108 * height,
        shoulder_width_m=0.218 * height * vary[3],
        upper_arm_m=0.180 * height * vary[4],
        forearm_m=0.148 * height * vary[5],
    )


def gait_of(identity: int, affect: str) -> Gait:
    """How this person walks in this affect: the style of the affect with personal habits on top.

    Raises:
        ValueError: the affect is not one of `AFFECTS`.
    """
    if affect not in _STYLES:
        raise ValueError(f"found affect {affect!r}, wanted one of {', '.join(AFFECTS)}")
    style, body = _STYLES[affect], body_of(identity)
    z = np.clip(np.random.default_rng((identity, 12)).standard_normal(9), -1.8, 1.8)
    size = math.sqrt(body.height_m / 1.73)
    return replace(
        style,
        speed_m_s=style.speed_m_s * size * (1.0 + 0.04 * z[0]),
        cadence_spm=style.cadence_spm / size * (1.0 + 0.025 * z[1]),
        arm_swing_deg=style.arm_swing_deg * (1.0 + 0.12 * z[2]),
        elbow_deg=style.elbow_deg * (1.0 + 0.15 * z[3]),
        trunk_flexion_deg=style.trunk_flexion_deg + 1.2 * z[4],
        neck_flexion_deg=style.neck_flexion_deg + 1.8 * z[5],
        bounce_m=style.bounce_m * (1.0 + 0.08 * z[6]),
        step_width_m=style.step_width_m * (1.0 + 0.15 * z[7]),
        toe_out_deg=style.toe_out_deg + 2.5 * z[8],
    )
