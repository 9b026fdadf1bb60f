"""The rungs of the ladder by name, and the limits a home sets for them.

Promises: plain words and numbers; importing this brings neither numpy nor a runtime, so that settings and process
specifications can hold it. Refuses nothing: ``edge.config`` checks what a home writes.
"""

from typing import Final

import msgspec

TENSORRT: Final = "tensorrt"
ONNX_TENSORRT: Final = "onnx-tensorrt"
CUDA: Final = "cuda"
CPU: Final = "cpu"
RUNGS: Final = (TENSORRT, ONNX_TENSORRT, CUDA, CPU)
"""Tried in this order: native TensorRT, then ONNX Runtime's TensorRT, CUDA and CPU providers."""


class LadderSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which rungs, in which order, and within which limits.

    ``memory_mib`` caps what a rung may take on the accelerator, ``engines`` is the folder of built engines ("" for
    none: they are built anew each time), ``engines_mib`` caps that folder, ``build_limit_s`` is the longest a rung
    may take to open, an engine build included; without ``keep_engines`` stored ones are used and none is added.
    ``apart``: the CPU rung, too, runs in a process of its own, for a model that came over the network may crash it.
    """

    rungs: tuple[str, ...] = (CPU,)
    memory_mib: int = 512
    engines: str = ""
    engines_mib: int = 512
    build_limit_s: float = 900.0
    keep_engines: bool = True
    apart: bool = False


CPU_ROOM_MIB: Final = 512
ACCELERATED_ROOM_MIB: Final = 4096
"""What a rung's process may take of this machine's own memory; the reference model takes 70 MiB with its runtime."""
CPU_ONLY: Final = LadderSettings()


class RungSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a process of its own needs to open one rung."""

    rung: str
    graph: str
    sha256: str
    precision: str
    memory_mib: int
    engines: str
    engines_mib: int
    keep_engines: bool
    line_fd: int
    parent_pid: int
    room_mib: int
