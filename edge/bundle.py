"""The model bundle: a folder with a manifest, a graph and its golden answers.

Promises: ``read_bundle`` returns only a folder in which every file is listed, has the length and SHA-256 the
manifest says, and fits this version of Quietstep; files are proven before any parser sees a byte of them.
Refuses links, folders, absolute or parent paths, unlisted files, and anything the manifest's schema does not know.
"""

import hashlib
from pathlib import Path
from typing import Final

import msgspec

from edge.affect import CLASSES
from edge.errors import BundleError

SCHEMA: Final = 1
TOPOLOGY: Final = "quietstep16"
N_SAMPLES: Final = 64
EDGE_VERSION: Final = (0, 1, 0)
MANIFEST: Final = "manifest.json"
GRAPH: Final = "encoder.onnx"
MIXED_GRAPH: Final = "encoder.mixed.onnx"
"""The same network partly in float16; optional, and used where ``tolerance`` has an entry "mixed"."""
GOLDEN: Final = "golden.npz"
_MAX_BYTES: Final = 512 * 1024 * 1024
_CHUNK: Final = 1 << 20


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of the bundle: plain name, length in bytes, SHA-256 in hexadecimal."""

    name: str
    length: int
    sha256: str


class Normaliser(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """z-score statistics of the training people per landmark and axis (metres); applied inside the graph."""

    mean_JC: tuple[tuple[float, float, float], ...]
    std_JC: tuple[tuple[float, float, float], ...]


class Figure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One measured figure with its interval, and how it was measured."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a bundle says of itself; the contract of ``design.md``, one field each."""

    schema: int
    id: str
    version: str
    topology: str
    n_samples: int
    classes: tuple[str, ...]
    normaliser: Normaliser
    temperature: float
    ood_threshold: float
    files: tuple[File, ...]
    provenance: tuple[str, ...]
    evaluation: tuple[Figure, ...]
    privacy: tuple[Figure, ...]
    min_edge_version: str
    tolerance: dict[str, float]


class Bundle(msgspec.Struct, frozen=True):
    """A verified bundle: its folder and manifest."""

    folder: Path
    manifest: Manifest

    def path(self, name: str) -> Path:
        """Path of a listed file; raises BundleError if the manifest does not list it."""
        if name not in {file.name for file in self.manifest.files}:
            raise _refusal(self.folder, f"no {name} in its manifest", f"a bundle that lists {name}")
        return self.folder / name

    def file(self, name: str) -> File | None:
        """What the manifest says of a file, or None."""
        return next((file for file in self.manifest.files if file.name == name), None)


def read_bundle(folder: Path) -> Bundle:
    """Read and verify the bundle in ``folder``; raises BundleError with a sentence for every refusal."""
    manifest = read_manifest(folder)
    _refuse_unlisted(folder, manifest)
    for file in manifest.files:
        _verify(folder, file)
    _refuse_unfit(folder, manifest)
    return Bundle(folder, manifest)


def read_manifest(folder: Path) -> Manifest:
    """Decode ``manifest.json``; unknown or missing fields are refused."""
    path = folder / MANIFEST
    if not path.is_file() or path.is_symlink():
        raise _refusal(folder, f"no {MANIFEST}", "a folder with a manifest")
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _refusal(folder, f"a manifest that does not decode ({error})", f"schema {SCHEMA}") from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``manifest`` into ``folder``, readable by people."""
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    (folder / MANIFEST).write_bytes(text + b"\n")


def describe(path: Path) -> File:
    """Length and SHA-256 of one file, as the manifest lists it."""
    return File(path.name, path.stat().st_size, _sha256(path))


def _refuse_unlisted(folder: Path, manifest: Manifest) -> None:
    listed = [file.name for file in manifest.files]
    if len(set(listed)) != len(listed) or not {GRAPH, GOLDEN} <= set(listed):
        raise _refusal(folder, "a file list with gaps or repeats", f"{GRAPH} and {GOLDEN}, each file once")
    extra = {entry.name for entry in folder.iterdir()} - set(listed) - {MANIFEST}
    if extra:
        raise _refusal(folder, f"unlisted files ({', '.join(sorted(extra))})", "only what the manifest lists")


def _verify(folder: Path, file: File) -> None:
    if Path(file.name).name != file.name or file.name in {"", ".", "..", MANIFEST}:
        raise _refusal(folder, f"the file name {file.name!r}", "plain names inside the folder")
    path = folder / file.name
    if path.is_symlink() or not path.is_file():
        raise _refusal(folder, f"no plain file {file.name}", "every listed file, and no links")
    size = path.stat().st_size
    if size != file.length or size > _MAX_BYTES:
        raise _refusal(folder, f"{file.name} with {size} bytes", f"{file.length} bytes")
    if _sha256(path) != file.sha256:
        raise _refusal(folder, f"{file.name} with another SHA-256", f"{file.sha256[:16]}…")


def _refuse_unfit(folder: Path, manifest: Manifest) -> None:
    said = (manifest.schema, manifest.topology, manifest.n_samples, manifest.classes)
    wanted = (SCHEMA, TOPOLOGY, N_SAMPLES, CLASSES)
    for name, found, want in zip(("schema", "topology", "n_samples", "classes"), said, wanted, strict=True):
        if found != want:
            raise _refusal(folder, f"{name} {found!r}", f"{name} {want!r}")
    if _version(folder, manifest.min_edge_version) > EDGE_VERSION:
        here = ".".join(map(str, EDGE_VERSION))
        raise _refusal(folder, f"a bundle for Quietstep {manifest.min_edge_version}", f"one for {here} or older")


def _version(folder: Path, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split("."))
    except ValueError:
        raise _refusal(folder, f"min_edge_version {text!r}", "a version such as 0.1.0") from None


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _refusal(folder: Path, found: str, wanted: str) -> BundleError:
    do = "Use the bundle that came with Quietstep, or fetch this one again."
    return BundleError(f"{found} in the model bundle {folder}", wanted, do)
