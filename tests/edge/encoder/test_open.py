"""A bundle is opened only when every byte, name and answer is what its manifest says."""

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

import edge
from edge.bundle import GOLDEN, GRAPH, MANIFEST, Manifest, describe, read_manifest, write_manifest
from edge.encoder import open_encoder
from edge.errors import BundleError, EncoderError, QuietstepError

REFERENCE = Path(edge.__file__).parent / "models" / "reference"
FILES = sorted(path.name for path in REFERENCE.iterdir() if path.name != MANIFEST)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return Path(shutil.copytree(REFERENCE, tmp_path / "bundle"))


def restated(bundle: Path, **changes: object) -> None:
    """Write the manifest anew: honest about the files, with ``changes``."""
    manifest = read_manifest(bundle)
    files = tuple(describe(bundle / file.name) for file in manifest.files)
    write_manifest(bundle, msgspec.structs.replace(manifest, files=files, **changes))


def golden_arrays(bundle: Path) -> dict[str, np.ndarray]:
    with np.load(bundle / GOLDEN) as arrays:
        return dict(arrays)


def test_the_reference_opens_on_the_cpu_and_answers() -> None:
    encoder = open_encoder(REFERENCE)
    golden = golden_arrays(REFERENCE)
    encoded = encoder.encode(golden["x_NTJC"], golden["duration_s_N"])
    assert encoder.rung == "cpu"
    assert encoder.model_id == f"{encoder.manifest.id}-{encoder.manifest.version}"
    assert encoder.trial.gap <= encoder.manifest.tolerance["float32"]
    np.testing.assert_allclose(encoded.posterior_NK.sum(axis=1), 1.0, atol=1e-9)
    np.testing.assert_array_equal(encoded.posterior_NK.argmax(axis=1), golden["logits_NK"].argmax(axis=1))


@pytest.mark.parametrize("n_cycles", [0, 1, 9])
def test_any_number_of_cycles_is_answered_as_one_by_one(n_cycles: int) -> None:
    encoder = open_encoder(REFERENCE)
    golden = golden_arrays(REFERENCE)
    x, duration_s = golden["x_NTJC"][:n_cycles], golden["duration_s_N"][:n_cycles]
    together = encoder.encode(x, duration_s)
    assert together.posterior_NK.shape == (n_cycles, 4)
    for at in range(n_cycles):
        alone = encoder.encode(x[at : at + 1], duration_s[at : at + 1])
        np.testing.assert_allclose(alone.posterior_NK[0], together.posterior_NK[at], atol=1e-5)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", [0.0, 0.37, 0.999])
