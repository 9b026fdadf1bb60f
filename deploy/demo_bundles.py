"""The models of the demonstration: the one that ships with Quietstep under a higher version, and two that are broken.

Promises: figures and provenance stay those of the shipped bundle, for it is the same graph. One broken model has
weights that are no numbers; the other answers as the shipped one does until a gait cycle takes longer than `LONGEST_S`,
which no golden one does. File sums are right: mistakes of the trainer's side, which no signature finds.
Refuses a shipped bundle that is not whole (BundleError).
"""

import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

import edge.bundle
from edge.bundle import GRAPH, describe, read_bundle, write_manifest

SHIPPED: Final = Path(edge.bundle.__file__).parent / "models" / "reference"
LONGEST_S: Final = 1.7
_NO_NUMBERS: Final = b"\xff" * 1024
"""As float32, and as float16, NaN wherever a number begins."""
_OUTPUT: Final = b"ood_score_N"
_INNER: Final = b"ood_score_0"


def same_model(folder: Path, version: str) -> Path:
    """The shipped bundle as ``version``, in a folder of its own below ``folder``."""
    return _as(folder, version, lambda _path: None)


def broken_model(folder: Path, version: str) -> Path:
    """The same with NaN for weights in the middle of each of its graphs."""
    return _as(folder, version, _spoil)


def frail_model(folder: Path, version: str) -> Path:
    """The same, but no number for a gait cycle of more than `LONGEST_S` seconds."""
    return _as(folder, version, _make_frail)


def next_version(n: int) -> str:
    """The shipped version, ``n`` steps on."""
    major, minor, *_ = read_bundle(SHIPPED).manifest.version.split(".")
    return f"{major}.{int(minor) + n}.0"


def _as(folder: Path, version: str, change: Callable[[Path], None]) -> Path:
    shipped = read_bundle(SHIPPED)
    out = folder / f"{shipped.manifest.id}-{version}"
    out.mkdir(parents=True)
    for file in shipped.manifest.files:
        shutil.copyfile(SHIPPED / file.name, out / file.name)
        if Path(file.name).suffix == Path(GRAPH).suffix:
            change(out / file.name)
    files = tuple(describe(out / file.name) for file in shipped.manifest.files)
    write_manifest(out, msgspec.structs.replace(shipped.manifest, version=version, files=files))
    read_bundle(out)
    return out


def _spoil(graph: Path) -> None:
    data = bytearray(graph.read_bytes())
    middle = len(data) // 2
    data[middle : middle + len(_NO_NUMBERS)] = _NO_NUMBERS
    graph.write_bytes(data)


def _make_frail(graph: Path) -> None:
    """Put nought times the logarithm of (`LONGEST_S` - duration) on top of an output: nothing, or no number.

    A protobuf message that is written twice is merged, list by list, so what is appended here are nodes and tensors of
    the same graph. Field numbers: onnx.proto of the ONNX project (IR version 10).
    """
    data = graph.read_bytes().replace(_OUTPUT, _INNER, 1)  # of the node that makes it; the graph's output stands behind
    nodes = (
        (b"Sub", (b"frail_limit", b"duration_s_N"), b"frail_left"),
        (b"Log", (b"frail_left",), b"frail_log"),
        (b"Mul", (b"frail_log", b"frail_nought"), b"frail_nothing"),
        (b"Add", (_INNER, b"frail_nothing"), _OUTPUT),
    )
    more = b"".join(_field(1, _node(*node)) for node in nodes)
    more += _field(5, _scalar(b"frail_limit", LONGEST_S)) + _field(5, _scalar(b"frail_nought", 0.0))
    graph.write_bytes(data + _field(7, more))


def _node(kind: bytes, inputs: tuple[bytes, ...], output: bytes) -> bytes:
    return b"".join(_field(1, name) for name in inputs) + _field(2, output) + _field(4, kind)


def _scalar(name: bytes, value: float) -> bytes:
    return b"\x10\x01" + _field(8, name) + _field(9, struct.pack("<f", value))  # data_type 1: float32; no dimensions


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited field of a protobuf message."""
    length, size = len(content), bytearray()
    while length > 0x7F:
        size.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([number << 3 | 2, *size, length]) + content
