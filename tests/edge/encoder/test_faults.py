"""Each fault of a rung ends on the next rung with a reason, and nothing of the broken one is handed out.

The accelerated rung runs in its real process, locked in as at home; only NVIDIA's two modules are stand-ins.
"""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

import edge
from edge.bundle import GOLDEN, GRAPH, MIXED_GRAPH, describe, read_bundle, write_manifest
from edge.encoder import AffectEncoder, isolated, open_encoder
from edge.encoder.engine_store import SEAL, Seal
from edge.encoder.ladder import Trial
from edge.errors import EncoderError
from edge.rungs import CPU, TENSORRT, LadderSettings
from edge.sense.lock import unlocked_threads

REFERENCE = Path(edge.__file__).parent / "models" / "reference"
FAKES = Path(__file__).parent / "fake_nvidia"
N_GOLDEN_CALLS = 13
AFTERWARDS = N_GOLDEN_CALLS + 1


class Told:
    """Remembers what the ladder said."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.left: list[tuple[str, str, bool]] = []
        self.taken: list[tuple[str, str]] = []

    def working(self, stage: str) -> None:
        self.stages.append(stage)

    def refused(self, rung: str, reason: str, *, answered: bool) -> None:
        self.left.append((rung, reason, answered))

    def accepted(self, rung: str, precision: str, trial: Trial) -> None:
        self.taken.append((rung, precision))


Open = Callable[..., tuple[AffectEncoder, Told]]


@pytest.fixture
def open_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Open the reference with the stand-ins installed and a fault set."""
    opened: list[AffectEncoder] = []
    monkeypatch.syspath_prepend(str(FAKES))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(FAKES), str(REFERENCE.parents[2])]))

    def go(
        fault: str = "",
        *,
        version: str = "10.13.3.9",
        engines: bool = False,
        rungs: tuple[str, ...] = (TENSORRT, CPU),
        bundle: Path = REFERENCE,
        build_limit_s: float = 60.0,
    ) -> tuple[AffectEncoder, Told]:
        monkeypatch.setenv("FAKE_NVIDIA", fault)
        monkeypatch.setenv("FAKE_TENSORRT", version)
        told = Told()
        folder = str(tmp_path / "engines") if engines else ""
        opened.append(open_encoder(bundle, LadderSettings(rungs, engines=folder, build_limit_s=build_limit_s), told))
        return opened[-1], told

    yield go
    for encoder in opened:
        encoder.close()


def cycles(n: int = 20) -> tuple[np.ndarray, np.ndarray]:
    with np.load(REFERENCE / GOLDEN) as golden:
        return golden["x_NTJC"][:n], golden["duration_s_N"][:n]


def float32_only(bundle: Path) -> Path:
    """The reference without its mixed-precision graph."""
    shutil.copytree(REFERENCE, bundle)
    (bundle / MIXED_GRAPH).unlink()
    manifest = read_bundle(REFERENCE).manifest
    files = tuple(file for file in manifest.files if file.name != MIXED_GRAPH)
    write_manifest(bundle, msgspec.structs.replace(manifest, files=files, tolerance={"float32": 1e-4}))
    return bundle


@pytest.mark.parametrize("version", ["10.13.3.9", "11.4.1"])
def test_native_tensorrt_is_taken_when_it_proves_itself(open_with: Open, version: str) -> None:
    encoder, told = open_with(version=version)
    assert (encoder.rung, told.left) == (TENSORRT, [])
    assert any("step" in stage or "Building" in stage for stage in told.stages)
    assert 0 < encoder.trial.cycle_s < 0.25


@pytest.mark.parametrize("n", [1, 3, 17, 64, 150])
def test_any_batch_is_answered_as_the_cpu_does(open_with: Open, tmp_path: Path, n: int) -> None:
    """In float32, as the CPU answers; what mixed precision may differ by is the manifest's, and proven elsewhere."""
    encoder, _told = open_with(bundle=float32_only(tmp_path / "bundle"))
    assert encoder.precision == "float32"
    x, duration_s = (np.concatenate([part] * 8)[:n] for part in cycles())
    found, wanted = encoder.encode(x, duration_s), open_encoder(REFERENCE).encode(x, duration_s)
    np.testing.assert_allclose(found.posterior_NK, wanted.posterior_NK, atol=1e-5)
    np.testing.assert_allclose(found.ood_score_N, wanted.ood_score_N, atol=1e-5)


