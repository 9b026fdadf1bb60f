"""A stand-in for ``tensorrt`` 10 and 11: what we call, in the order it must be called, and nothing that 11 removed.

Recorded from NVIDIA's TensorRT Python API reference (10.13 and 11.4), its migration guide "Python Migration Patterns
for TensorRT 11.x" and "Removed Python APIs and Replacements" (11.4), and the samples of github.com/NVIDIA/TensorRT
(simple_progress_monitor, strongly_type_autocast):

- 10: ``create_network`` takes flags, STRONGLY_TYPED among them. 11: strong typing is always on, and
  ``BuilderFlag.FP16``, ``INT8``, ``BF16`` and the calibrators are gone.
- both: ``build_serialized_network`` and ``deserialize_cuda_engine`` give None on failure instead of raising; parsers
  keep their errors; ``set_optimization_profile_async``, ``set_input_shape``, ``set_tensor_address`` and
  ``execute_async_v3`` on the context; an engine takes plans of its own version and GPU only.

It computes with ONNX Runtime on the CPU. Faults come from the environment: FAKE_NVIDIA is one of "wrong", "no build",
"endless build", "nan:N", "hang:N", "crash:N", "false:N" (from the Nth inference on); FAKE_TENSORRT is the version.
"""

import ctypes
import enum
import os
import time
from types import SimpleNamespace

import numpy as np

from edge.encoder.runtime import onnxruntime

__version__ = os.environ.get("FAKE_TENSORRT", "10.13.3.9")
_MAGIC = f"fake plan {__version__.split('.')[0]} ".encode()
_MAJOR = int(__version__.split(".")[0])
_ROWS = {"x_NTJC": (64, 16, 3), "duration_s_N": (), "logits_NK": (4,), "ood_score_N": ()}


class Logger:
    ERROR = 1

    def __init__(self, severity: int) -> None:
        assert severity == Logger.ERROR


class MemoryPoolType(enum.Enum):
    WORKSPACE = 0


if _MAJOR == 10:

    class NetworkDefinitionCreationFlag(enum.IntEnum):
        EXPLICIT_BATCH = 0
        STRONGLY_TYPED = 1


class IProgressMonitor:
    def __init__(self) -> None:
        self.ready = True


class _Profile:
    def __init__(self) -> None:
        self.shapes: dict[str, tuple] = {}

    def set_shape(self, name: str, least: tuple, best: tuple, most: tuple) -> None:
        assert least == best == most
        self.shapes[name] = best


class _Config:
    def __init__(self) -> None:
        self.profiles: list[_Profile] = []
        self.limit = 0
        self.progress_monitor: IProgressMonitor | None = None

    def set_memory_pool_limit(self, pool: MemoryPoolType, n_bytes: int) -> None:
        assert pool is MemoryPoolType.WORKSPACE
        self.limit = n_bytes

    def add_optimization_profile(self, profile: _Profile) -> int:
        assert set(profile.shapes) == {"x_NTJC", "duration_s_N"}
        self.profiles.append(profile)
        return len(self.profiles) - 1


class Builder:
    def __init__(self, logger: Logger) -> None:
        assert isinstance(logger, Logger)

    def create_network(self, flags: int) -> SimpleNamespace:
        assert flags == (1 << 1 if _MAJOR == 10 else 0), "10 must be told to type strongly, 11 has no such flag"
        return SimpleNamespace(onnx=b"")

    def create_builder_config(self) -> _Config:
        return _Config()

    def create_optimization_profile(self) -> _Profile:
        return _Profile()

    def build_serialized_network(self, network: SimpleNamespace, config: _Config) -> bytes | None:
        assert network.onnx
        assert config.limit > 0
        assert [profile.shapes["duration_s_N"] for profile in config.profiles] == [(1,), (4,), (16,), (64,)]
        monitor = config.progress_monitor
        assert monitor is not None
        assert monitor.ready
        monitor.phase_start("Building", None, 2)
        if os.environ.get("FAKE_NVIDIA") == "endless build":
            time.sleep(3600)
        for step in range(2):
            assert monitor.step_complete("Building", step)
        monitor.phase_finish("Building")
        return None if os.environ.get("FAKE_NVIDIA") == "no build" else _MAGIC + network.onnx


class OnnxParser:
    def __init__(self, network: SimpleNamespace, logger: Logger) -> None:
        self._network = network
        self.num_errors = 0

    def parse(self, onnx: bytes) -> bool:
        self._network.onnx = onnx
        self.num_errors = int(not onnx)
        return bool(onnx)

    def get_error(self, n: int) -> str:
        return f"error {n}: no graph"


class Runtime:
    def __init__(self, logger: Logger) -> None:
        assert isinstance(logger, Logger)

    def deserialize_cuda_engine(self, plan: bytes) -> "_Engine | None":
        return _Engine(plan.removeprefix(_MAGIC)) if plan.startswith(_MAGIC) else None


class _Engine:
    def __init__(self, onnx: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])

    def create_execution_context(self) -> "_Context":
        return _Context(self.session)


class _Context:
    n_runs = 0

    def __init__(self, session: object) -> None:
        self._session = session
        self._profile: int | None = None
        self._shapes: dict[str, tuple] = {}
        self._addresses: dict[str, int] = {}

    def set_optimization_profile_async(self, profile: int, stream_handle: int) -> bool:
        assert stream_handle == 4242
        self._profile = profile
        return True

    def set_input_shape(self, name: str, shape: tuple) -> bool:
        assert self._profile is not None
        assert shape[0] == (1, 4, 16, 64)[self._profile]
        self._shapes[name] = shape
        return True

    def set_tensor_address(self, name: str, address: int) -> bool:
        assert isinstance(address, int)
        self._addresses[name] = address
        return name in _ROWS

    def execute_async_v3(self, stream_handle: int) -> bool:
        assert stream_handle == 4242
        assert set(self._addresses) == set(_ROWS)
        _Context.n_runs += 1
        feed = {name: self._view(name, shape) for name, shape in self._shapes.items()}
        logits, score = self._session.run(["logits_NK", "ood_score_N"], feed)
        logits, done = _broken(logits, _Context.n_runs)
        self._view("logits_NK", logits.shape)[:] = logits
        self._view("ood_score_N", score.shape)[:] = score
        return done

    def _view(self, name: str, shape: tuple) -> np.ndarray:
        pointer = ctypes.cast(self._addresses[name], ctypes.POINTER(ctypes.c_float))
        return np.ctypeslib.as_array(pointer, shape)


def _broken(logits: np.ndarray, n_runs: int) -> tuple[np.ndarray, bool]:
    fault, _, start = os.environ.get("FAKE_NVIDIA", "").partition(":")
    if n_runs < int(start or 0):
        return logits, True
    if fault == "wrong":
        return logits + np.float32(0.5), True
    if fault == "nan":
        return logits * np.float32("nan"), True
    if fault == "hang":
        time.sleep(3600)
    if fault == "crash":
        os.abort()
    return logits, fault != "false"
