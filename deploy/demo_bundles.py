"""The two models of the demonstration: the one that ships with Quietstep under a higher version, and a broken one.

Promises: figures and provenance stay those of the shipped bundle, for it is the same graph. The broken one has weights
that are no numbers, with file sums that are right: a mistake of the trainer's side, which no signature finds.
Refuses a shipped bundle that is not whole (BundleError).
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

import edge.bundle
from edge.bundle import GRAPH, describe, read_bundle, write_manifest

SHIPPED: Final = Path(edge.bundle.__file__).parent / "models" / "reference"
_NO_NUMBERS: Final = b"\xff" * 1024
"""As float32, and as float16, NaN wherever a number begins."""


def same_model(folder: Path, version: str) -> Path:
    """The shipped bundle as ``version``, in a folder of its own below ``folder``."""
    return _as(folder, version, lambda _path: None)


def broken_model(folder: Path, version: str) -> Path:
    """The same with NaN for weights in the middle of each of its graphs."""
    return _as(folder, version, _spoil)


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
