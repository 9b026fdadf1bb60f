"""A bundle as one file: an uncompressed tar with exactly one form, so that nothing in it has to be trusted.

Promises: ``pack`` writes the same bytes for the same bundle on every machine (USTAR, plain files, the manifest first,
then its files in its order). ``unpack`` takes only an archive that ``pack`` could have written: the manifest comes
first and fixes every later header to the byte, so no header is ever interpreted; each file is proven by length and
SHA-256 while it streams to disk, and graphs are searched for external data before any runtime sees them.
Refuses links, folders, devices, absolute and parent paths, members that are unlisted, missing, repeated or in another
order, bytes after the end, and payloads over 2 GiB. What is refused leaves a folder that its owner throws away.
"""

import hashlib
import re
import tarfile
from pathlib import Path
from typing import BinaryIO, Final

from edge.bundle import MANIFEST, Bundle, File, Manifest, read_manifest
from edge.durable import sync_file, sync_folder
from edge.errors import UpdateRefusedError
from edge.external_data import refuse_external_data
from edge.update.release import MAX_PAYLOAD_BYTES

BLOCK: Final = tarfile.BLOCKSIZE
MAX_MANIFEST_BYTES: Final = 1 << 20
MAX_FILES: Final = 64
_CHUNK: Final = 1 << 20
_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,98}"
_KINDS: Final = {tarfile.SYMTYPE: "a link", tarfile.LNKTYPE: "a link", tarfile.DIRTYPE: "a folder"}


def pack(bundle: Bundle, out: BinaryIO) -> int:
    """Write the archive of a verified bundle; returns its length. Raises UpdateRefusedError for what unpack refuses."""
    _refuse_unfit(bundle.manifest)
    length = (bundle.folder / MANIFEST).stat().st_size
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for file in (File(MANIFEST, length, ""), *bundle.manifest.files):
            with (bundle.folder / file.name).open("rb") as content:
                tar.addfile(_member(file.name, file.length), content)
    return packed_bytes(length, bundle.manifest)


def packed_bytes(manifest_length: int, manifest: Manifest) -> int:
    """Length of the archive of a bundle, without packing it."""
    used = _used_bytes(manifest_length, manifest) + 2 * BLOCK
    return -(-used // tarfile.RECORDSIZE) * tarfile.RECORDSIZE


def unpack(archive: BinaryIO, length: int, folder: Path) -> Manifest:
    """Unpack an archive of ``length`` bytes into the empty ``folder``; every file is on disk (fsync) on return.

    Raises UpdateRefusedError (BundleError where the manifest or a graph is at fault). OSError passes through.
    """
    if not 0 < length <= MAX_PAYLOAD_BYTES:
        raise _refusal(f"an archive of {length} bytes", "at most 2 GiB")
    manifest_length = _read_manifest_length(archive)
    _copy(archive, File(MANIFEST, manifest_length, ""), folder)
    manifest = read_manifest(folder)
    _refuse_unfit(manifest)
    if packed_bytes(manifest_length, manifest) != length:
        raise _refusal("an archive with members missing, too many or cut", "exactly the files its manifest lists")
    for file in manifest.files:
        _expect_header(_exactly(archive, BLOCK), file)
        _copy(archive, file, folder)
    _refuse_external(folder, manifest)
    _refuse_rest(archive, length - _used_bytes(manifest_length, manifest))
    sync_folder(folder)
    return manifest


def _member(name: str, length: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = length, 0o644
    return member


def _header(file: File) -> bytes:
    return _member(file.name, file.length).tobuf(tarfile.USTAR_FORMAT)


def _used_bytes(manifest_length: int, manifest: Manifest) -> int:
    lengths = (manifest_length, *(file.length for file in manifest.files))
    return sum(BLOCK + _padded(length) for length in lengths)


def _padded(length: int) -> int:
    return -(-length // BLOCK) * BLOCK


def _read_manifest_length(archive: BinaryIO) -> int:
    """The one length that is read from a header; the header must still be the one ``pack`` writes for it."""
    block = _exactly(archive, BLOCK)
    digits = block[124:135]  # field "size" of a USTAR header: octal, ended by NUL
    length = int(digits, 8) if re.fullmatch(rb"[0-7]{11}", digits) else -1
    if not 0 < length <= MAX_MANIFEST_BYTES:
        raise _refusal("an archive that does not begin with a manifest", f"{MANIFEST} of at most 1 MiB")
    _expect_header(block, File(MANIFEST, length, ""))
    return length


def _expect_header(block: bytes, file: File) -> None:
    if block == _header(file):
        return
    try:
        found = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.TarError:
        raise _refusal("bytes that are no header", f"the header of {file.name}") from None
    kind = "a file" if found.isreg() else _KINDS.get(found.type, "something that is no plain file")
    raise _refusal(f"{kind} named {found.name[:100]!r}", f"the plain file {file.name} of {file.length} bytes")


def _copy(archive: BinaryIO, file: File, folder: Path) -> None:
    """One member to disk; a SHA-256 of "" is not compared (the manifest itself)."""
    digest, left = hashlib.sha256(), file.length
    with (folder / file.name).open("xb") as out:
        while left:
            chunk = _exactly(archive, min(left, _CHUNK))
            digest.update(chunk)
            out.write(chunk)
            left -= len(chunk)
        sync_file(out)
    if file.sha256 and digest.hexdigest() != file.sha256:
        raise _refusal(f"{file.name} with another SHA-256", f"{file.sha256[:16]}…")
    if any(_exactly(archive, _padded(file.length) - file.length)):
        raise _refusal(f"bytes hidden after {file.name}", "zeros up to the next block")


def _exactly(archive: BinaryIO, n: int) -> bytes:
    data = archive.read(n)
    if len(data) != n:
        raise _refusal("an archive that is cut short", "the whole one")
    return data


def _refuse_rest(archive: BinaryIO, n_bytes: int) -> None:
    if any(_exactly(archive, n_bytes)) or archive.read(1):
        raise _refusal("bytes after the last file", "zeros up to the end of the record")


def _refuse_unfit(manifest: Manifest) -> None:
    names = [file.name for file in manifest.files]
    if len(names) > MAX_FILES or len({name.casefold() for name in names} | {MANIFEST}) != len(names) + 1:
        raise _refusal("a file list with repeats, or too long", f"each file once, at most {MAX_FILES}")
    for file in manifest.files:
        if not re.fullmatch(_NAME, file.name) or not re.fullmatch("[0-9a-f]{64}", file.sha256) or file.length < 0:
            raise _refusal(f"the listed file {file.name!r}", "a plain name, a length and a SHA-256")
    if sum(file.length for file in manifest.files) > MAX_PAYLOAD_BYTES:
        raise _refusal("a bundle of more than 2 GiB", "less")


def _refuse_external(folder: Path, manifest: Manifest) -> None:
    for file in manifest.files:
        if file.name.lower().endswith(".onnx"):
            refuse_external_data((folder / file.name).read_bytes())


def _refusal(found: str, wanted: str) -> UpdateRefusedError:
    return UpdateRefusedError(found, wanted, "Nothing was changed. Tell whoever publishes the updates.")
