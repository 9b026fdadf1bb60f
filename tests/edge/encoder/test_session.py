"""ONNX Runtime falls back without a word; a session that did is refused, so is one whose heavy work strayed."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import edge
from edge.bundle import GRAPH
from edge.encoder import open_encoder, opening, session
from edge.encoder.accelerated import cuda_options, tensorrt_options
from edge.encoder.climb import Silent
from edge.encoder.session import Session
from edge.errors import EncoderError
from edge.rungs import CPU, ONNX_TENSORRT, RUNGS, LadderSettings

REFERENCE = Path(edge.__file__).parent / "models" / "reference"
CUDA_PROVIDER = "CUDAExecutionProvider"


class FakeSession:
    """A session as ONNX Runtime 1.31 makes one on a machine without a driver: on the CPU, and without an error."""

    providers = ("CPUExecutionProvider",)
    placed = (("CPUExecutionProvider", ("Conv",)),)

    def __init__(self, onnx: bytes, options: object, providers: list[tuple[str, dict[str, str]]]) -> None:
        self.asked = providers

    def get_providers(self) -> list[str]:
        return list(self.providers)

    def get_provider_graph_assignment_info(self) -> list[SimpleNamespace]:
        nodes = {name: [SimpleNamespace(op_type=op) for op in ops] for name, ops in self.placed}
        return [SimpleNamespace(ep_name=name, get_nodes=lambda got=got: got) for name, got in nodes.items()]


class FellBack(FakeSession):
    pass


class Strayed(FakeSession):
    providers = (CUDA_PROVIDER, "CPUExecutionProvider")
    placed = ((CUDA_PROVIDER, ("Mul",)), ("CPUExecutionProvider", ("Conv", "Gather")))


class OutOfMemory(FakeSession):
    def __init__(self, *_arguments: object, **_more: object) -> None:
        raise RuntimeError("CUDA failure 2: out of memory")


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Callable[[type], None]:
    real = session.onnxruntime

    def use(kind: type) -> None:
        fake = SimpleNamespace(
            __version__="1.31.1",
            InferenceSession=kind,
            SessionOptions=real.SessionOptions,
            ExecutionMode=real.ExecutionMode,
            get_available_providers=lambda: [CUDA_PROVIDER, "CPUExecutionProvider"],
        )
        monkeypatch.setattr(session, "onnxruntime", fake)

    return use


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (FellBack, "a session on CPUExecutionProvider instead of CUDAExecutionProvider"),
        (Strayed, "Conv of the graph running outside CUDAExecutionProvider"),
        (OutOfMemory, "does not open"),
    ],
)
def test_a_session_that_is_not_what_was_asked_for_is_refused(
    runtime: Callable[[type], None], kind: type, reason: str
) -> None:
    runtime(kind)
    with pytest.raises(EncoderError, match=reason):
        Session(b"", CUDA_PROVIDER, cuda_options(512))


def test_a_provider_that_is_not_built_in_is_refused_before_any_session(runtime: Callable[[type], None]) -> None:
    runtime(FellBack)
    with pytest.raises(EncoderError, match=r"onnxruntime 1\.31\.1 without TensorrtExecutionProvider") as refusal:
        opening.refuse_not_installed(ONNX_TENSORRT)
    assert "quietstep[gpu]" in refusal.value.do


def test_where_no_accelerator_is_installed_every_rung_says_why_and_the_cpu_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session.onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    monkeypatch.setattr(opening, "_installed", lambda module: False)
    encoder = open_encoder(REFERENCE, LadderSettings(RUNGS), Silent())
    assert encoder.rung == CPU
    assert [refused.rung for refused in encoder.refused] == list(RUNGS[:3])
    assert all(refused.reason and refused.do for refused in encoder.refused)


def test_no_runtime_at_all_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "onnxruntime", None)
    with pytest.raises(EncoderError, match="no onnxruntime") as refusal:
        open_encoder(REFERENCE)
    assert "quietstep[cpu]" in refusal.value.do


def test_the_real_runtime_tells_where_each_operator_runs() -> None:
    """The proof against strays stands on this call of ONNX Runtime; it must not vanish unseen."""
    options = session.onnxruntime.SessionOptions()
    options.add_session_config_entry(session._RECORD, "1")
    opened = session.onnxruntime.InferenceSession(
        (REFERENCE / GRAPH).read_bytes(), options, providers=["CPUExecutionProvider"]
    )
    (cpu,) = {part.ep_name for part in opened.get_provider_graph_assignment_info()}
    operators = {node.op_type for part in opened.get_provider_graph_assignment_info() for node in part.get_nodes()}
    assert cpu == "CPUExecutionProvider"
    assert {"Gemm", "MatMul"} <= operators


def test_options_cap_the_memory_and_name_the_cache(tmp_path: Path) -> None:
    assert cuda_options(100)["gpu_mem_limit"] == str(100 * 1024 * 1024)
    assert cuda_options(100)["use_tf32"] == "0"
    options = tensorrt_options(100, tmp_path)
    assert options["trt_max_workspace_size"] == str(100 * 1024 * 1024)
    assert options["trt_engine_cache_path"] == str(tmp_path)
    assert options["trt_profile_max_shapes"] == "x_NTJC:64x64x16x3,duration_s_N:64"
    assert "trt_engine_cache_enable" not in tensorrt_options(100, None)


def test_one_cycle_or_many_on_the_cpu_are_the_same_answers() -> None:
    encoder = open_encoder(REFERENCE)
    rng = np.random.default_rng(0)
    with np.load(REFERENCE / "golden.npz") as golden:
        x, duration_s = np.concatenate([golden["x_NTJC"]] * 5), np.concatenate([golden["duration_s_N"]] * 5)
    x = (x + rng.normal(0.0, 0.01, x.shape)).astype(np.float32)
    together = encoder.encode(x, duration_s).posterior_NK
    alone = np.concatenate([encoder.encode(x[n : n + 1], duration_s[n : n + 1]).posterior_NK for n in range(len(x))])
    # The arc cosines of nearly straight joints make a last digit of a sum into a few of its neighbours' size.
    np.testing.assert_allclose(together, alone, atol=1e-5)
