"""The contract ``quietstep-train privacy``: every surface of a bundle, and the landmarks it is made from."""

import csv
import json
import os
from pathlib import Path

import h5py
import numpy as np
import onnx
import pytest
from scipy.spatial.transform import Rotation
from typer.testing import CliRunner

from edge.affect import CLASSES
from edge.bundle import GRAPH
from edge.config import REFERENCE_BUNDLE
from edge.encoder import AffectEncoder
from edge.gait.walker import Walker, skeletons
from trainer import cli
from trainer.attack import Effort, identify
from trainer.attack_bundle import bundle_surfaces, inner_tensors
from trainer.attack_raw import raw_surfaces, unplaced_cycle
from trainer.readers import read_cycles
from trainer.walkers import walker_cycles

RUNNER = CliRunner()
KEYS = {"attackers", "worst_top1", "chance", "null95_of_max", "upper95", "n", "n_people"}
SURFACES = {
    "raw_landmarks",
    "landmarks_unplaced",
    "normalised_cycle",
    "affect_code",
    "last_features",
    "posterior",
    "posterior_and_score",
}

SEQUENCES = {"raw_landmarks", "landmarks_unplaced", "normalised_cycle"}
"""An attacker who knows the order in time looks at these, too."""


def egait(folder: Path, n_people: int = 4) -> Path:
    """An E-Gait pair of synthetic walkers, each turned and placed somewhere else."""
    rng = np.random.default_rng(0)
    rows = []
    with h5py.File(folder / "features.h5", "w") as features, h5py.File(folder / "labels.h5", "w") as labels:
        for who in range(n_people):
            for affect in CLASSES:
                x_TJC = skeletons(Walker(who, affect, variability=0.0), np.arange(33) / 30.0)[:, :16]
                x_TJC = x_TJC @ Rotation.from_euler("y", rng.uniform(0, 6)).as_matrix() + rng.normal(size=3)
                key = f"{who}{affect}"
                features[key], labels[key] = x_TJC.reshape(33, 48), 0
                rows.append([key, "BML", f"person{who}", affect])
    with (folder / "index.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["key", "source", "subject", "acted_emotion"], *rows])
    return folder


def arguments(folder: Path, *more: str) -> list[str]:
    return ["privacy", "--bundle", str(REFERENCE_BUNDLE), "--data", f"egait:{folder}", "--permutations", "1", *more]


def test_the_command_writes_the_contract(tmp_path: Path, few_attackers_here: tuple[str, ...]) -> None:
    out = tmp_path / "out.json"
    result = RUNNER.invoke(cli.app, arguments(egait(tmp_path), "--json", str(out)))
    assert result.exit_code == 0, result.stderr
    found = json.loads(out.read_text())
    assert set(found) == SURFACES
    assert {name for name, figures in found.items() if "CNN" in figures["attackers"]} == SEQUENCES
    for figures in found.values():
        assert set(figures) >= KEYS
        assert set(figures["attackers"]) - {"CNN"} == {*few_attackers_here, "linear SVM"}
        assert figures["worst_top1"] == max(figures["attackers"].values()) <= figures["upper95"]
        assert (figures["n"], figures["n_people"], figures["chance"]) == (16, 4, 0.25)
    assert "subject code is not in a bundle" in " ".join(result.stdout.split())


@pytest.mark.usefixtures("few_attackers_here")
def test_a_surface_the_policy_names_must_keep_its_bound(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    bounds = "max_worst_over_luck = -1.0\nmax_upper95_over_luck = 1.0\n"
    evaluation = "min_macro_f1 = 0\nmin_accuracy_over_majority = 0\nmax_abstained = 1\nmax_ece = 1\n"
    policy.write_text(f"schema = 1\n[evaluation]\n{evaluation}[privacy.posterior]\n{bounds}")
    result = RUNNER.invoke(cli.app, arguments(egait(tmp_path, 2), "--permutations", "0", "--policy", str(policy)))
    assert result.exit_code == 1
    assert "posterior: worst attacker over luck" in result.stderr


def test_last_features_and_the_last_weights_give_the_logits(encoder: AffectEncoder) -> None:
    """What is attacked is really what the logits are made from: computed on by hand, they agree."""
    cycles = walker_cycles(n_people=2, n_cycles=1)
    graph = (REFERENCE_BUNDLE / GRAPH).read_bytes()
    inside = inner_tensors(graph, cycles)
    assert inside["affect_code"].shape == (8, 12)
    weights = {each.name: onnx.numpy_helper.to_array(each) for each in onnx.load_from_string(graph).graph.initializer}
    weight_KP, bias_K = weights["classifier.weight"], weights["classifier.bias"]
    logits_NK = (inside["last_features"] @ weight_KP.T + bias_K) / encoder.manifest.temperature
    shares_NK = np.exp(logits_NK) / np.exp(logits_NK).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(encoder.encode(cycles.x_NTJC, cycles.duration_s_N).posterior_NK, shares_NK, atol=1e-4)


def test_a_bundle_says_two_things_and_both_are_attacked(encoder: AffectEncoder) -> None:
    cycles = walker_cycles(n_people=2, n_cycles=1)
    surfaces = {each.name: each.x for each in bundle_surfaces(REFERENCE_BUNDLE, cycles)}
    encoded = encoder.encode(cycles.x_NTJC, cycles.duration_s_N)
    np.testing.assert_allclose(np.exp(surfaces["posterior"]), encoded.posterior_NK, atol=1e-9)
    np.testing.assert_allclose(surfaces["posterior_and_score"][:, 4], encoded.ood_score_N)
    np.testing.assert_allclose(surfaces["normalised_cycle"][:, 5, 48], np.log(cycles.duration_s_N))


def test_raw_landmarks_hold_place_and_heading_and_the_others_do_not(tmp_path: Path) -> None:
    data = f"egait:{egait(tmp_path)}"
    cycles = read_cycles(data).cycles
    raw, unplaced = (each.x.reshape(16, 64, 16, 3) for each in raw_surfaces(data, cycles))
    assert np.abs(raw.mean(axis=(1, 2))).max() > 1.0
    assert np.abs(unplaced[:, :, 0]).max() == 0.0
    hips_NC = (unplaced[:, :, 10] - unplaced[:, :, 13]).mean(axis=1)
    assert (hips_NC[:, 0] > 0.9 * np.linalg.norm(hips_NC, axis=1)).all()


def test_bones_keep_their_length_and_exchanged_sides_are_laid_right() -> None:
    x_TJC = skeletons(Walker(1, "sad", variability=0.0), np.arange(33) / 30.0)[:, :16].astype(np.float64)
    normal = walker_cycles(n_people=1, n_cycles=1, first=1).x_NTJC[3]
    turned = x_TJC @ Rotation.from_euler("xyz", [0.3, 2.0, 0.1]).as_matrix() + 4.0
    found = unplaced_cycle(turned, normal)
    thigh = np.linalg.norm(x_TJC[:, 10] - x_TJC[:, 11], axis=1)
    np.testing.assert_allclose(np.linalg.norm(found[:, 10] - found[:, 11], axis=1), thigh, atol=1e-6)
    np.testing.assert_allclose(unplaced_cycle(x_TJC, normal), found, atol=1e-6)


def test_kinds_without_raw_cycles_have_no_such_surface() -> None:
    assert raw_surfaces("walkers:3x2", walker_cycles(n_people=1, n_cycles=1)) == []


@pytest.mark.parametrize("what", ["bundle", "data"])
def test_bad_input_is_one_sentence(tmp_path: Path, what: str) -> None:
    bundle = tmp_path / "none" if what == "bundle" else REFERENCE_BUNDLE
    data = f"egait:{tmp_path / 'none'}" if what == "data" else f"egait:{egait(tmp_path)}"
    result = RUNNER.invoke(cli.app, ["privacy", "--bundle", str(bundle), "--data", data])
    assert result.exit_code == 1
    assert "Wanted" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_affect_code_of_the_reference_bundle_hides_less_than_its_posterior() -> None:
    data = os.environ.get("QUIETSTEP_DATA")
    if not data:
        pytest.skip("QUIETSTEP_DATA does not name the data folder")
    spec = f"egait:{Path(data, 'egait')}"
    cycles = read_cycles(spec).cycles.acted()
    surfaces = {each.name: each for each in bundle_surfaces(REFERENCE_BUNDLE, cycles)}
    code, posterior = (
        identify(surfaces[name], cycles, Effort(n_permutations=0)).worst_top1 for name in ("affect_code", "posterior")
    )
    assert 0.4 > code > posterior
    assert posterior < 0.2
