"""Bundles to try: honest ones, and ones whose graph is bad in a named way, everywhere or only for live cycles.

A small graph (where the landmarks are on average, times random weights) stands for a network; its golden answers are
its own. ``live`` graphs prove themselves and turn bad for a cycle longer than any golden one.

Shape letters: N cycle, T time, J landmark, C coordinate, K class.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from edge.bundle import GOLDEN, GRAPH, describe, read_bundle, read_manifest, write_manifest
from edge.config import REFERENCE_BUNDLE
from edge.encoder.cpu import CpuRung

onnx = pytest.importorskip("onnx", reason="building graphs needs onnx, from the extra quietstep[trainer]")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

LIVE_S = 3.0
"""Cycles longer than this come from nobody's golden answers."""
Make = Callable[..., Path]
node = helper.make_node


def tensor(name: str, values: object, dtype: type = np.float32):
    return numpy_helper.from_array(np.array(values, dtype=dtype), name)


def repeated(n_times: int, name: str):
    """``logits`` times one, ``n_times`` over: it takes as long as one wants, and gives the same."""
    body = helper.make_graph(
        [node("Identity", ["on"], ["on_out"]), node("MatMul", ["state", "eye"], ["state_out"])],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state", TensorProto.FLOAT, ["N", 256]),
        ],
        [
            helper.make_tensor_value_info("on_out", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state_out", TensorProto.FLOAT, ["N", 256]),
        ],
    )
    wide = tensor("wide", np.eye(4, 256))
    narrow = tensor("narrow", np.eye(256, 4))
    eye = tensor("eye", np.eye(256))
    nodes = [
        node("MatMul", ["logits", "wide"], ["state_0"]),
        node("Loop", ["n_times", "yes", "state_0"], ["state_n"], body=body),
        node("MatMul", ["state_n", "narrow"], [name]),
    ]
    return nodes, [wide, narrow, eye, tensor("n_times", n_times, np.int64), tensor("yes", True, np.bool_)]


def bad(kind: str, name: str):
    """Nodes and tensors that make ``name`` (N, 4) out of ``logits`` in a bad way."""
    if kind == "nan":
        return [node("Mul", ["logits", "nan"], [name])], [tensor("nan", np.nan)]
    if kind == "constant":
        return [node("Mul", ["logits", "nought"], [name])], [tensor("nought", 0.0)]
    if kind == "crash":  # the rest of the least whole number by minus one: x86 ends the process (SIGFPE)
        nodes = [
            node("Cast", ["logits"], ["whole"], to=TensorProto.INT32),
            node("Sub", ["whole", "whole"], ["zero"]),
            node("Add", ["zero", "least"], ["lowest"]),
            node("Mod", ["lowest", "minus"], ["never"]),
            node("Cast", ["never"], [name], to=TensorProto.FLOAT),
        ]
        return nodes, [tensor("least", -(2**31), np.int32), tensor("minus", -1, np.int32)]
    if kind == "wrong shape":
        return [node("Concat", ["logits", "logits"], [name], axis=0)], []
    if kind == "too large":  # 4 GiB at once
        nodes = [
            node("ReduceMax", ["logits", "one"], ["widest"]),
            node("Expand", ["widest", "huge"], ["spread"]),
            node("ReduceMean", ["spread", "one"], ["mean"]),
            node("Mul", ["mean", "nought"], ["nothing"]),
            node("Add", ["logits", "nothing"], [name]),
        ]
        return nodes, [tensor("one", [1], np.int64), tensor("huge", [1, 1 << 30], np.int64), tensor("nought", 0.0)]
    if kind == "other labels":
        return [node("Gather", ["logits", "turned"], [name], axis=1)], [tensor("turned", [1, 2, 3, 0], np.int64)]
    return repeated({"slow": 250_000, "hang": 1 << 40}[kind], name)


def graph(kind: str, live: bool, seed: int):
    """A whole model; ``kind`` "" is honest."""
    rng = np.random.default_rng(seed)
    w_DK = rng.normal(size=(48, 4)) * 20
    with np.load(REFERENCE_BUNDLE / GOLDEN) as arrays:
        middle_D = arrays["x_NTJC"].mean(axis=(0, 1)).reshape(48)
    weights = [tensor("axis", [1], np.int64), tensor("w", w_DK), tensor("middle", middle_D @ w_DK)]
    nodes = [
        node("ReduceMean", ["x_NTJC", "axis"], ["mean_NJC"], keepdims=0),
        node("Flatten", ["mean_NJC"], ["mean_ND"]),
        node("MatMul", ["mean_ND", "w"], ["uneven"]),
        node("Sub", ["uneven", "middle"], ["logits"]),
        node("Mul", ["duration_s_N", "small"], ["ood_score_N"]),
    ]
    weights += [tensor("small", 1e-3)]
    if not kind:
        nodes += [node("Identity", ["logits"], ["logits_NK"])]
    elif not live:
        more, tensors = bad(kind, "logits_NK")
        nodes, weights = nodes + more, weights + tensors
    else:
        more, tensors = bad(kind, "bad")
        out = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("bad", "good")]
        then = helper.make_graph(more, "then", [], out[:1])
        other = helper.make_graph([node("Identity", ["logits"], ["good"])], "other", [], out[1:])
        weights += [*tensors, tensor("limit", LIVE_S)]
        nodes += [
            node("ReduceMax", ["duration_s_N"], ["longest"], keepdims=0),
            node("Greater", ["longest", "limit"], ["live"]),
            node("If", ["live"], ["logits_NK"], then_branch=then, else_branch=other),
        ]
    ports = [("x_NTJC", ["N", 64, 16, 3]), ("duration_s_N", ["N"]), ("logits_NK", ["N", 4]), ("ood_score_N", ["N"])]
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in ports]
    whole = helper.make_graph(nodes, "g", infos[:2], infos[2:], weights)
    return helper.make_model(whole, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


@pytest.fixture(scope="session")
def make_bundle(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """``make_bundle(kind="", live=False, version="3.0.0", model_id="tried", seed=0)``: the folder of a bundle."""

    def make(
        kind: str = "", *, live: bool = False, version: str = "3.0.0", model_id: str = "tried", seed: int = 0
    ) -> Path:
        folder = tmp_path_factory.mktemp("bundle")
        manifest = read_manifest(REFERENCE_BUNDLE)
        (folder / GRAPH).write_bytes(graph(kind, live, seed).SerializeToString())
        shutil.copy(REFERENCE_BUNDLE / GOLDEN, folder / GOLDEN)
        honest = kind if kind == "constant" and not live else ""
        with np.load(REFERENCE_BUNDLE / GOLDEN) as arrays:
            x_NTJC, duration_s_N = arrays["x_NTJC"], arrays["duration_s_N"]
        assert duration_s_N.max() < LIVE_S
        said = CpuRung(graph(honest, False, seed).SerializeToString()).run(x_NTJC, duration_s_N)
        np.savez(
            folder / GOLDEN,
            x_NTJC=x_NTJC,
            duration_s_N=duration_s_N,
            **{"logits_NK": said.logits_NK, "ood_score_N": said.ood_score_N},
        )
        files = tuple(describe(folder / name) for name in (GRAPH, GOLDEN))
        changes = {"files": files, "id": model_id, "version": version, "tolerance": {"float32": 1e-4}}
        write_manifest(folder, msgspec.structs.replace(manifest, **changes))
        read_bundle(folder)
        return folder

    return make
