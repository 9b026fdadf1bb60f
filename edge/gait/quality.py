"""What makes a gait cycle unusable, and what it is called.

Promises: one reason per refused cycle, the first that applies in the order of `Refusal`; pure decisions.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge.gait.settings import GaitSettings


class Refusal(StrEnum):
    """Why a cycle is not usable."""

    DURATION = "duration"  # shorter than 0.4 s or longer than 2.5 s: a contact was missed, or this was a pause
    NO_OPPOSITE_CONTACT = "no_opposite_contact"  # not exactly one left contact inside
    OPPOSITE_CONTACT_PHASE = "opposite_contact_phase"  # the left contact is not at 35 to 65 %
    FILLED = "filled"  # more than 20 % of the frames are bridged: dropped frames or hidden legs
    IRREGULAR = "irregular"  # more than 25 % from the spectral period of the walk
    UNRHYTHMIC = "unrhythmic"  # less than 90 % of the feet's movement is rhythm: fidgeting, or a very noisy pose
    LIMBS = "limbs"  # a thigh or shank changes its length by more than 30 %: no body does that
    DEGENERATE = "degenerate"  # a body without extent: nothing to normalise


@dataclass(frozen=True, slots=True)
class CycleFacts:
    """What is known of a proposed cycle; times in seconds, period_s None while unknown.

    energy_share: of the window's variance, what the leading components hold. limb_change: see `History.limb_change`.
    """

    start_s: float
    end_s: float
    opposite_s: tuple[float, ...]
    filled_share: float
    period_s: float | None
    energy_share: float
    limb_change: float


def refuse(facts: CycleFacts, settings: GaitSettings) -> Refusal | None:
    """The reason why this cycle is not usable, None when it is (gait.md, "Cycle")."""
    duration_s = facts.end_s - facts.start_s
    if not settings.min_cycle_s <= duration_s <= settings.max_cycle_s:
        return Refusal.DURATION
    if len(facts.opposite_s) != 1:
        return Refusal.NO_OPPOSITE_CONTACT
    phase = (facts.opposite_s[0] - facts.start_s) / duration_s
    if not settings.min_opposite_phase <= phase <= settings.max_opposite_phase:
        return Refusal.OPPOSITE_CONTACT_PHASE
    if facts.filled_share > settings.max_filled:
        return Refusal.FILLED
    if facts.period_s is not None and abs(duration_s / facts.period_s - 1.0) > settings.max_period_error:
        return Refusal.IRREGULAR
    if facts.energy_share < settings.min_energy_share:
        return Refusal.UNRHYTHMIC
    return Refusal.LIMBS if facts.limb_change > settings.max_limb_change else None


def quality(filled_share: float, energy_share: float, mean_visibility: float) -> float:
    """A figure in [0, 1]: share seen x share of the signal that is gait-like x how surely it was seen."""
    figure = (1.0 - filled_share) * energy_share * mean_visibility
    return min(1.0, max(0.0, figure))
