"""A whole run that follows a publisher, under strace: one process speaks to its server, and nobody to anything else."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.running_note import read_note
from edge.update.decide import Stage
from edge.update.pointer import ModelStore
from tests.deploy.office import Office

pytestmark = pytest.mark.chain
WALKER = "synthetic:identity=1,affect=neutral,view=side,path=treadmill,live=yes"
WITHIN_S = 240.0
STARTED = re.compile(r'^(\d+) +execve\("[^"]+", \[.*"edge\.update_process"\]')
CALL = re.compile(r"^(\d+) +(connect|bind|sendto|sendmsg)\(\d+, (.*)")
FAMILY = re.compile(r"sa_family=(AF_\w+)")
OPENED = re.compile(r"^(\d+) +socket\((AF_INET6?),.*\) = \d+")
BY_URLLIB3 = 'sin6_port=htons(0), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::1", &sin6_addr)'
"""tuf imports urllib3 (its own fetcher, which is not used), and urllib3 binds a socket to this machine's own IPv6
address when it is imported, to see whether there is IPv6. It is closed at once, and nothing can be sent with it; to
keep it from that, Python's own ``socket.has_ipv6`` would have to be bent for the whole process."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What strace saw, who is the updater, and the one address that was set."""

    lines: list[str]
    updater: str
    port: int

    def calls(self) -> Iterator[tuple[str, str, str, str]]:
        """Process, call, address family and arguments of everything that names an address."""
        for line in self.lines:
            if (call := CALL.match(line)) and (family := FAMILY.search(call[3])):
                yield call[1], call[2], family[1], call[3]


@pytest.fixture
def trace(url: str, office: Office, tmp_path_factory: pytest.TempPathFactory, pose_model: Path) -> Trace:
    if not shutil.which("strace"):
        pytest.skip("strace is not here (Debian package strace)")
    folder = tmp_path_factory.mktemp("t")  # a short path: that of a socket has 100 characters
    update = f'[update]\nurl = "{url}"\nroot = "{office.layout.embedded_root}"\nevery_hours = 0.0005\n'
    (folder / "quietstep.toml").write_text(f'[encoder]\nrungs = ["cpu"]\n{update}')
    _run_until_shadow(folder, pose_model)
    lines = (folder / "trace").read_text().splitlines()
    [updater] = {found[1] for line in lines if (found := STARTED.match(line))}
    return Trace(lines, updater, int(url.rpartition(":")[2]))


def _run_until_shadow(folder: Path, pose_model: Path) -> None:
    strace = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=network,execve", "-o", str(folder / "trace")]
    settings = ["--config", folder / "quietstep.toml", "--data-dir", folder / "d", "--pose-model", pose_model]
    command = [*strace, sys.executable, "-m", "edge.cli", "run", "--source", WALKER, *map(str, settings)]
    environment = os.environ | {"TMPDIR": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    with (folder / "log").open("wb") as log:
        run = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        try:
            _end_in_shadow(run, folder)
        finally:
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)  # the service's own processes die with it
            run.wait(30)


def _end_in_shadow(run: "subprocess.Popen[bytes]", folder: Path) -> None:
    end_s = time.monotonic() + WITHIN_S
    while not _in_shadow(folder / "d"):
        said = (folder / "log").read_text()
        if "ptrace" in said and "not permitted" in said:
            pytest.skip("strace may not trace here")
        assert run.poll() is None, said
        assert time.monotonic() < end_s, said
        time.sleep(0.1)
    note = read_note(folder / "d" / "running.json")
    assert note is not None
    os.kill(note.pid, signal.SIGTERM)
    assert run.wait(60) == 0, (folder / "log").read_text()


def _in_shadow(data: Path) -> bool:
    candidate = ModelStore(data / "models.db").read().world.candidate
    return candidate is not None and candidate.stage is Stage.SHADOW


def test_only_the_updater_connects_and_only_to_the_address_that_was_set(trace: Trace) -> None:
    outside = [(pid, call, args) for pid, call, family, args in trace.calls() if family != "AF_UNIX"]
    connects = [(pid, args) for pid, call, args in outside if call == "connect"]
    assert len(connects) > 5, "metadata and an archive came, so somebody must have connected"
    assert {pid for pid, _ in connects} == {trace.updater}
    where = f'sin_port=htons({trace.port}), sin_addr=inet_addr("127.0.0.1")'
    assert not [args for _, args in connects if where not in args]
    named = [(call, args) for _, call, args in outside if call != "connect"]
    assert not [each for each in named if each[0] != "bind" or BY_URLLIB3 not in each[1]]
    assert {found[1] for line in trace.lines if (found := OPENED.match(line))} == {trace.updater}
