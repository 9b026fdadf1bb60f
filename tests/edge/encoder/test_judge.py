"""Strange cycles abstain, errors stay errors, and neither ever becomes a mood."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import edge
from edge.affect import AbstainReason, Abstention, Affect
from edge.bundle import GOLDEN, GRAPH, read_manifest
from edge.encoder import AffectEncoder, Encoded, judge, open_encoder
from edge.encoder.answers import Floats, Raw, to_posterior
from edge.encoder.climb import Climb, Opened, Silent
from edge.encoder.cpu import CpuRung
from edge.encoder.golden import read_golden
from edge.errors import EncoderError

REFERENCE = Path(edge.__file__).parent / "models" / "reference"
MANIFEST = read_manifest(REFERENCE)
FLAT = np.full((1, 4), 0.25)


class Answering:
    """A rung that proves itself and then gives one fixed answer: what a broken runtime could do."""

    name = "fixed"

    def __init__(self, raw: Raw) -> None:
        self.proven = False
        self._raw = raw
        self._honest = CpuRung((REFERENCE / GRAPH).read_bytes())

    def run(self, x_NTJC: Floats, duration_s_N: Floats) -> Raw:
        return self._raw if self.proven else self._honest.run(x_NTJC, duration_s_N)

    def close(self) -> None:
        pass


def one_cycle() -> tuple[np.ndarray, np.ndarray]:
    with np.load(REFERENCE / GOLDEN) as golden:
        return golden["x_NTJC"][:1], golden["duration_s_N"][:1]


@given(score=st.floats(-1e6, 1e6))
def test_only_a_score_above_the_threshold_abstains(score: float) -> None:
    (judgement,) = judge(Encoded(FLAT, np.array([score])), MANIFEST)
    if score > MANIFEST.ood_threshold:
        assert judgement == Abstention(AbstainReason.OUT_OF_DISTRIBUTION)
    else:
        assert judgement == Affect((0.25, 0.25, 0.25, 0.25))


@given(logits=st.lists(st.floats(-80.0, 80.0), min_size=4, max_size=4))
def test_any_logits_make_a_posterior(logits: list[float]) -> None:
    posterior_NK = to_posterior(np.array([logits], dtype=np.float32))
    (affect,) = judge(Encoded(posterior_NK, np.zeros(1)), MANIFEST)
    assert isinstance(affect, Affect)
    assert sum(affect.posterior) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "encoded",
    [
        Encoded(np.full((1, 4), np.nan), np.zeros(1)),
        Encoded(FLAT, np.array([np.nan])),
        Encoded(FLAT, np.array([np.inf])),
    ],
)
def test_judging_what_is_not_a_number_is_an_error(encoded: Encoded) -> None:
    with pytest.raises(EncoderError, match="not a number"):
        judge(encoded, MANIFEST)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_cycle_with_a_missing_number_is_an_error(bad: float) -> None:
    x, duration_s = one_cycle()
    x[0, 3, 4, 1] = bad
    with pytest.raises(EncoderError, match="missing, infinite or negative") as refusal:
        open_encoder(REFERENCE).encode(x, duration_s)
    assert "nan" not in str(refusal.value).lower()


@pytest.mark.parametrize("duration_s", [0.0, -1.0, np.nan])
def test_a_duration_that_is_none_is_an_error(duration_s: float) -> None:
    with pytest.raises(EncoderError):
        open_encoder(REFERENCE).encode(one_cycle()[0], np.array([duration_s]))


@pytest.mark.parametrize("shape", [(64, 16, 3), (1, 32, 16, 3), (1, 64, 20, 3), (2, 64, 16, 3)])
def test_a_wrong_shape_is_an_error(shape: tuple[int, ...]) -> None:
    with pytest.raises(EncoderError, match="shape"):
        open_encoder(REFERENCE).encode(np.zeros(shape), np.ones(1))


@pytest.mark.parametrize(
    "raw",
    [
        Raw(np.full((1, 4), np.nan, np.float32), np.zeros(1, np.float32)),
        Raw(np.zeros((1, 4), np.float32), np.full(1, np.inf, np.float32)),
        Raw(np.zeros((1, 3), np.float32), np.zeros(1, np.float32)),
        Raw(np.zeros((0, 4), np.float32), np.zeros(0, np.float32)),
    ],
)
def test_a_broken_answer_is_an_error_never_a_neutral_mood(raw: Raw) -> None:
    rung = Answering(raw)
    golden = read_golden((REFERENCE / GOLDEN).read_bytes())
    encoder = AffectEncoder(MANIFEST, Climb(("fixed",), lambda name: Opened(rung, "float32", 1e-4), golden, Silent()))
    rung.proven = True
    with pytest.raises(EncoderError, match="no rung that answers"):
        encoder.encode(*one_cycle())


def test_a_body_upside_down_abstains_and_a_walker_does_not() -> None:
    encoder = open_encoder(REFERENCE)
    x, duration_s = one_cycle()
    (walker,) = judge(encoder.encode(x, duration_s), MANIFEST)
    (fallen,) = judge(encoder.encode(x * np.array([1.0, -1.0, -1.0]), duration_s), MANIFEST)
    assert isinstance(walker, Affect)
    assert fallen == Abstention(AbstainReason.OUT_OF_DISTRIBUTION)
