"""Bad input against every command that reads data: refused by name, with an exit code, before anything is trained."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier
from typer.testing import CliRunner

from edge.affect import CLASSES
from edge.config import REFERENCE_BUNDLE
from edge.errors import TrainingError
from edge.gait.walker import Walker, skeletons
from trainer import cli
from trainer.attack import Surface
from trainer.folds import by_people
from trainer.readers import READERS, read_cycles
from trainer.scores import score
from trainer.train import Fitted, Settings
from trainer.trainable import refuse_untrainable, refuse_untrainable_folds
from trainer.weights import write_fitted

RUNNER = CliRunner()
FOLDERS = sorted(set(READERS) - {"walkers"})
COMMANDS: dict[str, Callable[[str, Path], list[str]]] = {
    "inspect": lambda data, at: [data],
    "evaluate": lambda data, at: ["--bundle", str(REFERENCE_BUNDLE), "--data", data],
    "privacy": lambda data, at: ["--bundle", str(REFERENCE_BUNDLE), "--data", data, "--permutations", "0"],
    "compare": lambda data, at: ["--data", data, "--out", str(at / "cmp"), "--methods", "KNN-man", "--seeds", "1",
                                 "--folds", "2"],
    "train": lambda data, at: ["--data", data, "--out", str(at / "bundle"), "--epochs", "1", "--folds", "2"],
    "swaps": lambda data, at: ["--data", data, "--work", str(at / "model")],
    "codes": lambda data, at: ["--data", data, "--work", str(at / "model"), "--out", str(at / "codes")],
    "transfer": lambda data, at: ["--data", data, "--work", str(at / "model"), "--from-subject", "ann",
                                  "--from-affect", "sad", "--to", "ben", "--cycles", "0.1", "--out", str(at / "a.gif")],
}  # fmt: skip
LEARNING = ("compare", "train", "swaps", "codes", "transfer")
each_command = pytest.mark.parametrize("command", COMMANDS)


@pytest.fixture(autouse=True)
def never_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is refused here is refused before a single step."""

    def trained(*_: object) -> None:
        raise AssertionError("it began to train")

    monkeypatch.setattr("trainer.train.train_autoencoder", trained)


@pytest.fixture
def at(tmp_path: Path, plain_model: Fitted, plain_settings: Settings) -> Path:
    write_fitted(tmp_path / "model", plain_model, plain_settings)
    return tmp_path


def refused(command: str, data: str, at: Path) -> str:
    result = RUNNER.invoke(cli.app, [command, *COMMANDS[command](data, at)])
    assert result.exit_code == 1, (result.exception, result.stderr)
    assert "Wanted" in result.stderr
    assert "Traceback" not in result.stderr
    assert not any((at / name).exists() for name in ("bundle", "a.gif", "cmp"))
    return " ".join(result.stderr.split())


def egait(folder: Path, cells: dict[str, tuple[str, ...]], spoiled: bool = False) -> str:
    """An E-Gait pair of people and the affects each shows; ``spoiled`` adds one cycle of each kind that is none."""
    pairs = [(who, how) for who, affects in cells.items() for how in affects]
    rows = {f"{who}-{how}": (walk(number), who, how) for number, (who, how) in enumerate(pairs)}
    x_TP = walk(1)
    if spoiled:
        rows |= {"nan": (np.where(np.arange(48) == 7, np.nan, x_TP), "ann", "sad"),
                 "joints": (x_TP[:, :45], "ann", "sad"),
                 "still": (np.repeat(x_TP[:1], 33, axis=0), "ann", "sad")}  # fmt: skip
    folder.mkdir()
    with h5py.File(folder / "features.h5", "w") as features, h5py.File(folder / "labels.h5", "w") as labels:
        for key, (value, _, _) in rows.items():
            features[key], labels[key] = value, 0
    with (folder / "index.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["key", "source", "subject", "acted_emotion"],
                                    *([key, "BML", who, how] for key, (_, who, how) in rows.items())])  # fmt: skip
    return f"egait:{folder}"


def walk(number: int) -> np.ndarray:
    x_TP = skeletons(Walker(number, "neutral", variability=0.0), np.arange(33) / 30.0)[:, :16].reshape(33, 48)
    return x_TP - np.tile(x_TP[:, :3], 16)


