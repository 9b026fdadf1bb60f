"""What an attacker could hold of a cycle, from the landmarks to what a bundle says about it.

Surfaces: ``raw_landmarks`` and ``landmarks_unplaced`` where the source keeps them (``attack_raw``);
``normalised_cycle``, what the encoder is given; ``affect_code``, the tensor inside the graph between the part named
``affect`` and the classifier, and ``last_features``, what the last weight layer before the logits reads, both made
outputs of a copy of the graph in memory (a bundle's own graph has no such outputs, and a device refuses one that
has); ``posterior``, and ``posterior_and_score``, all a bundle ever says. The duration goes with every surface that a
cycle's clock goes with. The *subject code* is not in a bundle: its encoder is never exported.

Promises: the bundle's hashes are proven before its graph is parsed. Refuses what ``edge.encoder`` refuses.

Shape letters: N cycle, T time, P feature, S code step, D code channel, K class.
"""

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import onnx
from rich.table import Table

from edge.bundle import GRAPH, read_bundle
from edge.encoder import open_encoder
from edge.encoder.opening import proven_graph
from edge.encoder.runtime import onnxruntime
from edge.errors import EncoderError
from trainer.attack import Effort, Identified, Progress, Surface, attackable, identify
from trainer.attack_raw import raw_surfaces
from trainer.cycles import Cycles
from trainer.readers import read_cycles
from trainer.refusals import tell_left_out
from trainer.sequences import sequence_of

_PART: Final = "/affect/"
_WEIGHT_LAYERS: Final = {"Gemm", "MatMul", "Conv"}
_BATCH: Final = 256
_TINY: Final = 1e-12


def attack_bundle(bundle: Path, data: str, effort: Effort, tell: Progress | None = None) -> dict[str, Identified]:
    """Attack every surface of the bundle in folder ``bundle`` on ``kind:path``; raises QuietstepError."""
    reading = read_cycles(data)
    cycles = reading.cycles.take(attackable(reading.cycles, effort))
    tell_left_out(reading, len(cycles), f"of people with too few {effort.hold_out}, or beyond --most")
    surfaces = [*raw_surfaces(data, cycles), *bundle_surfaces(bundle, cycles)]
    return {each.name: identify(each, cycles, effort, tell) for each in surfaces}


def bundle_surfaces(bundle: Path, cycles: Cycles) -> list[Surface]:
    """From what the encoder is given to what it says."""
    encoder = open_encoder(bundle)
    encoded = encoder.encode(cycles.x_NTJC, cycles.duration_s_N)
    encoder.close()
    log_NK = np.log(encoded.posterior_NK + _TINY)
    inside = inner_tensors(proven_graph(read_bundle(bundle), GRAPH), cycles)
    return [
        Surface("normalised_cycle", sequence_of(cycles)),
        *(Surface(name, value) for name, value in inside.items()),
        Surface("posterior", log_NK),
        Surface("posterior_and_score", np.column_stack([log_NK, encoded.ood_score_N])),
    ]


def inner_tensors(graph: bytes, cycles: Cycles) -> dict[str, npt.NDArray[np.float64]]:
    """Affect code (N, S, D) where the graph has a part of that name, and the last features (N, P)."""
    model = onnx.load_from_string(graph)
    wanted = {"affect_code": _end_of_part(model), "last_features": _before_last_weights(model)}
    present = {name: tensor for name, tensor in wanted.items() if tensor is not None}
    model.graph.output.extend(onnx.ValueInfoProto(name=tensor) for tensor in dict.fromkeys(present.values()))
    values = _run(model, list(present.values()), cycles)
    return {name: _over_time(value) for name, value in zip(present, values, strict=True)}


def table(found: dict[str, Identified]) -> Table:
    """For the terminal: one row for each surface."""
    title = "Who walked? Top-1 of attackers retrained on each surface"
    table = Table("surface", "top-1", "upper 95 %", "luck, 95 %", "worst", title=title, caption=_caption(found))
    for name, each in found.items():
        luck = "-" if each.null95_of_max is None else f"{each.null95_of_max:.3f}"
        table.add_row(name, f"{each.worst_top1:.3f}", f"{each.upper95:.3f}", luck, each.worst)
    return table


def _caption(found: dict[str, Identified]) -> str:
    first = next(iter(found.values()))
    return (
        f"{first.n} cycles of {first.n_people} people: chance {first.chance:.3f}, always the same person "
        f"{first.majority:.3f}; {first.n_folds} folds over {first.held_out}; luck: the best attacker on "
        f"{first.n_permutations} permutations. The subject code is not in a bundle: only the trainer can attack it."
    )


def _end_of_part(model: onnx.ModelProto) -> str | None:
    inside = [node.output[0] for node in model.graph.node if node.name.startswith(_PART)]
    return inside[-1] if inside else None


def _before_last_weights(model: onnx.ModelProto) -> str | None:
    """Walk back from the logits along the first inputs to the last weight layer; what it reads."""
    maker = {output: node for node in model.graph.node for output in node.output}
    node = maker.get("logits_NK")
    while node is not None and node.op_type not in _WEIGHT_LAYERS:
        node = maker.get(node.input[0]) if node.input else None
    return None if node is None else str(node.input[0])


def _run(model: onnx.ModelProto, outputs: list[str], cycles: Cycles) -> list[npt.NDArray[np.float64]]:
    if onnxruntime is None:
        raise EncoderError("no ONNX Runtime", "an inference runtime", "Run: pip install 'quietstep[cpu]'")
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    parts = []
    for start in range(0, len(cycles), _BATCH):
        here = slice(start, start + _BATCH)
        feed = {"x_NTJC": cycles.x_NTJC[here], "duration_s_N": cycles.duration_s_N[here]}
        parts.append(session.run(outputs, feed))
    return [np.concatenate(values).astype(np.float64) for values in zip(*parts, strict=True)]


def _over_time(value: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A code (N, D, S) as a sequence (N, S, D); anything else flat."""
    return value.transpose(0, 2, 1) if value.ndim == 3 else value.reshape(len(value), -1)
