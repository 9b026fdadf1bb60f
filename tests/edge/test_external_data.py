"""External data is found wherever ONNX allows a tensor; foreign inputs and outputs are refused."""

import numpy as np
import pytest

from edge.encoder.answers import Raw
from edge.encoder.cpu import CpuRung
from edge.errors import BundleError, EncoderError
from edge.external_data import refuse_external_data

onnx = pytest.importorskip("onnx", reason="building graphs needs onnx, from the extra quietstep[trainer]")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

X = helper.make_tensor_value_info("x_NTJC", TensorProto.FLOAT, ["N", 64, 16, 3])
DURATION = helper.make_tensor_value_info("duration_s_N", TensorProto.FLOAT, ["N"])
LOGITS = helper.make_tensor_value_info("logits_NK", TensorProto.FLOAT, ["N", 4])
SCORE = helper.make_tensor_value_info("ood_score_N", TensorProto.FLOAT, ["N"])


def weight(name: str = "w", external: bool = False):
    tensor = numpy_helper.from_array(np.arange(4, dtype=np.float32).reshape(1, 4), name)
    if external:
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        entry = tensor.external_data.add()
        entry.key, entry.value = "location", "../../etc/passwd"
    return tensor


def model(nodes=(), initializers=(), outputs=(LOGITS, SCORE), inputs=(X, DURATION)):
    axis = numpy_helper.from_array(np.array([1], dtype=np.int64), "axis")
    usual = [
        helper.make_node("Unsqueeze", ["duration_s_N", "axis"], ["column"]),
        helper.make_node("MatMul", ["column", "w"], ["logits_NK"]),
        helper.make_node("Log", ["duration_s_N"], ["ood_score_N"]),
    ]
    tensors = [axis, *(initializers or [weight()])]
    graph = helper.make_graph([*usual, *nodes], "g", list(inputs), list(outputs), tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def in_a_constant(tensor):
    return model([helper.make_node("Constant", [], ["c"], value=tensor)])


def in_a_subgraph(tensor):
    flag = helper.make_node("Constant", [], ["flag"], value=numpy_helper.from_array(np.array(True)))
    out = helper.make_tensor_value_info("o", TensorProto.FLOAT, [1, 4])
    branch = helper.make_graph([helper.make_node("Identity", [tensor.name], ["o"])], "b", [], [out], [tensor])
    return model([flag, helper.make_node("If", ["flag"], ["maybe"], then_branch=branch, else_branch=branch)])


def in_a_sparse_tensor(tensor):
    proto = model()
    sparse = proto.graph.sparse_initializer.add()
    sparse.values.CopyFrom(tensor)
    return proto


def in_a_function(tensor):
    proto = model()
    body = [helper.make_node("Constant", [], ["y"], value=tensor)]
    proto.functions.append(helper.make_function("local", "f", [], ["y"], body, [helper.make_opsetid("", 17)]))
    return proto


def in_an_initializer(tensor):
    return model(initializers=[weight(), tensor])


PLACES = [in_an_initializer, in_a_constant, in_a_subgraph, in_a_sparse_tensor, in_a_function]


@pytest.mark.parametrize("place", PLACES)
def test_external_data_is_refused_wherever_it_hides(place) -> None:
    with pytest.raises(BundleError, match="outside its file"):
        refuse_external_data(place(weight("hidden", external=True)).SerializeToString())


@pytest.mark.parametrize("place", PLACES)
def test_inner_weights_are_fine_in_the_same_places(place) -> None:
    refuse_external_data(place(weight("plain")).SerializeToString())


def test_a_graph_cut_short_is_refused() -> None:
    whole = model().SerializeToString()
    with pytest.raises(BundleError, match="not an ONNX model"):
        refuse_external_data(whole[:-3])


def test_the_contract_graph_opens() -> None:
    raw = CpuRung(model().SerializeToString()).run(np.zeros((2, 64, 16, 3), np.float32), np.ones(2, np.float32))
    assert isinstance(raw, Raw)
    np.testing.assert_allclose(raw.logits_NK, [[0, 1, 2, 3]] * 2)


def test_a_graph_that_gives_out_a_code_is_refused() -> None:
    code = helper.make_tensor_value_info("column", TensorProto.FLOAT, ["N", 1])
    with pytest.raises(BundleError, match="outputs"):
        CpuRung(model(outputs=(LOGITS, SCORE, code)).SerializeToString())


def test_a_graph_for_one_cycle_only_is_refused() -> None:
    fixed = helper.make_tensor_value_info("x_NTJC", TensorProto.FLOAT, [1, 64, 16, 3])
    with pytest.raises(BundleError, match="inputs"):
        CpuRung(model(inputs=(fixed, DURATION)).SerializeToString())


def test_a_score_without_a_cycle_axis_is_refused() -> None:
    lone = helper.make_tensor_value_info("ood_score_N", TensorProto.FLOAT, [])
    with pytest.raises((BundleError, EncoderError)):
        CpuRung(model(outputs=(LOGITS, lone)).SerializeToString())


def test_an_operator_the_runtime_lacks_is_an_encoder_error() -> None:
    strange = helper.make_node("NoSuchOperator", ["duration_s_N"], ["z"])
    with pytest.raises(EncoderError, match="does not open"):
        CpuRung(model([strange]).SerializeToString())
