"""From a proven bundle to rungs: which graph in which precision, in this process or in one of its own.

Promises: the bytes that run are the bytes whose hash was proven, and no graph names data outside its file. A rung
whose library is not even installed is refused without starting a process. Refuses tolerances that cannot be meant.
"""

import hashlib
import importlib.util
import os
from typing import Final

from edge.bundle import GRAPH, MIXED_GRAPH, Bundle
from edge.encoder.accelerated import PROVIDERS
from edge.encoder.climb import Listener, Opened
from edge.encoder.cpu import CpuRung
from edge.encoder.isolated import IsolatedRung
from edge.encoder.ladder import FLOAT32, MIXED, precision_for, tolerance_is_sane
from edge.encoder.session import refuse_missing
from edge.errors import BundleError, EncoderError
from edge.external_data import refuse_external_data
from edge.rungs import ACCELERATED_ROOM_MIB, CPU, CPU_ROOM_MIB, TENSORRT, LadderSettings, RungSpec

_GRAPHS: Final = {FLOAT32: GRAPH, MIXED: MIXED_GRAPH}
_NATIVE_DO: Final = {
    "tensorrt": "On JetPack 7 run: sudo apt-get install python3-libnvinfer, and make the venv with "
    "--system-site-packages.",
    "cuda.bindings": "Run: pip install 'cuda-bindings>=13,<14'",
}


class Opener:
    """Opens the rungs of one bundle by name."""

    def __init__(self, bundle: Bundle, settings: LadderSettings, listener: Listener) -> None:
        self._bundle = bundle
        self._settings = settings
        self._listener = listener
        self._onnx = {name: proven_graph(bundle, name) for name in _GRAPHS.values() if bundle.file(name)}
        for precision in bundle.manifest.tolerance:
            self._tolerance(precision)
        self._tolerance(FLOAT32)

    def __call__(self, rung: str) -> Opened:
        """Open ``rung``; raises EncoderError with the reason why it cannot be had."""
        precision = precision_for(rung, self._bundle.manifest.tolerance, MIXED_GRAPH in self._onnx)
        tolerance = self._tolerance(precision)
        if rung == CPU and not self._settings.apart:
            return Opened(CpuRung(self._onnx[GRAPH]), precision, tolerance)
        refuse_not_installed(rung)
        spec = self._spec(rung, precision)
        return Opened(IsolatedRung(spec, self._settings.build_limit_s, self._listener.working), precision, tolerance)

    def _spec(self, rung: str, precision: str) -> RungSpec:
        name = _GRAPHS[precision]
        settings = self._settings
        return RungSpec(
            rung=rung,
            graph=str(self._bundle.path(name)),
            sha256=hashlib.sha256(self._onnx[name]).hexdigest(),
            precision=precision,
            memory_mib=settings.memory_mib,
            engines=settings.engines,
            engines_mib=settings.engines_mib,
            keep_engines=settings.keep_engines,
            line_fd=-1,
            parent_pid=os.getpid(),
            room_mib=CPU_ROOM_MIB if rung == CPU else ACCELERATED_ROOM_MIB,
        )

    def _tolerance(self, precision: str) -> float:
        tolerance = self._bundle.manifest.tolerance.get(precision)
        if tolerance is None or precision not in _GRAPHS or not tolerance_is_sane(precision, tolerance):
            found = f"the {precision} tolerance {tolerance}"
            raise _refusal(found, "float32 above 0 and at most 0.01, mixed at most 0.1")
        return tolerance


def refuse_not_installed(rung: str) -> None:
    """Raise EncoderError when what ``rung`` needs is not installed; loads nothing of an accelerator."""
    if rung in PROVIDERS:
        refuse_missing(PROVIDERS[rung])
    elif rung == TENSORRT:
        for module, do in _NATIVE_DO.items():
            if not _installed(module):
                raise EncoderError(f"no module {module}", "native TensorRT 10 or 11", do)


def proven_bytes(bundle: Bundle, name: str) -> bytes:
    """Read a file once and prove what was read, so that no swap between check and use goes unseen."""
    payload = bundle.path(name).read_bytes()
    listed = bundle.file(name)
    if listed is None or hashlib.sha256(payload).hexdigest() != listed.sha256:
        raise _refusal(f"{name} changed while it was read", "a bundle that nobody else writes to")
    return payload


def proven_graph(bundle: Bundle, name: str) -> bytes:
    """The proven bytes of a graph without external data."""
    onnx = proven_bytes(bundle, name)
    refuse_external_data(onnx)
    return onnx


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _refusal(found: str, wanted: str) -> BundleError:
    return BundleError(found, wanted, "Use the bundle that came with Quietstep, or fetch this one again.")
