"""``quietstep-train explain``: files that say what was found, pictures, and refusals in one sentence."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from edge.affect import CLASSES
from edge.errors import TrainingError
from trainer.cli import app
from trainer.compare import fingerprint
from trainer.explain import Explanation, explain
from trainer.explain_command import findings, of_people, run, write
from trainer.explain_findings import AffectMap, Findings
from trainer.explain_map import Effort
from trainer.explain_network import explained
from trainer.explain_pictures import times_average
from trainer.explain_report import markdown
from trainer.readers import read_cycles
from trainer.train import Fitted, Settings, fit
from trainer.weights import write_fitted
from trainer.work import final_fit

QUICK = Effort(n_draws=1, n_resamples=5, n_orders=2)
DATA = "walkers:4x4x1x1"
PNG = b"\x89PNG\r\n\x1a\n"


@cache
def trained() -> tuple[Fitted, Settings]:
    torch.set_num_threads(1)
    settings = Settings(epochs=8, classifier_epochs=20, batch_size=8, n_takes=2)
    return fit(read_cycles(DATA).cycles, settings), settings


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command wrote about a small model and the walkers it was trained on."""
    home = tmp_path_factory.mktemp("explain")
    fitted, settings = trained()
    write_fitted(final_fit(home / "work"), fitted, settings, fingerprint(read_cycles(DATA).cycles.acted()))
    run(home / "work", DATA, home / "out", [], final_fit(home / "work"), QUICK)
    return home


def told(folder: Path) -> Findings:
    return msgspec.json.decode((folder / "out" / "maps.json").read_bytes(), type=Findings)


def test_it_writes_maps_pictures_and_a_report(folder: Path) -> None:
    names = {path.name for path in (folder / "out").iterdir()}
    assert names == {"maps.json", "maps.png", "figure.png", "deletion.png", "report.md"}
    assert all((folder / "out" / name).read_bytes().startswith(PNG) for name in names if name.endswith(".png"))


def test_the_json_says_of_whom_and_how_many(folder: Path) -> None:
    found = told(folder)
    assert (found.n_cycles, found.n_people, found.labels) == (16, 4, "acted")
    assert found.trained_on_these
    assert [each.affect for each in found.maps] == list(CLASSES)
    assert sum(each.n_labelled for each in found.maps) == 16
    assert sum(each.n_right for each in found.maps) == round(16 * found.accuracy)
    assert {each.kind for each in (found.deletion, found.insertion)} == {"deletion", "insertion"}
    assert any(each.checks is not None and each.checks.other_model is not None for each in found.maps)


def test_the_report_says_what_it_does_not_mean_and_every_verdict(folder: Path) -> None:
    report = (folder / "out" / "report.md").read_text()
    assert "## What this does not mean" in report
    assert "about this model, not about how people feel" in report
    assert all(each.affect in report for each in told(folder).maps)
    assert all(f"]({name})" in report for name in ("maps.png", "figure.png", "deletion.png"))


def test_a_failed_check_stands_in_the_report_as_failed(folder: Path) -> None:
    found = told(folder)
    area = msgspec.structs.replace(found.deletion.area_logit, value=-0.1, low=-0.2, high=0.1)
    failed = msgspec.structs.replace(found.deletion, area_logit=area, passed=False)
    assert "FAILED" in markdown(msgspec.structs.replace(found, deletion=failed))


def test_only_some_people_can_be_explained() -> None:
    reading = read_cycles(DATA)
    some = of_people(reading.cycles, ["walker0", "walker1"])
    found = findings(DATA, reading, some, quick(), False)
    assert (found.people, found.n_cycles, found.n_people) == (["walker0", "walker1"], 8, 2)
    assert not found.trained_on_these


def test_a_stranger_to_the_data_is_refused_by_name() -> None:
    with pytest.raises(TrainingError, match="nobody called pat"):
        of_people(read_cycles(DATA).cycles, ["walker0", "pat"])


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"model\.json"):
        run(tmp_path, DATA, tmp_path / "out", [], None)


def test_the_command_line_says_it_in_one_sentence(tmp_path: Path) -> None:
    words = ["explain", "--work", str(tmp_path / "nothing"), "--data", DATA, "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, words, terminal_width=200)
    assert done.exit_code == 1
    assert "model.json cannot be read" in " ".join(done.output.split())
    assert "Traceback" not in done.output
    assert not (tmp_path / "out").exists()


@cache
def quick() -> Explanation:
    return explain(explained(trained()[0]), read_cycles(DATA).cycles, None, QUICK)


def test_the_same_findings_give_the_same_pictures_and_words(folder: Path, tmp_path: Path) -> None:
    write(tmp_path, told(folder), quick())
    for name in ("maps.png", "figure.png", "deletion.png", "report.md", "maps.json"):
        assert (tmp_path / name).read_bytes() == (folder / "out" / name).read_bytes()


def test_an_affect_without_a_map_is_a_panel_with_the_reason(folder: Path, tmp_path: Path) -> None:
    found = quick()
    maps = (AffectMap(CLASSES[0], 4, 0, "none of 4 cycles of this affect is judged right"), *found.maps[1:])
    some = replace(found, maps=maps)
    write(tmp_path, msgspec.structs.replace(told(folder), maps=list(maps)), some)
    assert "no map: none of 4 cycles" in (tmp_path / "report.md").read_text()
    assert (tmp_path / "maps.png").read_bytes() != (folder / "out" / "maps.png").read_bytes()


def test_a_picture_is_scaled_to_the_average_and_smoothed_around_the_cycle() -> None:
    map_JT = np.zeros((16, 64))
    map_JT[3, 0] = 1.0
    times_JT = times_average(map_JT)
    assert times_JT.mean() == pytest.approx(1.0)
    assert {0, 1, 63} <= set(np.flatnonzero(times_JT[3]).tolist()) <= {0, 1, 2, 62, 63}
