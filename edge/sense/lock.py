"""The lock: after ``lock_out_network`` no thread of this process can open an internet socket, for good.

Promises: ``socket()`` for any family but AF_UNIX fails with EACCES, in every thread that runs or will run and in
every child; io_uring is refused (it can open sockets past the filter), so are the calls that take a socket out of
another process or look into its memory; no name is looked up through a local resolver; there are no core dumps. The
lock is proved by trying before anyone relies on it.
Refuses, with LockError, to call anything locked that is not: callers must end, not go on.

Import this, and lock, before numpy or mediapipe: they start threads and load what must never run unlocked. Nothing
here undoes a descriptor that was already open, so the supervisor hands down none but memory and events.
"""

from __future__ import annotations

import ctypes
import errno
import resource
import socket
from pathlib import Path
from typing import Final

from edge.errors import LockError

REFUSED_FAMILIES: Final = ("AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET")
REFUSED_CALLS: Final = (
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "pidfd_getfd",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
)
_IO_URING_SETUP: Final = 425  # One number on every architecture.
_PR_GET_DUMPABLE: Final = 3
_PR_SET_DUMPABLE: Final = 4
_SECCOMP_FILTERING: Final = "2"


def lock_out_network() -> None:
    """Shut this whole process out of every network, switch core dumps off, and prove it; LockError if not."""
    no_core_dumps()
    _no_name_lookup()
    _load_filter()
    prove_locked()


def prove_locked() -> None:
    """Try what must fail and look at every thread; raise LockError at the first thing that is still open."""
    for family in REFUSED_FAMILIES:
        _prove_refused(family)
    _prove_io_uring_refused()
    unlocked = unlocked_threads()
    if unlocked:
        raise _open(f"{len(unlocked)} threads without the filter")
    if _prctl(_PR_GET_DUMPABLE, 0) != 0 or resource.getrlimit(resource.RLIMIT_CORE)[1] != 0:
        raise _open("core dumps still on")
    with socket.socket(socket.AF_UNIX):
        pass


def unlocked_threads(pid: int | str = "self") -> list[int]:
    """The thread ids of process ``pid`` that run without a seccomp filter (empty: all are locked in)."""
    unlocked = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            status = (task / "status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # The thread ended while we looked.
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        if fields.get("Seccomp", "").strip() != _SECCOMP_FILTERING:
            unlocked.append(int(task.name))
    return unlocked


def no_core_dumps() -> None:
    """No core file, and no look into this process's memory by another of the same user."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if _prctl(_PR_SET_DUMPABLE, 0) != 0:
        raise _open("core dumps that cannot be switched off")


def _no_name_lookup() -> None:
    # A resolver daemon behind a local socket (nscd, systemd-resolved) would carry a name out of the house for us.
    try:
        refused = ctypes.CDLL(None).__getattr__("__nss_configure_lookup")(b"hosts", b"files")
    except AttributeError as error:
        raise _open("a C library that is not glibc") from error
    if refused:
        raise _open("name look-ups that cannot be switched off")


def _load_filter() -> None:
    try:
        # Imported here: without libseccomp the import itself fails, and that must become a sentence.
        import pyseccomp  # noqa: PLC0415

        lock = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
        lock.set_attr(pyseccomp.Attr.CTL_TSYNC, 1)
        refuse = pyseccomp.ERRNO(errno.EACCES)
        # The whole 64-bit argument is compared, so rubbish in its upper half is refused too.
        lock.add_rule(refuse, "socket", pyseccomp.Arg(0, pyseccomp.NE, socket.AF_UNIX))
        for call in REFUSED_CALLS:
            lock.add_rule(refuse, call)
        lock.load()
    except (ImportError, RuntimeError, OSError) as error:
        raise LockError(
            f"no seccomp filter ({type(error).__name__}: {error})",
            "this process shut out of the network",
            "Install libseccomp2 and use a Linux kernel with seccomp; pictures are not read without it.",
        ) from error


def _prove_refused(family: str) -> None:
    try:
        socket.socket(getattr(socket, family), socket.SOCK_DGRAM).close()
    except OSError as error:
        if error.errno == errno.EACCES:
            return
        raise _open(f"{family} refused with {errno.errorcode.get(error.errno or 0)} and not by the lock") from error
    raise _open(f"a socket of family {family} that opens")


def _prove_io_uring_refused() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(_IO_URING_SETUP, 1, None) != -1 or ctypes.get_errno() != errno.EACCES:
        raise _open("an io_uring that is not refused")


def _prctl(option: int, value: int) -> int:
    result: int = ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
    return result


def _open(found: str) -> LockError:
    return LockError(found, "this process shut out of the network", "It ends here; check that the kernel has seccomp.")
