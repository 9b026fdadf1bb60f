"""The policy holds what it says, and what was not measured never passes."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.errors import TrainingError
from trainer.policy import DEFAULT, evaluation_violations, privacy_violations, read_policy, refuse


@dataclass(frozen=True)
class Figures:
    macro_f1: float | None = 0.9
    accuracy: float | None = 0.9
    majority: float = 0.25
    abstained: float = 0.0
    ece: float | None = 0.0


@dataclass(frozen=True)
class Surface:
    worst_top1: float
    upper95: float
    chance: float
    majority: float = 0.0


def safe() -> dict[str, Surface]:
    return {name: Surface(0.03, 0.05, 0.033) for name in read_policy().privacy}


def test_the_policy_that_ships_passes_a_good_bundle() -> None:
    policy = read_policy()
    assert evaluation_violations(Figures(), policy) == ()
    assert privacy_violations(safe(), policy) == ()
    refuse(())


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        (Figures(macro_f1=0.1), "macro-F1 is 0.100"),
        (Figures(macro_f1=None), "macro-F1 was not measured"),
        (Figures(accuracy=0.3), "accuracy over the majority class is 0.050"),
        (Figures(abstained=0.9), "share abstained is 0.900"),
        (Figures(ece=0.5), "calibration error is 0.500"),
    ],
)
def test_each_bound_has_its_sentence(figures: Figures, words: str) -> None:
    (sentence,) = evaluation_violations(figures, read_policy())
    assert words in sentence
    with pytest.raises(TrainingError, match="broken bounds"):
        refuse((sentence,))


def test_a_surface_that_leaks_and_one_that_was_not_measured() -> None:
    surfaces = safe() | {"posterior": Surface(0.5, 0.6, 0.033)}
    del surfaces["affect_code"]
    told = privacy_violations(surfaces, read_policy())
    assert len(told) == 3
    assert any("posterior: worst attacker over luck is 0.467" in each for each in told)
    assert any("posterior: upper limit" in each for each in told)
    assert any("affect_code was not measured" in each for each in told)


def test_luck_is_naming_the_commonest_person_where_cycles_are_unequal() -> None:
    told = privacy_violations(safe() | {"posterior": Surface(0.5, 0.55, 0.033, majority=0.5)}, read_policy())
    assert told == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "schema = 1",
        "not toml [",
        DEFAULT.read_text().replace("schema = 1", "schema = 2"),
        DEFAULT.read_text() + "x=1",
    ],
)
def test_a_file_that_is_no_policy_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    with pytest.raises(TrainingError, match="policy"):
        read_policy(path)


def test_a_missing_policy_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"nowhere\.toml"):
        read_policy(tmp_path / "nowhere.toml")
