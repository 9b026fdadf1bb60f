"""The far end of an isolated rung: opens it, then answers question by question.

Promises: what it opens has the hash it was told; whatever fails is said in one message, never answered with numbers.
Refuses nothing of its own.
"""

import hashlib
import socket
from pathlib import Path

from edge.encoder.accelerated import open_accelerated
from edge.encoder.answers import Rung
from edge.encoder.batches import run_padded
from edge.encoder.exchange import Ask, Failed, Line, Ready, Working, answered, asked
from edge.errors import EncoderError, QuietstepError
from edge.rungs import RungSpec


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
    return _answer(rung, line)


def _open(spec: RungSpec, line: Line) -> Rung:
    onnx = Path(spec.graph).read_bytes()
    if hashlib.sha256(onnx).hexdigest() != spec.sha256:
        do = "Use the bundle that came with Quietstep, or fetch this one again."
        raise EncoderError("a graph that changed while it was read", "the proven bytes", do)
    return open_accelerated(spec, onnx, lambda stage: line.send(Working(stage)))


def _answer(rung: Rung, line: Line) -> int:
    while True:
        try:
            question = line.receive()
        except ConnectionError:
            return 0
        if not isinstance(question, Ask):
            return 1
        try:
            line.send(answered(run_padded(rung.run, *asked(question))))
        except EncoderError as error:
            line.send(Failed(error.found, error.do))
