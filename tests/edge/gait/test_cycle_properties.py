"""Laws of the segmenter under any abuse: never an exception, never the future, never out of order, never growing."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.gait.cycle import CycleSegmenter
from edge.gait.skeleton import SkeletonFrame

LEFT, RIGHT = [10, 11, 12, 16, 17], [13, 14, 15, 18, 19]


def swapped(x):
    out = x.copy()
    out[LEFT + RIGHT] = x[RIGHT + LEFT]
    return out


def spoiled(x, value):
    out = x.copy()
    out[1::3] = value
    return out


# Each takes (t_s, x, visibility) and gives them back changed.
ABUSES = {
    "swap": lambda t, x, v: (t, swapped(x), v),
    "nan": lambda t, x, v: (t, spoiled(x, np.nan), v),
    "inf": lambda t, x, v: (t, spoiled(x, np.inf), v),
    "nan visibility": lambda t, x, v: (t, x, v * np.nan),
    "hide": lambda t, x, v: (t, x, v * np.isin(np.arange(20), LEFT)),
    "back": lambda t, x, v: (t - 1.0, x, v),
    "drop": lambda t, x, v: (t - 1e6, x, v),
    "same": lambda t, x, v: (float(np.round(t)), x, v),
    "nan time": lambda t, x, v: (float("nan"), x, v),
    "late": lambda t, x, v: (t + 0.4, x, v),
    "jump": lambda t, x, v: (t, x * 40.0, v),
    "zero": lambda t, x, v: (t, x * 0.0, v),
}
abuse = st.lists(st.tuples(st.integers(0, 179), st.integers(1, 40), st.sampled_from(sorted(ABUSES))), max_size=6)


def abused(frames, kinds):
    out = []
    for i, f in enumerate(frames):
        parts = f.t_s, f.x_JC.copy(), f.visibility_J.copy()
        for start, length, kind in kinds:
            if start <= i < start + length:
                parts = ABUSES[kind](*parts)
        out.append(SkeletonFrame(*parts))
    return out


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kinds=abuse)
def test_no_abuse_breaks_the_laws(stroll, kinds):
    frames = abused(stroll(seconds=6.0, noise_m=0.005).frames, kinds)
    before = [(f.x_JC.copy(), f.visibility_J.copy()) for f in frames]
    segmenter, newest_s, last_s, ends_s = CycleSegmenter(), -np.inf, -np.inf, []
    for told, t_s in [(segmenter.update(f), f.t_s) for f in frames] + [(segmenter.flush(), None)]:
        if t_s is not None and np.isfinite(t_s):
            newest_s = max(newest_s, t_s)
        for contact in told.contacts if told else ():
            assert last_s < contact.t_s <= contact.emitted_t_s + 1e-9
            assert contact.emitted_t_s <= newest_s + 1e-9
            last_s = contact.t_s
        for cycle in told.cycles if told else ():
            assert cycle.start_s < cycle.end_s <= newest_s
            assert not ends_s or cycle.start_s >= ends_s[-1]
            ends_s.append(cycle.end_s)
            assert cycle.usable == (cycle.reason is None)
            assert 0.0 <= cycle.quality <= 1.0
            assert cycle.x_TJC is None or np.isfinite(cycle.x_TJC).all()
    for f, (x, visibility) in zip(frames, before, strict=True):
        assert np.array_equal(f.x_JC, x, equal_nan=True)
        assert np.array_equal(f.visibility_J, visibility, equal_nan=True)


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**31))
def test_frames_that_go_back_in_time_change_nothing(stroll, seed):
    frames = stroll(seconds=6.0).frames
    rng = np.random.default_rng(seed)
    with_strays = []
    for f in frames:
        with_strays.append(f)
        if rng.random() < 0.2:
            with_strays.append(SkeletonFrame(f.t_s - rng.uniform(0.0, 2.0), f.x_JC * 3.0, f.visibility_J))
    clean, stray = CycleSegmenter(), CycleSegmenter()
    a = [c for s in map(clean.update, frames) if s for c in s.contacts]
    b = [c for s in map(stray.update, with_strays) if s for c in s.contacts]
    assert a == b
    assert stray.n_refused == len(with_strays) - len(frames)


def test_memory_is_bounded(stroll):
    segmenter = CycleSegmenter()
    frames = stroll(seconds=11.0).frames
    sizes = []
    for lap in range(6):
        for f in frames:
            segmenter.update(SkeletonFrame(f.t_s + 11.0 * lap, f.x_JC, f.visibility_J))
        sizes.append(_size(segmenter))
    assert sizes[-1] == sizes[0]


def _size(thing, seen=None):
    """Bytes and list lengths reachable from an object."""
    seen = set() if seen is None else seen
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        return thing.nbytes
    if isinstance(thing, list | tuple):
        return len(thing) + sum(_size(t, seen) for t in thing)
    names = list(getattr(thing, "__dict__", {}).values())
    names += [getattr(thing, s) for s in getattr(type(thing), "__slots__", ()) if hasattr(thing, s)]
    return sum(_size(t, seen) for t in names)
