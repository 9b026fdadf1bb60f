"""Nobody changes, removes, adds or reorders what was done, unseen."""

import hashlib
from collections.abc import Callable

import msgspec
import pytest

from deploy.audit import Line, Verdict, read_lines, verify
from deploy.cli_keys import keys_ever
from deploy.desk import Desk
from deploy.held import read_held
from deploy.landing import AUDIT_HEAD
from deploy.refresh import refresh
from edge.errors import DeployError
from tests.deploy.office import Office


def verdict(office: Office) -> Verdict:
    counted = read_held(office.layout).timestamp.signed.unrecognized_fields[AUDIT_HEAD]
    return verify(office.layout, keys_ever(office.layout), {}, (counted["n"], counted["sha256"]))


@pytest.fixture
def busy(office: Office) -> Office:
    """Six lines by four keys."""
    office.publish("1.0.0", "ada")
    office.act(office.sign, "ben", "machine")
    for _ in range(3):
        office.act(refresh, "machine")
    return office


def test_who_did_what_is_kept_in_order(busy: Office) -> None:
    lines = read_lines(busy.layout)
    assert [(line.act.who, line.act.act) for line in lines] == [
        ("ceremony", "init"),
        ("ada", "publish"),
        ("ben", "sign"),
        *[("machine", "refresh")] * 3,
    ]
    assert lines[2].act.detail[-1] == "releases-2 signs releases."
    assert verdict(busy) == Verdict(6, (), ())


def changed(lines: list[bytes]) -> list[bytes]:
    return [line.replace(b'"who":"ada"', b'"who":"eve"') for line in lines]


def rehashed(lines: list[bytes]) -> list[bytes]:
    """A forger who also recomputes the hash in the next line, but cannot sign it."""
    new = changed(lines)
    line = msgspec.json.decode(new[2], type=Line)
    act = msgspec.structs.replace(line.act, before_sha256=hashlib.sha256(new[1]).hexdigest())
    return [*new[:2], msgspec.json.encode(msgspec.structs.replace(line, act=act)), *new[3:]]


def renumbered(lines: list[bytes]) -> list[bytes]:
    shorter = [*lines[:2], *lines[3:]]
    return [line.replace(f'"n":{n + 1},'.encode(), f'"n":{n},'.encode()) for n, line in enumerate(shorter, 1)]


FORGERIES: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "a changed line": changed,
    "a changed line and the hash after it": rehashed,
    "a line removed": lambda lines: [*lines[:3], *lines[4:]],
    "a line removed and the rest renumbered": renumbered,
    "two lines exchanged": lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
    "a line twice": lambda lines: [*lines, lines[-1]],
    "the last lines cut off": lambda lines: lines[:-2],
    "everything gone": lambda lines: [],
    "a line with a space in it": lambda lines: [*lines[:-1], lines[-1] + b" "],
    "no line at all": lambda lines: [*lines, b"hello"],
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_log_is_found(forgery: str, busy: Office) -> None:
    lines = busy.layout.audit.read_bytes().splitlines()
    busy.layout.audit.write_bytes(b"".join(line + b"\n" for line in FORGERIES[forgery](lines)))
    assert verdict(busy).complaints


def test_a_line_its_own_author_writes_anew_is_found(busy: Office) -> None:
    """Ben signs another second story with his own key; the line after it remembers the first."""
    lines = busy.layout.audit.read_bytes().splitlines()

    def anew(desk: Desk) -> None:
        act = msgspec.structs.replace(msgspec.json.decode(lines[2], type=Line).act, detail=("nothing",))
        (signer,) = [each for each in desk.signers("releases") if each.public_key.keyid == act.keyid]
        lines[2] = msgspec.json.encode(Line(act, signer.sign(msgspec.json.encode(act)).signature))

    busy.act(anew, "ben")
    busy.layout.audit.write_bytes(b"".join(line + b"\n" for line in lines))
    assert verdict(busy).complaints == ("line 4: does not follow the line before it",)


def test_an_exchanged_last_line_is_found_though_it_is_signed(busy: Office) -> None:
    """Whoever holds the timestamp key writes another end, and forgets that devices' timestamp counted the old one."""
    lines = busy.layout.audit.read_bytes()
    before = busy.layout.timestamp.read_bytes()
    busy.layout.audit.write_bytes(b"".join(lines.splitlines(keepends=True)[:-1]))
    busy.act(lambda desk: desk.record("nothing", (), desk.one_signer("timestamp")), "machine")
    assert busy.layout.timestamp.read_bytes() == before
    assert verdict(busy).complaints == ("line 6 is not the one timestamp.json counted",)


def test_a_log_that_lost_its_end_gets_no_new_line(busy: Office) -> None:
    busy.layout.audit.write_bytes(busy.layout.audit.read_bytes()[:-40])
    with pytest.raises(DeployError, match="audit"):
        busy.act(refresh, "machine")
