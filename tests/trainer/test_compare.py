"""The comparison: resumed, refused where it does not belong, and told beside the paper."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score
from typer.testing import CliRunner

from edge.affect import CLASSES
from edge.errors import TrainingError
from trainer import cli
from trainer.compare import Plan, compare
from trainer.compare_report import PAPER_F1, difference, draw_confusion, markdown
from trainer.compare_scores import rows_of
from trainer.methods import Answer, Task, ae_xyz, methods_named
from trainer.train import Settings
from trainer.walkers import walker_cycles

CYCLES = walker_cycles(n_people=4, n_cycles=1)
RUNNER = CliRunner()


def quiet(what: str, done: int, total: int, seconds: float) -> None:
    assert 0 < done <= total


def constant(task: Task) -> Answer:
    """Always the first affect."""
    return Answer(np.tile([0.7, 0.1, 0.1, 0.1], (len(task.test), 1)))


def knowing(task: Task) -> Answer:
    """Knows the truth but for the first cycles: one under the first seed, two under the second."""
    told = np.where(np.arange(len(task.test)) <= task.seed, (task.test.acted_N + 1) % 4, task.test.acted_N)
    return Answer(np.eye(4)[told] * 0.9 + 0.025)


def plan_of(**methods) -> Plan:
    return Plan(("people",), methods, (0, 1), n_folds=2)


def test_what_is_there_is_not_computed_again_and_what_is_cut_short_is(tmp_path: Path) -> None:
    computed = []

    def counting(task: Task) -> Answer:
        computed.append(len(task.test))
        return constant(task)

    first = compare(CYCLES, plan_of(counting=counting), tmp_path, quiet)
    assert len(computed) == 4
    assert compare(CYCLES, plan_of(counting=counting), tmp_path, quiet) == first
    assert len(computed) == 4
    cut = tmp_path / "results" / "people-s1-f0-counting.json"
    cut.write_text(cut.read_text()[:40])
    (tmp_path / "results" / "people-s0-f1-counting.json").unlink()
    again = compare(CYCLES, plan_of(counting=counting), tmp_path, quiet)
    assert len(computed) == 6
    assert [result.proba for result in again] == [result.proba for result in first]


def test_a_killed_run_keeps_what_was_done(tmp_path: Path) -> None:
    answered = []

    def dying(task: Task) -> Answer:
        if len(answered) == 2:
            raise KeyboardInterrupt
        answered.append(1)
        return constant(task)

    with pytest.raises(KeyboardInterrupt):
        compare(CYCLES, plan_of(dying=dying), tmp_path, quiet)
    assert len(list((tmp_path / "results").glob("*.json"))) == 2


def test_a_method_never_sees_whom_it_is_tested_on(tmp_path: Path) -> None:
    def suspicious(task: Task) -> Answer:
        assert not set(task.train.subject_N) & set(task.test.subject_N)
        for learn, choose in task.inner:
            assert max((*learn, *choose)) < len(task.train)
        return constant(task)

    compare(CYCLES, plan_of(suspicious=suspicious), tmp_path, quiet)


def test_scores_are_those_of_the_pooled_answers(tmp_path: Path) -> None:
    results = compare(CYCLES, plan_of(**{"CNN-xyz": constant, "knowing": knowing}), tmp_path, quiet)
    constant_row, knowing_row = rows_of(results, CYCLES)
    assert (constant_row.accuracy, constant_row.p, constant_row.over_reference) == (0.25, None, None)
    assert constant_row.majority == constant_row.chance == 0.25
    mine = [result for result in results if result.method == "knowing"]
    label = CYCLES.acted_N[np.concatenate([result.test for result in mine])]
    found = np.concatenate([np.argmax(result.proba, axis=1) for result in mine])
    assert knowing_row.accuracy == pytest.approx(accuracy_score(label, found)) == 0.8125
    assert knowing_row.macro_f1 == pytest.approx(f1_score(label, found, average="macro"))
    assert knowing_row.over_reference == pytest.approx(0.5625)
    assert knowing_row.p is not None
    assert knowing_row.p < 0.05
    assert len(knowing_row.of_seeds) == 2


def test_results_of_other_data_are_not_mixed_in(tmp_path: Path) -> None:
    compare(CYCLES, plan_of(constant=constant), tmp_path, quiet)
    moved = replace(CYCLES, acted_N=np.roll(CYCLES.acted_N, 1))
    with pytest.raises(TrainingError, match="other data or folds"):
        compare(moved, plan_of(constant=constant), tmp_path, quiet)
    with pytest.raises(TrainingError, match="other data or folds"):
        compare(CYCLES, replace(plan_of(constant=constant), n_folds=3), tmp_path, quiet)


def test_one_person_only_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="1 people"):
        compare(walker_cycles(n_people=1, n_cycles=2), plan_of(constant=constant), tmp_path, quiet)


def test_names_nobody_knows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="the method Guess"):
        methods_named(["SVM-xyz", "Guess"])
    with pytest.raises(TrainingError, match="the protocol tea-leaves"):
        compare(CYCLES, replace(plan_of(constant=constant), protocols=("tea-leaves",)), tmp_path, quiet)


def test_every_method_of_the_paper_can_be_asked_for() -> None:
    assert list(methods_named(list(PAPER_F1))) == list(PAPER_F1)


def test_paper_a_answers_as_it_is_trained_everywhere_else(tmp_path: Path) -> None:
    tiny = ae_xyz(Settings(epochs=1, classifier_epochs=2, n_takes=2))
    results = compare(CYCLES, replace(plan_of(**{"AE-xyz": tiny}), seeds=(0,)), tmp_path, quiet)
    for result in results:
        np.testing.assert_allclose(np.sum(result.proba, axis=1), 1.0)
    (row,) = rows_of(results, CYCLES)
    assert row.n == 16


def test_the_report_says_where_the_data_differ(tmp_path: Path) -> None:
    rows = rows_of(compare(CYCLES, plan_of(**{"CNN-xyz": knowing}), tmp_path, quiet), CYCLES)
    text = markdown(rows, CYCLES, 3, "walkers")
    assert "not comparable" in text
    assert "3 recordings refused" in text
    assert "88/73/78/89" in text
    assert "a little optimistic" in text
    assert "Majority class 0.25, chance 0.25" in text
    assert text.count("| CNN-xyz | ") == 6
    several = walker_cycles(n_people=2, n_cycles=2)
    assert "stand on both sides" in difference(several)


def test_the_picture_is_a_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    rows = rows_of(compare(CYCLES, plan_of(**{"CNN-xyz": knowing, "b": constant}), tmp_path, quiet), CYCLES)
    draw_confusion(rows, tmp_path / "new" / "confusion.png")
    assert (tmp_path / "new" / "confusion.png").read_bytes().startswith(b"\x89PNG")


def test_the_command_on_synthetic_people(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    out = tmp_path / "out"
    arguments = ["compare", "--data", "walkers:4x4x1x2", "--out", str(out), "--seeds", "1", "--folds", "2"]
    result = RUNNER.invoke(cli.app, [*arguments, "--methods", "KNN-man,CNN-xyz", "--protocols", "by_cycle,people"])
    assert result.exit_code == 0, result.stderr
    rows = json.loads((out / "comparison.json").read_text())
    assert {(row["protocol"], row["method"]) for row in rows} == {
        (protocol, method) for protocol in ("by_cycle", "people") for method in ("KNN-man", "CNN-xyz")
    }
    assert set(rows[0]["f1"]) == set(CLASSES)
    assert "the paper's Table I beside ours" in (out / "report.md").read_text().replace("The", "the")
    refused = RUNNER.invoke(cli.app, [*arguments, "--methods", "Guess"])
    assert refused.exit_code == 1
    assert "Wanted some of" in refused.stderr
