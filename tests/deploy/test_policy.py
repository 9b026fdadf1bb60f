"""Publisher and trainer judge alike, by one file; what was not measured never passes."""

from pathlib import Path

import msgspec
import pytest

from deploy.policy import DEFAULT, Attacked, Scores, attacks_of, read_attacks, read_policy, scores_of, violations
from deploy.worse import worse_than
from edge.bundle import read_manifest
from edge.config import REFERENCE_BUNDLE
from edge.errors import DeployPolicyError
from tests.deploy.office import BundleMaker, bundle_maker
from trainer import policy as trainer

GOOD = Scores(macro_f1=0.6, accuracy=0.6, majority=0.25, abstained=0.01, ece=0.06)
SAFE = {name: [Attacked(0.05, 0.09, 0.033)] for name in ("posterior", "posterior_and_score", "affect_code")}


def test_the_policy_is_the_trainers_own_file_read_alike() -> None:
    assert DEFAULT.samefile(trainer.DEFAULT)
    assert msgspec.to_builtins(read_policy(DEFAULT)) == msgspec.to_builtins(trainer.read_policy())


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"macro_f1": 0.449},
        {"accuracy": 0.39},
        {"abstained": 0.21},
        {"ece": 0.16},
        {"macro_f1": None},
        {"ece": None},
    ],
)
def test_publisher_and_trainer_say_the_same_of_scores(change: dict[str, float | None]) -> None:
    scores = msgspec.structs.replace(GOOD, **change)
    assert violations(scores, SAFE, read_policy(DEFAULT)) == trainer.evaluation_violations(
        scores, trainer.read_policy()
    )


@pytest.mark.parametrize(
    "attacked", [Attacked(0.09, 0.09, 0.033), Attacked(0.05, 0.14, 0.033), Attacked(0.5, 0.55, 0.03, 0.5)]
)
def test_publisher_and_trainer_say_the_same_of_attacks(attacked: Attacked) -> None:
    told = violations(GOOD, SAFE | {"posterior": [attacked]}, read_policy(DEFAULT))
    one_each = {name: found[0] for name, found in SAFE.items()} | {"posterior": attacked}
    assert told == trainer.privacy_violations(one_each, trainer.read_policy())


def test_a_surface_nobody_attacked_breaks_the_policy_and_of_several_sets_of_people_the_worst_counts() -> None:
    told = violations(GOOD, {**SAFE, "posterior": []}, read_policy(DEFAULT))
    assert told[0] == "posterior: worst attacker over luck was not measured."
    both = [Attacked(0.05, 0.09, 0.033), Attacked(0.133, 0.242, 0.067)]
    assert violations(GOOD, {**SAFE, "posterior": both}, read_policy(DEFAULT)) == (
        "posterior: worst attacker over luck is 0.066, the policy allows at most 0.050.",
        "posterior: upper limit over luck is 0.175, the policy allows at most 0.100.",
    )


def test_the_reference_bundles_own_figures_are_found_in_its_manifest() -> None:
    manifest = read_manifest(REFERENCE_BUNDLE)
    scores = scores_of(manifest)
    assert None not in msgspec.structs.astuple(scores)
    assert {name: len(found) for name, found in attacks_of(manifest).items()} == {"posterior": 2, "affect_code": 2}


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("[1]")
    for read in (read_policy, read_attacks):
        with pytest.raises(DeployPolicyError, match="cannot be used"):
            read(path)


@pytest.fixture
def make(tmp_path: Path) -> BundleMaker:
    return bundle_maker(tmp_path)


def test_a_model_is_worse_below_the_interval_or_where_more_people_are_named(make: BundleMaker) -> None:
    old = read_manifest(make("1.0.0", macro_f1=0.6, posterior=0.05))
    assert worse_than(old, old) == ()
    assert worse_than(read_manifest(make("1.1.0", macro_f1=0.53, posterior=0.04)), old) == ()
    assert len(worse_than(read_manifest(make("1.2.0", macro_f1=0.51)), old)) == 1
    assert len(worse_than(read_manifest(make("1.3.0", posterior=0.06)), old)) == 1
    unmeasured = msgspec.structs.replace(old, evaluation=(), privacy=())
    assert [sentence.endswith("was not measured again.") for sentence in worse_than(unmeasured, old)] == [True] * 3
