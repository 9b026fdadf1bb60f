"""torch as a competitor of ``quietstep bench encoder``: ``python -m trainer.bench_encoder HOW WHERE BUNDLE``.

HOW is eager or compile, WHERE is cpu or cuda.

The network is the one that was exported, with the weights of the bundle's own graph, so its golden logits can be
compared. Only the score's constants are fitted anew, to synthetic walkers: they cannot be read back by name, and
other numbers of the same shape take the same time.

Promises: one thread, inference mode, evaluation mode. Refuses a device or a compiler that is not there.

Shape letters: N cycle, T time, J landmark, C coordinate, K class.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from edge.bundle import GOLDEN, GRAPH, Manifest, read_bundle
from edge.encoder.answers import Floats
from edge.encoder.golden import Golden, read_golden
from edge.encoder.timing import Answer, Open, compete, own_stdout
from edge.errors import TrainingError
from trainer.disentangle import CodeClassifier, Disentangler, Shape
from trainer.export import Deployed, Home, deployed
from trainer.recipes import Model
from trainer.strangeness import fitted
from trainer.swap_net import SwapNet
from trainer.swap_settings import SwapSettings
from trainer.swap_train import SwapFitted
from trainer.train import Fitted, Standardiser
from trainer.walkers import walker_cycles

_BATCHES = (1, 4, 16, 64, 100)
Network = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def main() -> int:
    """Compete."""
    out = own_stdout()
    how, where, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    torch.set_num_threads(1)
    golden = read_golden((folder / GOLDEN).read_bytes())
    return compete(out, golden, lambda: _opened(how, where, folder, golden))


@torch.inference_mode()
def _opened(how: str, where: str, folder: Path, golden: Golden) -> tuple[Open, Answer]:
    if where == "cuda" and not torch.cuda.is_available():
        found = "a torch without a CUDA device it can use; not run on hardware"
        raise TrainingError(found, "a CUDA device", "Run this where nvidia-smi shows one, with a CUDA build of torch.")
    bundle = read_bundle(folder)
    network = _on(rebuilt(bundle.path(GRAPH), bundle.manifest), where)
    answer = _answer(_compiled(network, golden, where) if how == "compile" else network, where)
    logits_NK, _score_N = answer(golden.x_NTJC, golden.duration_s_N)
    return Open("float32", float(np.abs(logits_NK - golden.answer.logits_NK).max())), answer


def rebuilt(graph: Path, manifest: Manifest) -> Home:
    """The exported network in torch, with the weights its graph holds; raises TrainingError for another network."""
    model = onnx.load(graph)
    weights = {tensor.name: torch.tensor(numpy_helper.to_array(tensor)) for tensor in model.graph.initializer}
    cycles = walker_cycles(n_people=4, n_cycles=1)
    score = fitted(torch.tensor(cycles.x_NTJC), torch.tensor(cycles.duration_s_N))
    network = deployed(_parts(model, weights, manifest), score, manifest.temperature)
    missing, unexpected = network.load_state_dict(weights, strict=False)
    if unexpected or [name for name in missing if not name.endswith("num_batches_tracked")]:
        raise TrainingError("a graph of another network", "the one trainer.export writes", "Name another bundle.")
    return network.eval()


def _parts(model: Any, weights: dict[str, Tensor], manifest: Manifest) -> Model:
    """The network without its weights; the names in the graph tell which one."""
    members = {name.split(".")[2] for name in weights if name.startswith("affect.members.")}
    if members:
        n_code, n_hidden = (len(weights[f"affect.members.0.{part}.bias"]) for part in ("straight", "bent.0"))
        return SwapFitted(SwapNet(SwapSettings(n_members=len(members), n_code=n_code, n_hidden=n_hidden)))
    mean_JC, std_JC = (torch.tensor(rows) for rows in (manifest.normaliser.mean_JC, manifest.normaliser.std_JC))
    return Fitted(Standardiser(mean_JC, std_JC, *_duration_statistics(model)), Disentangler(), CodeClassifier(Shape()))


def _duration_statistics(model: Any) -> tuple[float, float]:
    """Mean and deviation of the logarithm of the duration: the constants behind the graph's first Log."""
    nodes = list(model.graph.node)
    made_by = {name: node for node in nodes for name in node.output}
    log = next(node for node in nodes if node.op_type == "Log" and "duration_s_N" in node.input)
    centred = next(node for node in nodes if node.op_type == "Sub" and log.output[0] in node.input)
    scaled = next(node for node in nodes if node.op_type == "Div" and centred.output[0] in node.input)
    mean, deviation = (made_by[node.input[1]].attribute[0].t for node in (centred, scaled))
    return float(numpy_helper.to_array(mean)), float(numpy_helper.to_array(deviation))


def _on(network: Home, where: str) -> Home:
    """The network on a device, with the constants that are no parameters."""
    score = network.strangeness
    if isinstance(network, Deployed):
        known = network.standardiser
        network.standardiser = replace(known, mean_JC=known.mean_JC.to(where), std_JC=known.std_JC.to(where))
    score.waves_HT, score.knee_waves_HT = score.waves_HT.to(where), score.knee_waves_HT.to(where)
    for name, part in score.parts.items():
        score.parts[name] = replace(part, centre_P=part.centre_P.to(where), whiten_PP=part.whiten_PP.to(where))
    return network.to(where)


def _compiled(network: nn.Module, golden: Golden, where: str) -> Network:
    """Compiled for each batch size of the bench, before anything is timed."""
    torch._dynamo.config.cache_size_limit = 2 * len(_BATCHES)  # type: ignore[attr-defined]
    compiled = torch.compile(network, dynamic=False)
    try:
        for n in _BATCHES:
            at_N = np.arange(n) % len(golden.x_NTJC)
            _answer(compiled, where)(golden.x_NTJC[at_N], golden.duration_s_N[at_N])
    except Exception as error:  # inductor's errors share no public parent class
        found = f"a torch.compile that fails ({type(error).__name__}: {str(error).splitlines()[0][:120]})"
        raise TrainingError(found, "a compiled network", "Install a C++ compiler: apt-get install g++") from error
    return compiled


def _answer(network: Network, where: str) -> Callable[[Floats, Floats], tuple[Floats, Floats]]:
    @torch.inference_mode()
    def answer(x_NTJC: Floats, duration_s_N: Floats) -> tuple[Floats, Floats]:
        logits_NK, score_N = network(torch.from_numpy(x_NTJC).to(where), torch.from_numpy(duration_s_N).to(where))
        return logits_NK.cpu().numpy(), score_N.cpu().numpy()

    return answer


if __name__ == "__main__":
    raise SystemExit(main())
