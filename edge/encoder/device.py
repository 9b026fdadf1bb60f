"""The accelerator, as far as TensorRT needs it: who it is, room for the inputs and outputs, one stream.

Promises: every call's error code is looked at. Bindings are NVIDIA's cuda-bindings (``cuda.bindings.runtime``).
Refuses, with EncoderError, a machine without them, without a driver that works, or with too little free memory.
"""

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from edge.errors import EncoderError

_DRIVER: Final = Path("/sys/module/nvidia/version")
MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Facts:
    """Name and architecture of the accelerator, version of CUDA's runtime, and of the driver."""

    gpu: str
    cuda: str
    driver: str


class Device:
    """The first accelerator of this machine; raises EncoderError if there is none that works."""

    def __init__(self) -> None:
        try:
            self._cuda: Any = importlib.import_module("cuda.bindings.runtime")
        except ImportError as error:
            raise _failed("no cuda.bindings", "Run: pip install 'cuda-bindings>=13,<14'") from error
        if self._call("cudaGetDeviceCount") < 1:
            raise _failed("no accelerator", "Check with: nvidia-smi")
        self._call("cudaSetDevice", 0)
        self._stream: Any = self._call("cudaStreamCreate")

    @property
    def stream(self) -> int:
        """The handle of the one stream."""
        return int(self._stream)

    def facts(self) -> Facts:
        """Who this is, for the keys of engines."""
        properties = self._call("cudaGetDeviceProperties", 0)
        name = properties.name.decode(errors="replace").rstrip("\0")
        driver = str(self._call("cudaDriverGetVersion"))
        module = _DRIVER.read_text().strip() if _DRIVER.is_file() else "unknown"
        gpu = f"{name} sm_{properties.major}{properties.minor}"
        return Facts(gpu, str(self._call("cudaRuntimeGetVersion")), f"{driver}/{module}")

    def refuse_little_memory(self, wanted_mib: int) -> None:
        """Raise EncoderError when less than ``wanted_mib`` are free."""
        free, _total = self._call("cudaMemGetInfo")
        if free < wanted_mib * MIB:
            do = "Close what else uses it, or lower memory_mib below [encoder]."
            raise _failed(f"{free // MIB} MiB free on the accelerator, {wanted_mib} MiB needed", do)

    def room(self, n_bytes: int) -> int:
        """The address of ``n_bytes`` on the accelerator, for as long as this process lives."""
        return int(self._call("cudaMalloc", n_bytes))

    def put(self, address: int, values: np.ndarray) -> None:
        """Start copying to the accelerator."""
        kind = self._cuda.cudaMemcpyKind.cudaMemcpyHostToDevice
        self._call("cudaMemcpyAsync", address, values.ctypes.data, values.nbytes, kind, self._stream)

    def get(self, values: np.ndarray, address: int) -> None:
        """Start copying from the accelerator; ``values`` is right after ``wait``."""
        kind = self._cuda.cudaMemcpyKind.cudaMemcpyDeviceToHost
        self._call("cudaMemcpyAsync", values.ctypes.data, address, values.nbytes, kind, self._stream)

    def wait(self) -> None:
        """Until everything on the stream is done."""
        self._call("cudaStreamSynchronize", self._stream)

    def _call(self, name: str, *arguments: Any) -> Any:
        code, *answer = getattr(self._cuda, name)(*arguments)
        if int(code) != 0:
            do = "Check the driver with nvidia-smi; it must be new enough for CUDA 13."
            raise _failed(f"{name} failing with {getattr(code, 'name', code)}", do)
        return answer[0] if len(answer) == 1 else tuple(answer)


def _failed(found: str, do: str) -> EncoderError:
    return EncoderError(found, "an accelerator that works", do)
