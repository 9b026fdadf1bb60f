"""The self-test, in its real processes: an honest model passes, and each kind of bad one ends with its reason."""

import time
from pathlib import Path

import pytest

from edge.bundle import read_bundle
from edge.config import REFERENCE_BUNDLE
from edge.rungs import LadderSettings
from edge.update.bundles import archive_sha256
from edge.update.decide import Limits, SelfTest, why_refused
from edge.update.self_test import SelfTestSpec
from edge.update.self_test_process import SelfTestProcess


def outcome(folder: Path, **changes: object) -> SelfTest:
    sha256 = str(changes.get("sha256") or archive_sha256(read_bundle(folder)))
    spec = SelfTestSpec(str(folder), sha256, str(REFERENCE_BUNDLE), LadderSettings(), 0)
    process = SelfTestProcess(spec, changes.get("limit_s"))  # type: ignore[arg-type]
    while (result := process.result()) is None:
        time.sleep(0.02)
    return result


def test_an_honest_model_passes(make_bundle) -> None:
    result = outcome(make_bundle())
    assert why_refused(result, Limits()) == ""
    assert result.spread > 0.1


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("crash", ("ended",)),
        ("hang", ("no answer within",)),
        ("nan", ("not a", "not numbers")),
        ("slow", ("ms for one cycle", "no answer within")),
        ("constant", ("always the same",)),
        ("wrong shape", ("shape",)),
        ("too large", ("inference that failed", "memory", "MiB")),
    ],
)
def test_a_bad_model_fails_with_its_reason(make_bundle, kind: str, words: tuple[str, ...]) -> None:
    result = outcome(make_bundle(kind))
    reason = why_refused(result, Limits())
    assert any(word in reason for word in words), reason


def test_a_bundle_that_is_another_one_fails(make_bundle) -> None:
    assert "a bundle" in outcome(make_bundle(), sha256="0" * 64).failure


def test_a_self_test_that_never_ends_is_ended(make_bundle) -> None:
    assert outcome(make_bundle(), limit_s=0.0).failure == "a self-test that hung"
