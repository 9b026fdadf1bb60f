"""The contract ``quietstep-train evaluate``: any bundle on any labelled data, through the device's own door."""

import csv
import json
import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score
from typer.testing import CliRunner

from edge.affect import CLASSES
from edge.config import REFERENCE_BUNDLE
from edge.encoder import AffectEncoder
from edge.errors import TrainingError
from edge.gait.walker import Walker, skeletons
from trainer import cli
from trainer.cycles import UNLABELLED, Cycles, Reading
from trainer.evaluate_bundle import answers, evaluation, labels
from trainer.evaluate_markdown import evaluation_markdown
from trainer.evaluate_picture import draw_evaluation
from trainer.scores import ABSTAINED
from trainer.walkers import walker_cycles

RUNNER = CliRunner()
KEYS = {"macro_f1", "accuracy", "per_class", "abstained", "n", "ece"}
PERCEIVED = {"happy": 0, "angry": 1, "sad": 2, "neutral": 3}  # the order of the E-Gait file


def walks(n_people: int = 3) -> Cycles:
    return walker_cycles(n_people=n_people, n_cycles=2)


def changed(cycles: Cycles, **fields: np.ndarray) -> Cycles:
    return Cycles(**{name: fields.get(name, getattr(cycles, name)) for name in Cycles.__slots__})


