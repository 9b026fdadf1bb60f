"""The archive: the same bytes everywhere, taken back whole; every other archive is refused before it is believed."""

import io
import tarfile
from pathlib import Path

import msgspec
import pytest

from edge.bundle import File, read_bundle
from edge.config import REFERENCE_BUNDLE
from edge.errors import BundleError, UpdateRefusedError
from edge.update import archive as archive_module
from edge.update.archive import pack, packed_bytes, unpack
from edge.update.check_update import Staged
from tests.edge.update.conftest import TARGET, Home
from tests.edge.update.small_bundle import (
    EXTERNAL,
    Member,
    archive_of,
    hostile_archive,
    make_archive,
    make_bundle,
    members_of,
    onnx_file,
    with_manifest,
)


def refused(archive: bytes, folder: Path, error: type[Exception] = UpdateRefusedError) -> str:
    folder.mkdir()
    with pytest.raises(error) as caught:
        unpack(io.BytesIO(archive), len(archive), folder)
    return str(caught.value)


def test_the_reference_goes_through_and_comes_back(tmp_path: Path) -> None:
    bundle, out = read_bundle(REFERENCE_BUNDLE), io.BytesIO()
    length = pack(bundle, out)
    assert (
        length
        == len(out.getvalue())
        == packed_bytes((REFERENCE_BUNDLE / "manifest.json").stat().st_size, bundle.manifest)
    )
    unpack(io.BytesIO(out.getvalue()), length, tmp_path)
    assert read_bundle(tmp_path).manifest == bundle.manifest
    assert archive_of(bundle) == out.getvalue()


def test_any_tar_can_read_it_and_says_who_made_it_nothing(archive: bytes) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        members = tar.getmembers()
    assert members[0].name == "manifest.json"
    assert {(one.mtime, one.mode, one.uid, one.gid, one.uname, one.gname) for one in members} == {
        (0, 0o644, 0, 0, "", "")
    }


def test_the_simulated_hostile_archive_is_taken_when_nothing_is_hostile(archive: bytes, tmp_path: Path) -> None:
    same = hostile_archive(members_of(archive))
    assert same == archive
    unpack(io.BytesIO(same), len(same), tmp_path)


HOSTILE = {
    "a link for a file": lambda m: [m[0], Member("encoder.onnx", kind=tarfile.SYMTYPE, link="/etc/passwd"), *m[2:]],
    "a hard link": lambda m: [m[0], Member("encoder.onnx", kind=tarfile.LNKTYPE, link="manifest.json"), *m[2:]],
    "a link added": lambda m: [*m, Member("more", kind=tarfile.SYMTYPE, link="/etc")],
    "a folder": lambda m: [m[0], Member("sub", kind=tarfile.DIRTYPE), *m[1:]],
    "a device": lambda m: [m[0], Member("null", kind=tarfile.CHRTYPE), *m[1:]],
    "a fifo first": lambda m: [Member("manifest.json", kind=tarfile.FIFOTYPE), *m],
    "an absolute path": lambda m: [m[0], Member("/tmp/encoder.onnx", m[1].content), *m[2:]],
    "a parent path": lambda m: [m[0], Member("../encoder.onnx", m[1].content), *m[2:]],
    "an unlisted member": lambda m: [*m, Member("more.bin", b"x")],
    "an unlisted member first": lambda m: [Member("more.bin", b"x"), *m],
    "a missing member": lambda m: m[:-1],
    "a member twice": lambda m: [*m, m[1]],
    "the manifest twice": lambda m: [m[0], *m],
    "another order": lambda m: [m[0], m[2], m[1], *m[3:]],
    "the manifest last": lambda m: [*m[1:], m[0]],
    "no manifest": lambda m: m[1:],
    "nothing": lambda m: [],
    "another content": lambda m: [m[0], Member(m[1].name, m[1].content[::-1]), *m[2:]],
    "a shorter content": lambda m: [m[0], Member(m[1].name, m[1].content[:-512]), *m[2:]],
}


@pytest.mark.parametrize("spoil", HOSTILE.values(), ids=HOSTILE)
def test_hostile_members_are_refused(archive: bytes, tmp_path: Path, spoil) -> None:  # type: ignore[no-untyped-def]
    refused(hostile_archive(spoil(members_of(archive))), tmp_path / "new")
    assert {path.name for path in (tmp_path / "new").iterdir()} <= {
        "manifest.json",
        "encoder.onnx",
        "golden.npz",
        "MODEL_CARD.md",
    }
    assert not [path for path in (tmp_path / "new").iterdir() if path.is_symlink() or not path.is_file()]


@pytest.mark.parametrize(
    "name", ["../x", "/x", "..", ".", "", "a/b", "a\\b", ".hidden", "manifest.json", "MANIFEST.json", "x" * 100, "ü"]
)
def test_listed_names_that_are_no_plain_names(archive: bytes, tmp_path: Path, name: str) -> None:
    members = members_of(archive)
    file = File(name, 1, "0" * 64)
    listed = msgspec.json.decode(members[0].content)["files"]
    files = (*(File(**one) for one in listed), file)
    spoilt = with_manifest([*members, Member("x", b"x")], files=files)
    refused(hostile_archive(spoilt), tmp_path / "new")


