"""One child process of the supervisor: started with its Spec on stdin, watched, stopped, started again.

Promises: a child is never left behind (it dies with its parent, and ``stop`` waits and then kills); its last sentence
on stderr is kept in memory, so that the supervisor can say why it ended. Refuses shells: the command is a list.
"""

import contextlib
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edge.sense.children import is_noise
from edge.watch import Watch

_MOST_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Start:
    """What it takes to start a child: command, JSON for its stdin, inherited descriptors, more environment."""

    command: tuple[str, ...]
    stdin: bytes
    fds: tuple[int, ...]
    environment: tuple[tuple[str, str], ...] = ()


class Child:
    """A process with a name; ``start`` may be called again after it ended."""

    def __init__(self, name: str, how: Callable[[], Start], watch: Watch | None = None) -> None:
        self.name = name
        self.watch = watch or Watch()
        self._how = how
        self._process: subprocess.Popen[bytes] | None = None
        self._last_line = ""

    @property
    def pid(self) -> int | None:
        """Its process id while it was started, else None."""
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """None while it runs or was never started."""
        return self._process.poll() if self._process else None

    @property
    def running(self) -> bool:
        """Started and not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self, now_s: float, progress: int) -> None:
        """Start it and hand over its Spec."""
        how = self._how()
        self._last_line = ""
        self._process = subprocess.Popen(
            how.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=how.fds,
            start_new_session=True,
            env=os.environ | dict(how.environment),
        )
        self.watch.start(now_s, progress)
        assert self._process.stdin is not None
        assert self._process.stderr is not None
        os.set_blocking(self._process.stderr.fileno(), False)
        with contextlib.suppress(BrokenPipeError):  # it died at once; the supervisor sees that next
            self._process.stdin.write(how.stdin)
            self._process.stdin.close()

    def said(self) -> list[str]:
        """The lines it wrote to stderr since the last call."""
        if self._process is None or self._process.stderr is None or self._process.stderr.closed:
            return []
        data = self._process.stderr.read(_MOST_BYTES) or b""
        lines = [line for line in data.decode(errors="replace").splitlines() if not is_noise(line)]
        self._last_line = lines[-1] if lines else self._last_line
        return lines

    def last_words(self) -> str:
        """The last line it wrote to stderr, or nothing."""
        self.said()
        return self._last_line

    def ask_to_stop(self) -> None:
        """SIGTERM, if it runs."""
        if self.running and self._process:
            self._process.terminate()

    def kill(self) -> None:
        """SIGKILL, and wait for it to be gone."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def kill_and_go_on(self) -> None:
        """SIGKILL without waiting: one that hangs in the kernel is gone only when the kernel lets go of it."""
        if self._process:
            self._process.kill()

    def ended_within(self, within_s: float) -> bool:
        """Whether it is gone, now or after at most ``within_s``."""
        if self._process is None:
            return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(within_s)
        return not self.running

    def stop(self, within_s: float) -> None:
        """Wait for it to leave after ``ask_to_stop``; kill it after ``within_s``."""
        if self._process is None:
            return
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
