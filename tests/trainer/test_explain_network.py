"""Guided gradients through leaky units, activation maps around a closed cycle, and forgetting from the head down."""

import warnings

import numpy as np
import torch
from captum.attr import GuidedBackprop, GuidedGradCam
from torch import Tensor, nn

from trainer.disentangle import CodeClassifier, Disentangler, Shape
from trainer.explain_map import activation, sample_of, stretched
from trainer.explain_network import Explained, explained, guided, redrawn, weight_layers
from trainer.train import Fitted, standardiser_of
from trainer.walkers import walker_cycles

CYCLES = walker_cycles(n_people=2, n_cycles=1)


def untrained(slope: float = 0.2) -> Explained:
    torch.manual_seed(0)
    shape = Shape(slope=slope)
    model = Disentangler(shape).eval().requires_grad_(False), CodeClassifier(shape).eval().requires_grad_(False)
    return explained(Fitted(standardiser_of(CYCLES), *model))


def captum_guided(network: nn.Module, x_NFT: Tensor) -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return GuidedBackprop(network).attribute(x_NFT.clone().requires_grad_(True), target=1)


def test_the_guided_copy_answers_to_the_bit_as_the_model_does() -> None:
    model = untrained()
    x_NFT = model.features(CYCLES)
    assert torch.equal(guided(model).logits(x_NFT), model.logits(x_NFT))
    assert not any(isinstance(module, nn.LeakyReLU) for module in guided(model).network.modules())
    assert any(isinstance(module, nn.LeakyReLU) for module in model.network.modules())


def test_with_slope_zero_it_is_guided_backpropagation_as_defined_for_relu() -> None:
    model = untrained(slope=0.0)
    x_NFT = model.features(CYCLES)
    as_defined = untrained(slope=0.0).network
    for layer in as_defined.get_submodule("encoder.layers").children():
        layer[2] = nn.ReLU()
    torch.testing.assert_close(captum_guided(guided(model).network, x_NFT), captum_guided(as_defined, x_NFT))


def test_captum_alone_would_not_guide_the_encoder() -> None:
    model = untrained()
    x_NFT = model.features(CYCLES)
    assert not torch.allclose(captum_guided(model.network, x_NFT), captum_guided(guided(model).network, x_NFT))


def test_a_leaky_unit_hands_down_the_positive_part_of_its_true_gradient() -> None:
    network = nn.Sequential(nn.Linear(4, 4, bias=False), nn.LeakyReLU(0.25), nn.Linear(4, 2, bias=False))
    with torch.no_grad():
        network[0].weight.copy_(torch.eye(4))
        network[2].weight.copy_(torch.tensor([[0.0, 0.0, 0.0, 0.0], [1.0, 1.0, -1.0, -1.0]]))
    copy = guided(Explained(network, "0", lambda cycles: torch.zeros(0))).network
    found = captum_guided(copy, torch.tensor([[2.0, -2.0, 2.0, -2.0]]))
    assert found.tolist() == [[1.0, 0.25, 0.0, 0.0]]


def test_the_activation_map_is_captums_but_for_the_seam() -> None:
    model = untrained()
    sample = sample_of(model, CYCLES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ready = guided(model)
        whole = GuidedGradCam(ready.network, ready.conv()).attribute(
            sample.x_NFT.clone().requires_grad_(True), target=sample.label_N, interpolate_mode="linear"
        )
        gradient = GuidedBackprop(ready.network).attribute(
            sample.x_NFT.clone().requires_grad_(True), target=sample.label_N
        )
    ours = gradient * activation(model, sample)
    torch.testing.assert_close(ours[..., 4:-4], whole[..., 4:-4])
    assert float(activation(model, sample).min()) >= 0.0


def test_stretching_knows_no_seam() -> None:
    cam_N1S = torch.rand(3, 1, 8, generator=torch.Generator().manual_seed(0))
    long = stretched(cam_N1S, 64)
    assert long.shape == (3, 1, 64)
    torch.testing.assert_close(stretched(cam_N1S.roll(3, dims=-1), 64), long.roll(24, dims=-1))
    torch.testing.assert_close(long.mean(dim=-1), cam_N1S.mean(dim=-1))


def test_layers_are_forgotten_from_the_head_down_and_the_model_keeps_its_own() -> None:
    model = untrained()
    layers = weight_layers(model)
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    for n_layers in range(1, len(layers) + 1):
        after = redrawn(model, n_layers, seed=1).network.state_dict()
        lost = {name for name in layers if not torch.equal(after[f"{name}.weight"], before[f"{name}.weight"])}
        assert lost == set(layers[:n_layers])
    assert all(torch.equal(value, before[name]) for name, value in model.network.state_dict().items())


def test_a_forgotten_head_leaves_the_code_and_changes_the_answer() -> None:
    model = untrained()
    x_NFT = model.features(CYCLES)
    other = redrawn(model, 1, seed=1)
    code = model.network.get_submodule("encoder")(x_NFT)
    assert torch.equal(other.network.get_submodule("encoder")(x_NFT), code)
    assert not torch.equal(other.logits(x_NFT), model.logits(x_NFT))


def test_a_seed_decides_what_is_drawn_and_disturbs_nobody_elses_chance() -> None:
    model = untrained()
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    once, again, other = (redrawn(model, 5, seed).logits(model.features(CYCLES)) for seed in (1, 1, 2))
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(once, again)
    assert not torch.equal(once, other)


def test_channels_stand_landmark_by_landmark_with_the_duration_last() -> None:
    model = untrained()
    x_NFT = model.features(CYCLES)
    assert x_NFT.shape == (len(CYCLES), 49, 64)
    assert np.allclose(x_NFT[:, :3], 0.0, atol=1e-4)  # the root's x, y, z
    assert torch.equal(x_NFT[:, 48, 0], x_NFT[:, 48, -1])
