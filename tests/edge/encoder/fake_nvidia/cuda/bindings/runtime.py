"""A stand-in for ``cuda.bindings.runtime``: the nine calls we use, with host memory as the device's.

Recorded from the real cuda-bindings 13.5.0: every call returns a tuple whose first part is a ``cudaError_t``; without
a driver it is ``cudaErrorInsufficientDriver`` (35) and the rest is None; ``cudaDeviceProp.name`` is bytes.
Faults come from the environment (FAKE_NVIDIA): "no driver", "no memory".
"""

import ctypes
import enum
import os
from types import SimpleNamespace

_KEPT: list[ctypes.Array] = []


class cudaError_t(enum.IntEnum):
    cudaSuccess = 0
    cudaErrorMemoryAllocation = 2
    cudaErrorInsufficientDriver = 35


class cudaMemcpyKind(enum.IntEnum):
    cudaMemcpyHostToDevice = 1
    cudaMemcpyDeviceToHost = 2


class cudaStream_t:
    def __int__(self) -> int:
        return 4242


def _said(*answer: object) -> tuple:
    if os.environ.get("FAKE_NVIDIA") == "no driver":
        return (cudaError_t.cudaErrorInsufficientDriver, *(None for _ in answer))
    return (cudaError_t.cudaSuccess, *answer)


def cudaGetDeviceCount() -> tuple:
    return _said(1)


def cudaSetDevice(_device: int) -> tuple:
    return _said()


def cudaStreamCreate() -> tuple:
    return _said(cudaStream_t())


def cudaGetDeviceProperties(_device: int) -> tuple:
    return _said(SimpleNamespace(name=b"Fake Orin\0\0", major=8, minor=7))


def cudaDriverGetVersion() -> tuple:
    return (cudaError_t.cudaSuccess, int(os.environ.get("FAKE_DRIVER", "13000")))


def cudaRuntimeGetVersion() -> tuple:
    return (cudaError_t.cudaSuccess, 13050)


def cudaMemGetInfo() -> tuple:
    return _said(1024 * 1024 if os.environ.get("FAKE_NVIDIA") == "no memory" else 2**33, 2**34)


def cudaMalloc(n_bytes: int) -> tuple:
    _KEPT.append(ctypes.create_string_buffer(n_bytes))
    return _said(ctypes.addressof(_KEPT[-1]))


def cudaMemcpyAsync(to: int, source: int, n_bytes: int, _kind: int, _stream: cudaStream_t) -> tuple:
    ctypes.memmove(to, source, n_bytes)
    return _said()


def cudaStreamSynchronize(_stream: cudaStream_t) -> tuple:
    return _said()
