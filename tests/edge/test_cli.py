"""The command line: every expected failure is one sentence and a non-zero exit, never a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

COMMANDS = ("run", "demo", "replay", "record", "report", "doctor", "bench", "pose-model", "erase", "log", "backup")
FOR_OTHERS = ("export", "gather", "homeassistant")
HOUSEHOLD = ("pause", "resume", "consent", "status", "notice")


def quietstep(*arguments: object, home: Path, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    places = {"HOME": home, "XDG_DATA_HOME": home / "data", "XDG_CONFIG_HOME": home / "config"}
    environment = os.environ | {name: str(path) for name, path in places.items()} | {"COLUMNS": "200"}
    command = [sys.executable, "-m", "edge.cli", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=timeout_s, check=False, env=environment, cwd=home
    )


def sentence(*arguments: object, home: Path) -> str:
    done = quietstep(*arguments, home=home)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "Wanted" in done.stderr
    return done.stderr


@pytest.mark.parametrize("command", COMMANDS + HOUSEHOLD + FOR_OTHERS)
def test_every_command_explains_itself(command: str, tmp_path: Path) -> None:
    done = quietstep(command, "--help", home=tmp_path)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 5


def test_report_without_a_diary(tmp_path: Path) -> None:
    assert "no diary" in sentence("report", home=tmp_path)


def test_run_without_a_camera(tmp_path: Path, pose_model: Path) -> None:
    assert "no camera" in sentence("run", "--pose-model", pose_model, home=tmp_path)


@pytest.mark.chain
@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("7", "answers at 7"),
        ("no-such-file.mp4", "no-such-file.mp4"),
        ("empty.mp4", "empty.mp4"),
        ("synthetic:afect=sad", "afect"),
    ],
)
def test_run_with_a_source_that_does_not_open(source: str, said: str, tmp_path: Path, pose_model: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    assert quietstep("consent", "--accept", "Anna", home=tmp_path).returncode == 0
    assert said in sentence("run", "--source", source, "--pose-model", pose_model, home=tmp_path)


def test_a_configuration_with_a_typo(tmp_path: Path) -> None:
    (tmp_path / "quietstep.toml").write_text('[[camera]]\nplace = "hall"\nsorce = "0"\n')
    told = sentence("run", home=tmp_path)
    assert "line 3" in told
    assert "'source'" in told


def test_a_live_camera_is_never_recorded(tmp_path: Path, pose_model: Path) -> None:
    assert "never recorded" in sentence("record", "0", "out.npz", "--pose-model", pose_model, home=tmp_path)


def test_replay_of_what_is_no_recording(tmp_path: Path) -> None:
    (tmp_path / "r.npz").write_bytes(b"garbage")
    assert "r.npz" in sentence("replay", "r.npz", home=tmp_path)


def test_replay_with_a_bundle_of_which_one_byte_changed(tmp_path: Path) -> None:
    from edge.config import REFERENCE_BUNDLE  # noqa: PLC0415

    bundle = tmp_path / "bundle"
    bundle.mkdir()
    for file in REFERENCE_BUNDLE.iterdir():
        (bundle / file.name).write_bytes(file.read_bytes())
    graph = bytearray((bundle / "encoder.onnx").read_bytes())
    graph[len(graph) // 2] ^= 1
    (bundle / "encoder.onnx").write_bytes(graph)
    np.savez(tmp_path / "r.npz", x_TJC=np.zeros((9, 20, 3), np.float32), t_s=np.arange(9.0), topology="quietstep20")
    assert "SHA-256" in sentence("replay", "r.npz", "--bundle", bundle, home=tmp_path)


def test_a_given_pose_model_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "m.task").write_bytes(b"no")
    assert "m.task" in sentence("pose-model", "m.task", home=tmp_path)


def test_tracebacks_only_on_demand(tmp_path: Path) -> None:
    assert "Traceback" in quietstep("--debug", "report", home=tmp_path).stderr


def test_doctor_tells_machines_and_says_what_to_do(tmp_path: Path) -> None:
    done = quietstep("doctor", "--json", home=tmp_path)
    findings = {finding["name"]: finding for finding in json.loads(done.stdout)}
    assert findings["network lock"]["ok"]
    assert findings["affect model"]["ok"]
    assert not findings["cameras"]["ok"]
    assert all(finding["do"] for finding in findings.values() if not finding["ok"])
    rungs = {name: finding["found"] for name, finding in findings.items() if name.startswith("rung ")}
    assert list(rungs) == ["rung tensorrt", "rung onnx-tensorrt", "rung cuda", "rung cpu"]
    assert sum(found == "in use" for found in rungs.values()) == 1
    assert all("not run on such hardware" in found for found in list(rungs.values())[:3] if found != "in use")
    assert done.returncode == 1


def test_doctor_finds_what_is_broken(tmp_path: Path) -> None:
    (tmp_path / "diary.db").write_bytes(b"not a diary" * 1000)
    (tmp_path / "diary.key").write_text("0" * 64)
    (tmp_path / "diary.key").chmod(0o600)
    done = quietstep("doctor", "--json", "--data-dir", tmp_path, home=tmp_path)
    diary = next(finding for finding in json.loads(done.stdout) if finding["name"] == "diary")
    assert not diary["ok"]
