"""A whole run under strace reaches nothing but its own sockets."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.chain
CALL = re.compile(r"\b(connect|sendto|sendmsg|bind)\(\d+, \{?sa_family=(AF_\w+)(?:, sun_path=@?\"([^\"]*)\")?")
OPENED = re.compile(r"\bsocket\((AF_\w+),.*\) = (\d+|-1 \w+)")


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory, pose_model: Path) -> str:
    if not shutil.which("strace"):
        pytest.skip("strace is not here (Debian package strace)")
    folder = tmp_path_factory.mktemp("traced")
    source = "synthetic:identity=1,view=side,path=treadmill,seconds=4"
    run = ["run", "--source", source, "--data-dir", folder / "data", "--pose-model", pose_model, "--every-frame"]
    command = [
        "strace",
        "-f",
        "-qq",
        "-e",
        "trace=network",
        "-o",
        folder / "trace",
        sys.executable,
        "-m",
        "edge.cli",
        *run,
    ]
    environment = os.environ | {"TMPDIR": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    done = subprocess.run(
        list(map(str, command)), env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    if "ptrace" in done.stderr and "not permitted" in done.stderr:
        pytest.skip("strace may not trace here")
    assert done.returncode == 0, done.stderr
    assert "frames=120" in done.stderr
    return (folder / "trace").read_text()


def test_every_connection_is_to_a_socket_of_its_own(trace: str) -> None:
    calls = CALL.findall(trace)
    connected = [(family, path) for call, family, path in calls if call == "connect"]
    assert connected, "the trace shows no connection at all, so it proves nothing"
    strange = [(family, path) for family, path in connected if family != "AF_UNIX" or "quietstep-" not in path]
    assert not strange
    assert not [call for call in calls if call[1] not in ("AF_UNIX", "AF_UNSPEC")]


def test_no_internet_socket_opens_but_to_prove_that_none_does(trace: str) -> None:
    opened = OPENED.findall(trace)
    assert any(family in ("AF_INET", "AF_INET6") for family, _answer in opened), "the lock was never proven"
    assert not [call for call in opened if call[0] != "AF_UNIX" and not call[1].startswith("-1")]
