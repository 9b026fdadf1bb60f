"""Every reason to refuse a cycle, one at a time, and none."""

from dataclasses import replace

import pytest

from edge.gait.gate import WalkingGate
from edge.gait.quality import CycleFacts, Refusal, quality, refuse
from edge.gait.settings import GaitSettings
from edge.gait.swing import Swing

GOOD = CycleFacts(10.0, 11.1, (10.55,), 0.0, 1.1, 0.98, 0.05)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, None),
        ({"period_s": None}, None),
        ({"end_s": 10.3}, Refusal.DURATION),
        ({"end_s": 12.6}, Refusal.DURATION),
        ({"opposite_s": ()}, Refusal.NO_OPPOSITE_CONTACT),
        ({"opposite_s": (10.4, 10.7)}, Refusal.NO_OPPOSITE_CONTACT),
        ({"opposite_s": (10.2,)}, Refusal.OPPOSITE_CONTACT_PHASE),
        ({"filled_share": 0.3}, Refusal.FILLED),
        ({"period_s": 1.6}, Refusal.IRREGULAR),
        ({"energy_share": 0.8}, Refusal.UNRHYTHMIC),
        ({"limb_change": 0.5}, Refusal.LIMBS),
    ],
    ids=str,
)
def test_each_fact_has_its_reason(changed, reason):
    assert refuse(replace(GOOD, **changed), GaitSettings()) is reason


def test_quality_falls_with_what_was_not_seen_not_rhythm_and_not_sure():
    best = quality(0.0, 1.0, 1.0)
    assert best == 1.0
    assert quality(0.2, 1.0, 1.0) == quality(0.0, 0.8, 1.0) == quality(0.0, 1.0, 0.8) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("swing", "rhythm", "opens"),
    [
        (Swing((0.0, 0.0), (0.6, 0.6), -0.9), 0.98, True),
        (Swing((0.0, 0.0), (0.6, 0.05), -0.9), 0.98, False),
        (Swing((0.0, 0.0), (0.6, 0.6), 0.3), 0.98, False),
        (Swing((0.0, 0.0), (0.6, 0.6), -0.9), 0.5, False),
    ],
)
def test_the_gate_wants_both_feet_against_each_other_in_a_rhythm(swing, rhythm, opens):
    gate = WalkingGate(GaitSettings())
    told = [gate.update(swing, rhythm) for _ in range(GaitSettings().n_open)]
    assert told[-1] is opens
    assert not any(told[:-1])


def test_an_open_gate_bears_a_second_of_doubt():
    gate, s = WalkingGate(GaitSettings()), GaitSettings()
    walking, standing = Swing((0.0, 0.0), (0.6, 0.6), -0.9), Swing((0.0, 0.0), (0.0, 0.0), 0.0)
    for _ in range(s.n_open):
        gate.update(walking, 1.0)
    told = [gate.update(standing, 1.0) for _ in range(s.n_close)]
    assert all(told[:-1])
    assert not told[-1]
