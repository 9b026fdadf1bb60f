"""The proof that an exported graph says what torch says, and that a bundle is not made without it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from edge.bundle import MIXED_GRAPH, read_bundle
from edge.encoder.answers import Raw
from edge.errors import EncoderError
from trainer import export
from trainer.disentangle import Shape
from trainer.export import Release, write_bundle
from trainer.held_out import strangeness_of
from trainer.parity import N_CYCLES, compared, refuse, strange_walks
from trainer.strangeness import Strangeness
from trainer.strangeness_file import read_strangeness, write_strangeness
from trainer.train import Fitted, Settings, fit
from trainer.walkers import golden_walkers, walker_cycles

CYCLES = walker_cycles(n_people=3, n_cycles=1)
SMALL = Shape(affect_channels=(8, 8, 8), subject_channels=(8, 8, 8), decoder_channels=(8, 8))
RELEASE = Release("parity", "0", 1.7, 1.0, (), (), (), "card")
LOGITS_NK = np.array([[3.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.99995, 0.0]], np.float32)
SCORE_N = np.array([0.5, 40.0], np.float32)


@pytest.fixture(scope="module")
def model() -> tuple[Fitted, Strangeness]:
    settings = Settings(epochs=2, classifier_epochs=8, n_takes=2, shape=SMALL)
    return fit(CYCLES, settings), strangeness_of(CYCLES, 0)


def test_the_thousand_cycles_are_walks_that_are_not_the_golden_ones() -> None:
    cycles = strange_walks()
    assert len(cycles) == N_CYCLES
    assert np.isfinite(cycles.x_NTJC).all()
    assert np.bincount(cycles.acted_N).min() > 200
    golden = golden_walkers()[0].reshape(20, -1)
    assert min(np.abs(cycles.x_NTJC.reshape(N_CYCLES, -1) - one).max(axis=1).min() for one in golden) > 1e-3
    clean, noisy = np.split(np.abs(np.diff(cycles.x_NTJC, n=3, axis=1)).mean(axis=(1, 2, 3)), [500])
    assert noisy.min() > np.median(clean)


def test_the_gap_is_absolute_in_logits_and_relative_in_large_scores() -> None:
    shifted = Raw(LOGITS_NK + np.float32(0.01), SCORE_N)
    assert compared(shifted, LOGITS_NK, SCORE_N, 1e-4).gap == pytest.approx(0.01, rel=1e-3)
    stranger = Raw(LOGITS_NK, SCORE_N + np.array([0.0, 0.4], np.float32))
    assert compared(stranger, LOGITS_NK, SCORE_N, 1e-4).gap == pytest.approx(0.01, rel=1e-3)


def test_a_changed_label_counts_only_where_torch_is_decided() -> None:
    undecided = Raw(LOGITS_NK + np.array([[0, 0, 0, 0], [0, 0, 8e-5, 0]], np.float32), SCORE_N)
    found = refuse(compared(undecided, LOGITS_NK, SCORE_N, 1e-4), 1e-4)
    assert (found.n_flips, found.n_undecided, found.n_flips_undecided) == (0, 1, 1)
    with pytest.raises(EncoderError, match="1 changed labels on 2 cycles"):
        refuse(replace(found, n_flips=1), 1e-4)


@pytest.mark.parametrize("broken", [1.0, float("nan"), float("inf")])
def test_answers_away_from_torch_or_no_numbers_are_refused(broken: float) -> None:
    answer = Raw(LOGITS_NK.copy(), SCORE_N)
    answer.logits_NK[1, 3] = broken
    with pytest.raises(EncoderError, match="away from torch"):
        refuse(compared(answer, LOGITS_NK, SCORE_N, 1e-4), 1e-4)


def test_a_bundle_tells_its_parity(model: tuple[Fitted, Strangeness], tmp_path: Path) -> None:
    manifest = read_bundle(write_bundle(tmp_path / "b", *model, RELEASE)).manifest
    whole = next(figure for figure in manifest.evaluation if figure.name == "parity float32")
    assert 0 < whole.value <= 1e-4
    assert "1000 synthetic cycles" in whole.note
    assert "0 changed labels" in whole.note
    assert "parity float32" in (tmp_path / "b" / "MODEL_CARD.md").read_text()
    assert ("mixed" in manifest.tolerance) == any(figure.name == "parity mixed" for figure in manifest.evaluation)


def test_a_bundle_whose_graph_differs_is_not_made(
    model: tuple[Fitted, Strangeness], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The golden walkers lie where the change does nothing; only the other cycles show it."""
    honest = export.onnx_bytes
    limit = float(strange_walks().duration_s_N.max()) * 0.999

    class Bent(export.Deployed):
        def forward(self, x_NTJC, duration_s_N):  # type: ignore[no-untyped-def]
            logits_NK, score_N = super().forward(x_NTJC, duration_s_N)
            return logits_NK + (duration_s_N > limit)[:, None] * 0.5, score_N

    assert golden_walkers()[1].max() < limit
    monkeypatch.setattr(export, "onnx_bytes", lambda network: honest(Bent(*model, RELEASE.temperature).eval()))
    with pytest.raises(EncoderError, match="away from torch on 1000 cycles"):
        write_bundle(tmp_path / "b", *model, RELEASE)
    assert not list(tmp_path.iterdir())


def test_a_mixed_graph_that_only_fits_the_golden_cycles_is_left_out(
    model: tuple[Fitted, Strangeness], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "MIXED_TOLERANCE", 1e-9)
    manifest = read_bundle(write_bundle(tmp_path / "b", *model, RELEASE)).manifest
    assert not (tmp_path / "b" / MIXED_GRAPH).exists()
    assert "mixed" not in manifest.tolerance
    assert any("no mixed-precision graph" in line and "on 1000 cycles" in line for line in manifest.provenance)


def test_the_score_is_the_same_to_the_bit_when_it_is_read(model: tuple[Fitted, Strangeness], tmp_path: Path) -> None:
    _, score = model
    write_strangeness(tmp_path, score)
    again = read_strangeness(tmp_path)
    assert list(again.parts) == list(score.parts)
    arguments = (strange_walks().x_NTJC, strange_walks().duration_s_N)
    assert np.array_equal(_asked(again, *arguments), _asked(score, *arguments))


def _asked(score: Strangeness, x_NTJC: np.ndarray, duration_s_N: np.ndarray) -> np.ndarray:
    return score(torch.tensor(x_NTJC), torch.tensor(duration_s_N)).numpy()
