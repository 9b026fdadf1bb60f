"""From a trained model to a bundle a home can verify.

Promises: the graph holds everything (posture, z-score, affect encoder, classifier, temperature, score) and gives out
exactly two things, ``logits_NK`` already divided by the temperature and ``ood_score_N``; the affect code never
leaves it. Golden inputs are synthetic walkers only. The written bundle has been opened by ``edge.encoder`` itself and
compared with torch on a thousand other cycles (``parity``); the figure stands in manifest and card. A mixed-precision
graph goes with it when it proves itself in both ways; when not, the provenance says why.
Refuses to replace a folder that is not empty, and a graph whose answers differ from torch.

Shape letters: N cycle, T time, J landmark, C coordinate, K class.
"""

import io
import shutil
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from edge.affect import CLASSES
from edge.bundle import (
    GOLDEN,
    GRAPH,
    MANIFEST,
    MIXED_GRAPH,
    N_SAMPLES,
    SCHEMA,
    TOPOLOGY,
    Figure,
    Manifest,
    Normaliser,
    describe,
    read_bundle,
    read_manifest,
    write_manifest,
)
from edge.encoder import open_encoder
from edge.encoder.cpu import CpuRung
from edge.encoder.golden import read_golden
from edge.encoder.ladder import FLOAT32, MIXED
from edge.errors import TrainingError
from trainer import parity
from trainer.mixed import TOLERANCE as MIXED_TOLERANCE
from trainer.mixed import try_mixed
from trainer.recipes import Model
from trainer.strangeness import Strangeness
from trainer.swap_net import SwapNet, both_sides
from trainer.train import Fitted, Standardiser
from trainer.walkers import golden_walkers

OPSET: Final = 17
TOLERANCE: Final = 1e-4
CARD: Final = "MODEL_CARD.md"
_CLEAR_MARGIN: Final = 10 * TOLERANCE


class Deployed(nn.Module):
    """The whole inference path of paper A as one module."""

    def __init__(self, model: Fitted, strangeness: Strangeness, temperature: float) -> None:
        super().__init__()
        self.standardiser = model.standardiser
        self.affect = model.autoencoder.affect
        self.classifier = model.classifier
        self.strangeness = strangeness
        self.temperature = temperature

    def forward(self, x_NTJC: Tensor, duration_s_N: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 64, 16, 3) metres and (N,) seconds to calibrated logits (N, K) and score (N,)."""
        logits_NK = self.classifier(self.affect(self.standardiser.features(x_NTJC, duration_s_N)))
        return logits_NK / self.temperature, self.strangeness(x_NTJC, duration_s_N)


class DeployedSwaps(nn.Module):
    """The whole inference path of the network trained on exchanged people."""

    def __init__(self, network: SwapNet, strangeness: Strangeness, temperature: float) -> None:
        super().__init__()
        self.spectrum, self.affect, self.classifier = network.spectrum, network.affect, network.classifier
        self.strangeness = strangeness
        self.temperature = temperature

    def forward(self, x_NTJC: Tensor, duration_s_N: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 64, 16, 3) metres and (N,) seconds to calibrated logits (N, K) and score (N,)."""
        logits_NK = self.classifier(self.affect(*both_sides(self.spectrum, x_NTJC, duration_s_N)))
        return logits_NK / self.temperature, self.strangeness(x_NTJC, duration_s_N)


Home = Deployed | DeployedSwaps


def deployed(model: Model, strangeness: Strangeness, temperature: float) -> Home:
    """What a home runs of ``model``."""
    if isinstance(model, Fitted):
        return Deployed(model, strangeness, temperature).eval()
    return DeployedSwaps(model.network, strangeness, temperature).eval()


@dataclass(frozen=True, slots=True)
class Release:
    """What goes into a bundle beside the weights."""

    model_id: str
    version: str
    temperature: float
    ood_threshold: float
    provenance: tuple[str, ...]
    evaluation: tuple[Figure, ...]
    privacy: tuple[Figure, ...]
    card: str


