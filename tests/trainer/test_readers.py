"""The E-Gait pair: what is whole is read, what is not is refused by name."""

import csv
from pathlib import Path

import h5py
import numpy as np
import pytest

from edge.affect import CLASSES
from edge.errors import TrainingError
from edge.gait.skeleton import MIRROR
from edge.gait.walker import Walker, skeletons
from trainer.cycles import UNLABELLED
from trainer.read_egait import read_egait
from trainer.readers import read_all, read_cycles

PERCEIVED_SAD = 2  # in the order of the file
Rows = dict[str, tuple[np.ndarray, str]]


def cycle(exchanged: bool = False) -> np.ndarray:
    """About one cycle of a walker as E-Gait stores it: 16 landmarks, root in place."""
    x_TJC = skeletons(Walker(1, "neutral", variability=0.0), np.arange(33) / 30.0)[:, :16]
    x_TJC = x_TJC[:, list(MIRROR[:16])] if exchanged else x_TJC
    return (x_TJC - x_TJC[:, :1]).reshape(len(x_TJC), 48)


def written(folder: Path, rows: Rows, label: int = PERCEIVED_SAD) -> Path:
    with h5py.File(folder / "features.h5", "w") as features, h5py.File(folder / "labels.h5", "w") as labels:
        for key, (value, _) in rows.items():
            features[key], labels[key] = value, label
    with (folder / "index.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["key", "source", "subject", "acted_emotion", "perceived_emotion", "cycle_frames"])
        table.writerows([key, "BML", f"BML_{key}", acted, "sad", len(value)] for key, (value, acted) in rows.items())
    return folder


def test_labels_people_and_durations_are_read(tmp_path: Path) -> None:
    reading = read_cycles(f"egait:{written(tmp_path, {'a': (cycle(), 'angry'), 'b': (cycle(), '')})}")
    assert reading.refused == ()
    assert reading.cycles.x_NTJC.shape == (2, 64, 16, 3)
    np.testing.assert_array_equal(reading.cycles.acted_N, [CLASSES.index("angry"), UNLABELLED])
    np.testing.assert_array_equal(reading.cycles.perceived_N, [CLASSES.index("sad")] * 2)
    np.testing.assert_allclose(reading.cycles.duration_s_N, 33 / 30)
    assert list(reading.cycles.acted().subject_N) == ["BML_a"]
    assert "people" in repr(reading.cycles)


def test_a_cycle_starts_with_the_right_foot_ahead(tmp_path: Path) -> None:
    rolled = np.roll(cycle(), 11, axis=0)
    x_TJC = read_egait(written(tmp_path, {"a": (rolled, "sad")})).cycles.x_NTJC[0]
    right, left = x_TJC[0, 15, 2], x_TJC[0, 12, 2]
    assert right > 0.2
    assert left < -0.2


def test_left_and_right_exchanged_is_found_and_undone(tmp_path: Path) -> None:
    plain = read_egait(written(tmp_path, {"a": (cycle(), "sad")})).cycles.x_NTJC
    again = read_egait(written(tmp_path, {"a": (cycle(exchanged=True), "sad")})).cycles.x_NTJC
    np.testing.assert_allclose(again, plain, atol=1e-5)


def spoiled(value: float) -> np.ndarray:
    x = cycle()
    x[4, 7] = value
    return x


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        (cycle()[:, :45], "shape"),
        (cycle()[:5], "frames"),
        (spoiled(np.nan), "finite"),
        (spoiled(np.inf), "finite"),
        (np.zeros((30, 48)), "extent"),
        (np.repeat(cycle()[:1], 33, axis=0), "pass each other"),
        (np.concatenate([cycle(), cycle()]), "once"),
        (np.tile(cycle(), (4, 1)), "4.40 s"),
        (cycle().ravel(), "shape"),
    ],
)
def test_what_is_no_cycle_is_refused_by_key(tmp_path: Path, bad: np.ndarray, word: str) -> None:
    reading = read_egait(written(tmp_path, {"good": (cycle(), "sad"), "bad": (bad, "sad")}))
    assert [refused.key for refused in reading.refused] == ["bad"]
    assert word in reading.refused[0].reason
    assert list(reading.cycles.key_N) == ["good"]


