"""Swaps: counted against models that are right or wrong by construction, and against equation 3 as it is printed."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from typer.testing import CliRunner

from edge.errors import TrainingError
from trainer import cli, disentangle
from trainer.compare import fingerprint
from trainer.cycles import Cycles
from trainer.disentangle import Codes, Quadruples
from trainer.readers import read_cycles
from trainer.swaps import draw, features_of, figures, swap_errors
from trainer.train import Fitted, Settings, fit, standardiser_of
from trainer.weights import write_fitted

SPEC = "walkers:4x4x1x1"
CYCLES = read_cycles(SPEC).cycles
RUNNER = CliRunner()


class Knowing(nn.Module):
    """Looks its walks up, and answers with the cell whose person and affect ``whose`` picks from (k, l, i, j)."""

    def __init__(self, cycles: Cycles, whose: str) -> None:
        super().__init__()
        self._x_NFT = features_of(SimpleNamespace(standardiser=standardiser_of(cycles)), cycles)
        self._cell = list(zip(cycles.subject_N.tolist(), cycles.acted_N.tolist(), strict=True))
        self._whose = whose

    def transfer(self, subject_from_NFT: Tensor, affect_from_NFT: Tensor) -> Tensor:
        pairs = zip(subject_from_NFT, affect_from_NFT, strict=True)
        return torch.stack([self._answer(self._find(kl), self._find(ij)) for kl, ij in pairs])

    def _find(self, x_FT: Tensor) -> tuple[str, int]:
        return self._cell[int((self._x_NFT - x_FT).abs().sum(dim=(1, 2)).argmin())]

    def _answer(self, kl: tuple[str, int], ij: tuple[str, int]) -> Tensor:
        cell = {"target": (kl[0], ij[1]), "opposite": (ij[0], kl[1]), "person": kl, "affect": ij}[self._whose]
        return self._x_NFT[self._cell.index(cell)]


def knowing(whose: str, cycles: Cycles = CYCLES) -> Fitted:
    return Fitted(standardiser_of(cycles), Knowing(cycles, whose), nn.Identity())  # type: ignore[arg-type]


def test_every_swap_with_a_truth_is_made_once() -> None:
    drawn = draw(CYCLES)
    who, how = CYCLES.subject_N, CYCLES.acted_N
    assert len(drawn.kl_Q) == (4 * 4) * (3 * 3)
    assert len({*zip(drawn.kl_Q.tolist(), drawn.ij_Q.tolist(), strict=True)}) == len(drawn.kl_Q)
    np.testing.assert_array_equal(who[drawn.kj_Q], who[drawn.kl_Q])
    np.testing.assert_array_equal(how[drawn.kj_Q], how[drawn.ij_Q])
    np.testing.assert_array_equal(who[drawn.il_Q], who[drawn.ij_Q])
    np.testing.assert_array_equal(how[drawn.il_Q], how[drawn.kl_Q])


def test_a_swap_without_a_truth_is_not_made_and_a_missing_opposite_is_not_read() -> None:
    gone = CYCLES.take(~((CYCLES.subject_N == "walker0") & (CYCLES.acted_N == 3)))
    drawn = draw(gone)
    target = set(zip(gone.subject_N[drawn.kj_Q].tolist(), gone.acted_N[drawn.kj_Q].tolist(), strict=True))
    assert ("walker0", 3) not in target
    assert (drawn.il_Q == -1).sum() == 9  # walker0 gives the affect, somebody sad the person
    errors = swap_errors(knowing("target", gone), gone)
    np.testing.assert_array_equal(np.isnan(errors.swap_to_opposite), drawn.il_Q == -1)


def test_only_what_may_be_a_target_is_one() -> None:
    may_N = np.arange(len(CYCLES)) % 3 == 0
    assert may_N[draw(CYCLES, may_N).kj_Q].all()


@pytest.mark.parametrize(("whose", "share"), [("target", 1.0), ("opposite", 0.0), ("person", 0.0), ("affect", 0.0)])
def test_where_a_swap_lands_is_counted(whose: str, share: float) -> None:
    errors = swap_errors(knowing(whose), CYCLES)
    landed = {"target": errors.swap_to_target, "opposite": errors.swap_to_opposite,
              "person": errors.swap_to_person_source, "affect": errors.swap_to_affect_source}  # fmt: skip
    for name, error_Q in landed.items():
        assert (error_Q.max() < 1e-9) == (name == whose)
    found = figures(errors)
    assert found.nearest_of_four is not None
    assert found.nearest_of_four.value == share
    assert (found.beats_additive.value == 1.0) == (whose == "target")
    assert (found.n_swaps, found.n_people) == (144, 4)


def test_the_guess_without_a_model_is_right_where_people_and_affects_add_up() -> None:
    """x_kl + mean_j - mean_l, with means that never hold person k."""
    rng = np.random.default_rng(0)
    who_N, how_N = np.repeat(np.arange(4), 4), np.tile(np.arange(4), 4)
    person, affect = rng.normal(0.0, 0.02, (2, 4, 64, 16, 3))
    additive = replace(CYCLES, duration_s_N=np.ones(16, np.float32), acted_N=how_N,
                       x_NTJC=(CYCLES.x_NTJC[:1] + person[who_N] + affect[how_N]).astype(np.float32))  # fmt: skip
    errors = swap_errors(knowing("target", additive), additive)
    assert errors.additive_to_target.mean() < 0.05 * errors.person_source_to_target.mean()
    assert errors.additive_to_target.mean() < 0.05 * errors.mean_walk_to_target.mean()


def test_the_interval_holds_the_share_and_widens_where_people_differ() -> None:
    errors = swap_errors(knowing("target"), CYCLES)
    one_bad = np.where(errors.person_k_Q == "walker0", 1e3, errors.swap_to_target)
    found = figures(replace(errors, swap_to_target=one_bad)).nearer_than_sources
    assert found.value == 0.75
    assert found.low < 0.6 < 0.75 < found.high <= 1.0


def test_people_who_share_no_affect_cannot_be_swapped() -> None:
    with pytest.raises(TrainingError, match="no affect can be swapped"):
        draw(CYCLES.take(CYCLES.subject_N == "walker0"))
    with pytest.raises(TrainingError, match="no affect can be swapped"):
        draw(CYCLES.take([0, 5]))


def test_training_lands_on_the_target_of_equation_1(plain_model: Fitted) -> None:
    found = figures(swap_errors(plain_model, CYCLES))
    assert found.nearest_of_four is not None
    assert found.nearest_of_four.value > 0.9
    assert found.beats_mean_walk.value > 0.9


def test_training_on_equation_3_as_printed_lands_on_the_wrong_cell(
    plain_model: Fitted, plain_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_in_equation_1 = disentangle.reconstruction_losses

    def as_printed(decode: nn.Module, codes: Codes, batch: Quadruples) -> tuple[Tensor, Tensor]:
        exchanged = replace(batch, target_kj=batch.target_il, target_il=batch.target_kj)
        return as_in_equation_1(decode, codes, exchanged)

    good = swap_errors(plain_model, CYCLES)
    monkeypatch.setattr(disentangle, "reconstruction_losses", as_printed)
    bad = swap_errors(fit(CYCLES, plain_settings), CYCLES)
    assert (good.swap_to_target < good.swap_to_opposite).mean() > 0.95
    assert (bad.swap_to_target < bad.swap_to_opposite).mean() < 0.3
    assert bad.swap_to_opposite.mean() < bad.swap_to_target.mean()


def test_the_command_asks_a_trained_model_and_says_what_it_knows(
    plain_model: Fitted, plain_settings: Settings, tmp_path: Path
) -> None:
    write_fitted(tmp_path / "work", plain_model, plain_settings, fingerprint(CYCLES))
    for data, word in ((SPEC, "the very cycles"), ("walkers:5x4x1x1", "other cycles")):
        out = tmp_path / "out.json"
        result = RUNNER.invoke(cli.app, ["swaps", "--work", str(tmp_path / "work"), "--data", data, "--json", str(out)])
        assert result.exit_code == 0, result.stderr
        report = json.loads(out.read_text())
        assert word in report["trained"]
        assert set(report["by_protocol"]) == {"all cells"}


def test_the_command_trains_and_swaps_people_and_cells_it_has_not_seen(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    arguments = ["--data", "walkers:4x4x1x1", "--folds", "2", "--epochs", "1", "--undisturbed", "--json", str(out)]
    result = RUNNER.invoke(cli.app, ["swaps", *arguments])
    assert result.exit_code == 0, result.stderr
    found = json.loads(out.read_text())["by_protocol"]
    assert (found["people"]["n_swaps"], found["recordings"]["n_swaps"]) == (2 * 2 * 4 * 3, 144)
    assert "additive to target" in result.stdout


@pytest.mark.parametrize("data", ["walkers:1x4x1x1", "walkers:4x1x1x1"])
def test_where_nothing_can_be_swapped_it_says_so(data: str) -> None:
    result = RUNNER.invoke(cli.app, ["swaps", "--data", data, "--folds", "2", "--epochs", "1"])
    assert result.exit_code == 1
    assert "Wanted" in result.stderr
    assert "Traceback" not in result.stderr
