"""Contacts in, gait cycles out: from each right initial contact to the next, cut out of the last seconds.

Promises: every cycle is half-open and either usable or carries one reason; stance shares are told only where both
contacts that bound them were found. Landmarks are cut un-smoothed and then normalised. Refuses nothing.

Shapes: T time, J landmark, C coordinate.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.errors import RecordingError
from edge.gait.contacts import Side
from edge.gait.history import History
from edge.gait.normalise import normalise_cycle
from edge.gait.quality import CycleFacts, Refusal, quality, refuse
from edge.gait.settings import GaitSettings
from edge.gait.skeleton import FloatArray


@dataclass(frozen=True, slots=True, repr=False)
class GaitCycle:
    """Right contact to right contact, [start_s, end_s).

    usable: the gait is whole and regular; otherwise reason says why not. left_stance and right_stance are the shares
    of the cycle in which that foot is on the ground (its swing is the rest), None where a contact is missing. x_TJC
    is `normalise_cycle`'s (64, 16, 3) for usable cycles, None where the source lacks head or arms (then there is gait,
    but nothing to judge affect by).
    """

    start_s: float
    end_s: float
    duration_s: float
    usable: bool
    reason: str | None
    quality: float
    turning: bool
    left_stance: float | None
    right_stance: float | None
    x_TJC: FloatArray | None

    def __repr__(self) -> str:
        # A repr must never hold landmarks: it ends up in logs.
        return f"GaitCycle({self.start_s:.3f} to {self.end_s:.3f} s, usable={self.usable}, reason={self.reason})"


class CycleCutter:
    """Collects the contacts of one walk and closes a cycle at every right initial contact."""

    def __init__(self, settings: GaitSettings, history: History) -> None:
        self._settings, self._history = settings, history
        self.reset()

    def reset(self) -> None:
        """Forget the cycle that was begun."""
        self._right_s: float | None = None
        self._left_s: list[float] = []
        self._final_s: dict[Side, float] = {}

    def final(self, side: Side, t_s: float) -> None:
        """Take a final contact."""
        self._final_s[side] = t_s

    def initial(self, side: Side, t_s: float, period_s: float | None, energy_share: float) -> GaitCycle | None:
        """Take an initial contact; return the cycle it closes. period_s and energy_share: those of the spectrum."""
        if side == "left":
            # None, one or several is all that is asked of them.
            self._left_s = [*self._left_s[-1:], t_s]
            return None
        start_s, left_s, final_s = self._right_s, tuple(self._left_s), self._final_s
        self.reset()
        self._right_s = t_s
        if start_s is None:
            return None
        filled = self._history.filled_share(start_s, t_s)
        limbs = self._history.limb_change(start_s, t_s)
        facts = CycleFacts(start_s, t_s, left_s, filled, period_s, energy_share, limbs)
        return self._cycle(facts, _stance_shares(facts, final_s, self._settings))

    def _cycle(self, facts: CycleFacts, stance: tuple[float | None, float | None]) -> GaitCycle:
        start_s, end_s, history = facts.start_s, facts.end_s, self._history
        reason = refuse(facts, self._settings)
        x_TJC: FloatArray | None = None
        if reason is None:
            x_TJC, reason = self._normalised(start_s, end_s)
        return GaitCycle(
            start_s=start_s,
            end_s=end_s,
            duration_s=end_s - start_s,
            usable=reason is None,
            reason=None if reason is None else str(reason),
            quality=quality(facts.filled_share, facts.energy_share, history.leg_visibility(start_s, end_s)),
            turning=history.turned_rad(start_s, end_s) > self._settings.turning_rad,
            left_stance=stance[0],
            right_stance=stance[1],
            x_TJC=x_TJC,
        )

    def _normalised(self, start_s: float, end_s: float) -> tuple[FloatArray | None, Refusal | None]:
        x_TJC = self._history.cut(start_s, end_s)
        if x_TJC is None:
            return None, None
        try:
            return normalise_cycle(x_TJC), None
        except RecordingError:
            return None, Refusal.DEGENERATE


def _stance_shares(
    facts: CycleFacts, final_s: dict[Side, float], settings: GaitSettings
) -> tuple[float | None, float | None]:
    """(left, right) stance as shares of the cycle.

    The right foot leaves the ground between its two initial contacts; the left one is in swing from its final contact
    to its initial contact within the cycle.
    """
    duration_s = facts.end_s - facts.start_s
    if duration_s <= 0.0 or len(facts.opposite_s) != 1:
        return None, None
    left = right = None
    if "right" in final_s:
        right = (final_s["right"] - facts.start_s) / duration_s
    if "left" in final_s:
        left = 1.0 - (facts.opposite_s[0] - final_s["left"]) / duration_s
    return _plausible(left, settings), _plausible(right, settings)


def _plausible(share: float | None, settings: GaitSettings) -> float | None:
    return share if share is not None and settings.min_stance <= share <= settings.max_stance else None
