"""The bundle: nothing is read that was not proven, and a strange bundle is refused with a sentence."""

from pathlib import Path

import msgspec
import pytest

from edge.affect import CLASSES
from edge.bundle import Figure, Manifest, Normaliser, describe, read_bundle, write_manifest
from edge.errors import BundleError

MANIFEST = Manifest(
    schema=1,
    id="test-1",
    version="1.0.0",
    topology="quietstep16",
    n_samples=64,
    classes=CLASSES,
    normaliser=Normaliser(((0.0, 0.0, 0.0),) * 16, ((1.0, 1.0, 1.0),) * 16),
    temperature=1.0,
    ood_threshold=1.0,
    files=(),
    provenance=("made by a test",),
    evaluation=(Figure("accuracy", 0.5),),
    privacy=(Figure("identity", 0.1, 0.0, 0.2, "worst attacker"),),
    min_edge_version="0.1.0",
    tolerance={"float32": 1e-4},
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("encoder.onnx", "golden.npz"):
        (tmp_path / name).write_bytes(name.encode() * 100)
    save(tmp_path)
    return tmp_path


def save(folder: Path, **changes: object) -> None:
    files = tuple(describe(folder / name) for name in ("encoder.onnx", "golden.npz"))
    write_manifest(folder, msgspec.structs.replace(MANIFEST, **({"files": files} | changes)))


def refusal(folder: Path) -> str:
    with pytest.raises(BundleError) as caught:
        read_bundle(folder)
    return caught.value.found


def test_a_whole_bundle_is_taken(folder: Path) -> None:
    assert read_bundle(folder).path("encoder.onnx").is_file()


@pytest.mark.parametrize("at", [0, 7, -1])
def test_one_changed_byte_is_refused(folder: Path, at: int) -> None:
    data = bytearray((folder / "encoder.onnx").read_bytes())
    data[at] ^= 1
    (folder / "encoder.onnx").write_bytes(data)
    assert "SHA-256" in refusal(folder)


def test_a_shorter_file_is_refused(folder: Path) -> None:
    (folder / "golden.npz").write_bytes(b"short")
    assert "5 bytes" in refusal(folder)


def test_an_unlisted_file_is_refused(folder: Path) -> None:
    (folder / "weights.bin").write_bytes(b"external data")
    assert "weights.bin" in refusal(folder)


def test_a_link_is_refused(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "encoder.onnx"
    (folder / "encoder.onnx").rename(elsewhere)
    (folder / "encoder.onnx").symlink_to(elsewhere)
    assert "plain file" in refusal(folder)


@pytest.mark.parametrize("name", ["../encoder.onnx", "/etc/passwd", "a/b"])
def test_a_path_out_of_the_folder_is_refused(folder: Path, name: str) -> None:
    files = tuple(describe(folder / name) for name in ("encoder.onnx", "golden.npz"))
    save(folder, files=(*files, msgspec.structs.replace(files[0], name=name)))
    assert "file name" in refusal(folder)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"schema": 2}, "schema"),
        ({"topology": "coco17"}, "topology"),
        ({"n_samples": 32}, "n_samples"),
        ({"classes": ("a", "b")}, "classes"),
        ({"min_edge_version": "99.0.0"}, "99.0.0"),
        ({"min_edge_version": "soon"}, "soon"),
        ({"files": ()}, "gaps"),
    ],
)
def test_a_bundle_that_does_not_fit_is_refused(folder: Path, change: dict[str, object], word: str) -> None:
    save(folder, **change)
    assert word in refusal(folder)


@pytest.mark.parametrize("text", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"tolerance": {"\xff": 1}}'])
def test_a_manifest_that_is_none_is_refused(folder: Path, text: bytes) -> None:
    (folder / "manifest.json").write_bytes(text)
    assert "manifest" in refusal(folder)


def test_an_unknown_field_is_refused(folder: Path) -> None:
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text.replace('"schema": 1', '"schema": 1, "surprise": 2'))
    assert "decode" in refusal(folder)


def test_no_folder_is_refused(tmp_path: Path) -> None:
    assert "manifest" in refusal(tmp_path / "none")