def test_a_label_out_of_range_is_refused(tmp_path: Path) -> None:
    reading = read_egait(written(tmp_path, {"a": (cycle(), "sad")}, label=7))
    assert "label 7" in reading.refused[0].reason


def test_a_key_without_features_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path, {"a": (cycle(), "sad")})
    with (folder / "index.csv").open("a") as file:
        file.write("ghost,BML,BML_ghost,sad,sad,30\r\n")
    assert [refused.key for refused in read_egait(folder).refused] == ["ghost"]


def test_a_key_the_index_does_not_name_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path, {"a": (cycle(), "sad"), "b": (cycle(), "sad")})
    lines = (folder / "index.csv").read_text().splitlines()
    (folder / "index.csv").write_text("\n".join(lines[:2]))
    refused = read_egait(folder).refused
    assert [each.key for each in refused] == ["b"]
    assert "index.csv" in refused[0].reason


def test_without_an_index_people_are_numbered_and_the_note_says_so(tmp_path: Path) -> None:
    folder = written(tmp_path, {"a": (cycle(), "sad"), "b": (cycle(exchanged=True), "sad")})
    (folder / "index.csv").unlink()
    reading = read_cycles(f"egait:{folder}")
    assert list(reading.cycles.subject_N) == ["unknown-0001", "unknown-0002"]
    np.testing.assert_array_equal(reading.cycles.acted_N, [UNLABELLED] * 2)
    assert "subject of 2 recordings is not known" in reading.notes[0]
    assert "1 cycles came with left and right exchanged" in reading.notes[1]


def test_reading_tells_how_far_it_is(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    read_cycles(f"egait:{written(tmp_path, {'a': (cycle(), 'sad'), 'b': (cycle(), '')})}", lambda *at: told.append(at))
    assert told == [(1, 2), (2, 2)]


def test_only_bad_cycles_are_an_error(tmp_path: Path) -> None:
    folder = written(tmp_path, {"a": (cycle()[:5], "sad")})
    with pytest.raises(TrainingError, match=r"no usable cycle.*a: Found a gait cycle of shape"):
        read_cycles(f"egait:{folder}")
    assert [refused.key for refused in read_all(f"egait:{folder}").refused] == ["a"]


@pytest.mark.parametrize("name", ["features.h5", "labels.h5"])
def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path, name: str) -> None:
    folder = written(tmp_path, {"a": (cycle(), "sad")})
    (folder / name).unlink()
    with pytest.raises(TrainingError, match=name):
        read_egait(folder)


def test_a_file_cut_short_is_an_error(tmp_path: Path) -> None:
    folder = written(tmp_path, {"a": (cycle(), "sad")})
    payload = (folder / "features.h5").read_bytes()
    (folder / "features.h5").write_bytes(payload[: len(payload) // 2])
    with pytest.raises(TrainingError, match=r"features\.h5"):
        read_egait(folder)


def test_an_affect_nobody_knows_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="grumpy"):
        read_egait(written(tmp_path, {"a": (cycle(), "grumpy")}))


@pytest.mark.parametrize("spec", ["egait", "nothing:here", "", ":"])
def test_an_unknown_kind_is_an_error(spec: str) -> None:
    with pytest.raises(TrainingError, match="kind:path"):
        read_cycles(spec)


@pytest.mark.parametrize("spec", ["egait:here?rate=3", "bvh:here?patern=x", "walkers:2x4x1x1?when=now"])
def test_an_unknown_option_is_an_error_that_names_it(spec: str) -> None:
    with pytest.raises(TrainingError, match=r"the option (rate|patern|when)"):
        read_cycles(spec)


def test_the_real_pair_is_read_whole(data: Path) -> None:
    reading = read_cycles(f"egait:{data}/egait")
    acted = reading.cycles.acted()
    assert (len(reading.cycles), reading.refused) == (244, ())
    assert len(set(acted.subject_N)) == 30
    np.testing.assert_array_equal(np.bincount(acted.acted_N), [30] * 4)
    knee_ahead_N = (reading.cycles.x_NTJC[:, :, [11, 14], 2] - reading.cycles.x_NTJC[:, :, [12, 15], 2] / 2).mean(
        (1, 2)
    )
    assert (knee_ahead_N > 0).all()
