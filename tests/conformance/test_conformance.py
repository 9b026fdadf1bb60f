"""The public suite of The Update Framework, run over the device's own trust: theupdateframework/tuf-conformance.

Neither the suite nor a way to fetch it is part of this repository. QUIETSTEP_TUF_CONFORMANCE names a checkout; the
suite also needs the command `faketime`.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CLIENT = Path(__file__).parent / "client"
ROOT = Path(__file__).parents[2]
N_TESTS = 113
"""How many there were when this was written (2026); a newer suite may have more, and none may be skipped."""


def test_the_public_suite_passes_over_the_devices_trust(tmp_path: Path) -> None:
    checkout = os.environ.get("QUIETSTEP_TUF_CONFORMANCE")
    if not checkout:
        pytest.skip("no public suite here: set QUIETSTEP_TUF_CONFORMANCE to a checkout of tuf-conformance")
    if shutil.which("faketime") is None:
        pytest.skip("the public suite needs the command faketime")
    paths = os.pathsep.join((str(ROOT), checkout))
    command = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "-p", "no:cacheprovider", "--rootdir", checkout]
    command += [str(Path(checkout) / "tuf_conformance"), "--entrypoint", f"{sys.executable} {CLIENT}"]
    env = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    env.pop("PYTEST_ADDOPTS", None)
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    summary = done.stdout.strip().splitlines()[-1]
    passed = re.search(r"(\d+) passed", summary)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert passed
    assert int(passed[1]) >= N_TESTS, summary
    assert "skipped" not in summary


@pytest.mark.parametrize("arguments", [[], ["refresh"], ["--metadata-dir", "x", "unknown"]])
def test_the_adapter_refuses_other_command_lines(arguments: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, CLIENT, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "usage" in done.stderr


def test_the_adapter_prints_a_sentence_and_keeps_the_root(tmp_path: Path) -> None:
    """A repository that is not there: exit code 1, no traceback; what was trusted stays."""
    root = tmp_path / "root.json"
    root.write_bytes(b"{}")
    base = [sys.executable, CLIENT, "--metadata-dir", tmp_path / "metadata", "--metadata-url", "http://127.0.0.1:1/"]
    (tmp_path / "metadata").mkdir()
    assert subprocess.run([*base, "init", root], check=False).returncode == 0
    done = subprocess.run([*base, "refresh"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Found ")
    assert (tmp_path / "metadata" / "root.json").read_bytes() == b"{}"
