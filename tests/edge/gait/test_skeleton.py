import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import RecordingError
from edge.gait import skeleton as sk


def test_every_parent_comes_before_its_children_and_every_landmark_has_a_bone():
    placed = {sk.ROOT}
    for child, parent in sk.BONES:
        assert parent in placed
        placed.add(child)
    assert placed == set(range(sk.N_LANDMARKS))


def test_mirror_exchanges_exactly_the_paired_names():
    for i, j in enumerate(sk.MIRROR):
        swapped = {"left": "right", "right": "left"}
        side, sep, part = sk.LANDMARKS[i].partition("_")
        assert sk.LANDMARKS[j] == swapped.get(side, side) + sep + part


def test_rotations_are_proper_so_nobody_is_mirrored():
    for table in sk.TOPOLOGIES.values():
        assert np.linalg.det(np.array(table.rotation)) == pytest.approx(1.0)


def test_canonical_recordings_pass_unchanged():
    x = np.random.default_rng(0).normal(size=(5, 20, 3)).astype(np.float32)
    out, visibility = sk.to_canonical(x, "quietstep20")
    assert np.array_equal(out, x)
    assert out.dtype == visibility.dtype == np.float32
    assert (visibility == 1.0).all()


def test_sixteen_landmarks_leave_the_feet_unseen():
    x = np.ones((16, 3))
    out, visibility = sk.to_canonical(x, "quietstep16")
    assert out.shape == (20, 3)
    assert (visibility == [1.0] * 16 + [0.0] * 4).all()
    assert (out[16:] == 0.0).all()


def test_mediapipe_trunk_is_derived_and_as_visible_as_its_least_visible_parent():
    rng = np.random.default_rng(1)
    x, visibility = rng.normal(size=(3, 33, 3)), rng.uniform(0.1, 1.0, (3, 33))
    out, seen = sk.to_canonical(x, "mediapipe33", visibility)
    native = x * [1.0, -1.0, -1.0]
    mid_hip = 0.5 * (native[:, 23] + native[:, 24])
    mid_shoulder = 0.5 * (native[:, 11] + native[:, 12])
    assert np.allclose(out[:, sk.ROOT], mid_hip, atol=1e-6)
    assert np.allclose(out[:, sk.NECK], mid_shoulder, atol=1e-6)
    assert np.allclose(out[:, sk.SPINE], 0.5 * (mid_hip + mid_shoulder), atol=1e-6)
    assert np.allclose(out[:, sk.HEAD], 0.5 * (native[:, 7] + native[:, 8]), atol=1e-6)
    assert np.allclose(out[:, sk.LEFT_HEEL], native[:, 29], atol=1e-6)
    assert np.allclose(out[:, sk.RIGHT_TOE], native[:, 32], atol=1e-6)
    assert np.allclose(seen[:, sk.SPINE], visibility[:, [11, 12, 23, 24]].min(axis=1), atol=1e-6)


def test_mpi17_knows_left_from_right():
    x = np.zeros((17, 3))
    x[10], x[13] = (1.0, 2.0, 3.0), (4.0, 5.0, 6.0)
    out, visibility = sk.to_canonical(x, "mpi17")
    assert out[sk.RIGHT_ANKLE].tolist() == [1.0, -2.0, -3.0]
    assert out[sk.LEFT_ANKLE].tolist() == [4.0, -5.0, -6.0]
    assert (visibility[16:] == 0.0).all()


@given(st.sampled_from(sorted(sk.TOPOLOGIES)), st.integers(0, 2**32 - 1))
def test_whatever_comes_in_what_leaves_is_finite_and_the_input_is_untouched(topology, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(4, sk.TOPOLOGIES[topology].n_landmarks, 3))
    x[rng.random(x.shape) < 0.1] = np.nan
    x[rng.random(x.shape) < 0.05] = np.inf
    visibility = rng.uniform(-1.0, 2.0, x.shape[:2])
    visibility[rng.random(visibility.shape) < 0.1] = np.nan
    before = x.copy()
    out, seen = sk.to_canonical(x, topology, visibility)
    assert np.isfinite(out).all()
    assert ((seen >= 0.0) & (seen <= 1.0)).all()
    assert (out[seen == 0.0] == 0.0).all()
    assert np.array_equal(x, before, equal_nan=True)


def test_a_frame_maps_like_the_recording_it_is_part_of():
    x = np.random.default_rng(2).normal(size=(3, 33, 3))
    whole, _ = sk.to_canonical(x, "mediapipe33")
    for t in range(3):
        assert np.array_equal(sk.to_canonical(x[t], "mediapipe33")[0], whole[t])


@pytest.mark.parametrize(
    ("shape", "topology"),
    [((5, 19, 3), "quietstep20"), ((5, 17, 2), "mpi17"), ((33,), "mediapipe33"), ((5, 20, 3), "coco")],
)
def test_wrong_shapes_and_unknown_topologies_get_a_sentence(shape, topology):
    with pytest.raises(RecordingError, match="Wanted"):
        sk.to_canonical(np.zeros(shape), topology)


def test_visibility_must_fit():
    with pytest.raises(RecordingError, match="visibility"):
        sk.to_canonical(np.zeros((5, 20, 3)), "quietstep20", np.ones((5, 19)))


def test_upright_turns_who_stands_on_the_head_and_never_mirrors(stroll):
    x = np.stack([f.x_JC for f in stroll(seconds=1.0).frames])
    visibility = np.ones(x.shape[:2])
    same, turned = sk.upright(x, visibility)
    assert not turned
    assert same is x
    back, turned = sk.upright(x * np.float32([1, -1, -1]), visibility)
    assert turned
    assert np.array_equal(back, x)


def test_upright_leaves_alone_what_it_cannot_tell():
    x = np.zeros((4, 20, 3))
    assert sk.upright(x, np.zeros((4, 20))) == (x, False) or not sk.upright(x, np.zeros((4, 20)))[1]


def test_repr_holds_no_landmarks(stroll):
    assert "0.95" not in repr(stroll(seconds=0.1).frames[0])