def test_a_file_listed_twice_is_refused(archive: bytes, tmp_path: Path) -> None:
    members = members_of(archive)
    listed = [File(**one) for one in msgspec.json.decode(members[0].content)["files"]]
    refused(hostile_archive(with_manifest([*members, members[1]], files=(*listed, listed[0]))), tmp_path / "new")


@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_other_kinds_of_tar_are_refused(archive: bytes, tmp_path: Path, format: int) -> None:
    long = [*members_of(archive), Member("x" * 200, b"x")]
    refused(hostile_archive(long, format), tmp_path / "new")


@pytest.mark.parametrize("at", [0, 100, 511, 512, 5000, -2000, -10241])
def test_a_cut_or_longer_archive_is_refused(archive: bytes, tmp_path: Path, at: int) -> None:
    for n, spoilt in enumerate(
        (archive[:at], archive + archive[:512], archive + bytes(512), archive[:-512] + b"x" * 512)
    ):
        refused(spoilt, tmp_path / str(n))


def test_any_changed_byte_is_refused_or_changes_the_manifest(archive: bytes, tmp_path: Path) -> None:
    """The manifest is proven by the archive's own SHA-256; all else by the manifest."""
    end = 512 + len(members_of(archive)[0].content)
    for n, at in enumerate((*range(0, 512, 37), *range(end, len(archive), 1499))):
        spoilt = bytearray(archive)
        spoilt[at] ^= 1
        refused(bytes(spoilt), tmp_path / str(n), (UpdateRefusedError, BundleError))  # type: ignore[arg-type]


@pytest.mark.parametrize("length", [0, -1, (1 << 31), 1 << 40])
def test_a_payload_over_2_gib_is_refused_by_its_length(tmp_path: Path, length: int) -> None:
    with pytest.raises(UpdateRefusedError, match="2 GiB"):
        unpack(io.BytesIO(b""), length, tmp_path)


def test_a_manifest_that_lists_more_than_2_gib_is_refused(archive: bytes, tmp_path: Path) -> None:
    files = tuple(File(name, 1 << 30, "0" * 64) for name in ("encoder.onnx", "golden.npz"))
    refused(hostile_archive(with_manifest(members_of(archive), files=files)), tmp_path / "new")


def test_a_manifest_of_more_than_a_mebibyte_is_refused(tmp_path: Path) -> None:
    refused(hostile_archive([Member("manifest.json", b" " * ((1 << 20) + 1))]), tmp_path / "new")


def test_external_data_are_found_before_a_runtime_sees_them(tmp_path: Path) -> None:
    evil = make_archive(tmp_path / "evil", graph=onnx_file(tensor=EXTERNAL))
    assert "outside its file" in refused(evil, tmp_path / "new", BundleError)


def test_external_data_on_the_whole_way(home: Home, tmp_path: Path) -> None:
    home.repository.offer(TARGET, make_archive(tmp_path / "evil", graph=onnx_file(tensor=EXTERNAL)))
    with pytest.raises(BundleError):
        home.check()
    assert home.staged_names() == []
    assert not list((home.folder / "downloads").iterdir())


def test_mix_and_match_of_one_bundles_onnx_with_anothers_labels(home: Home, tmp_path: Path, archive: bytes) -> None:
    other = members_of(make_archive(tmp_path / "other", "2.2.0", graph=onnx_file(b"v" * 20_000)))
    mixed = members_of(archive)
    mixed[1] = other[1]
    home.repository.offer(TARGET, hostile_archive(mixed))
    with pytest.raises(UpdateRefusedError, match="another SHA-256"):
        home.check()
    assert home.staged_names() == []


@pytest.mark.parametrize(
    "changes",
    [{"topology": "other"}, {"min_edge_version": "99.0"}, {"schema": 2}, {"n_samples": 32}, {"classes": ("a", "b")}],
    ids=lambda changes: next(iter(changes)),
)
def test_wrong_software(home: Home, tmp_path: Path, changes: dict[str, object]) -> None:
    home.repository.offer(TARGET, make_archive(tmp_path / "wrong", **changes))
    with pytest.raises(BundleError):
        home.check()
    assert home.staged_names() == []


@pytest.mark.parametrize("changes", [{"id": "another"}, {"version": "1.0.0"}], ids=["id", "version"])
def test_wrong_software_under_the_name_of_another(home: Home, tmp_path: Path, changes: dict[str, object]) -> None:
    home.repository.offer(TARGET, make_archive(tmp_path / "wrong", **changes))
    with pytest.raises(UpdateRefusedError, match="the model"):
        home.check()
    assert home.staged_names() == []


def test_pack_refuses_what_unpack_would(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "b")
    (bundle.folder / ".hidden").write_bytes(b"")
    bad = msgspec.structs.replace(bundle.manifest, files=(*bundle.manifest.files, File(".hidden", 0, "0" * 64)))
    with pytest.raises(UpdateRefusedError):
        pack(msgspec.structs.replace(bundle, manifest=bad), io.BytesIO())


def test_a_release_takes_the_whole_way(home: Home, archive: bytes) -> None:
    home.repository.offer(TARGET, archive)
    assert isinstance(home.check(), Staged)
    assert archive_module.MAX_MANIFEST_BYTES == 1 << 20
