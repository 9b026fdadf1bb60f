"""Look into an ONNX file for external data before any runtime parses it.

Promises: ``refuse_external_data`` reads only the protobuf framing and follows only the paths on which a tensor can
lie. Refuses a graph in which any tensor names bytes outside the file (they can point anywhere on the disk), and a
file whose framing is broken. Needs no onnx package. Field numbers: onnx.proto of the ONNX project (IR version 10).
"""

from collections.abc import Iterator
from typing import Final

from edge.errors import BundleError

_LENGTH_DELIMITED: Final = 2
_FIXED_BYTES: Final = {1: 8, 5: 4}
_MAX_DEPTH: Final = 32
_CHILDREN: Final[dict[str, dict[int, str]]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_EXTERNAL_DATA: Final = 13
_DATA_LOCATION: Final = 14


def refuse_external_data(onnx: bytes) -> None:
    """Raise BundleError if a tensor of the graph lies outside the file, or the file is no protobuf."""
    try:
        _walk(memoryview(onnx), "model", 0)
    except (IndexError, KeyError, ValueError) as error:
        raise _refusal("a graph file that is not an ONNX model", "a whole ONNX file") from error


def _walk(message: memoryview, kind: str, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deeply")
    for field, value in _fields(message):
        if kind == "tensor" and (field == _EXTERNAL_DATA or (field == _DATA_LOCATION and value != 0)):
            raise _refusal("a graph with weights outside its file", "all weights inside the file")
        child = _CHILDREN[kind].get(field)
        if child is not None and isinstance(value, memoryview):
            _walk(value, child, depth + 1)


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        field, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(message, at)
            yield field, value
            continue
        size, at = _varint(message, at) if wire == _LENGTH_DELIMITED else (_FIXED_BYTES[wire], at)
        if at + size > len(message):
            raise ValueError("cut short")
        yield field, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a varint without end")


def _refusal(found: str, wanted: str) -> BundleError:
    return BundleError(found, wanted, "Use the bundle that came with Quietstep, or fetch this one again.")
