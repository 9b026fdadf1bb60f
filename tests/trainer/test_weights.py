"""A trained model on disk: the same to the bit when it is read, refused when anything about it is not."""

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from edge.errors import TrainingError
from trainer.disentangle import Shape
from trainer.train import Fitted, Settings, fit
from trainer.walkers import walker_cycles
from trainer.weights import MEANING, read_fitted, write_fitted

CYCLES = walker_cycles(n_people=2, n_cycles=1)
SMALL = Shape(affect_channels=(8, 8, 8), subject_channels=(8, 8, 8), decoder_channels=(8, 8))
TINY = Settings(epochs=1, classifier_epochs=1, n_takes=2, shape=SMALL, disturbance=None)


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    torch.set_num_threads(1)
    return fit(CYCLES, TINY)


@pytest.fixture
def folder(fitted: Fitted, tmp_path: Path) -> Path:
    write_fitted(tmp_path / "model", fitted, TINY, "data")
    return tmp_path / "model"


def arrays(folder: Path) -> Path:
    (path,) = folder.glob("*.npz")
    return path


def test_what_is_read_is_what_was_written_to_the_bit(fitted: Fitted, folder: Path) -> None:
    read = read_fitted(folder)
    assert read.settings == TINY
    assert (read.data_sha256, read.torch_version) == ("data", torch.__version__)
    for part in ("autoencoder", "classifier"):
        wanted, found = getattr(fitted, part).state_dict(), getattr(read.fitted, part).state_dict()
        assert list(wanted) == list(found)
        assert all(torch.equal(wanted[name], found[name]) for name in wanted)
        assert not getattr(read.fitted, part).training
    assert torch.equal(read.fitted.standardiser.std_JC, fitted.standardiser.std_JC)
    np.testing.assert_array_equal(read.fitted.logits(CYCLES), fitted.logits(CYCLES))


def test_the_same_model_is_the_same_bytes(fitted: Fitted, folder: Path, tmp_path: Path) -> None:
    write_fitted(tmp_path / "again", fitted, TINY, "data")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()
    }


def test_another_model_takes_its_place_and_leaves_nothing_behind(folder: Path) -> None:
    other = replace(TINY, seed=1)
    write_fitted(folder, fit(CYCLES, other), other)
    assert read_fitted(folder).settings.seed == 1
    assert len(list(folder.iterdir())) == 2


def test_a_model_whose_meaning_was_not_yet_written_is_still_the_one_before(fitted: Fitted, folder: Path) -> None:
    (folder / "model-0123456789abcdef.npz").write_bytes(b"the arrays of a write that was killed")
    np.testing.assert_array_equal(read_fitted(folder).fitted.logits(CYCLES), fitted.logits(CYCLES))


def test_a_torn_file_is_refused_by_name(folder: Path) -> None:
    path = arrays(folder)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(TrainingError, match=path.name):
        read_fitted(folder)


def test_one_changed_bit_is_refused(folder: Path) -> None:
    content = bytearray(arrays(folder).read_bytes())
    content[len(content) // 2] ^= 1
    arrays(folder).write_bytes(content)
    with pytest.raises(TrainingError, match="not the file"):
        read_fitted(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"{}"])
def test_a_meaning_that_is_none_is_refused(folder: Path, content: bytes) -> None:
    (folder / MEANING).write_bytes(content)
    with pytest.raises(TrainingError, match=MEANING):
        read_fitted(folder)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=MEANING):
        read_fitted(tmp_path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda meaning: meaning | {"schema": 2}, "schema 2"),
        (lambda meaning: meaning | {"settings": meaning["settings"] | {"members": 5}}, "other settings"),
        (lambda meaning: meaning | {"settings": meaning["settings"] | {"shape": {}}}, "other settings"),
        (lambda meaning: meaning | {"settings": msgspec.to_builtins(Settings())}, "not those of this model"),
    ],
    ids=["schema", "unknown setting", "missing settings", "another shape"],
)
def test_a_foreign_meaning_is_refused(folder: Path, change, told: str) -> None:
    meaning = msgspec.json.decode((folder / MEANING).read_bytes())
    (folder / MEANING).write_bytes(msgspec.json.encode(change(meaning)))
    with pytest.raises(TrainingError, match=told):
        read_fitted(folder)
