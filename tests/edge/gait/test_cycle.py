from itertools import pairwise

import numpy as np
import pytest

from edge.errors import RecordingError
from edge.gait.cycle import CycleSegmenter
from edge.gait.skeleton import SkeletonFrame

OFFSET_S = 0.020


def segment(frames, segmenter=None, flush=True):
    segmenter = segmenter or CycleSegmenter()
    told = [segmenter.update(f) for f in frames]
    told += [segmenter.flush()] if flush else []
    contacts = [c for s in told if s for c in s.contacts]
    cycles = [c for s in told if s for c in s.cycles]
    return contacts, cycles


def errors_s(contacts, stroll, side):
    known = stroll.peaks_s[side]
    # A contact just after the last frame is forecast and told at the last frame.
    peaks = np.append(known, 2 * known[-1] - known[-2]) + OFFSET_S
    return [np.abs(peaks - c.t_s).min() for c in contacts if c.side == side]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"speed_m_s": 1.3},
        {"speed_m_s": 1.0, "turn_rad_s": 0.8},
        {"scale": 0.6},
        {"stride_s": 0.8},
        {"stride_s": 1.6, "seconds": 12.0},
        {"rate_hz": 60.0},
        {"rate_hz": 25.0},
        {"rate_hz": 15.0},
        {"noise_m": 0.02},
        {"start_s": 86_400.0},
    ],
    ids=str,
)
def test_every_contact_of_a_known_walk_is_found_in_time(stroll, changed):
    walk = stroll(**changed)
    contacts, cycles = segment(walk.frames)
    for side in ("left", "right"):
        found = errors_s(contacts, walk, side)
        *inside, last = found
        assert max(inside) < (0.06 if "noise_m" in changed else 0.035)
        assert last < 0.061  # it may be a forecast
        # The very first and last peak may lie at the edge of the recording.
        assert len(found) >= len(walk.peaks_s[side]) - 2
    assert sum(c.usable for c in cycles) >= len(walk.peaks_s["right"]) - 3


def test_cycles_are_half_open_whole_and_normalised(stroll):
    _, cycles = segment(stroll(speed_m_s=1.2).frames)
    for before, after in pairwise(cycles):
        assert before.end_s == after.start_s
    for cycle in cycles:
        assert cycle.usable
        assert cycle.reason is None
        assert not cycle.turning
        assert cycle.duration_s == pytest.approx(1.1, abs=0.03)
        assert 0.8 < cycle.quality <= 1.0
        assert cycle.x_TJC.shape == (64, 16, 3)
        assert cycle.x_TJC.dtype == np.float32
        # Facing +z, left is +x, right foot forward at the start, left foot in the middle.
        assert (cycle.x_TJC[:, 10, 0] > 0).all()
        assert cycle.x_TJC[0, 15, 2] > 0.2
        assert cycle.x_TJC[32, 12, 2] > 0.2


def test_steady_walking_is_told_within_a_tenth_of_a_second(stroll):
    contacts, _ = segment(stroll().frames)
    opened_s = contacts[0].emitted_t_s
    late = [c.emitted_t_s - c.t_s for c in contacts if c.emitted_t_s > opened_s]
    assert len(late) > 8
    assert min(late) >= 0.0
    assert max(late) < 0.12


def test_a_turning_walk_is_tagged_and_kept(stroll):
    _, cycles = segment(stroll(speed_m_s=1.0, turn_rad_s=0.8).frames)
    assert any(c.turning and c.usable for c in cycles)


def test_without_feet_it_works_the_same(stroll):
    walk = stroll()
    for f in walk.frames:
        f.visibility_J[16:] = 0.0
        f.x_JC[16:] = np.nan
    contacts, cycles = segment(walk.frames)
    assert max(errors_s(contacts, walk, "left") + errors_s(contacts, walk, "right")) < 0.035
    assert all(c.usable for c in cycles)


def test_hip_centred_landmarks_are_enough(stroll):
    walk = stroll(speed_m_s=1.2)
    centred = [SkeletonFrame(f.t_s, f.x_JC - 0.5 * (f.x_JC[10] + f.x_JC[13]), f.visibility_J) for f in walk.frames]
    a, b = segment(walk.frames), segment(centred)
    assert [c.side for c in a[0]] == [c.side for c in b[0]]
    assert np.allclose([c.t_s for c in a[0]], [c.t_s for c in b[0]], atol=1e-3)


@pytest.mark.parametrize("movement", ["standing", "squats", "jumps", "one leg", "small"])
def test_what_is_not_gait_gives_nothing(stroll, movement):
    frames = stroll(seconds=12.0, noise_m=0.008).frames
    rest = stroll(seconds=0.1).frames[0].x_JC.copy()
    legs = [11, 12, 16, 17], [14, 15, 18, 19]
    rest[legs[0] + legs[1], 2] = 0.0
    rng = np.random.default_rng(1)
    out = []
    for f in frames:
        x = rest + rng.normal(0.0, 0.008, rest.shape)
        wave = np.sin(2 * np.pi * f.t_s / 1.2)
        if movement == "squats":
            x[[10, 13], 2] -= 0.2 * wave
        elif movement == "jumps":
            x[:, 1] += 0.3 * abs(wave)
            x[legs[0] + legs[1], 2] += 0.25 * wave
        elif movement == "one leg":
            x[legs[0], 2] += 0.4 * wave
        elif movement == "small":
            x[legs[0], 2] += 0.03 * wave
            x[legs[1], 2] -= 0.03 * wave
        out.append(SkeletonFrame(f.t_s, x, f.visibility_J))
    assert segment(out) == ([], [])


