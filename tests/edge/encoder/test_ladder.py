"""The ladder's decisions, without any runtime: what is accepted, what is refused and why, and what comes next."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.encoder.answers import Floats, Raw
from edge.encoder.batches import SHAPES, run_chunked, run_padded
from edge.encoder.explain import explain
from edge.encoder.ladder import (
    FLOAT32,
    MIXED,
    Ladder,
    Refused,
    Trial,
    precision_for,
    tolerance_is_sane,
    why_elsewhere,
    why_refused,
)
from edge.rungs import CPU, CUDA, RUNGS, TENSORRT

GOOD = Trial(gap=1e-6, n_flips=0, finite=True, cycle_s=0.001)


def test_a_good_trial_is_accepted() -> None:
    assert why_refused(GOOD, 1e-4) is None


@pytest.mark.parametrize(
    ("trial", "reason"),
    [
        (Trial(float("nan"), 0, False, 0.001), "not numbers"),
        (Trial(float("nan"), 0, True, 0.001), "off by nan"),
        (Trial(1e-3, 0, True, 0.001), "off by 0.001"),
        (Trial(1e-6, 1, True, 0.001), "1 changed labels"),
        (Trial(1e-6, 0, True, 3.0), "3000 ms for one cycle"),
        (Trial(1e-6, 0, True, 0.0), "0 ms for one cycle"),
    ],
)
def test_a_bad_trial_is_refused_with_a_reason(trial: Trial, reason: str) -> None:
    assert reason in str(why_refused(trial, 1e-4))


@given(gap=st.floats(0, 1), tolerance=st.floats(1e-6, 0.1), n_flips=st.integers(0, 3))
def test_nothing_beyond_its_tolerance_and_no_flip_is_ever_accepted(gap: float, tolerance: float, n_flips: int) -> None:
    accepted = why_refused(Trial(gap, n_flips, True, 0.01), tolerance) is None
    assert accepted == (gap <= tolerance and n_flips == 0)


@given(st.lists(st.sampled_from(RUNGS), max_size=6))
def test_a_refused_rung_is_not_tried_again_and_the_end_is_an_error(fallen: list[str]) -> None:
    ladder = Ladder(RUNGS)
    for rung in fallen:
        ladder = ladder.without(rung, f"{rung} broke", "mend it")
    left = [rung for rung in RUNGS if rung not in fallen]
    assert ladder.next == (left[0] if left else None)
    assert all(f"{rung} broke" in str(ladder.error()) for rung in fallen)


def test_an_empty_ladder_says_what_to_write() -> None:
    assert 'rungs = ["cpu"]' in str(Ladder(()).error())


def test_the_wanted_provider_must_come_first() -> None:
    assert why_elsewhere("A", ["A", "CPU"], {"A": {"Conv"}, "CPU": {"Shape"}}) is None
    assert "instead of A" in str(why_elsewhere("A", ["CPU"], {}))
    assert "no provider instead of A" in str(why_elsewhere("A", [], {}))
    assert "MatMul of the graph" in str(why_elsewhere("A", ["A"], {"CPU": {"MatMul"}}))


def test_mixed_precision_only_where_it_is_named_and_gains() -> None:
    assert precision_for(TENSORRT, {FLOAT32: 1e-4, MIXED: 0.02}, True) == MIXED
    assert precision_for(CPU, {FLOAT32: 1e-4, MIXED: 0.02}, True) == FLOAT32
    assert precision_for(CUDA, {FLOAT32: 1e-4}, True) == FLOAT32
    assert precision_for(CUDA, {FLOAT32: 1e-4, MIXED: 0.02}, False) == FLOAT32
    assert not tolerance_is_sane(FLOAT32, 0.05)
    assert tolerance_is_sane(MIXED, 0.05)
    assert not tolerance_is_sane(MIXED, None)


def test_every_rung_is_explained_in_one_sentence() -> None:
    refused = (Refused(TENSORRT, "no module tensorrt", "Run: apt-get install it."),)
    told = dict(explain((TENSORRT, CPU, CUDA), CPU, refused))
    assert list(told) == [TENSORRT, CPU, CUDA, "onnx-tensorrt"]
    assert told[CPU] == "in use"
    assert told[TENSORRT].startswith(
        "not in use: no module tensorrt. Run: apt-get install it; Quietstep was not run on"
    )
    assert "cpu is tried first and answers" in told[CUDA]
    assert 'add "onnx-tensorrt" there' in told["onnx-tensorrt"]


class Counting:
    """Answers with what it was asked, and remembers the sizes of the calls."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def run(self, x_NTJC: Floats, duration_s_N: Floats) -> Raw:
        self.sizes.append(len(x_NTJC))
        return Raw(np.repeat(duration_s_N[:, None], 4, axis=1), duration_s_N)


def cycles(n: int) -> tuple[Floats, Floats]:
    return np.zeros((n, 64, 16, 3), np.float32), np.arange(1, n + 1, dtype=np.float32)


@given(st.integers(1, 300))
def test_any_number_of_cycles_is_answered_in_order_by_fixed_shapes(n: int) -> None:
    counting = Counting()
    raw = run_padded(counting.run, *cycles(n))
    np.testing.assert_array_equal(raw.ood_score_N, np.arange(1, n + 1))
    assert raw.logits_NK.shape == (n, 4)
    assert set(counting.sizes) <= set(SHAPES)
    assert len(counting.sizes) == -(-n // SHAPES[-1])


@given(st.integers(1, 100), st.integers(1, 32))
def test_chunks_lose_nothing(n: int, most: int) -> None:
    counting = Counting()
    np.testing.assert_array_equal(run_chunked(counting.run, *cycles(n), most).ood_score_N, np.arange(1, n + 1))
    assert max(counting.sizes) <= most
