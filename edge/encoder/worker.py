"""The far end of an isolated rung: opens it, then answers question by question.

Promises: what it opens has the hash it was told; whatever fails is said in one message, never answered with numbers.
On the CPU it cannot take more memory than its room (the kernel refuses). Refuses nothing of its own.
"""

import hashlib
import resource
import socket
from pathlib import Path

from edge.encoder.accelerated import open_accelerated
from edge.encoder.answers import Rung
from edge.encoder.batches import RunFixed, run_padded
from edge.encoder.cpu import CpuRung
from edge.encoder.exchange import Ask, Failed, Line, Ready, Working, answered, asked
from edge.errors import EncoderError, QuietstepError
from edge.rungs import CPU, RungSpec

_MIB = 1024 * 1024


def serve(spec: RungSpec, end: socket.socket) -> int:
    """Open the rung, then answer until the other end is gone; the exit code of the process."""
    line = Line(end)
    try:
        rung = _open(spec, line)
    except QuietstepError as error:
        line.send(Failed(error.found, error.do))
        return 1
    except MemoryError:
        line.send(Failed("too little memory to open it", "Close other programs, or lower memory_mib."))
        return 1
    line.send(Ready())
    return _answer(_any_number(rung), line)


def _open(spec: RungSpec, line: Line) -> Rung:
    onnx = Path(spec.graph).read_bytes()
    if hashlib.sha256(onnx).hexdigest() != spec.sha256:
        do = "Use the bundle that came with Quietstep, or fetch this one again."
        raise EncoderError("a graph that changed while it was read", "the proven bytes", do)
    if spec.rung == CPU:
        _stay_within(spec.room_mib)
        return CpuRung(onnx)
    return open_accelerated(spec, onnx, lambda stage: line.send(Working(stage)))


def _stay_within(room_mib: int) -> None:
    """From here on at most ``room_mib`` of address space beyond what the libraries took. A driver would need more."""
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = taken + room_mib * _MIB
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _any_number(rung: Rung) -> RunFixed:
    """An accelerated rung answers for fixed batch sizes only; the CPU takes any."""
    return rung.run if rung.name == CPU else lambda x_NTJC, duration_s_N: run_padded(rung.run, x_NTJC, duration_s_N)


def _answer(run: RunFixed, line: Line) -> int:
    while True:
        try:
            question = line.receive()
        except ConnectionError:
            return 0
        if not isinstance(question, Ask):
            return 1
        try:
            line.send(answered(run(*asked(question))))
        except EncoderError as error:
            line.send(Failed(error.found, error.do))
        except MemoryError:
            line.send(Failed("too little memory for an answer", "Use the bundle that came with Quietstep."))