@pytest.mark.parametrize("noise_m", [0.0, 0.005, 0.01])
def test_standing_still_ends_the_walk_and_no_cycle_spans_the_pause(stroll, noise_m):
    walk = stroll(seconds=6.0, noise_m=noise_m)
    rest, rng = walk.frames[20].x_JC, np.random.default_rng(2)
    still = [
        SkeletonFrame(6.0 + k / 30.0, rest + rng.normal(0.0, noise_m, rest.shape), np.ones(20)) for k in range(240)
    ]
    again = [SkeletonFrame(14.0 + f.t_s, f.x_JC, f.visibility_J) for f in walk.frames]
    contacts, cycles = segment(walk.frames + still + again)
    assert not [c for c in contacts if 6.6 < c.t_s < 13.5]
    assert sum(c.usable for c in cycles) >= 6
    assert all(c.duration_s < 2.0 for c in cycles if c.usable)


def test_a_short_gap_is_bridged_and_the_cycle_says_it_was_filled(stroll):
    walk = stroll(seconds=9.0)
    kept = [f for f in walk.frames if not 5.0 < f.t_s < 5.45]
    contacts, cycles = segment(kept)
    refused = [c for c in cycles if not c.usable]
    assert refused
    assert {c.reason for c in refused} <= {"filled", "no_opposite_contact", "opposite_contact_phase"}
    assert all(c.start_s < 5.5 and c.end_s > 4.9 for c in refused)
    assert all(c.x_TJC is None for c in refused)
    assert max(errors_s([c for c in contacts if c.t_s > 6.0], walk, "right")) < 0.035


def test_a_long_gap_flushes_and_starts_anew(stroll):
    walk = stroll(seconds=12.0)
    kept = [f for f in walk.frames if not 5.0 < f.t_s < 6.5]
    contacts, cycles = segment(kept)
    assert not [c for c in contacts if 5.05 < c.t_s < 6.5]
    assert not [c for c in cycles if c.start_s < 5.0 < c.end_s]
    assert [c for c in cycles if c.end_s <= 5.1]
    assert [c for c in cycles if c.start_s >= 6.5]


def test_one_hidden_foot_is_bridged_by_forecast(stroll):
    walk = stroll(seconds=9.0)
    for f in walk.frames:
        if 5.1 < f.t_s < 5.5:  # around the left contact at 5.52 s and the right one at 5.5 s
            f.visibility_J[[15, 18, 19]] = 0.0
    contacts, _ = segment(walk.frames)
    times = np.array([c.t_s for c in contacts if c.side == "right"])
    for peak in walk.peaks_s["right"][2:-1]:
        assert np.abs(times - peak - OFFSET_S).min() < 0.05


@pytest.mark.parametrize("hidden", [[10, 13], [12, 15, 16, 17, 18, 19]], ids=["hips", "feet"])
def test_without_hips_or_ankles_there_is_nothing(stroll, hidden):
    walk = stroll()
    for f in walk.frames:
        f.visibility_J[hidden] = 0.3
    segmenter = CycleSegmenter()
    assert segment(walk.frames, segmenter, flush=False) == ([], [])
    assert not segmenter.legs_seen


def test_hidden_knees_make_cycles_unusable(stroll):
    walk = stroll()
    for f in walk.frames[60:]:
        f.visibility_J[11] = 0.2
    _, cycles = segment(walk.frames)
    assert {c.reason for c in cycles if c.start_s > 2.5} == {"filled"}


def test_a_source_without_arms_gives_gait_but_nothing_to_judge(stroll):
    walk = stroll()
    for f in walk.frames:
        f.visibility_J[[3, 5, 6, 8, 9]] = 0.0
    _, cycles = segment(walk.frames)
    assert cycles
    assert all(c.usable and c.x_TJC is None for c in cycles)


def test_the_same_frames_give_the_same_answers_and_reset_equals_new(stroll):
    walk = stroll(noise_m=0.01, turn_rad_s=0.3)
    used = CycleSegmenter()
    segment(stroll(stride_s=0.9, seconds=5.0).frames, used, flush=False)
    used.reset()
    first, second, third = segment(walk.frames), segment(walk.frames), segment(walk.frames, used)
    for other in (second, third):
        assert other[0] == first[0]
        assert len(other[1]) == len(first[1])
        for a, b in zip(other[1], first[1], strict=True):
            assert (a.start_s, a.end_s, a.quality, a.reason) == (b.start_s, b.end_s, b.quality, b.reason)
            assert np.array_equal(a.x_TJC, b.x_TJC)


def test_flush_begins_anew_and_a_second_flush_has_nothing(stroll):
    walk = stroll()
    segmenter = CycleSegmenter()
    first = segment(walk.frames, segmenter)
    assert segmenter.flush() is None
    # Time may start over after a flush: it is a new track.
    again = segment(walk.frames, segmenter)
    assert again[0] == first[0]


def test_two_tracks_do_not_share_state_and_a_cut_is_the_callers_own(stroll):
    walk = stroll()
    segmenter = CycleSegmenter()
    _, cycles = segment(walk.frames, segmenter, flush=False)
    kept = [c.x_TJC.copy() for c in cycles]
    for f in walk.frames:
        segmenter.update(SkeletonFrame(f.t_s + 8.0, f.x_JC * 2.0, f.visibility_J))
    assert all(np.array_equal(c.x_TJC, k) for c, k in zip(cycles, kept, strict=True))


@pytest.mark.parametrize("shape", [(16, 3), (20, 2), (20,)])
def test_a_frame_of_the_wrong_shape_gets_a_sentence(shape):
    with pytest.raises(RecordingError, match="to_canonical"):
        CycleSegmenter().update(SkeletonFrame(0.0, np.zeros(shape), np.ones(20)))


def test_no_repr_holds_landmarks(stroll):
    _, cycles = segment(stroll().frames)
    assert "array" not in repr(cycles[0])