def write_bundle(out: Path, model: Model, strangeness: Strangeness, release: Release) -> Path:
    """Write and prove a bundle in ``out``; it appears there whole or not at all. Raises TrainingError, EncoderError."""
    refuse_full(out)
    network = deployed(model, strangeness, release.temperature)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as scratch:
        folder = Path(scratch)
        (folder / GRAPH).write_bytes(onnx_bytes(network))
        (folder / GOLDEN).write_bytes(golden_bytes(network))
        (folder / CARD).write_text(release.card, encoding="utf-8")
        write_manifest(folder, _manifest(folder, model, release))
        add_mixed(folder)
        _prove(folder)
        _tell_parity(folder, _parities(folder, network))
        _move(folder, out)
    return out


def refuse_full(out: Path) -> None:
    """Raise TrainingError if a bundle cannot be put there."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise TrainingError(f"that {out} is not empty", "a new folder for the bundle", "Name another --out.")


def copy_with_mixed(source: Path, out: Path) -> Manifest:
    """A copy of the bundle in ``source`` with a mixed-precision graph; raises BundleError, TrainingError."""
    if out.exists():
        raise TrainingError(f"that {out} exists", "a new folder for the bundle", "Name another one.")
    bundle = read_bundle(source)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as scratch:
        folder = Path(scratch)
        for file in (*(file.name for file in bundle.manifest.files), MANIFEST):
            shutil.copyfile(source / file, folder / file)
        why_not = add_mixed(folder)
        if why_not:
            raise TrainingError(why_not, "a graph that proves itself in mixed precision", "Use the bundle as it is.")
        _move(folder, out)
    return read_bundle(out).manifest


def add_mixed(folder: Path) -> str:
    """Write the mixed-precision graph of a bundle and name it in its manifest; returns why not, or nothing."""
    manifest = read_bundle(folder).manifest
    mixed = try_mixed((folder / GRAPH).read_bytes(), read_golden((folder / GOLDEN).read_bytes()))
    if isinstance(mixed, str):
        note = f"no mixed-precision graph: {mixed}"
        write_manifest(folder, msgspec.structs.replace(manifest, provenance=(*manifest.provenance, note)))
        return note
    (folder / MIXED_GRAPH).write_bytes(mixed.onnx)
    files = (*(file for file in manifest.files if file.name != MIXED_GRAPH), describe(folder / MIXED_GRAPH))
    tolerance = manifest.tolerance | {MIXED: MIXED_TOLERANCE}
    write_manifest(folder, msgspec.structs.replace(manifest, files=files, tolerance=tolerance))
    return ""


def _move(folder: Path, out: Path) -> None:
    out.mkdir(exist_ok=True)
    for file in sorted(folder.iterdir()):
        shutil.move(file, out / file.name)


def onnx_bytes(network: nn.Module) -> bytes:
    """The graph as one ONNX file with weights inside and any number of cycles."""
    example = torch.zeros(2, N_SAMPLES, 16, 3), torch.ones(2)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the successor needs onnxscript and gains nothing here
        torch.onnx.export(
            network,
            example,
            buffer,  # type: ignore[arg-type]  # the legacy exporter takes a file object
            input_names=["x_NTJC", "duration_s_N"],
            output_names=["logits_NK", "ood_score_N"],
            dynamic_axes={name: {0: "N"} for name in ("x_NTJC", "duration_s_N", "logits_NK", "ood_score_N")},
            opset_version=OPSET,
            dynamo=False,
        )
    return buffer.getvalue()


@torch.inference_mode()
def answers(
    network: nn.Module, x_NTJC: npt.NDArray[np.float32], duration_s_N: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """What torch says: calibrated logits and scores."""
    logits_NK, score_N = network(torch.tensor(x_NTJC), torch.tensor(duration_s_N))
    return logits_NK.numpy(), score_N.numpy()


def golden_bytes(network: nn.Module) -> bytes:
    """Synthetic walkers and torch's answers; cycles on the edge of two labels are left out."""
    x_NTJC, duration_s_N = golden_walkers()
    logits_NK, score_N = answers(network, x_NTJC, duration_s_N)
    best_NK = np.sort(logits_NK, axis=1)
    clear = best_NK[:, -1] - best_NK[:, -2] > _CLEAR_MARGIN
    if not clear.any():
        found = "a model that finds no affect likelier than another in any golden walker"
        raise TrainingError(found, "clear answers to compare devices by", "Train for more epochs.")
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        x_NTJC=x_NTJC[clear],
        duration_s_N=duration_s_N[clear],
        logits_NK=logits_NK[clear],
        ood_score_N=score_N[clear],
    )
    return buffer.getvalue()