def test_one_byte_changed_is_refused(bundle: Path, name: str, place: float) -> None:
    payload = bytearray((bundle / name).read_bytes())
    payload[int(place * len(payload))] ^= 1
    (bundle / name).write_bytes(payload)
    with pytest.raises(BundleError, match=f"{name} with another SHA-256"):
        open_encoder(bundle)


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
def test_a_missing_file_is_refused(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    with pytest.raises(BundleError, match=name):
        open_encoder(bundle)


def test_an_unlisted_file_is_refused(bundle: Path) -> None:
    (bundle / "weights.bin").write_bytes(b"x")
    with pytest.raises(BundleError, match="unlisted"):
        open_encoder(bundle)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"topology": "mpi17"}, "topology"),
        ({"n_samples": 32}, "n_samples"),
        ({"classes": ("angry", "sad", "neutral", "happy")}, "classes"),
        ({"schema": 2}, "schema"),
        ({"min_edge_version": "99.0.0"}, "99.0.0"),
        ({"tolerance": {}}, "tolerance"),
        ({"tolerance": {"float32": 5.0}}, "tolerance"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(bundle: Path, change: dict[str, object], word: str) -> None:
    restated(bundle, **change)
    with pytest.raises(BundleError, match=word) as refusal:
        open_encoder(bundle)
    assert refusal.value.found
    assert refusal.value.wanted
    assert refusal.value.do


def shifted(name: str, by: float) -> Callable[[dict[str, np.ndarray]], None]:
    def change(arrays: dict[str, np.ndarray]) -> None:
        arrays[name] = arrays[name] + np.float32(by)

    return change


def flipped(arrays: dict[str, np.ndarray]) -> None:
    arrays["logits_NK"][0] = np.roll(arrays["logits_NK"][0], 1)


@pytest.mark.parametrize("change", [shifted("logits_NK", 1e-3), shifted("ood_score_N", 1e-3), flipped])
def test_other_golden_answers_are_refused(bundle: Path, change: Callable[[dict[str, np.ndarray]], None]) -> None:
    arrays = golden_arrays(bundle)
    change(arrays)
    np.savez(bundle / GOLDEN, **arrays)
    restated(bundle)
    with pytest.raises(EncoderError, match="golden answers off by"):
        open_encoder(bundle)


def without_scores(arrays: dict[str, np.ndarray]) -> None:
    del arrays["ood_score_N"]


def with_nan(arrays: dict[str, np.ndarray]) -> None:
    arrays["logits_NK"][0, 0] = np.nan


def with_objects(arrays: dict[str, np.ndarray]) -> None:
    arrays["logits_NK"] = np.array([[None] * 4] * len(arrays["logits_NK"]), dtype=object)


def emptied(arrays: dict[str, np.ndarray]) -> None:
    for name, value in arrays.items():
        arrays[name] = value[:0]


@pytest.mark.parametrize("change", [without_scores, with_nan, with_objects, emptied])
def test_broken_golden_files_are_refused(bundle: Path, change: Callable[[dict[str, np.ndarray]], None]) -> None:
    arrays = golden_arrays(bundle)
    change(arrays)
    np.savez(bundle / GOLDEN, **arrays)
    restated(bundle)
    with pytest.raises(BundleError, match="golden answers that cannot be read"):
        open_encoder(bundle)


def test_golden_that_is_no_archive_is_refused(bundle: Path) -> None:
    (bundle / GOLDEN).write_bytes(b"PK not really")
    restated(bundle)
    with pytest.raises(BundleError, match="golden answers that cannot be read"):
        open_encoder(bundle)


@pytest.mark.parametrize("payload", [b"", b"\x08\x08", b"not a graph at all", os.urandom(4000)])
def test_a_listed_graph_that_is_none_is_refused(bundle: Path, payload: bytes) -> None:
    (bundle / GRAPH).write_bytes(payload)
    restated(bundle)
    with pytest.raises(QuietstepError):
        open_encoder(bundle)


def test_manifest_of_the_reference_is_whole() -> None:
    manifest = read_manifest(REFERENCE)
    assert isinstance(manifest, Manifest)
    assert any("BML" in line for line in manifest.provenance)
    assert {"strangers macro_f1", "known people macro_f1"} <= {figure.name for figure in manifest.evaluation}
    assert any("posterior" in figure.name and "chance" in figure.note for figure in manifest.privacy)
    assert sum(file.length for file in manifest.files) < 3_000_000


def test_the_runtime_writes_and_reports_nothing(tmp_path: Path) -> None:
    """A plain import of ONNX Runtime leaves a device id and an event store in the home folder."""
    program = f"from pathlib import Path; import edge.encoder as e; e.open_encoder(Path({str(REFERENCE)!r}))"
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    root = Path(edge.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=root, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert list(tmp_path.rglob("*")) == []


def test_no_torch_in_the_edge() -> None:
    program = "import sys, edge.encoder; sys.exit(any(m.split('.')[0] in ('torch', 'onnx') for m in sys.modules))"
    root = Path(edge.__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", program], cwd=root, timeout=120).returncode == 0


def test_compressed_golden_of_another_size_is_caught_before_it_is_read(bundle: Path) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **golden_arrays(bundle))
    (bundle / GOLDEN).write_bytes(buffer.getvalue() + b"\0")
    with pytest.raises(BundleError, match="bytes"):
        open_encoder(bundle)