@each_command
@pytest.mark.parametrize("kind", FOLDERS)
def test_an_empty_folder(at: Path, kind: str, command: str) -> None:
    if kind == "c3d":
        pytest.importorskip("ezc3d")
    (at / "empty").mkdir()
    told = refused(command, f"{kind}:{at / 'empty'}" + ("?rate=60" if kind == "mpi17" else ""), at)
    assert str(at / "empty") in told.replace(" ", "")


@each_command
def test_only_cycles_that_are_none(at: Path, command: str) -> None:
    told = refused(command, egait(at / "data", {}, spoiled=True), at)
    assert "no usable cycle" in told
    if command != "inspect":  # whose table names them on standard output
        assert all(f"{key}: " in told for key in ("nan", "joints", "still"))


@pytest.mark.parametrize("command", LEARNING)
def test_one_person(at: Path, command: str) -> None:
    told = refused(command, egait(at / "data", {"ann": CLASSES}), at)
    assert "nobody called 'ben'" in told if command == "transfer" else "two" in told or "several people" in told


@pytest.mark.parametrize("command", LEARNING)
def test_no_acted_label(at: Path, command: str) -> None:
    told = refused(command, egait(at / "data", {"ann": ("",), "ben": ("",)}), at)
    assert "left out 2 of 2 usable cycles: without an acted label" in told
    assert "acted" in told.partition("Found")[2]


@pytest.mark.parametrize("command", ["compare", "train"])
@pytest.mark.parametrize(
    ("cells", "word"),
    [
        ({who: CLASSES[:3] for who in ("ann", "ben", "cat", "dan")}, "no sad"),
        ({"ann": CLASSES, **{who: CLASSES[:3] for who in ("ben", "cat", "dan")}}, "no sad to train on in fold"),
        ({"ann": CLASSES, "ben": CLASSES}, "to train on in fold"),
    ],
    ids=["no sad at all", "sad of one person", "two people"],
)
def test_a_fold_that_cannot_be_trained_on_is_named(
    at: Path, command: str, cells: dict[str, tuple[str, ...]], word: str
) -> None:
    assert word in refused(command, egait(at / "data", cells), at)


def one_attacker(surface: Surface, n_train: int, seed: int) -> dict[str, tuple]:
    """The quickest alone: here only what is told of the data counts."""
    return {"nearest neighbour": (KNeighborsClassifier(n_neighbors=1), surface.flat_NP)}


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("inspect", "train", "compare")])
def test_what_is_refused_beside_good_cycles_is_told(at: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.attack._attackers", one_attacker)
    data = egait(at / "data", {who: CLASSES for who in ("ann", "ben", "cat")}, spoiled=True)
    result = RUNNER.invoke(cli.app, [command, *COMMANDS[command](data, at)])
    assert result.exit_code == 0, result.stderr
    told = " ".join(result.stderr.split())
    assert told.count("left out") >= 3
    assert all(key in told for key in ("nan", "joints", "still"))


def test_refusals_are_in_the_evaluation_and_its_report(at: Path) -> None:
    data = egait(at / "data", {who: CLASSES for who in ("ann", "ben")}, spoiled=True)
    files = ["--json", str(at / "out.json"), "--markdown", str(at / "out.md")]
    result = RUNNER.invoke(cli.app, ["evaluate", *COMMANDS["evaluate"](data, at), *files])
    assert result.exit_code == 0, result.stderr
    found = json.loads((at / "out.json").read_text())
    assert found["n_refused"] == sum(each["n"] for each in found["refused"]) == 3
    assert "## Refused" in (at / "out.md").read_text()
    assert "3 refused" in result.stdout


def test_one_person_has_a_score_and_no_interval() -> None:
    found = score([0, 1, 2, 3], [0, 1, 2, 2], ["ann"] * 4).accuracy
    assert found.value == 0.75
    assert np.isnan([found.low, found.high]).all()


def test_a_release_asks_every_fold_before_it_trains_the_first() -> None:
    cycles = read_cycles("walkers:6x4x1x1").cycles
    refuse_untrainable(cycles)
    splits = {"people": list(by_people(cycles, 3, 0))}
    refuse_untrainable_folds(cycles, splits)
    last = cycles.subject_N[splits["people"][-1][1]]
    only_there = cycles.take((cycles.acted_N != 3) | np.isin(cycles.subject_N, last))
    with pytest.raises(TrainingError, match="no sad to train on in fold 3 of 3 with people held out"):
        refuse_untrainable_folds(only_there, {"people": list(by_people(only_there, 3, 0))})
