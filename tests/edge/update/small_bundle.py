"""Bundles of a few kilobytes with every part a real one has, and archives that no honest publisher makes."""

import hashlib
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edge.bundle import Bundle, File, Manifest, read_bundle, read_manifest, write_manifest
from edge.config import REFERENCE_BUNDLE
from edge.update.archive import pack


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field of a protobuf message."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def onnx_file(weights: bytes = b"w" * 20_000, tensor: bytes = b"") -> bytes:
    """An ONNX model with one initializer (``raw_data`` is field 9 of a tensor)."""
    return field(7, field(5, field(9, weights) + tensor))


EXTERNAL = field(13, field(1, b"location") + field(2, b"/etc/passwd")) + b"\x70\x01"
"""external_data, and data_location = EXTERNAL."""


def make_bundle(folder: Path, version: str = "2.1.0", graph: bytes | None = None, **changes: object) -> Bundle:
    """A bundle that ``read_bundle`` takes, but for ``changes`` of its manifest."""
    folder.mkdir(parents=True)
    contents = {
        "encoder.onnx": onnx_file() if graph is None else graph,
        "golden.npz": hashlib.sha512(version.encode()).digest() * 40,
        "MODEL_CARD.md": f"model {version}\n".encode(),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    files = tuple(File(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in contents.items())
    manifest = msgspec.structs.replace(read_manifest(REFERENCE_BUNDLE), version=version, files=files, tolerance={})
    write_manifest(folder, msgspec.structs.replace(manifest, **changes))
    return read_bundle(folder) if not changes else Bundle(folder, read_manifest(folder))


def archive_of(bundle: Bundle) -> bytes:
    """Its archive."""
    out = io.BytesIO()
    pack(bundle, out)
    return out.getvalue()


def make_archive(folder: Path, version: str = "2.1.0", graph: bytes | None = None, **changes: object) -> bytes:
    """The archive of ``make_bundle``."""
    return archive_of(make_bundle(folder, version, graph, **changes))


@dataclass
class Member:
    """One member of a hostile archive."""

    name: str
    content: bytes = b""
    kind: bytes = tarfile.REGTYPE
    link: str = ""


def members_of(archive: bytes) -> list[Member]:
    """The members of an honest archive, to be spoilt."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return [Member(one.name, tar.extractfile(one).read()) for one in tar.getmembers()]  # type: ignore[union-attr]


def hostile_archive(members: list[Member], format: int = tarfile.USTAR_FORMAT) -> bytes:
    """Any members in any order, in an archive that tar itself takes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as tar:
        for member in members:
            info = tarfile.TarInfo(member.name)
            info.size, info.type, info.linkname = len(member.content), member.kind, member.link
            tar.addfile(info, io.BytesIO(member.content))
    return out.getvalue()


def with_manifest(members: list[Member], **changes: object) -> list[Member]:
    """The same with another manifest in front."""
    manifest = msgspec.json.decode(members[0].content, type=Manifest)
    content = msgspec.json.encode(msgspec.structs.replace(manifest, **changes))
    return [Member("manifest.json", content), *members[1:]]
