"""The same network partly in float16: precision lives in the graph, for TensorRT 11 has no flags for it any more.

Only the affect encoder and its classifier are turned, one closed part of the graph; normalisation, posture and the
out-of-distribution score stay float32, for they divide by small numbers, and so do inputs and outputs, so that a
device asks and reads the same. The pass is our own and short: converters at hand leave out single operators, not a
part, and wrap each of those in casts (LOG.md: 307 and 740 of them, where one at each border does: two for paper A's
network, six for the one that ships, whose three members each have their own).

Promises: a graph that gives every golden answer within ``TOLERANCE`` and with no label changed, on the CPU, or none.
Refuses nothing: ``try_mixed`` says why there is none.

Shape letters: N cycle, K class.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edge.encoder.cpu import CpuRung
from edge.encoder.golden import Golden, try_out
from edge.encoder.ladder import why_refused
from edge.errors import EncoderError

TOLERANCE: Final = 0.01
"""In logits and score; the reference model's measured gap is a tenth of it (edge/encoder/README.md)."""
HALVED: Final = ("/affect/", "/classifier/")
"""Scopes of the exporter whose operators are turned."""


@dataclass(frozen=True, slots=True)
class Mixed:
    """A mixed-precision graph and its largest difference to the golden answers on the CPU."""

    onnx: bytes
    gap: float


def try_mixed(float32: bytes, golden: Golden) -> Mixed | str:
    """The mixed-precision graph, or why there is none."""
    halved = mixed_bytes(float32)
    if halved is None:
        return f"a graph without operators in {' or '.join(HALVED)}"
    try:
        trial = try_out(CpuRung(halved), golden)
    except EncoderError as error:
        return error.found
    return why_refused(trial, TOLERANCE) or Mixed(halved, trial.gap)


def mixed_bytes(float32: bytes) -> bytes | None:
    """The graph with the operators and weights of ``HALVED`` in float16, a cast at each border; None without any."""
    model: Any = onnx.load_from_string(float32)
    graph = model.graph
    inside = [node for node in graph.node if node.name.startswith(HALVED) and node.op_type != "Constant"]
    if not inside:
        return None
    made_inside = {name for node in inside for name in node.output}
    made_outside = _floats_outside(float32, inside)
    weights = _halve_weights(graph, inside)
    casts_in = _borders(inside, made_outside - weights, "_half")
    outside = [node for node in graph.node if node not in inside]
    casts_out = _borders(outside, made_inside, "_single")
    _insert(graph, casts_in, TensorProto.FLOAT16, "_half")
    _insert(graph, casts_out, TensorProto.FLOAT, "_single")
    del graph.value_info[:]
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _floats_outside(float32: bytes, inside: list[Any]) -> set[str]:
    """Names of float32 tensors that the inside reads and the outside makes."""
    model = onnx.shape_inference.infer_shapes(onnx.load_from_string(float32))
    made = {name for node in inside for name in node.output}
    floats = {info.name for info in _infos(model.graph) if info.type.tensor_type.elem_type == TensorProto.FLOAT}
    return {name for node in inside for name in node.input if name in floats and name not in made}


def _infos(graph: Any) -> Iterator[Any]:
    yield from graph.value_info
    yield from graph.input


def _halve_weights(graph: Any, inside: list[Any]) -> set[str]:
    """Turn the initializers that the inside reads; nobody else may read them. Their names."""
    read = {name for node in inside for name in node.input}
    halved = set()
    for tensor in graph.initializer:
        if tensor.name in read and tensor.data_type == TensorProto.FLOAT:
            half = numpy_helper.to_array(tensor).astype(np.float16)
            tensor.CopyFrom(numpy_helper.from_array(half, tensor.name))
            halved.add(tensor.name)
    return halved


def _borders(readers: list[Any], made: set[str], suffix: str) -> list[str]:
    """Let ``readers`` read the cast of each tensor in ``made``; the tensors that were read."""
    crossed: dict[str, None] = {}
    for node in readers:
        for at, name in enumerate(node.input):
            if name in made:
                node.input[at] = name + suffix
                crossed[name] = None
    return list(crossed)


def _insert(graph: Any, names: list[str], to: int, suffix: str) -> None:
    """Put a cast right behind what makes each tensor, so that the nodes stay in order."""
    for name in names:
        at = next(at for at, node in enumerate(graph.node) if name in node.output)
        graph.node.insert(at + 1, helper.make_node("Cast", [name], [name + suffix], f"cast {name}", to=to))
