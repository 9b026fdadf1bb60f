"""Contacts of a slow walker: a swap of the legs in mid-stride is no step."""

import numpy as np

from edge.gait.contacts import ContactFinder
from edge.gait.settings import GaitSettings
from edge.gait.swing import swing_of
from edge.gait.view import View

RATE_HZ = 30
PERIOD_S = 1.45
N = 90


def with_a_swap() -> np.ndarray:
    """A slow foot for 3 s, and for a few frames, 0.62 s after its contact, the other one in its place."""
    t_s = np.arange(N) / RATE_HZ
    forward_DT = np.stack([np.cos(2 * np.pi * t_s / PERIOD_S), -np.cos(2 * np.pi * t_s / PERIOD_S)])
    bump = 1.6 * np.exp(-(((t_s - PERIOD_S - 0.62) / 0.06) ** 2))
    forward_DT[0] += bump
    return forward_DT


def told(period_s: float | None) -> list[float]:
    forward_DT = with_a_swap()
    finder = ContactFinder(GaitSettings())
    view = View(forward_DT, forward_DT, swing_of(forward_DT), (N - 1) / RATE_HZ, RATE_HZ)
    peaks = finder.look(view, n_delay=3, n_back=N)
    return [t_s for t_s, side in peaks if finder.tell(side, t_s, period_s) and side == "left"]


def test_a_peak_before_half_the_period_is_over_is_no_contact() -> None:
    assert len(told(PERIOD_S)) == 1
    assert abs(told(PERIOD_S)[0] - PERIOD_S) < 0.02


def test_the_signal_would_show_it_if_the_period_were_not_known() -> None:
    assert len(told(None)) == 2


def test_slow_feet_land_later_after_they_were_farthest_forward() -> None:
    forward_DT = with_a_swap()
    view = View(forward_DT, forward_DT, swing_of(forward_DT), (N - 1) / RATE_HZ, RATE_HZ)
    settings = GaitSettings()
    finder = ContactFinder(settings)
    usual, slow = (finder.place([(1.0, "left")], view, period_s) for period_s in (None, settings.offset_period_s + 1.0))
    assert usual == [(1.0 + settings.contact_offset_s, "left")]
    assert slow == [(1.0 + settings.contact_offset_s + settings.offset_per_period, "left")]
