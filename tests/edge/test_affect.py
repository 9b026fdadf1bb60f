"""Affect: a posterior or an abstention, and nothing else is a mood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.affect import COORDINATES_KD, Affect


@pytest.mark.parametrize("k", range(4))
def test_a_sure_class_has_its_published_coordinates(k: int) -> None:
    affect = Affect(tuple(float(n == k) for n in range(4)))  # type: ignore[arg-type]
    assert (affect.valence, affect.arousal) == tuple(COORDINATES_KD[k])


@given(st.lists(st.floats(0.001, 1.0), min_size=4, max_size=4))
def test_valence_and_arousal_stay_within_the_classes(weights: list[float]) -> None:
    total = sum(weights)
    affect = Affect(tuple(weight / total for weight in weights))  # type: ignore[arg-type]
    assert COORDINATES_KD[:, 0].min() - 1e-9 <= affect.valence <= COORDINATES_KD[:, 0].max() + 1e-9
    assert COORDINATES_KD[:, 1].min() - 1e-9 <= affect.arousal <= COORDINATES_KD[:, 1].max() + 1e-9


@pytest.mark.parametrize(
    "posterior",
    [(0.0,) * 4, (1.0, 1.0, 0.0, 0.0), (float("nan"), 0.5, 0.25, 0.25), (-0.5, 0.5, 0.5, 0.5), (0.5, 0.5)],
)
def test_what_is_no_posterior_is_refused(posterior: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="sum to one"):
        Affect(posterior)  # type: ignore[arg-type]