def egait(folder: Path, n_people: int = 3) -> Path:
    """An E-Gait pair of synthetic walkers, the last one without an acted label and perceived as sad."""
    rows = []
    with h5py.File(folder / "features.h5", "w") as features, h5py.File(folder / "labels.h5", "w") as perceived:
        for who in range(n_people):
            for affect in CLASSES:
                x_TJC = skeletons(Walker(who, affect, variability=0.0), np.arange(33) / 30.0)[:, :16]
                key, acted = f"{who}{affect}", affect if who < n_people - 1 else ""
                features[key] = (x_TJC - x_TJC[:, :1]).reshape(33, 48)
                perceived[key] = PERCEIVED["sad"]
                rows.append([key, "BML" if acted else "CMU", f"person{who}", acted])
    with (folder / "index.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["key", "source", "subject", "acted_emotion"], *rows])
    return folder


def test_the_command_writes_the_contract(tmp_path: Path) -> None:
    out = tmp_path / "figures" / "out.json"
    result = RUNNER.invoke(cli.app, _arguments(egait(tmp_path), "--json", str(out)))
    assert result.exit_code == 0, result.stderr
    found = json.loads(out.read_text())
    assert set(found) >= KEYS
    assert found["n"] == 12
    assert set(found["per_class"]) == set(CLASSES)
    assert {(part["source"], part["label"], part["n"]) for part in found["by_source"]} == {
        ("BML", "acted", 8),
        ("CMU", "perceived", 4),
    }
    assert sum(sum(row.values()) for row in found["confusion"].values()) == 12
    assert sum(found["confusion"]["sad"].values()) == 6
    assert "macro-F1" in result.stdout


def test_the_figures_are_those_of_the_devices_own_answers(encoder: AffectEncoder) -> None:
    cycles = walks()
    heard = answers(encoder, cycles)
    found = evaluation(encoder, Reading(cycles, (), "walkers"))
    kept = heard.answer_N != ABSTAINED
    assert found.accuracy == pytest.approx(accuracy_score(cycles.acted_N[kept], heard.answer_N[kept]))
    expected = f1_score(cycles.acted_N[kept], heard.answer_N[kept], average="macro", labels=range(4))
    assert found.macro_f1 == pytest.approx(expected)
    assert found.abstained == pytest.approx(np.mean(~kept))
    assert found.trained_on == encoder.manifest.provenance


def test_confidence_is_told_over_the_same_cycles_as_the_scores(encoder: AffectEncoder) -> None:
    cycles = walks()
    heard, found = answers(encoder, cycles), evaluation(encoder, Reading(cycles, (), "walkers"))
    assert sum(each.n for each in found.reliability) == found.n_answered
    gaps = (each.n * abs(each.confidence - each.accuracy) for each in found.reliability)
    assert found.ece == pytest.approx(sum(gaps) / found.n_answered)
    wrong = (heard.posterior_NK.argmax(axis=1) != cycles.acted_N).mean()
    strangest = heard.ood_score_N.max()
    for curve, least in (
        (found.risk_coverage, heard.posterior_NK.max(axis=1).min()),
        (found.risk_coverage_ood, -strangest),
    ):
        assert curve.aurc_random == curve.points[-1].risk == pytest.approx(wrong)
        assert curve.points[-1].confidence == pytest.approx(least)
        assert curve.aurc_ideal <= curve.aurc <= 1.0


def test_the_command_draws_and_writes_a_report_that_shows_the_picture(tmp_path: Path) -> None:
    image = pytest.importorskip("matplotlib.image")
    png, report = tmp_path / "pictures" / "out.png", tmp_path / "report" / "out.md"
    result = RUNNER.invoke(cli.app, _arguments(egait(tmp_path), "--png", str(png), "--markdown", str(report)))
    assert result.exit_code == 0, result.stderr
    picture_HWC = image.imread(png)[..., :3]
    for colour in ((0.0, 0.447, 0.698), (0.835, 0.369, 0.0), (0.0, 0.62, 0.451)):  # both curves and the ideal one
        assert (np.abs(picture_HWC - colour).max(axis=-1) < 0.02).sum() > 50
    text = report.read_text()
    assert "](../pictures/out.png)" in text
    assert "| majority class | 0.500 |" in text
    assert all(f"\n| {name} | " in text for name in (*CLASSES, "BML", "CMU", "by strangeness"))


def test_a_picture_of_nothing_answered_is_still_one(encoder: AffectEncoder, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    cycles = walks(1)
    noise = np.random.default_rng(0).normal(size=cycles.x_NTJC.shape).astype(np.float32)
    found = evaluation(encoder, Reading(changed(cycles, x_NTJC=noise), (), "noise"))
    draw_evaluation(found, tmp_path / "out.png")
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    assert "| accuracy, answered | - | - |" in evaluation_markdown(found)


def test_what_is_no_walk_abstains_and_costs_only_the_score_over_all(encoder: AffectEncoder) -> None:
    cycles = walks()
    noise = np.random.default_rng(0).normal(size=cycles.x_NTJC.shape).astype(np.float32)
    half = changed(cycles, x_NTJC=np.where(np.arange(len(cycles))[:, None, None, None] % 2, noise, cycles.x_NTJC))
    found = evaluation(encoder, Reading(half, (), "walkers"))
    plain = evaluation(encoder, Reading(cycles.take(np.arange(len(cycles)) % 2 == 0), (), "walkers"))
    assert found.abstained == pytest.approx(0.5)
    assert found.accuracy == plain.accuracy
    assert found.accuracy_all == pytest.approx(plain.accuracy / 2)


def test_all_abstained_is_null_not_zero(encoder: AffectEncoder, tmp_path: Path) -> None:
    cycles = walks()
    noise = np.random.default_rng(0).normal(size=cycles.x_NTJC.shape).astype(np.float32)
    found = evaluation(encoder, Reading(changed(cycles, x_NTJC=noise), (), "noise"))
    assert (found.accuracy, found.macro_f1, found.ece, found.abstained) == (None, None, None, 1.0)


def test_acted_labels_go_before_perceived_ones() -> None:
    cycles = walks(1)
    acted, perceived = np.full(8, UNLABELLED), np.full(8, UNLABELLED)
    acted[:3], perceived[2:5] = 0, 3
    found = labels(changed(cycles, acted_N=acted, perceived_N=perceived))
    np.testing.assert_array_equal(found, [0, 0, 0, 3, 3, UNLABELLED, UNLABELLED, UNLABELLED])


def test_cycles_without_any_label_are_counted_and_refused_when_there_are_no_others(encoder: AffectEncoder) -> None:
    cycles = walks(1)
    some = changed(cycles, acted_N=np.where(np.arange(8) < 6, cycles.acted_N, UNLABELLED))
    found = evaluation(encoder, Reading(some, (), "walkers"))
    assert (found.n, found.n_unlabelled) == (6, 2)
    none = changed(cycles, acted_N=np.full(8, UNLABELLED))
    with pytest.raises(TrainingError, match="no label"):
        evaluation(encoder, Reading(none, (), "walkers"))


def test_a_broken_bound_exits_with_its_sentence_after_the_figures_are_kept(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(
        "schema = 1\n[evaluation]\nmin_macro_f1 = 1.1\nmin_accuracy_over_majority = -1.0\nmax_abstained = 1.0\n"
        "max_ece = 1.0\n[privacy]\n"
    )
    out = tmp_path / "out.json"
    result = RUNNER.invoke(cli.app, _arguments(egait(tmp_path), "--json", str(out), "--policy", str(policy)))
    assert result.exit_code == 1
    assert "macro-F1 is" in result.stderr
    assert out.is_file()


@pytest.mark.parametrize("spoil", ["bundle", "data"])
def test_bad_input_is_one_sentence(tmp_path: Path, spoil: str) -> None:
    bundle = tmp_path / "none" if spoil == "bundle" else REFERENCE_BUNDLE
    data = f"egait:{tmp_path / 'none'}" if spoil == "data" else f"egait:{egait(tmp_path)}"
    result = RUNNER.invoke(cli.app, ["evaluate", "--bundle", str(bundle), "--data", data])
    assert result.exit_code == 1
    assert "Wanted" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_reference_bundle_on_the_real_pair() -> None:
    data = os.environ.get("QUIETSTEP_DATA")
    if not data:
        pytest.skip("QUIETSTEP_DATA does not name the data folder")
    result = RUNNER.invoke(cli.app, _arguments(Path(data, "egait")))
    assert result.exit_code == 0, result.stderr
    assert all(source in result.stdout for source in ("BML", "CMU", "ICT", "RGB", "SIG"))


def _arguments(folder: Path, *more: str) -> list[str]:
    return ["evaluate", "--bundle", str(REFERENCE_BUNDLE), "--data", f"egait:{folder}", *more]