@pytest.mark.parametrize(
    ("fault", "version", "reason"),
    [
        ("no driver", "10.13.3.9", "cudaErrorInsufficientDriver"),
        ("no memory", "10.13.3.9", "1 MiB free on the accelerator"),
        ("no build", "11.4.1", "no engine that TensorRT can build within 512 MiB"),
        ("wrong", "10.13.3.9", "golden answers off by 0.5"),
        ("nan:1", "10.13.3.9", "golden answers that are not numbers"),
        ("false:1", "10.13.3.9", "an inference that failed"),
        ("crash:1", "10.13.3.9", "a process that ended"),
        ("", "12.0.0", "TensorRT 12.0.0"),
    ],
)
def test_a_fault_at_the_start_ends_on_the_cpu_with_a_reason(
    open_with: Open, fault: str, version: str, reason: str
) -> None:
    encoder, told = open_with(fault, version=version)
    ((rung, why, answered),) = told.left
    assert (encoder.rung, rung, answered) == (CPU, TENSORRT, False)
    assert reason in why
    assert encoder.refused[0].do


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("nan", "an answer that is not a number"),
        ("hang", "no answer within"),
        ("crash", "a process that ended (exit code -6"),
        ("false", "an inference that failed"),
    ],
)
def test_a_fault_later_is_asked_again_on_the_next_rung(
    open_with: Open, monkeypatch: pytest.MonkeyPatch, fault: str, reason: str
) -> None:
    monkeypatch.setattr(isolated, "RUN_LIMIT_S", 1.0)
    encoder, told = open_with(f"{fault}:{AFTERWARDS}")
    assert encoder.rung == TENSORRT
    begin_s = time.monotonic()
    found, wanted = encoder.encode(*cycles()), open_encoder(REFERENCE).encode(*cycles())
    np.testing.assert_array_equal(found.posterior_NK, wanted.posterior_NK)
    assert time.monotonic() - begin_s < 8.0
    assert (encoder.rung, told.left[0][0], told.left[0][2]) == (CPU, TENSORRT, True)
    assert reason in told.left[0][1]


def test_a_rung_that_hangs_while_it_opens_is_ended(open_with: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "RUN_LIMIT_S", 0.5)
    encoder, told = open_with("hang:1")
    assert encoder.rung == CPU
    assert "no answer within 0.5 s" in told.left[0][1]


def test_a_build_without_end_is_ended_and_told_meanwhile(open_with: Open) -> None:
    begin_s = time.monotonic()
    encoder, told = open_with("endless build", build_limit_s=4.0)
    assert encoder.rung == CPU
    assert "no answer within 4 s (building the TensorRT engine)" in told.left[0][1]
    assert told.stages.count("building the TensorRT engine") >= 3, "the watchdog must see that the monitor lives"
    assert time.monotonic() - begin_s < 12.0


def test_the_process_of_a_rung_cannot_reach_the_network(open_with: Open) -> None:
    encoder, _told = open_with()
    process = encoder._climb.accepted.rung._process  # type: ignore[attr-defined]
    assert unlocked_threads(process.pid) == []


def test_no_process_is_left_of_a_dropped_rung(open_with: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "RUN_LIMIT_S", 0.5)
    encoder, _told = open_with(f"hang:{AFTERWARDS}")
    process = encoder._climb.accepted.rung._process  # type: ignore[attr-defined]
    encoder.encode(*cycles(1))
    assert process.returncode is not None


def test_when_every_rung_fails_there_is_a_sentence_and_no_mood(open_with: Open) -> None:
    encoder, _told = open_with(f"nan:{AFTERWARDS}", rungs=(TENSORRT,))
    for _ in range(2):
        with pytest.raises(EncoderError, match=r"no rung that answers \(tensorrt: an answer that is not a number"):
            encoder.encode(*cycles(2))


