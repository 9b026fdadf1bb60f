"""One person is one body, whatever the landmarker finds twice; stamps that do not rise do no harm."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sense.pose import Body, _distinct

# Never a landmarker in this process: it is not locked in, and would report its use to its maker.
STAMPS = """
import sys
from pathlib import Path
from edge.sense.lock import lock_out_network
lock_out_network()
from edge.sense.pose import PoseEstimator
from edge.sense.sources import SourceSpec, open_source
estimator = PoseEstimator(Path(sys.argv[1]), 4)
estimator.warm_up()
source = open_source(SourceSpec("synthetic:seconds=1"))
seen = [len(estimator.update(source.read().rgb_HWC, t_ms)) for t_ms in (5, 5, 5, 3, 3, 0, -7, 100, 99, 101)]
assert seen == [1] * 10, seen
estimator.close()
"""


def body(x: float, visibility: float = 0.9, size: float = 0.5) -> Body:
    middles_MC = np.array([[x, 0.3], [x, 0.3 + size / 2], [x, 0.3 + 0.75 * size], [x, 0.3 + size]], np.float32)
    return Body(np.zeros((20, 3), np.float32), np.full(20, visibility, np.float32), middles_MC)


def test_one_person_found_twice_is_one_body_and_the_better_one_stays() -> None:
    worse, better = body(0.50, 0.6), body(0.52, 0.9)
    assert _distinct([worse, better], 4) == (better,)


def test_two_people_are_two() -> None:
    assert len(_distinct([body(0.3), body(0.7)], 4)) == 2


def test_what_is_hardly_seen_is_nobody() -> None:
    assert _distinct([body(0.3, 0.1)], 4) == ()


@given(st.lists(st.tuples(st.floats(0, 1.8), st.floats(0, 1)), max_size=8), st.integers(1, 4))
def test_never_more_than_asked_for_and_never_two_in_one_place(found: list[tuple[float, float]], most: int) -> None:
    kept = _distinct([body(x, seen) for x, seen in found], most)
    assert len(kept) <= most
    places = [one.spot.x for one in kept]
    assert all(abs(a - b) >= 0.099 for i, a in enumerate(places) for b in places[:i])


def test_a_body_shows_nothing_of_itself() -> None:
    assert repr(body(0.123)) == "Body()"


@pytest.mark.chain
def test_stamps_that_do_not_rise_are_made_to(pose_model: Path) -> None:
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(
        [sys.executable, "-c", STAMPS, str(pose_model)],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
