"""The pose model: assembled once from what is pinned, refused otherwise."""

import stat
import zipfile
from pathlib import Path

import pytest

from edge.errors import PoseModelError
from edge.sense import pose_model
from edge.sense.pose_model import (
    NETWORKS,
    TASK_NAME,
    build,
    check_given,
    download_command,
    find_or_build,
    read_networks,
)


def test_the_command_names_one_wheel_for_one_platform_and_no_index() -> None:
    command = download_command(Path("/folder"), raw_progress=True)
    assert command[-1] == "mediapipe==0.10.21"
    assert "--no-deps" in command
    assert not [part for part in command if "://" in part or "index" in part]


@pytest.mark.chain
def test_the_cached_model_is_whole_stored_and_used_again(pose_model: Path) -> None:
    with zipfile.ZipFile(pose_model) as task:
        assert task.namelist() == [network.name for network in NETWORKS]
        assert {info.compress_type for info in task.infolist()} == {zipfile.ZIP_STORED}
    if pose_model.name == TASK_NAME:
        said: list[str] = []
        assert find_or_build(None, pose_model.parent, lambda stage, done, total: said.append(stage)) == pose_model
        assert not said, "nothing was fetched"


def test_a_given_file_is_used_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "own.task"
    with zipfile.ZipFile(path, "w") as task:
        for network in NETWORKS:
            task.writestr(network.name, b"x")
    assert find_or_build(path, tmp_path / "cache") == path


def test_a_given_file_that_is_missing_or_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PoseModelError, match=r"no readable \.task file"):
        check_given(tmp_path / "none.task")
    (tmp_path / "text.task").write_text("not a zip")
    with pytest.raises(PoseModelError, match="BadZipFile"):
        check_given(tmp_path / "text.task")
    with zipfile.ZipFile(tmp_path / "half.task", "w") as task:
        task.writestr("pose_detector.tflite", b"x")
    with pytest.raises(PoseModelError, match=r"without pose_landmarks_detector\.tflite"):
        check_given(tmp_path / "half.task")


def test_a_damaged_cache_is_not_used(tmp_path: Path) -> None:
    assert pose_model.cached(tmp_path) is None
    (tmp_path / TASK_NAME).write_bytes(b"half a file")
    assert pose_model.cached(tmp_path) is None


def test_another_network_in_the_wheel_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "x.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for network in NETWORKS:
            archive.writestr(network.member, b"another network")
    with pytest.raises(PoseModelError, match="pinned"):
        read_networks(wheel, lambda *_: None)


def fake_pip(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """A pip that misbehaves, in the place of the real one."""
    script = folder / "python"
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr("sys.executable", str(script))


def test_another_wheel_from_the_index_is_refused_and_nothing_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = 'while [ "$1" != --dest ]; do shift; done; echo evil > "$2/mediapipe-0.10.21-any.whl"'
    fake_pip(tmp_path, monkeypatch, body)
    with pytest.raises(PoseModelError, match=r"the wheel mediapipe-0.10.21-any.whl with SHA-256"):
        build(tmp_path / "cache", lambda *_: None)
    assert not list((tmp_path / "cache").iterdir())


def test_without_a_network_the_sentence_gives_pip_s_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_pip(tmp_path, monkeypatch, "echo 'ERROR: Could not find a version'; exit 1")
    with pytest.raises(PoseModelError, match=r"Could not find a version.*give a \.task file"):
        find_or_build(None, tmp_path / "cache")


def test_progress_in_bytes_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_pip(tmp_path, monkeypatch, "echo Progress 1000 of 35622638; echo Progress 2000 of 35622638; exit 1")
    said: list[tuple[str, int, int]] = []
    with pytest.raises(PoseModelError):
        build(tmp_path / "cache", lambda *what: said.append(what))
    assert ("download", 1000, 35_622_638) in said
    assert ("download", 2000, 35_622_638) in said


def test_a_cache_that_cannot_be_written_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PoseModelError, match="cannot be written"):
        find_or_build(None, tmp_path / "file" / "cache")
