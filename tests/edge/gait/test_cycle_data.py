"""The segmenter on real recordings (QUIETSTEP_DATA): a few, fast; tests/bench/segmentation has them all."""

import os
from pathlib import Path

import numpy as np
import pytest

from tests.bench.segmentation.found import Found
from tests.bench.segmentation.ours import Ours
from tests.bench.segmentation.score import f1, score
from tests.bench.segmentation.trials import CAMERA_HZ, Trial, camera_frames, trials

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


def run(trial: Trial, with_feet: bool) -> Found:
    return Ours().run(camera_frames(trial, with_feet), CAMERA_HZ)


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
    told = [(run(trial, with_feet).initials, trial.truth_s) for trial in recorded[group]]
    near, wide = (np.sum([score(*pair, within_s).counts_E3.sum(axis=0) for pair in told], axis=0)
                  for within_s in (0.05, 0.1))  # fmt: skip
    assert f1(near) >= f1_50
    assert f1(wide) >= f1_100


@pytest.mark.parametrize("with_feet", [True, False])
def test_squats_jumps_and_standing_give_no_contact_and_no_cycle(recorded, with_feet):
    for trial in recorded["not gait"]:
        found = run(trial, with_feet)
        assert (found.initials, found.n_cycles) == ([], 0)


def test_the_treadmill_gives_a_cycle_for_nearly_every_stride(recorded):
    [trial] = recorded["treadmill"]
    strides = len(trial.truth_s["right"]) - 1
    assert run(trial, True).n_usable >= 0.9 * strides
