"""The synthetic camera shows a person, from where it is told, and knows the truth."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import CameraError
from edge.gait.skeleton import HEAD, LEFT_ANKLE, LEFT_TOE, N_LANDMARKS, RIGHT_ANKLE, ROOT
from edge.gait.walker import Walker, skeletons
from edge.sense.figure import looks_of, solids_of
from edge.sense.scene import Scene
from edge.sense.solids import Cone, Light, Paint, draw, look_at
from edge.sense.synthetic import SyntheticCamera
from edge.sense.synthetic_spec import parse


def figure(spec: str, t_s: float = 1.0) -> np.ndarray:
    """Which pixels differ clearly from the empty room."""
    shown = SyntheticCamera(f"synthetic:{spec}").picture_at(t_s).astype(int)
    view = [part for part in spec.split(",") if part.startswith(("view=", "path=", "distance="))]
    empty = SyntheticCamera("synthetic:people=0," + ",".join(view)).picture_at(t_s).astype(int)
    return np.abs(shown - empty).max(-1) > 24


def test_it_is_a_picture_source() -> None:
    camera = SyntheticCamera("synthetic:seconds=0.2,rate=10")
    assert (camera.width, camera.height, camera.rate_hz, camera.live) == (640, 480, 10, False)
    first, second = camera.read(), camera.read()
    assert first is not None
    assert second is not None
    assert first.rgb_HWC.shape == (480, 640, 3)
    assert first.rgb_HWC.dtype == np.uint8
    assert (first.t_s, second.t_s) == (0.0, 0.1)
    assert camera.read() is None
    assert camera.read() is None
    camera.close()


@pytest.mark.parametrize("view", ["side", "oblique", "frontal", "back", "20"])
def test_the_figure_is_visible_upright_and_whole(view: str) -> None:
    rows, columns = np.nonzero(figure(f"view={view}"))
    tall, wide = np.ptp(rows), np.ptp(columns)
    assert 280 < tall < 460
    assert 60 < wide < 0.8 * tall
    assert rows.min() > 5
    assert rows.max() < 475
    assert abs(columns.mean() - 320) < 40


def test_views_differ() -> None:
    shown = [figure(f"view={view}") for view in ("side", "oblique", "frontal")]
    for i, a in enumerate(shown):
        for b in shown[i + 1 :]:
            assert (a ^ b).mean() > 0.01
    pictures = [SyntheticCamera(f"synthetic:view={view}").picture_at(1.0) for view in ("frontal", "back")]
    assert (np.abs(np.subtract(*pictures, dtype=int)).max(-1) > 24).mean() > 0.01


def test_the_toes_point_where_the_walker_goes() -> None:
    camera = SyntheticCamera("synthetic:view=side,path=cross,seconds=10")
    eye, x_JC, later_JC = camera._scene.eye, camera.skeleton_at(1.5), camera.skeleton_at(2.5)
    assert x_JC is not None
    assert later_JC is not None
    across = [float(eye.see(x[j].astype(float))[0][0]) for x, j in ((x_JC, ROOT), (later_JC, ROOT), (x_JC, LEFT_TOE))]
    ankle = float(eye.see(x_JC[LEFT_ANKLE].astype(float))[0][0])
    assert across[1] > across[0] + 50
    assert across[2] > ankle


def test_people_look_different_and_the_same_person_alike() -> None:
    one, again, other = (SyntheticCamera(f"synthetic:identity={i}").picture_at(0.5) for i in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_dark_is_dark() -> None:
    assert SyntheticCamera("synthetic:dark=yes").picture_at(1.0).max() < 8
    assert SyntheticCamera("synthetic:dark=no").picture_at(1.0).mean() > 80


def test_nobody_is_an_empty_room() -> None:
    camera = SyntheticCamera("synthetic:people=0,seconds=5")
    assert np.array_equal(camera.picture_at(0.0), camera.picture_at(3.0))


def test_a_crossing_begins_and_ends_outside_with_a_wait_between() -> None:
    spec = "path=cross,wait=2,seconds=60"
    camera = SyntheticCamera(f"synthetic:{spec}")
    areas = [figure(spec, t_s).sum() for t_s in np.arange(0, 16, 0.25)]
    assert areas[0] == 0
    shown = np.array(areas) > 0
    assert 2 <= np.sum(shown[1:] & ~shown[:-1]) <= 3
    assert camera.skeleton_at(camera._people[0].crossing_s + 1.0) is None
    first, second = (camera.skeleton_at(t) for t in (1.0, camera._people[0].period_s + 1.0))
    assert first is not None
    assert second is not None
    assert first[ROOT, 2] * second[ROOT, 2] < 0


def test_truth_holds_only_contacts_that_can_be_seen() -> None:
    camera = SyntheticCamera("synthetic:path=cross,seconds=30")
    truth = camera.truth()
    assert len(truth) > 8
    for contact in truth:
        x_JC = camera.skeleton_at(contact.t_s)
        assert x_JC is not None
        assert camera._scene.shows(x_JC[[HEAD, LEFT_ANKLE, RIGHT_ANKLE]].astype(float)).all()
        ankle = 1 if contact.side == "left" else -1
        lowest = min(x_JC[16 if ankle > 0 else 18, 1], x_JC[17 if ankle > 0 else 19, 1])
        assert abs(lowest) < 2e-3


def test_truth_of_an_endless_camera_reaches_to_what_was_read() -> None:
    camera = SyntheticCamera("synthetic:live=no")
    assert camera.truth() == ()
    for _ in range(60):
        camera.read()
    assert 2 <= len(camera.truth()) <= 6
    assert all(c.t_s < 2.0 for c in camera.truth())


def test_two_people_cross() -> None:
    camera = SyntheticCamera("synthetic:people=2,path=cross,seconds=10")
    gaps = []
    for t_s in np.arange(0.5, 4.0, 0.25):
        a, b = camera.skeleton_at(t_s, 0), camera.skeleton_at(t_s, 1)
        if a is not None and b is not None:
            gaps.append(float(a[ROOT, 2] - b[ROOT, 2]))
    assert gaps[0] < -1
    assert gaps[-1] > 1
    assert len(camera.truth(1)) >= 4


def test_turning_walkers_stay_in_the_picture() -> None:
    camera = SyntheticCamera("synthetic:path=turn,seconds=30")
    for t_s in np.arange(0, 30, 0.5):
        x_JC = camera.skeleton_at(t_s)
        assert x_JC is not None
        assert camera._scene.shows(x_JC.astype(float)).all()


def test_a_camera_can_be_lost() -> None:
    camera = SyntheticCamera("synthetic:vanish=0.1,rate=20,seconds=5")
    assert camera.read() is not None
    assert camera.read() is not None
    with pytest.raises(CameraError, match="Open it again"):
        camera.read()


def test_a_live_camera_keeps_pace_and_skips_when_late() -> None:
    camera = SyntheticCamera("synthetic:rate=50,people=0")
    assert camera.live
    camera.read()
    time.sleep(0.3)
    late = camera.read()
    assert late is not None
    assert late.t_s >= 0.26
    after = [camera.read() for _ in range(5)]
    times_s = [p.t_s for p in after if p is not None]
    assert len(times_s) == 5
    assert all(b > a for a, b in zip([late.t_s, *times_s], times_s, strict=False))


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        ("synthetic:afect=sad", "afect"),
        ("synthetic:affect=bored", "affect to be one of angry, happy, neutral, sad"),
        ("synthetic:view=above", "view=above"),
        ("synthetic:view=nan", "view"),
        ("synthetic:path=moon", "path"),
        ("synthetic:people=5", "people to be a whole number from 0 to 4"),
        ("synthetic:people=1.5", "people"),
        ("synthetic:rate=0", "rate"),
        ("synthetic:rate=nan", "rate"),
        ("synthetic:seconds=-1", "seconds"),
        ("synthetic:distance=0.1", "distance"),
        ("synthetic:dark=maybe", "dark"),
        ("synthetic:identity", "identity"),
        ("synthetic:seed=1,seed=2", "seed"),
        ("webcam:0", "webcam"),
    ],
)
def test_a_bad_option_is_named(spec: str, named: str) -> None:
    with pytest.raises(CameraError, match=named) as caught:
        SyntheticCamera(spec)
    assert caught.value.found
    assert caught.value.wanted
    assert caught.value.do


@settings(max_examples=200, deadline=None)
@given(st.text("abcdefghijklmnopqrstuvwxyz=,.-0123456789 ", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        spec = parse(f"synthetic:{text}")
    except CameraError:
        return
    assert 0 <= spec.people <= 4
    assert spec.rate > 0


def test_near_hides_far_in_any_order() -> None:
    eye = look_at(np.array([0.0, 0.0, 3.0]), np.zeros(3), 300.0, 100, 100)
    light = Light(np.array([0.0, 0.0, 1.0]))
    near = Cone(np.array([-1.0, 0, 1]), np.array([1.0, 0, 1]), 0.1, 0.1, Paint((250, 0, 0)))
    far = Cone(np.array([0.0, -1, 0]), np.array([0.0, 1, 0]), 0.3, 0.3, Paint((0, 0, 250)))
    shown = []
    for cones in ([near, far], [far, near]):
        picture, depth = np.zeros((100, 100, 3), np.uint8), np.full((100, 100), np.inf, np.float32)
        draw(picture, depth, eye, cones, light)
        assert depth.min() == pytest.approx(1.9, abs=0.02)
        shown.append(picture)
    assert np.array_equal(*shown)
    assert shown[0][50, 50, 0] > 150
    assert shown[0][50, 50, 2] == 0
    assert shown[0][80, 50, 2] > 80


def test_what_is_behind_the_eye_is_not_drawn() -> None:
    scene = Scene(0.0, 2.7)
    x_JC = skeletons(Walker(0, "sad"), np.zeros(1))[0] + np.array([0, 0, 8], np.float32)
    assert np.array_equal(scene.picture([(x_JC, looks_of(0))]), scene.picture([]))


def test_every_landmark_is_covered_by_a_solid() -> None:
    x_JC = skeletons(Walker(3, "happy"), np.zeros(1))[0].astype(float)
    solids = solids_of(x_JC.astype(np.float32), looks_of(3))
    for j in range(N_LANDMARKS):
        distance = min(
            np.linalg.norm(x_JC[j] - (c.start + s * (c.end - c.start))) for c in solids for s in np.linspace(0, 1, 21)
        )
        assert distance < 0.06
