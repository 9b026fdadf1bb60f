"""A rung in a process of its own, for a native call that hangs can only be ended with its process.

Promises: every wait has a limit, and so has the memory; a rung that exceeds one, ends or crashes is killed and told as
an EncoderError; its process is locked out of the network like the monitor, and dies with the *thread* that opened it
(whoever opens one in a thread keeps that thread). Refuses nothing of its own.

Shape letters: N cycle, T time, J landmark, C coordinate.
"""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from edge.encoder.answers import Floats, Raw
from edge.encoder.exchange import Answered, Failed, Line, Message, Ready, Working, answer_of, ask
from edge.errors import EncoderError
from edge.rungs import RungSpec

RUN_LIMIT_S: Final = 2.0
"""Longest accepted time for one call: far above any answer, below what the supervisor takes for a hang."""
_GOODBYE_S: Final = 2.0
_WORDS: Final = 200
_MIB: Final = 1024 * 1024
_ENVIRONMENT: Final = {"NVIDIA_TF32_OVERRIDE": "0"}
"""TensorFloat-32 keeps ten bits of a float32: the golden answers would be missed by more than their tolerance."""

Tell = Callable[[str], None]


class IsolatedRung:
    """The near end of a rung that runs elsewhere."""

    def __init__(self, spec: RungSpec, open_limit_s: float, tell: Tell) -> None:
        self.name = spec.rung
        self._run_limit_s = RUN_LIMIT_S
        self._room_mib = spec.room_mib
        self._words = os.memfd_create("quietstep-rung-words")
        near, far = socket.socketpair()
        with far:
            self._process = _start(msgspec.structs.replace(spec, line_fd=far.fileno()), far.fileno(), self._words)
        self._line = Line(near)
        self._stage = f"opening rung {spec.rung}"
        self._await_ready(open_limit_s, tell)

    def run(self, x_NTJC: Floats, duration_s_N: Floats) -> Raw:
        """Answer for checked inputs; raises EncoderError when the rung fails, ends or takes too long."""
        with self._ending_on_failure(self._run_limit_s):
            self._line.send(ask(x_NTJC, duration_s_N), self._run_limit_s)
            said = self._line.receive(self._run_limit_s, self._refuse_too_large)
            if isinstance(said, Answered):
                self._refuse_too_large()
                return answer_of(said)
            raise self._strange(said)

    def close(self) -> None:
        """Kill the process; a driver that does not let it go is not waited for."""
        self._line.close()
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GOODBYE_S)
        if self._words >= 0:
            os.close(self._words)
            self._words = -1

    def _await_ready(self, limit_s: float, tell: Tell) -> None:
        end_s = time.monotonic() + limit_s
        with self._ending_on_failure(limit_s):
            while not isinstance(
                said := self._line.receive(end_s - time.monotonic(), lambda: tell(self._stage)), Ready
            ):
                if not isinstance(said, Working):
                    raise self._strange(said)
                self._stage = said.stage
                tell(said.stage)

    @contextlib.contextmanager
    def _ending_on_failure(self, limit_s: float) -> Iterator[None]:
        try:
            yield
        except TimeoutError as error:
            self.close()
            raise self._failed(f"no answer within {limit_s:g} s ({self._stage})") from error
        except ConnectionError as error:
            words = self._last_words()
            self.close()
            raise self._failed(f"a process that ended ({words})") from error
        except EncoderError:
            self.close()
            raise

    def _refuse_too_large(self) -> None:
        """Resident memory above the room: what the kernel's limit cannot hold where a driver needs address space."""
        with contextlib.suppress(OSError, IndexError, ValueError):  # it is gone; the line tells
            resident = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            if resident > self._room_mib * _MIB:
                raise self._failed(f"a process of {resident // _MIB} MiB (at most {self._room_mib})")

    def _strange(self, said: Message) -> EncoderError:
        if isinstance(said, Failed):
            return EncoderError(said.found, f"an answer from rung {self.name}", said.do)
        return self._failed(f"a {type(said).__name__} where an answer belongs")

    def _failed(self, found: str) -> EncoderError:
        do = "Run: quietstep doctor; until then a lower rung answers."
        return EncoderError(found, f"an answer from rung {self.name}", do)

    def _last_words(self) -> str:
        """Exit code and last line; before ``close``, which forgets them."""
        size = os.fstat(self._words).st_size
        text = os.pread(self._words, 4096, max(0, size - 4096)).decode(errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GOODBYE_S)
        code = self._process.returncode
        return f"exit code {code}{': ' + lines[-1][:_WORDS] if lines else ''}"


def _start(spec: RungSpec, line_fd: int, words_fd: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "edge.encoder_process"],
        stdin=subprocess.PIPE,
        stdout=words_fd,
        stderr=words_fd,
        pass_fds=(line_fd,),
        env=os.environ | _ENVIRONMENT,
    )
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it died at once; the line tells
        process.stdin.write(msgspec.json.encode(spec))
        process.stdin.close()
    return process
