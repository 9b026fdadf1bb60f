"""Open an accelerated rung in this process: engines from the store or built anew, provider options with a cap.

Promises: an engine is taken only under its very key and as it was sealed; one that the runtime refuses all the same
is removed and built once more; a store that cannot be written costs time, not the rung. Refuses what the rungs do.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from edge.encoder.answers import Floats, Raw, Rung
from edge.encoder.batches import SHAPES
from edge.encoder.device import MIB, Device, Facts
from edge.encoder.engine_key import EngineKey
from edge.encoder.engine_store import EngineStore
from edge.encoder.runtime import onnxruntime
from edge.encoder.session import Session, refuse_missing
from edge.encoder.tensorrt_native import TensorrtRung, build_plan, find_tensorrt
from edge.errors import EncoderError
from edge.rungs import CUDA, ONNX_TENSORRT, TENSORRT, RungSpec

PROVIDERS: Final = {ONNX_TENSORRT: "TensorrtExecutionProvider", CUDA: "CUDAExecutionProvider"}
_PLAN: Final = "engine.plan"

Tell = Callable[[str], None]


class SessionRung:
    """An accelerated provider of ONNX Runtime."""

    def __init__(self, name: str, session: Session) -> None:
        self.name = name
        self._session = session

    def run(self, x_NTJC: Floats, duration_s_N: Floats) -> Raw:
        """Answer for one of the fixed shapes; raises EncoderError when the runtime fails."""
        return self._session.run(x_NTJC, duration_s_N)

    def close(self) -> None:
        """Nothing to do: its process ends."""


def open_accelerated(spec: RungSpec, onnx: bytes, tell: Tell) -> Rung:
    """The rung of ``spec``; raises EncoderError with the reason why it cannot be had."""
    if spec.rung == TENSORRT:
        return _open_native(spec, onnx, tell)
    if spec.rung == ONNX_TENSORRT:
        return _open_onnx_tensorrt(spec, onnx, tell)
    if spec.rung == CUDA:
        _preload()
        return SessionRung(CUDA, Session(onnx, PROVIDERS[CUDA], cuda_options(spec.memory_mib)))
    raise EncoderError(f"no rung called {spec.rung}", "a rung that exists", "Mend rungs below [encoder].")


def _open_native(spec: RungSpec, onnx: bytes, tell: Tell) -> Rung:
    trt = find_tensorrt()
    device = Device()
    device.refuse_little_memory(spec.memory_mib)
    key = key_of(spec, device.facts(), f"TensorRT {trt.__version__}")
    store = _store(spec)
    found = store.find(key) if store else None
    if store and found:
        tell("opening the stored TensorRT engine")
        try:
            return TensorrtRung(trt, (found / _PLAN).read_bytes(), device)
        except EncoderError:
            store.discard(key)
    tell("building the TensorRT engine")
    plan = build_plan(trt, onnx, spec.memory_mib, tell)
    rung = TensorrtRung(trt, plan, device)
    if store and spec.keep_engines:
        _keep(store, key, lambda folder: _write(folder / _PLAN, plan), tell)
    return rung


def _open_onnx_tensorrt(spec: RungSpec, onnx: bytes, tell: Tell) -> Rung:
    refuse_missing(PROVIDERS[ONNX_TENSORRT])
    _preload()
    device = Device()
    device.refuse_little_memory(spec.memory_mib)
    key = key_of(spec, device.facts(), f"ONNX Runtime {onnxruntime.__version__}")
    store = _store(spec)
    found = store.find(key) if store else None
    if found:
        tell("opening the stored engine of ONNX Runtime")
        return _tensorrt_session(spec, onnx, found)
    tell("building the engine of ONNX Runtime's TensorRT provider")
    opened: list[Rung] = []
    if store and spec.keep_engines:
        _keep(store, key, lambda folder: opened.append(_tensorrt_session(spec, onnx, folder)), tell)
    return opened[0] if opened else _tensorrt_session(spec, onnx, None)


def _tensorrt_session(spec: RungSpec, onnx: bytes, engines: Path | None) -> Rung:
    options = tensorrt_options(spec.memory_mib, engines)
    return SessionRung(ONNX_TENSORRT, Session(onnx, PROVIDERS[ONNX_TENSORRT], options))


def tensorrt_options(memory_mib: int, engines: Path | None) -> dict[str, str]:
    """Options of ONNX Runtime's TensorRT provider: one profile over the batch shapes, capped, cached in ``engines``."""
    profile = {"min": SHAPES[0], "opt": SHAPES[-2], "max": SHAPES[-1]}
    options = {f"trt_profile_{which}_shapes": f"x_NTJC:{n}x64x16x3,duration_s_N:{n}" for which, n in profile.items()}
    options["trt_max_workspace_size"] = str(memory_mib * MIB)
    if engines:
        options |= {"trt_engine_cache_enable": "1", "trt_engine_cache_path": str(engines)}
    return options


def cuda_options(memory_mib: int) -> dict[str, str]:
    """Options of ONNX Runtime's CUDA provider: capped, and float32 means float32."""
    return {
        "gpu_mem_limit": str(memory_mib * MIB),
        "arena_extend_strategy": "kSameAsRequested",
        "cudnn_conv_algo_search": "HEURISTIC",
        "use_tf32": "0",
    }


def key_of(spec: RungSpec, facts: Facts, runtime: str) -> EngineKey:
    """What an engine built now would belong to."""
    return EngineKey(
        spec.rung, spec.sha256, runtime, facts.cuda, facts.driver, facts.gpu, spec.precision, shapes=SHAPES
    )


def _store(spec: RungSpec) -> EngineStore | None:
    return EngineStore(Path(spec.engines), spec.engines_mib * MIB) if spec.engines else None


def _keep(store: EngineStore, key: EngineKey, build: Callable[[Path], Any], tell: Tell) -> None:
    try:
        store.make(key, build)
    except OSError as error:
        tell(f"the engine cannot be kept ({error.strerror}); it will be built again")


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _preload() -> None:
    """Let ONNX Runtime find the CUDA libraries that pip installed beside it."""
    if hasattr(onnxruntime, "preload_dlls"):
        onnxruntime.preload_dlls()