def test_a_missing_library_is_told_without_starting_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.encoder.opening._installed", lambda module: False)
    told = Told()
    encoder = open_encoder(REFERENCE, LadderSettings((TENSORRT, CPU)), told)
    assert encoder.rung == CPU
    assert told.left == [(TENSORRT, "no module tensorrt", False)]
    assert "apt-get" in encoder.refused[0].do


def test_the_mixed_graph_is_taken_where_the_manifest_names_it(open_with: Open, tmp_path: Path) -> None:
    """A copy of the float32 graph stands in for the mixed one: which file is opened is what counts here."""
    bundle = float32_only(tmp_path / "bundle")
    manifest = read_bundle(bundle).manifest
    shutil.copyfile(bundle / GRAPH, bundle / MIXED_GRAPH)
    files = (*manifest.files, describe(bundle / MIXED_GRAPH))
    write_manifest(bundle, msgspec.structs.replace(manifest, files=files, tolerance={"float32": 1e-4, "mixed": 0.01}))
    encoder, told = open_with(bundle=bundle)
    assert (encoder.rung, encoder.precision) == (TENSORRT, "mixed")
    assert told.taken == [(TENSORRT, "mixed")]


def plan_of(folder: Path) -> Path:
    (plan,) = folder.glob("engines/*/engine.plan")
    return plan


def test_an_engine_is_built_once_and_then_taken_from_the_store(open_with: Open, tmp_path: Path) -> None:
    open_with(engines=True)
    made = plan_of(tmp_path).stat()
    encoder, told = open_with("no build", engines=True)
    assert encoder.rung == TENSORRT
    assert plan_of(tmp_path).stat() == made
    assert not [stage for stage in told.stages if "building" in stage]


@pytest.mark.parametrize("damage", ["flipped", "cut", "foreign"])
def test_a_damaged_or_foreign_engine_is_never_used(open_with: Open, tmp_path: Path, damage: str) -> None:
    open_with(engines=True)
    plan = plan_of(tmp_path)
    whole = plan.read_bytes()
    broken = {"flipped": whole[:-1] + bytes([whole[-1] ^ 1]), "cut": whole[:1000], "foreign": b"another's plan"}
    plan.write_bytes(broken[damage])
    encoder, told = open_with("no build", engines=True)
    assert encoder.rung == CPU
    assert "no engine that TensorRT can build" in told.left[0][1]
    assert not list(tmp_path.glob("engines/*/engine.plan"))
    encoder, _told = open_with(engines=True)
    assert encoder.rung == TENSORRT
    assert plan_of(tmp_path).read_bytes() == whole


def test_another_driver_or_version_builds_anew(
    open_with: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_with(engines=True)
    first = plan_of(tmp_path)
    monkeypatch.setenv("FAKE_DRIVER", "13010")
    open_with(engines=True)
    second = plan_of(tmp_path)
    open_with(version="11.4.1", engines=True)
    assert len({first, second, plan_of(tmp_path)}) == 3


def test_a_sealed_plan_that_the_runtime_refuses_is_built_once_more(open_with: Open, tmp_path: Path) -> None:
    open_with(engines=True)
    plan = plan_of(tmp_path)
    whole = plan.read_bytes()
    _reseal(plan, b"sealed, and yet no plan")
    encoder, _told = open_with(engines=True)
    assert encoder.rung == TENSORRT
    assert plan_of(tmp_path).read_bytes() == whole


def _reseal(plan: Path, content: bytes) -> None:
    plan.write_bytes(content)
    seal = msgspec.json.decode((plan.parent / SEAL).read_bytes(), type=Seal)
    seal = msgspec.structs.replace(seal, files=(describe(plan),))
    (plan.parent / SEAL).write_bytes(msgspec.json.encode(seal))


def test_a_store_that_cannot_be_written_costs_no_rung(open_with: Open, tmp_path: Path) -> None:
    (tmp_path / "engines").write_text("a file in the way")
    encoder, told = open_with(engines=True)
    assert encoder.rung == TENSORRT
    assert any("cannot be kept" in stage for stage in told.stages)
