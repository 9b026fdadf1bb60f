"""Recordings: bad files get a sentence, not a traceback and not a mood."""

from pathlib import Path

import numpy as np
import pytest

from edge.errors import RecordingError
from edge.recording import read_recording, write_recording

N = 30


def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "x_TJC": rng.normal(size=(N, 20, 3)).astype(np.float32),
        "t_s": np.arange(N) / 30.0,
        "topology": np.array("quietstep20"),
    }


def saved(folder: Path, **changes: np.ndarray | None) -> Path:
    content = {name: array for name, array in (arrays() | changes).items() if array is not None}
    path = folder / "recording.npz"
    np.savez(path, **content)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(RecordingError) as caught:
        read_recording(path)
    return caught.value.found


def test_a_recording_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "r.npz"
    x_TJC = read_recording(saved(tmp_path)).x_TJC
    write_recording(path, np.arange(N) / 30.0, x_TJC, np.ones((N, 20)))
    assert np.array_equal(read_recording(path).x_TJC, x_TJC)


@pytest.mark.parametrize("shape", [(N, 20), (N, 17, 3), (N, 20, 2), (0, 20, 3)])
def test_a_wrong_shape_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = saved(tmp_path, x_TJC=np.zeros(shape, np.float32), t_s=np.arange(shape[0]) / 30.0)
    assert str(shape) in refusal(path)


def test_time_running_backwards_is_refused_with_its_frame(tmp_path: Path) -> None:
    t_s = np.arange(N) / 30.0
    t_s[17] = t_s[15]
    assert "frame 17" in refusal(saved(tmp_path, t_s=t_s))


def test_a_time_that_is_no_number_is_refused(tmp_path: Path) -> None:
    t_s = np.arange(N) / 30.0
    t_s[3] = np.nan
    assert "frame 3" in refusal(saved(tmp_path, t_s=t_s))


def test_landmarks_that_are_no_numbers_are_not_seen_and_counted(tmp_path: Path) -> None:
    x_TJC = arrays()["x_TJC"]
    x_TJC[4, 12] = np.nan
    recording = read_recording(saved(tmp_path, x_TJC=x_TJC))
    assert recording.n_not_finite == 1
    assert recording.visibility_TJ[4, 12] == 0.0
    assert np.isfinite(recording.x_TJC).all()


def test_a_recording_of_nothing_but_nan_is_refused(tmp_path: Path) -> None:
    assert "no landmark" in refusal(saved(tmp_path, x_TJC=np.full((N, 20, 3), np.nan, np.float32)))


def test_millimetres_are_refused(tmp_path: Path) -> None:
    assert "beyond any room" in refusal(saved(tmp_path, x_TJC=1000 * arrays()["x_TJC"]))


def test_an_unknown_topology_is_refused(tmp_path: Path) -> None:
    assert "coco17" in refusal(saved(tmp_path, topology=np.array("coco17")))


@pytest.mark.parametrize("key", ["x_TJC", "t_s", "topology"])
def test_a_missing_array_is_named(tmp_path: Path, key: str) -> None:
    assert key in refusal(saved(tmp_path, **{key: None}))


def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    assert "archive" in refusal(saved(tmp_path, topology=np.array([{"a": 1}], dtype=object)))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"\x93NUMPY", b"garbage" * 100])
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "r.npz"
    path.write_bytes(content)
    assert "r.npz" in refusal(path)


def test_a_torn_archive_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    path.write_bytes(path.read_bytes()[:-200])
    assert "archive" in refusal(path)


def test_a_recording_upside_down_is_turned(tmp_path: Path) -> None:
    x_TJC = np.zeros((N, 20, 3), np.float32)
    x_TJC[:, [4, 7], 1] = -1.0  # shoulders below the ankles
    assert read_recording(saved(tmp_path, x_TJC=x_TJC)).turned


def test_no_repr_holds_landmarks(tmp_path: Path) -> None:
    recording = read_recording(saved(tmp_path))
    assert "array" not in repr(recording)


def test_spoiled_bytes_end_in_a_recording_or_a_sentence(tmp_path: Path) -> None:
    content = saved(tmp_path).read_bytes()
    rng = np.random.default_rng(3)
    n_refused = 0
    for n in range(300):
        spoiled = bytearray(content)
        # Headers of the archive and of its arrays: the last kilobyte holds the directory, the first a header.
        for at in rng.integers(0, 400, 2) if n % 2 else len(spoiled) - 1 - rng.integers(0, 400, 2):
            spoiled[at] = rng.integers(0, 256)
        path = tmp_path / "spoiled.npz"
        path.write_bytes(bytes(spoiled))
        try:
            read_recording(path)
        except RecordingError:
            n_refused += 1
    assert n_refused > 100
