"""One ONNX Runtime session on exactly one provider, checked, because ONNX Runtime falls back without a word.

Promises: one explicit session per rung; the wanted provider is the one in use, and no heavy operator runs outside
it; the graph's inputs and outputs are exactly the contract's. Refuses a graph with any other input or output (the
affect code must never be one).

Shape letters: N cycle, T time, J landmark, C coordinate, K class.
"""

from typing import Any, Final

from edge.encoder.answers import Floats, Raw
from edge.encoder.ladder import why_elsewhere
from edge.encoder.runtime import onnxruntime
from edge.errors import BundleError, EncoderError

INPUTS: Final = {"x_NTJC": [64, 16, 3], "duration_s_N": []}
OUTPUTS: Final = {"logits_NK": [4], "ood_score_N": []}
_SILENT: Final = 4
_RECORD: Final = "session.record_ep_graph_assignment_info"


class Session:
    """A checked session of one graph on one provider."""

    def __init__(self, onnx: bytes, provider: str, options: dict[str, str]) -> None:
        self._provider = provider
        self._session = _open(onnx, provider, options)
        reason = why_elsewhere(provider, self._session.get_providers(), _placed(self._session, provider))
        if reason:
            raise _failed(reason, provider)
        _refuse_other_ports("inputs", self._session.get_inputs(), INPUTS)
        _refuse_other_ports("outputs", self._session.get_outputs(), OUTPUTS)

    def run(self, x_NTJC: Floats, duration_s_N: Floats) -> Raw:
        """Answer for checked inputs in one call; raises EncoderError when the runtime fails."""
        feed = {"x_NTJC": x_NTJC, "duration_s_N": duration_s_N}
        try:
            logits_NK, ood_score_N = self._session.run(list(OUTPUTS), feed)
        except Exception as error:  # the runtime's own errors share no public parent class
            raise _failed("an inference that failed", self._provider) from error
        return Raw(logits_NK, ood_score_N)


def refuse_missing(provider: str) -> None:
    """Raise EncoderError unless the installed ONNX Runtime was built with ``provider``."""
    if onnxruntime is None:
        do = "Install one of the extras: quietstep[cpu] or quietstep[gpu]."
        raise EncoderError("no onnxruntime in this environment", "an inference runtime", do)
    if provider not in onnxruntime.get_available_providers():
        raise _failed(f"an onnxruntime {onnxruntime.__version__} without {provider}", provider)


def _open(onnx: bytes, provider: str, provider_options: dict[str, str]) -> Any:
    refuse_missing(provider)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _SILENT
    if provider != "CPUExecutionProvider":
        options.add_session_config_entry(_RECORD, "1")
    try:
        return onnxruntime.InferenceSession(onnx, options, providers=[(provider, provider_options)])
    except Exception as error:  # the runtime's own errors share no public parent class
        raise _failed("a graph that ONNX Runtime does not open", provider) from error


def _placed(session: Any, provider: str) -> dict[str, set[str]]:
    """The operators each provider got; empty for the CPU, which has nowhere to fall, and for older runtimes."""
    if provider == "CPUExecutionProvider" or not hasattr(session, "get_provider_graph_assignment_info"):
        return {}
    placed: dict[str, set[str]] = {}
    for part in session.get_provider_graph_assignment_info():
        placed.setdefault(part.ep_name, set()).update(node.op_type for node in part.get_nodes())
    return placed


def _refuse_other_ports(kind: str, ports: list[Any], wanted: dict[str, list[int]]) -> None:
    found = {port.name: list(port.shape[1:]) for port in ports}
    plain = all(port.type == "tensor(float)" and port.shape and not isinstance(port.shape[0], int) for port in ports)
    if found != wanted or not plain:
        do = "Use the bundle that came with Quietstep, or fetch this one again."
        raise BundleError(f"a graph with the {kind} {found}", f"float32 {kind} {wanted} for any n", do)


_DO: Final = {
    "CPUExecutionProvider": "Reinstall the inference runtime (quietstep[cpu]), or use the bundle that came with "
    "Quietstep.",
    "CUDAExecutionProvider": "Run: pip uninstall -y onnxruntime; pip install 'quietstep[gpu]' "
    "'onnxruntime-gpu[cuda,cudnn]' (a driver for CUDA 13 is needed).",
    "TensorrtExecutionProvider": "Run: pip uninstall -y onnxruntime; pip install 'quietstep[gpu]' (x86-64 only; "
    "TensorRT's libraries must be where the loader finds them).",
}


def _failed(found: str, provider: str) -> EncoderError:
    return EncoderError(found, f"an answer from {provider}", _DO[provider])
