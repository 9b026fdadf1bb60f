"""The second person is no rubber stamp: what is in flight is told in full, or refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.as_a_device import look
from deploy.drafts import write_draft
from deploy.held import read_document
from deploy.policy import DEFAULT, Bounds
from deploy.refresh import refresh
from deploy.rings import roll_out
from deploy.roles import RELEASES, ROOT, TARGETS
from deploy.rotate import Change, renew, rotate
from deploy.sign import in_flight, sign
from edge.errors import DeployError, DeployPolicyError
from tests.deploy.office import Office


def tampered(office: Office, role: str, change: Callable[[Any], object]) -> None:
    """Somebody with one key changes a draft and signs it anew."""

    def thief(desk: Any) -> None:
        draft = read_document(desk.layout.draft(role))
        change(draft.signed)
        draft.sign(desk.one_signer(role))
        write_draft(desk.layout, role, draft)

    office.act(thief, "ada")


def wider(targets: Any) -> None:
    targets.delegations.roles["rollout"].paths.append("releases/*")


def fewer(targets: Any) -> None:
    targets.delegations.roles["releases"].terminating = False


def another_key_under_the_old_id(root: Any) -> None:
    first, second = root.roles["targets"].keyids[:2]
    root.keys[first].keyval = root.keys[second].keyval


@pytest.mark.parametrize(
    ("role", "change"),
    [
        (TARGETS, wider),
        (TARGETS, fewer),
        (ROOT, another_key_under_the_old_id),
        (ROOT, lambda root: setattr(root, "consistent_snapshot", False)),
        (ROOT, lambda root: setattr(root, "version", 1)),
    ],
    ids=["wider paths", "not terminating", "key exchanged", "no consistent snapshots", "old version"],
)
def test_a_draft_with_something_nobody_would_see_is_refused(
    role: str, change: Callable[[Any], object], office: Office
) -> None:
    office.act(lambda desk: renew(desk, role), "ada")
    tampered(office, role, change)
    with pytest.raises(DeployError, match=r"no command here changes|nothing in flight"):
        office.act(office.sign, "ben", "machine")


def test_a_release_whose_bytes_change_is_refused(office: Office) -> None:
    office.publish("1.0.0", "ada")
    office.act(office.sign, "ben", "machine")
    office.publish("1.1.0", "ada")
    tampered(
        office, RELEASES, lambda signed: signed.targets["releases/walk-1.0.0.bundle"].hashes.update(sha256="0" * 64)
    )
    with pytest.raises(DeployError, match="no command here changes"):
        office.act(office.sign, "ben", "machine")


def test_a_worse_model_whose_reason_was_taken_out_is_refused(office: Office) -> None:
    office.publish("1.0.0", "ada")
    office.act(office.sign, "ben", "machine")
    office.publish("1.1.0", "ada", because="smaller", macro_f1=0.5)
    tampered(office, RELEASES, lambda signed: signed.targets["releases/walk-1.1.0.bundle"].custom.pop("because"))
    with pytest.raises(DeployPolicyError, match="a worse model"):
        office.act(office.sign, "ben", "machine")


def test_the_second_person_holds_it_against_their_own_policy(office: Office, tmp_path: Path) -> None:
    office.publish("3.0.0", "ada")
    with pytest.raises(DeployPolicyError, match="was not measured"):
        office.act(sign, "ben", "machine")
    strict = tmp_path / "policy.toml"
    strict.write_text(DEFAULT.read_text().replace("min_macro_f1 = ", "min_macro_f1 = 0.9 # "))
    with pytest.raises(DeployPolicyError, match="macro-F1"):
        office.act(lambda desk: sign(desk, Bounds(strict, None, office.privacy)), "ben", "machine")
    assert not office.act(lambda desk: desk.held.releases.signed.targets, "ada")
    assert office.act(office.sign, "ben", "machine").shown


def test_a_draft_that_waits_for_signatures_outlives_what_the_machine_does_meanwhile(office: Office) -> None:
    office.publish("1.0.0", "ada")
    office.act(office.sign, "ben", "machine")
    office.publish("1.1.0", "ada")
    office.act(lambda desk: renew(desk, ROOT), "ada")
    drafts = {role: office.layout.draft(role).read_bytes() for role in (ROOT, RELEASES)}
    assert "releases 3 has 1 of 2 signatures." in office.act(refresh, "machine").did
    office.act(lambda desk: roll_out(desk, "friends", "walk-1.0.0", 10), "machine")
    assert {role: office.layout.draft(role).read_bytes() for role in (ROOT, RELEASES)} == drafts
    assert office.act(office.sign, "ben", "machine").shown


def test_a_release_does_not_wait_for_a_root_that_lacks_a_signature(office: Office) -> None:
    office.act(lambda desk: renew(desk, ROOT), "ada")
    office.publish("1.0.0", "ada")
    (office.keys / "ben" / "root-2.pem").unlink()
    assert office.act(office.sign, "ben", "machine").did[-1] == "root 2 has 1 of 2 signatures."
    assert look(office.layout, office.layout.embedded_root).releases == ("releases/walk-1.0.0.bundle",)
    assert office.layout.draft(ROOT).is_file()


def test_a_new_key_and_a_lower_threshold_are_told(office: Office) -> None:
    change = Change("releases", "releases-3", office.keys / "cy", {})
    office.act(lambda desk: rotate(desk, change), "ada")
    tampered(office, TARGETS, lambda signed: setattr(signed.delegations.roles["releases"], "threshold", 1))
    told: list[str] = []
    office.act(lambda desk: told.extend(in_flight(desk)), "ben")
    assert "releases-3 may no longer sign for releases." in told
    assert "releases needs 1 signatures, no longer 2." in told
    assert any(sentence.startswith("releases-4 (key id ") for sentence in told)
