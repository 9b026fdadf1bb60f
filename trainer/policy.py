"""Bounds a bundle must keep before anyone may publish it, and the sentences that say which it breaks.

Promises: a policy names every bound it means; a figure that was not measured breaks the policy, it does not pass it.
Refuses a file that is missing, is no TOML, or holds anything the schema does not know.

The figures come as the two JSON files say them: ``quietstep-train evaluate --json`` and ``privacy --json``.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Protocol

import msgspec

from edge.errors import TrainingError

SCHEMA: Final = 1
DEFAULT: Final = Path(__file__).with_name("policy.toml")


class EvaluationBounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds on scores over people the bundle has not seen; shares, 0 to 1."""

    min_macro_f1: float
    min_accuracy_over_majority: float
    max_abstained: float
    max_ece: float


class PrivacyBounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds on naming the walker from one surface: top-1 of the worst attacker, and its upper limit, over luck.

    Luck is the larger of chance and of naming always whoever has most cycles.
    """

    max_worst_over_luck: float
    max_upper95_over_luck: float


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file; ``privacy`` has one table for each surface that must be measured."""

    schema: int
    evaluation: EvaluationBounds
    privacy: dict[str, PrivacyBounds]


class Evaluated(Protocol):
    """The part of an evaluation the policy reads."""

    @property
    def macro_f1(self) -> float | None: ...
    @property
    def accuracy(self) -> float | None: ...
    @property
    def majority(self) -> float: ...
    @property
    def abstained(self) -> float: ...
    @property
    def ece(self) -> float | None: ...


class Attacked(Protocol):
    """The part of one surface's figures the policy reads."""

    @property
    def worst_top1(self) -> float: ...
    @property
    def upper95(self) -> float: ...
    @property
    def chance(self) -> float: ...
    @property
    def majority(self) -> float: ...


def read_policy(path: Path = DEFAULT) -> Policy:
    """Decode a policy file; raises TrainingError with the place and what was wanted."""
    try:
        policy = msgspec.toml.decode(path.read_bytes(), type=Policy)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError, msgspec.ValidationError) as error:
        found = f"a policy file {path} that cannot be used ({error})"
        raise TrainingError(found, f"a policy of schema {SCHEMA}", "Start from trainer/policy.toml.") from error
    if policy.schema != SCHEMA:
        raise TrainingError(
            f"a policy of schema {policy.schema}", f"schema {SCHEMA}", "Start from trainer/policy.toml."
        )
    return policy


def evaluation_violations(found: Evaluated, policy: Policy) -> tuple[str, ...]:
    """One sentence for each bound of ``[evaluation]`` that does not hold."""
    bounds = policy.evaluation
    over = None if found.accuracy is None else found.accuracy - found.majority
    checks = (
        _at_least("macro-F1", found.macro_f1, bounds.min_macro_f1),
        _at_least("accuracy over the majority class", over, bounds.min_accuracy_over_majority),
        _at_most("share abstained", found.abstained, bounds.max_abstained),
        _at_most("calibration error", found.ece, bounds.max_ece),
    )
    return tuple(sentence for sentence in checks if sentence)


def privacy_violations(surfaces: Mapping[str, Attacked], policy: Policy) -> tuple[str, ...]:
    """One sentence for each surface that was not measured or lets too many people be named."""
    return tuple(
        sentence
        for name, bounds in policy.privacy.items()
        for sentence in (_surface(name, surfaces[name], bounds) if name in surfaces else (f"{name} was not measured.",))
    )


def refuse(violations: tuple[str, ...]) -> None:
    """Raise TrainingError with all sentences if there is one."""
    if violations:
        do = "Do not publish this bundle; the figures above say what it reaches."
        raise TrainingError(
            f"broken bounds: {' '.join(violations).removesuffix('.')}", "a bundle within its policy", do
        )


def _surface(name: str, found: Attacked, bounds: PrivacyBounds) -> Iterator[str]:
    luck = max(found.chance, found.majority)
    worst, upper = found.worst_top1 - luck, found.upper95 - luck
    yield from filter(None, [_at_most(f"{name}: worst attacker over luck", worst, bounds.max_worst_over_luck)])
    yield from filter(None, [_at_most(f"{name}: upper limit over luck", upper, bounds.max_upper95_over_luck)])


def _at_least(name: str, value: float | None, bound: float) -> str:
    if value is None:
        return f"{name} was not measured."
    return "" if value >= bound else f"{name} is {value:.3f}, the policy wants at least {bound:.3f}."


def _at_most(name: str, value: float | None, bound: float) -> str:
    if value is None:
        return f"{name} was not measured."
    return "" if value <= bound else f"{name} is {value:.3f}, the policy allows at most {bound:.3f}."
