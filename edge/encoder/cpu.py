"""The lowest rung: ONNX Runtime on the CPU, one thread, nothing hidden.

Promises: one explicit session on ``CPUExecutionProvider``, checked after opening because ONNX Runtime falls back
silently; usage reports switched off; the graph's inputs and outputs are exactly the contract's. Refuses a graph
with any other input or output (the affect code must never be one).

Shape letters: N cycle, T time, J landmark, C coordinate, K class.
"""

from typing import Any, Final

from edge.encoder.answers import Floats, Raw
from edge.encoder.runtime import onnxruntime
from edge.errors import BundleError, EncoderError

PROVIDER: Final = "CPUExecutionProvider"
INPUTS: Final = {"x_NTJC": [64, 16, 3], "duration_s_N": []}
OUTPUTS: Final = {"logits_NK": [4], "ood_score_N": []}
_SILENT: Final = 4


class CpuRung:
    """A session on the CPU for the bytes of one verified graph."""

    name = "cpu"

    def __init__(self, onnx: bytes) -> None:
        self._session = _open(onnx)
        _refuse_other_provider(self._session.get_providers())
        _refuse_other_ports("inputs", self._session.get_inputs(), INPUTS)
        _refuse_other_ports("outputs", self._session.get_outputs(), OUTPUTS)

    def run(self, x_NTJC: Floats, duration_s_N: Floats) -> Raw:
        """Answer for checked inputs; raises EncoderError when the runtime fails."""
        feed = {"x_NTJC": x_NTJC, "duration_s_N": duration_s_N}
        try:
            logits_NK, ood_score_N = self._session.run(list(OUTPUTS), feed)
        except Exception as error:  # the runtime's own errors share no public parent class
            raise _failed("an inference that failed") from error
        return Raw(logits_NK, ood_score_N)


def _open(onnx: bytes) -> Any:
    if onnxruntime is None:
        do = "Install one of the extras: quietstep[cpu] or quietstep[gpu]."
        raise EncoderError("no onnxruntime in this environment", "an inference runtime", do)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _SILENT
    try:
        return onnxruntime.InferenceSession(onnx, options, providers=[PROVIDER])
    except Exception as error:  # the runtime's own errors share no public parent class
        raise _failed("a graph that ONNX Runtime does not open") from error


def _refuse_other_provider(providers: list[str]) -> None:
    if providers[:1] != [PROVIDER]:
        raise _failed(f"a session on {providers[:1]}")


def _refuse_other_ports(kind: str, ports: list[Any], wanted: dict[str, list[int]]) -> None:
    found = {port.name: list(port.shape[1:]) for port in ports}
    plain = all(port.type == "tensor(float)" and port.shape and not isinstance(port.shape[0], int) for port in ports)
    if found != wanted or not plain:
        do = "Use the bundle that came with Quietstep, or fetch this one again."
        raise BundleError(f"a graph with the {kind} {found}", f"float32 {kind} {wanted} for any n", do)


def _failed(found: str) -> EncoderError:
    do = "Reinstall the inference runtime (quietstep[cpu]), or use the bundle that came with Quietstep."
    return EncoderError(found, f"an answer from {PROVIDER}", do)
