"""Native TensorRT, versions 10 and 11, as JetPack ships it: build a plan, open one, answer for a fixed shape.

Not run on hardware: TensorRT's libraries could not be had where this was written. What it decides is tested against
a recorded contract of the interface (tests/edge/encoder/fake_nvidia), written down from NVIDIA's Python API
reference and its migration guide from 10 to 11.

Promises: strongly typed networks in both versions, so precision is the graph's; one optimisation profile per batch
shape, all three shapes equal. Refuses other versions, graphs that do not parse, and plans that are not TensorRT's.

Shape letters: N cycle, T time, J landmark, C coordinate, K class.
"""

import importlib
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from edge.affect import CLASSES
from edge.bundle import N_SAMPLES
from edge.encoder.answers import N_LANDMARKS, Floats, Raw
from edge.encoder.batches import SHAPES
from edge.encoder.device import MIB, Device
from edge.errors import EncoderError
from edge.rungs import TENSORRT

VERSIONS: Final = (10, 11)
_ROWS: Final[dict[str, tuple[int, ...]]] = {
    "x_NTJC": (N_SAMPLES, N_LANDMARKS, 3),
    "duration_s_N": (),
    "logits_NK": (len(CLASSES),),
    "ood_score_N": (),
}
_INPUTS: Final = ("x_NTJC", "duration_s_N")
_FLOAT_BYTES: Final = 4

Tell = Callable[[str], None]


def find_tensorrt() -> Any:
    """The ``tensorrt`` module; raises EncoderError when it is missing or of another version."""
    do = "On JetPack 7 run: sudo apt-get install python3-libnvinfer, and make the venv with --system-site-packages."
    try:
        trt = importlib.import_module("tensorrt")
    except (ImportError, OSError, RuntimeError) as error:
        raise _failed(f"no tensorrt module that loads ({error})", do) from error
    if int(trt.__version__.split(".")[0]) not in VERSIONS:
        raise _failed(f"TensorRT {trt.__version__}", "Install TensorRT 10 or 11.")
    return trt


def build_plan(trt: Any, onnx: bytes, memory_mib: int, tell: Tell) -> bytes:
    """A serialized engine for all batch shapes; raises EncoderError when the graph or the memory does not do."""
    logger = trt.Logger(trt.Logger.ERROR)
    builder = trt.Builder(logger)
    network = builder.create_network(_strongly_typed(trt))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(onnx):
        told = "; ".join(str(parser.get_error(n)) for n in range(parser.num_errors))
        raise _failed(f"a graph that TensorRT does not parse ({told[:200]})", _DO)
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, memory_mib * MIB)
    config.progress_monitor = _progress_monitor(trt, tell)
    for shape in SHAPES:
        config.add_optimization_profile(_profile(builder, shape))
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise _failed(f"no engine that TensorRT can build within {memory_mib} MiB", "Raise memory_mib, or free memory.")
    return bytes(plan)


class TensorrtRung:
    """An open plan; answers only for the fixed shapes."""

    name = TENSORRT

    def __init__(self, trt: Any, plan: bytes, device: Device) -> None:
        self._device = device
        self._runtime = trt.Runtime(trt.Logger(trt.Logger.ERROR))
        self._engine = self._runtime.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise _failed("an engine that TensorRT does not take", _DO)
        self._address = {name: device.room(SHAPES[-1] * _row_bytes(name)) for name in _ROWS}
        self._contexts = {shape: self._context(at, shape) for at, shape in enumerate(SHAPES)}
        device.wait()

    def run(self, x_NTJC: Floats, duration_s_N: Floats) -> Raw:
        """Answer for one of the fixed shapes; raises EncoderError when TensorRT or CUDA fails."""
        n = len(x_NTJC)
        inputs = dict(zip(_INPUTS, (np.ascontiguousarray(x_NTJC), np.ascontiguousarray(duration_s_N)), strict=True))
        for name, values in inputs.items():
            self._device.put(self._address[name], values)
        if not self._contexts[n].execute_async_v3(self._device.stream):
            raise _failed("an inference that failed", _DO)
        outputs = {name: np.empty((n, *_ROWS[name]), np.float32) for name in _ROWS if name not in inputs}
        for name, values in outputs.items():
            self._device.get(values, self._address[name])
        self._device.wait()
        return Raw(outputs["logits_NK"], outputs["ood_score_N"])

    def close(self) -> None:
        """Nothing to do: its process ends."""

    def _context(self, profile: int, shape: int) -> Any:
        context = self._engine.create_execution_context()
        if context is None:
            raise _failed("too little memory for an execution context", "Free memory on the accelerator.")
        context.set_optimization_profile_async(profile, self._device.stream)
        for name in _INPUTS:
            context.set_input_shape(name, (shape, *_ROWS[name]))
        for name, address in self._address.items():
            if not context.set_tensor_address(name, address):
                raise _failed(f"an engine without the tensor {name}", _DO)
        return context


def _strongly_typed(trt: Any) -> int:
    """Flags for create_network: 10 needs to be told, for 11 every network is strongly typed."""
    if int(trt.__version__.split(".")[0]) >= 11:
        return 0
    return 1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)


def _profile(builder: Any, shape: int) -> Any:
    profile = builder.create_optimization_profile()
    for name in _INPUTS:
        fixed = (shape, *_ROWS[name])
        profile.set_shape(name, fixed, fixed, fixed)
    return profile


def _progress_monitor(trt: Any, tell: Tell) -> Any:
    class Monitor(trt.IProgressMonitor):  # type: ignore[misc]  # its parent exists only where TensorRT does
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)
            self._steps: dict[str, int] = {}

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            self._steps[phase_name] = num_steps

        def step_complete(self, phase_name: str, step: int) -> bool:
            tell(f"building the TensorRT engine: {phase_name}, {step + 1} of {self._steps.get(phase_name, 0)}")
            return True

        def phase_finish(self, phase_name: str) -> None:
            self._steps.pop(phase_name, None)

    return Monitor()


def _row_bytes(name: str) -> int:
    return _FLOAT_BYTES * int(np.prod(_ROWS[name], dtype=np.int64))


_DO: Final = "Run: quietstep doctor; if it stays, take tensorrt out of rungs below [encoder]."


def _failed(found: str, do: str) -> EncoderError:
    return EncoderError(found, "an answer from TensorRT", do)
