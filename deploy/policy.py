"""May this model be published? The trainer's bounds, over what was measured of the bundle.

Promises: the bounds are those of the trainer's ``policy.toml`` (the same file, read here again because these two rooms
do not import each other); a figure that was not measured breaks the policy. Figures come from the two files of
``quietstep-train evaluate --json`` and ``privacy --json`` where they are given, else from the bundle's manifest.
Where a manifest has several figures of one kind (people seen, people never seen), the worst one counts.
Refuses a policy or a file of figures that does not decode.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from edge.bundle import Figure, Manifest
from edge.errors import DeployPolicyError

SCHEMA: Final = 1
DEFAULT: Final = Path(__file__).parents[1] / "trainer" / "policy.toml"
_SURFACES: Final = {"posterior": "identity from posterior logits", "affect_code": "identity from affect code"}
"""Names of surfaces in the policy, and how their figures begin in a manifest. The trainer writes no others there."""
T = TypeVar("T")


class EvaluationBounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds on scores over people the bundle has not seen; shares, 0 to 1."""

    min_macro_f1: float
    min_accuracy_over_majority: float
    max_abstained: float
    max_ece: float


class PrivacyBounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds on naming the walker from one surface, over luck (chance, or always the most frequent person)."""

    max_worst_over_luck: float
    max_upper95_over_luck: float


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file; ``privacy`` has one table for each surface that must be measured."""

    schema: int
    evaluation: EvaluationBounds
    privacy: dict[str, PrivacyBounds]


class Scores(msgspec.Struct, frozen=True):
    """What ``quietstep-train evaluate --json`` wrote, as far as it is asked about; shares, None if not measured."""

    macro_f1: float | None
    accuracy: float | None
    majority: float | None
    abstained: float | None
    ece: float | None


class Attacked(msgspec.Struct, frozen=True):
    """One surface in what ``quietstep-train privacy --json`` wrote; top-1 shares."""

    worst_top1: float
    upper95: float
    chance: float
    majority: float = 0.0

    @property
    def luck(self) -> float:
        return max(self.chance, self.majority)


@dataclass(frozen=True, slots=True)
class Bounds:
    """By what a model is judged: a policy's file, and the files of figures where the manifest's do not do."""

    policy: Path = DEFAULT
    evaluation: Path | None = None
    privacy: Path | None = None


def refuse_broken(manifest: Manifest, bounds: Bounds) -> None:
    """Raise DeployPolicyError for a model that may not go out."""
    scores = read_scores(bounds.evaluation) if bounds.evaluation else scores_of(manifest)
    attacks = attacks_of(manifest) | (read_attacks(bounds.privacy) if bounds.privacy else {})
    if broken := violations(scores, attacks, read_policy(bounds.policy)):
        do = "Let it not go out. Where figures are missing, name them with --evaluation and --privacy."
        raise DeployPolicyError(f"broken bounds: {' '.join(broken).removesuffix('.')}", "a bundle in its policy", do)


def read_policy(path: Path) -> Policy:
    """Decode a policy; raises DeployPolicyError."""
    try:
        policy = msgspec.toml.decode(path.read_bytes(), type=Policy)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise _no_file(f"a policy {path}", error) from error
    if policy.schema != SCHEMA:
        raise _no_file(f"a policy of schema {policy.schema}", ValueError(f"schema {SCHEMA} is known"))
    return policy


def read_scores(path: Path) -> Scores:
    """Figures of an evaluation; raises DeployPolicyError."""
    return _read(path, Scores)


def read_attacks(path: Path) -> dict[str, list[Attacked]]:
    """Figures of the attacks by surface; raises DeployPolicyError."""
    return {surface: [attacked] for surface, attacked in _read(path, dict[str, Attacked]).items()}


def scores_of(manifest: Manifest) -> Scores:
    """The same figures as the manifest has them; None where it has none."""
    values = {figure.name: figure for figure in manifest.evaluation}
    accuracy = values.get("strangers accuracy")
    accepted = [figure.value for name, figure in values.items() if name.startswith("strangers accepted")]
    return Scores(
        macro_f1=_value(values.get("strangers macro_f1")),
        accuracy=_value(accuracy),
        majority=None if accuracy is None else in_note(accuracy, "majority class"),
        abstained=1.0 - min(accepted) if accepted else None,
        ece=_value(values.get("expected calibration error after")),
    )


def attacks_of(manifest: Manifest) -> dict[str, list[Attacked]]:
    """Attacks as the manifest has them; several for a surface that was attacked on several sets of people."""
    found: dict[str, list[Attacked]] = {}
    for surface, beginning in _SURFACES.items():
        for figure in manifest.privacy:
            chance = in_note(figure, "chance")
            if figure.name.startswith(beginning) and chance is not None and figure.high is not None:
                found.setdefault(surface, []).append(Attacked(figure.value, figure.high, chance))
    return found


def in_note(figure: Figure, name: str) -> float | None:
    """A number the trainer wrote into a figure's note ("chance 0.033"), or None."""
    match = re.search(rf"\b{name} (\d+(?:\.\d+)?)", figure.note)
    return float(match[1]) if match else None


def violations(scores: Scores, attacks: dict[str, list[Attacked]], policy: Policy) -> tuple[str, ...]:
    """One sentence for each bound that does not hold."""
    bounds = policy.evaluation
    measured = scores.accuracy is not None and scores.majority is not None
    over = scores.accuracy - scores.majority if measured else None  # type: ignore[operator]
    checks = [
        _at_least("macro-F1", scores.macro_f1, bounds.min_macro_f1),
        _at_least("accuracy over the majority class", over, bounds.min_accuracy_over_majority),
        _at_most("share abstained", scores.abstained, bounds.max_abstained),
        _at_most("calibration error", scores.ece, bounds.max_ece),
    ]
    for surface, limits in policy.privacy.items():
        found = attacks.get(surface, [])
        worst = max((each.worst_top1 - each.luck for each in found), default=None)
        upper = max((each.upper95 - each.luck for each in found), default=None)
        checks.append(_at_most(f"{surface}: worst attacker over luck", worst, limits.max_worst_over_luck))
        checks.append(_at_most(f"{surface}: upper limit over luck", upper, limits.max_upper95_over_luck))
    return tuple(sentence for sentence in checks if sentence)


def _read(path: Path, form: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=form)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise _no_file(f"a file of figures {path}", error) from error


def _no_file(what: str, error: Exception) -> DeployPolicyError:
    do = "Name trainer/policy.toml, and what quietstep-train evaluate --json and privacy --json wrote."
    return DeployPolicyError(f"{what} that cannot be used ({error})", "one that decodes", do)


def _value(figure: Figure | None) -> float | None:
    return None if figure is None else figure.value


def _at_least(name: str, value: float | None, bound: float) -> str:
    if value is None:
        return f"{name} was not measured."
    return "" if value >= bound else f"{name} is {value:.3f}, the policy wants at least {bound:.3f}."


def _at_most(name: str, value: float | None, bound: float) -> str:
    if value is None:
        return f"{name} was not measured."
    return "" if value <= bound else f"{name} is {value:.3f}, the policy allows at most {bound:.3f}."
