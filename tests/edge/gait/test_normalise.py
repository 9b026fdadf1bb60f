import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import RecordingError
from edge.gait import skeleton as sk
from edge.gait.normalise import (
    TEMPLATE_BONES_M,
    close_cycle,
    normalise_cycle,
    resample_periodic,
    roll_to_right_contact,
)


@pytest.fixture
def cycle(stroll):
    # 33 frames at 30 Hz are exactly one stride of 1.1 s.
    return np.stack([f.x_JC for f in stroll(seconds=1.1).frames]).astype(np.float64)


def about_y(angle_rad):
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def test_shape_type_and_frame_of_reference(cycle):
    out = normalise_cycle(cycle @ about_y(2.0).T)
    assert out.shape == (64, 16, 3)
    assert out.dtype == np.float32
    assert (out[:, sk.ROOT] == 0.0).all()
    assert (out[:, sk.LEFT_HIP, 0] > 0.05).all()
    assert (out[:, sk.HEAD, 1] > 0.5).all()
    assert np.argmax(out[:, sk.RIGHT_ANKLE, 2]) in (63, 0, 1)
    assert np.argmax(out[:, sk.LEFT_ANKLE, 2]) in (31, 32, 33)


@settings(deadline=None, max_examples=25)
@given(st.floats(-3.1, 3.1), st.floats(0.2, 5.0), st.tuples(*[st.floats(-10, 10)] * 3))
def test_position_heading_and_size_make_no_difference(angle, scale, shift):
    from_rest = BASE @ about_y(angle).T * scale + np.array(shift)
    assert np.allclose(normalise_cycle(from_rest), normalise_cycle(BASE), atol=1e-5)


def test_a_tilted_camera_makes_no_difference():
    c, s = np.cos(0.35), np.sin(0.35)
    pitch = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    assert np.allclose(normalise_cycle(BASE @ pitch.T), normalise_cycle(BASE), atol=1e-5)


def test_displacement_along_the_way_is_removed():
    walked = BASE + np.linspace(0.0, 1.4, len(BASE), endpoint=False)[:, None, None] * [0.0, 0.0, 1.0]
    # Resampling is exact here (as many samples as frames), so only the displacement can differ.
    n = len(BASE)
    assert np.allclose(normalise_cycle(walked, n), normalise_cycle(BASE, n), atol=1e-5)


def test_mirroring_the_walker_mirrors_the_result():
    assert np.allclose(normalise_cycle(sk.mirror(BASE)), sk.mirror(normalise_cycle(BASE)), atol=1e-5)


def test_every_bone_has_the_templates_length():
    out = normalise_cycle(BASE * [1.0, 1.3, 0.8])
    for child, parent in sk.BODY_BONES:
        if child in (sk.SPINE, sk.NECK):
            continue
        lengths = np.linalg.norm(out[:, child] - out[:, parent], axis=1)
        assert np.allclose(lengths, TEMPLATE_BONES_M[child], atol=1e-5)


def test_where_a_source_puts_root_spine_and_neck_makes_no_difference():
    other = BASE.copy()
    other[:, [sk.ROOT, sk.SPINE, sk.NECK]] += 0.05
    assert np.allclose(normalise_cycle(other), normalise_cycle(BASE), atol=1e-6)


def test_input_is_not_changed():
    before = BASE.copy()
    normalise_cycle(BASE)
    roll_to_right_contact(BASE)
    assert np.array_equal(BASE, before)


@pytest.mark.parametrize("shift", [0, 5, 16, 30])
def test_rolling_finds_the_right_contact_wherever_the_recording_starts(shift):
    rolled = normalise_cycle(roll_to_right_contact(np.roll(BASE, shift, axis=0)))
    reference = normalise_cycle(roll_to_right_contact(BASE))
    # The sub-frame search has steps of a sixteenth of a frame.
    assert np.abs(rolled - reference).max() < 0.01


def test_rolling_starts_20_ms_after_the_foremost_right_ankle():
    rolled = roll_to_right_contact(np.roll(BASE, 9, axis=0))
    expected = resample_periodic(BASE, np.arange(len(BASE)) + 0.6)
    assert np.abs(rolled - expected).max() < 0.01


def test_resampling_follows_a_smooth_periodic_curve():
    n = 33
    curve = np.cos(2 * np.pi * np.arange(n) / n)[:, None, None]
    at = np.linspace(-40.0, 80.0, 301)
    assert np.allclose(resample_periodic(curve, at)[:, 0, 0], np.cos(2 * np.pi * at / n), atol=1e-4)


def test_closing_leaves_a_closed_cycle_nearly_alone_and_halves_a_jump():
    assert np.abs(close_cycle(BASE) - BASE).max() < 0.01
    open_cycle = BASE + np.linspace(0.0, 0.2, len(BASE))[:, None, None]
    closed = close_cycle(open_cycle)
    step = np.abs(closed[0] - closed[-1]).max()
    assert step < 1.5 * np.abs(np.diff(BASE, axis=0)).max() + 0.02


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((20, 16, 3)),
        np.full((20, 16, 3), np.nan),
        np.ones((4, 16, 3)),
        np.ones((20, 12, 3)),
        np.ones((20, 16, 2)),
    ],
)
def test_what_is_not_a_body_gets_a_sentence(bad):
    with pytest.raises(RecordingError, match="Wanted"):
        normalise_cycle(bad)


def _base():
    from_rest = np.random.default_rng(3).normal(0.0, 0.25, (16, 3))
    from_rest[sk.LEFT_HIP], from_rest[sk.RIGHT_HIP] = (0.1, 0.9, 0.0), (-0.1, 0.9, 0.0)
    from_rest[sk.LEFT_SHOULDER], from_rest[sk.RIGHT_SHOULDER] = (0.2, 1.4, 0.0), (-0.2, 1.4, 0.05)
    from_rest[sk.LEFT_ANKLE], from_rest[sk.RIGHT_ANKLE] = (0.1, 0.1, 0.0), (-0.1, 0.1, 0.0)
    from_rest[sk.LEFT_KNEE], from_rest[sk.RIGHT_KNEE] = (0.12, 0.5, 0.05), (-0.1, 0.5, 0.05)
    from_rest[sk.HEAD] = (0.0, 1.65, 0.05)
    phase = 2 * np.pi * np.arange(33) / 33
    x = np.repeat(from_rest[None], 33, axis=0)
    x[:, sk.RIGHT_ANKLE, 2] += 0.3 * np.cos(phase)
    x[:, sk.LEFT_ANKLE, 2] -= 0.3 * np.cos(phase)
    x[:, sk.LEFT_WRIST, 2] += 0.2 * np.cos(phase + 0.3)
    return x


BASE = _base()
