"""The segmenter on real recordings (QUIETSTEP_DATA): a few, fast; tests/bench/segmentation.py has them all."""

import os
from pathlib import Path

import pytest

from edge.gait.settings import GaitSettings
from tests.bench.segmentation_data import Trial, trials
from tests.bench.segmentation_score import Score, camera_frames, run

FOLDER = os.environ.get("QUIETSTEP_DATA")
pytestmark = pytest.mark.skipif(
    not FOLDER or not (Path(FOLDER) / "gait_events").is_dir(), reason="QUIETSTEP_DATA names no motion data"
)


@pytest.fixture(scope="module")
def recorded() -> dict[str, list[Trial]]:
    found: dict[str, list[Trial]] = {}
    for trial in trials(Path(FOLDER)):
        members = found.setdefault(trial.group, [])
        if trial.group != "video pose" or len(members) < 12:
            members.append(trial)
    return found


def score(members, with_feet, tolerance_s):
    total = Score()
    for trial in members:
        total.add(run(trial, GaitSettings(), camera_frames(trial, with_feet)), tolerance_s)
    return total


@pytest.mark.parametrize(
    ("group", "with_feet", "f1_50", "f1_100"),
    [
        ("treadmill", True, 0.97, 0.99),
        ("treadmill", False, 0.97, 0.99),
        ("parkinson", True, 0.90, 0.97),
        ("straight", True, 0.97, 0.99),
        ("straight", False, 0.97, 0.99),
        ("turning", True, 0.92, 0.93),
        ("video pose", False, 0.88, 0.98),
    ],
)
def test_contacts_are_where_plates_and_labels_say(recorded, group, with_feet, f1_50, f1_100):
    assert score(recorded[group], with_feet, 0.05).f1 >= f1_50
    assert score(recorded[group], with_feet, 0.1).f1 >= f1_100


@pytest.mark.parametrize("with_feet", [True, False])
def test_squats_jumps_and_standing_give_no_contact_and_no_cycle(recorded, with_feet):
    for trial in recorded["not gait"]:
        outcome = run(trial, GaitSettings(), camera_frames(trial, with_feet))
        assert (outcome.contacts, outcome.cycles) == ([], [])


def test_the_treadmill_gives_a_cycle_for_nearly_every_stride(recorded):
    [trial] = recorded["treadmill"]
    outcome = run(trial, GaitSettings(), camera_frames(trial, True))
    strides = len(trial.truth_s["right"]) - 1
    assert sum(c.usable for c in outcome.cycles) >= 0.9 * strides
