"""The lock is tried from the outside: each case is a process of its own, for a lock cannot be taken off again."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge.errors import LockError
from edge.sense.lock import prove_locked, unlocked_threads

PROBE = """
import ctypes, errno, os, socket, subprocess, sys, threading
from edge.sense.lock import lock_out_network, prove_locked, unlocked_threads

def refused(family):
    try:
        socket.socket(family, socket.SOCK_STREAM).close()
    except OSError as error:
        return error.errno == errno.EACCES
    return False

def try_all(answers):
    answers += [refused(family) for family in (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET)]

def in_thread(gate):
    answers = []
    def wait_and_try():
        gate.wait()
        try_all(answers)
    thread = threading.Thread(target=wait_and_try)
    thread.start()
    return thread, answers

gate = threading.Event()
early, early_answers = in_thread(gate)
import numpy  # Starts threads of its own, on purpose before the lock.
"""

LOCKED = (
    PROBE
    + """
try:
    lock_out_network()
finally:
    gate.set()
early.join()
late, late_answers = in_thread(gate)
late.join()
main_answers = []
try_all(main_answers)
assert early_answers == late_answers == main_answers == [True] * 4, (early_answers, late_answers, main_answers)
assert unlocked_threads() == []
"""
)


def run(script: str, **env: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([env.pop("PYTHONPATH", ""), str(Path(__file__).parents[3])])
    return subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | env | {"PYTHONPATH": path.strip(os.pathsep)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_no_thread_opens_an_internet_socket_whenever_it_was_started() -> None:
    done = run(LOCKED)
    assert done.returncode == 0, done.stderr


def test_without_the_lock_the_same_probe_opens_sockets() -> None:
    """The probe above would be worthless if it could not tell."""
    done = run(PROBE + "gate.set(); early.join(); sys.exit(0 if not any(early_answers[:2]) else 1)")
    assert done.returncode == 0, done.stderr


def test_a_child_inherits_the_lock() -> None:
    child = "import socket\ntry: socket.socket()\nexcept PermissionError: raise SystemExit(7)"
    done = run(LOCKED + f"sys.exit(subprocess.call([sys.executable, '-c', {child!r}]))")
    assert done.returncode == 7, done.stderr


def test_unix_sockets_and_memory_still_work() -> None:
    done = run(
        LOCKED
        + """
one, other = socket.socketpair()
one.send(b"x")
assert other.recv(1) == b"x"
os.ftruncate(os.memfd_create("x"), 4096)
assert socket.getaddrinfo("127.0.0.1", 80)
"""
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("number", [425, 426, 427])
def test_io_uring_is_refused(number: int) -> None:
    done = run(
        LOCKED
        + f"""
libc = ctypes.CDLL(None, use_errno=True)
assert libc.syscall({number}, 1, None, 0, 0, None, 0) == -1 and ctypes.get_errno() == errno.EACCES
"""
    )
    assert done.returncode == 0, done.stderr


def test_it_leaves_no_core_and_nobody_looks_into_its_memory() -> None:
    done = run(
        LOCKED
        + """
import resource
assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0
"""
    )
    assert done.returncode == 0, done.stderr


def test_a_name_look_up_asks_nobody(tmp_path: Path) -> None:
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    trace = tmp_path / "trace"
    script = "from edge.sense.lock import lock_out_network\nlock_out_network()\nimport socket\n"
    script += "try: socket.getaddrinfo('play.googleapis.com', 443)\nexcept OSError: pass\nelse: raise SystemExit(1)"
    command = ["strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg", "-o", str(trace), sys.executable]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run([*command, "-c", script], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "connect(" not in trace.read_text()
    assert "send" not in trace.read_text()


def fake_pyseccomp(folder: Path, body: str) -> str:
    (folder / "pyseccomp.py").write_text(body)
    return str(folder)


def test_it_refuses_where_libseccomp_is_missing(tmp_path: Path) -> None:
    """The real module fails its import in this way on a system without the library."""
    broken = fake_pyseccomp(tmp_path, 'raise RuntimeError("Unable to find libseccomp")')
    done = run("from edge.sense.lock import *; lock_out_network()", PYTHONPATH=broken)
    assert done.returncode != 0
    assert "LockError: Found no seccomp filter" in done.stderr
    assert "Install libseccomp2" in done.stderr


def test_a_filter_that_does_nothing_is_found_out(tmp_path: Path) -> None:
    idle = fake_pyseccomp(
        tmp_path,
        """
ALLOW = NE = 0
class Attr: CTL_TSYNC = 4
class SyscallFilter:
    def __init__(self, action): pass
    def __getattr__(self, name): return lambda *arguments: None
def ERRNO(number): return number
def Arg(*arguments): return arguments
""",
    )
    done = run("from edge.sense.lock import *; lock_out_network()", PYTHONPATH=idle)
    assert "LockError: Found a socket of family AF_INET that opens" in done.stderr


def test_an_unlocked_process_cannot_prove_that_it_is_locked() -> None:
    with pytest.raises(LockError, match="AF_INET"):
        prove_locked()
    assert os.getpid() in unlocked_threads()


def test_a_child_dies_with_its_parent() -> None:
    child = "import os, time; from edge.parent import die_with_parent; die_with_parent(int(os.environ['P']));"
    child += "print('ready', flush=True); time.sleep(60)"
    parent = f"""
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {child!r}], stdout=-1, env=os.environ | {{"P": str(os.getpid())}})
child.stdout.readline()
print(child.pid, flush=True)
os.kill(os.getpid(), 9)
"""
    pid = int(run(parent).stdout)
    for _ in range(200):
        if not Path(f"/proc/{pid}").exists() or "zombie" in Path(f"/proc/{pid}/status").read_text():
            return
        os.sched_yield()
        subprocess.run(["sleep", "0.02"], check=True)
    pytest.fail("the child outlived its parent")


def test_a_child_whose_parent_is_gone_already_ends_at_once() -> None:
    done = run("from edge.parent import die_with_parent; die_with_parent(1 << 22); raise SystemExit(9)")
    assert done.returncode == 0
