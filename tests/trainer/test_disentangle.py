"""Paper A's losses: the corrected cross targets, the hinge, the masks and the layers."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from trainer.disentangle import (
    CircularConv,
    CodeClassifier,
    Codes,
    Disentangler,
    IndependentComponent,
    Quadruples,
    Shape,
    hinge_triplet,
    losses,
    masked_mean,
    reconstruction_losses,
    triplet_loss,
)

N_BATCH, N_FEATURES, N_TIME = 5, 49, 64


class Sum(nn.Module):
    """A decoder for a world in which a walk is the sum of who and how."""

    def forward(self, subject_ND: Tensor, affect_NDS: Tensor) -> Tensor:
        return subject_ND[:, :, None] + affect_NDS


def additive_world(has_kj: float = 1.0, has_il: float = 1.0) -> tuple[Codes, Quadruples]:
    torch.manual_seed(0)
    i, k = torch.randn(2, N_BATCH, N_FEATURES)
    j, l_ = torch.randn(2, N_BATCH, N_FEATURES, N_TIME)
    cell: Callable[[Tensor, Tensor], Tensor] = lambda who, how: who[:, :, None] + how  # noqa: E731
    ij, kl, kj, il = cell(i, j), cell(k, l_), cell(k, j), cell(i, l_)
    masks = torch.full((N_BATCH,), has_kj), torch.full((N_BATCH,), has_il)
    codes = Codes({"ij": i, "kl": k, "kj": k, "il": i}, {"ij": j, "kl": l_, "kj": j, "il": l_})
    return codes, Quadruples(ij, kl, kj, il, ij, kl, kj, il, *masks)


def replaced(batch: Quadruples, **changes: Tensor) -> Quadruples:
    fields = {name: getattr(batch, name) for name in Quadruples.__slots__}
    return Quadruples(**{**fields, **changes})


def test_true_codes_reconstruct_with_the_targets_of_equation_1() -> None:
    own, cross = reconstruction_losses(Sum(), *additive_world())
    assert float(own) == pytest.approx(0.0, abs=1e-10)
    assert float(cross) == pytest.approx(0.0, abs=1e-10)


def test_the_swapped_targets_of_equation_3_do_not_fit_true_codes() -> None:
    codes, batch = additive_world()
    swapped = replaced(batch, target_kj=batch.target_il, target_il=batch.target_kj)
    own, cross = reconstruction_losses(Sum(), codes, swapped)
    assert float(own) == pytest.approx(0.0, abs=1e-10)
    assert float(cross) > 1.0


def test_a_missing_crossed_cell_is_never_read() -> None:
    codes, batch = additive_world(has_kj=0.0)
    rubbish = replaced(batch, target_kj=torch.full_like(batch.target_kj, 1e6))
    _, cross = reconstruction_losses(Sum(), codes, rubbish)
    assert float(cross) == pytest.approx(0.0, abs=1e-10)


def test_a_missing_anchor_adds_no_triplet() -> None:
    codes, batch = additive_world(has_il=0.0)
    assert float(triplet_loss(codes, batch, margin=1e6)) == 0.0


def test_triplet_negative_shares_the_nuisance_factor() -> None:
    """True codes: positives coincide with the anchor, so only a margin beyond the negatives' distance costs."""
    codes, batch = additive_world()
    assert float(triplet_loss(codes, batch, margin=1e-3)) == 0.0
    exchanged = Codes({**codes.subject, "ij": codes.subject["kl"], "kl": codes.subject["ij"]}, codes.affect)
    assert float(triplet_loss(exchanged, batch, margin=1e-3)) > 1.0


def test_hinge_is_never_negative_and_counts_only_violations() -> None:
    anchor, near, far = torch.zeros(1, 2), torch.tensor([[0.5, 0.0]]), torch.tensor([[3.0, 0.0]])
    assert float(hinge_triplet(anchor, near, far, margin=1.0)) == 0.0
    assert float(hinge_triplet(anchor, far, near, margin=1.0)) == pytest.approx(3.5, abs=1e-4)


def test_masked_mean_averages_what_exists() -> None:
    value = torch.tensor([1.0, 3.0, 100.0])
    assert float(masked_mean(value, torch.tensor([1.0, 1.0, 0.0]))) == 2.0
    assert float(masked_mean(value, torch.zeros(3))) == 0.0


def test_ic_layer_normalises_then_drops() -> None:
    torch.manual_seed(0)
    layer = IndependentComponent(4, dropout=0.5)
    x = 7.0 + 3.0 * torch.randn(64, 4, 32)
    dropped = layer.train()(x)
    kept = dropped[dropped != 0] / 2.0  # inverted dropout doubles what it keeps
    assert 0.4 < float((dropped == 0).float().mean()) < 0.6
    assert float(kept.mean()) == pytest.approx(0.0, abs=0.05)
    assert float(kept.std()) == pytest.approx(1.0, abs=0.05)
    assert torch.equal(layer.eval()(x), layer.eval()(x))


@pytest.mark.parametrize("network", [Disentangler(), CodeClassifier(Shape())])
def test_an_ic_layer_stands_before_each_weight_layer(network: nn.Module) -> None:
    kinds = [
        type(module)
        for module in network.modules()
        if isinstance(module, (IndependentComponent, CircularConv, nn.Linear))
    ]
    weights_at = [at for at, kind in enumerate(kinds) if kind is not IndependentComponent]
    assert weights_at
    assert all(kinds[at - 1] is IndependentComponent for at in weights_at)


@pytest.mark.parametrize(("kernel", "stride"), [(8, 2), (7, 1), (3, 1)])
def test_a_rolled_cycle_gives_a_rolled_code(kernel: int, stride: int) -> None:
    torch.manual_seed(0)
    layer = CircularConv(3, 5, kernel, stride)
    x = torch.randn(2, 3, 64)
    rolled = layer(torch.roll(x, 4 * stride, dims=-1))
    assert torch.allclose(rolled, torch.roll(layer(x), 4, dims=-1), atol=1e-5)
    assert rolled.shape[-1] == 64 // stride


def test_shapes_and_gradients_reach_every_weight() -> None:
    torch.manual_seed(0)
    model = Disentangler().train()
    cells = list(torch.randn(4, N_BATCH, N_FEATURES, N_TIME))
    batch = Quadruples(*cells, *cells, torch.ones(N_BATCH), torch.ones(N_BATCH))
    losses(model, batch).total().backward()
    assert model.affect(cells[0]).shape == (N_BATCH, 128, 8)
    assert model.subject(cells[0]).shape == (N_BATCH, 64)
    assert model.transfer(cells[0], cells[1]).shape == cells[0].shape
    assert all(weight.grad is not None and bool(weight.grad.abs().sum() > 0) for weight in model.parameters())
