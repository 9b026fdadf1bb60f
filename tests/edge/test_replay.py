"""Replay: the contract's fields, the truth of a known walker, and the same answer byte for byte."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edge.encoder import AffectEncoder
from edge.gait.walker import Walker, contacts, skeletons
from edge.recording import read_recording, write_recording
from edge.replay import replay

SECONDS = 20
WALKER = Walker(identity=2, affect="neutral", seed=5)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("replay") / "walk.npz"
    t_s = 100.0 + np.arange(SECONDS * 30) / 30
    write_recording(path, t_s, skeletons(WALKER, t_s), np.full((len(t_s), 20), 0.9))
    return path


def answer(recording: Path, out: Path) -> bytes:
    command = [sys.executable, "-m", "edge.cli", "replay", str(recording), "--json", str(out)]
    subprocess.run(command, check=True, timeout=60)
    return out.read_bytes()


def test_twice_is_the_same_byte_for_byte(recording: Path, tmp_path: Path) -> None:
    assert answer(recording, tmp_path / "a.json") == answer(recording, tmp_path / "b.json")


def test_the_fields_are_those_of_the_contract(recording: Path, tmp_path: Path) -> None:
    got = json.loads(answer(recording, tmp_path / "a.json"))
    assert list(got) == ["contacts", "cycles", "affects", "trends"]
    assert {tuple(contact) for contact in got["contacts"]} == {("side", "t_s", "emitted_t_s")}
    assert {tuple(cycle) for cycle in got["cycles"]} == {("start_s", "end_s", "usable", "reason")}
    assert {tuple(affect) for affect in got["affects"]} == {("t_s", "posterior", "reason")}
    assert {contact["side"] for contact in got["contacts"]} == {"left", "right"}
    for affect in got["affects"]:
        assert (affect["posterior"] is None) != (affect["reason"] is None)
    for affect in (affect for affect in got["affects"] if affect["posterior"]):
        assert sum(affect["posterior"]) == pytest.approx(1, abs=1e-4)


def test_contacts_are_the_walkers_and_come_in_time(recording: Path, encoder: AffectEncoder) -> None:
    told = replay(read_recording(recording), encoder).contacts
    true = contacts(WALKER, 101.0, 100.0 + SECONDS - 1.0)
    for contact in true:
        gap_s = min(abs(contact.t_s - t.t_s) for t in told if t.side == contact.side)
        assert gap_s < 0.067
    assert all(contact.emitted_t_s >= contact.t_s for contact in told)


def test_an_upside_down_recording_gives_the_same_contacts(
    recording: Path, tmp_path: Path, encoder: AffectEncoder
) -> None:
    upright = read_recording(recording)
    path = tmp_path / "down.npz"
    write_recording(path, upright.t_s, upright.x_TJC * np.float32([1, -1, -1]), upright.visibility_TJ)
    assert replay(read_recording(path), encoder).contacts == replay(upright, encoder).contacts


def test_sixteen_landmarks_are_enough(recording: Path, tmp_path: Path, encoder: AffectEncoder) -> None:
    whole = read_recording(recording)
    path = tmp_path / "sixteen.npz"
    np.savez(path, x_TJC=whole.x_TJC[:, :16], t_s=whole.t_s, topology=np.array("quietstep16"))
    n_usable = sum(cycle.usable for cycle in replay(read_recording(path), encoder).cycles)
    assert n_usable >= sum(cycle.usable for cycle in replay(whole, encoder).cycles) - 1


def test_frames_that_are_missing_shift_no_contact(recording: Path, tmp_path: Path, encoder: AffectEncoder) -> None:
    whole = read_recording(recording)
    kept = np.random.default_rng(1).random(len(whole.t_s)) > 0.1
    path = tmp_path / "dropped.npz"
    write_recording(path, whole.t_s[kept], whole.x_TJC[kept], whole.visibility_TJ[kept])
    told = {side: [c.t_s for c in replay(whole, encoder).contacts if c.side == side] for side in ("left", "right")}
    for contact in replay(read_recording(path), encoder).contacts:
        assert min(abs(contact.t_s - t_s) for t_s in told[contact.side]) < 0.067