def _manifest(folder: Path, model: Model, release: Release) -> Manifest:
    statistics: SwapNet | Standardiser = model.standardiser if isinstance(model, Fitted) else model.network
    return Manifest(
        schema=SCHEMA,
        id=release.model_id,
        version=release.version,
        topology=TOPOLOGY,
        n_samples=N_SAMPLES,
        classes=CLASSES,
        normaliser=Normaliser(_rows(statistics.mean_JC), _rows(statistics.std_JC)),
        temperature=release.temperature,
        ood_threshold=release.ood_threshold,
        files=tuple(describe(folder / name) for name in (GRAPH, GOLDEN, CARD)),
        provenance=release.provenance,
        evaluation=release.evaluation,
        privacy=release.privacy,
        min_edge_version="0.1.0",
        tolerance={"float32": TOLERANCE},
    )


def _rows(value_JC: Tensor) -> tuple[tuple[float, float, float], ...]:
    return tuple((row[0], row[1], row[2]) for row in value_JC.tolist())


def _prove(folder: Path) -> None:
    """Open the bundle as a device would; raises BundleError or EncoderError."""
    open_encoder(folder)


def _parities(folder: Path, network: nn.Module) -> tuple[Figure, ...]:
    """Compare every graph of the bundle with torch; a mixed one that is too far away is taken out again."""
    cycles = parity.strange_walks()
    wanted = answers(network, cycles.x_NTJC, cycles.duration_s_N)
    whole = parity.parity(CpuRung((folder / GRAPH).read_bytes()), *wanted, TOLERANCE)
    figures = [parity.refuse(whole, TOLERANCE).figure(FLOAT32)]
    if (folder / MIXED_GRAPH).exists():
        mixed = parity.parity(CpuRung((folder / MIXED_GRAPH).read_bytes()), *wanted, MIXED_TOLERANCE)
        reason = mixed.why_refused(MIXED_TOLERANCE)
        if reason:
            _drop_mixed(folder, reason)
        else:
            figures.append(mixed.figure(MIXED))
    return tuple(figures)


def _drop_mixed(folder: Path, reason: str) -> None:
    manifest = read_manifest(folder)
    (folder / MIXED_GRAPH).unlink()
    changed = msgspec.structs.replace(
        manifest,
        files=tuple(file for file in manifest.files if file.name != MIXED_GRAPH),
        tolerance={name: value for name, value in manifest.tolerance.items() if name != MIXED},
        provenance=(*manifest.provenance, f"no mixed-precision graph: {reason}"),
    )
    write_manifest(folder, changed)


def _tell_parity(folder: Path, figures: tuple[Figure, ...]) -> None:
    """Write the figures into manifest and card."""
    manifest, card = read_manifest(folder), folder / CARD
    rows = "\n".join(f"| {figure.name} | {figure.value:.2g} | {figure.note} |" for figure in figures)
    text = card.read_text(encoding="utf-8").rstrip("\n")
    card.write_text(f"{text}\n\n## Export\n\n| figure | value | how |\n|---|---|---|\n{rows}\n", encoding="utf-8")
    files = tuple(describe(folder / CARD) if file.name == CARD else file for file in manifest.files)
    write_manifest(folder, msgspec.structs.replace(manifest, files=files, evaluation=(*manifest.evaluation, *figures)))
