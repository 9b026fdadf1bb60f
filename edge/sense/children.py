"""How the supervisor starts capture and eyes: command line, document on standard input, inherited descriptors.

Promises: a child gets nothing but its three descriptors, its document, and stderr as lines of which only the ones that
mean something are passed on. Start children from the main thread: the kernel kills them when the thread that started
them ends. Refuses nothing.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO, Final

import msgspec

from edge.sense.specs import CaptureSpec, EyesSpec

_NOISE: Final = re.compile(
    r"""^(
        [IW]\d{4}\s                          # absl information and warnings of mediapipe's C++ part
      | INFO:\ | WARNING:\ (Read-only\ tensor|Logging\ before|All\ log\ messages)
      | \s*$
    )""",
    re.VERBOSE,
)


def start_capture(spec: CaptureSpec, on_line: Callable[[str], None]) -> subprocess.Popen[bytes]:
    """Start the capture process; ``on_line`` gets each line it says, in a thread of its own."""
    return _start("edge.sense.capture", spec, spec.memory.all(), on_line)


def start_eyes(spec: EyesSpec, on_line: Callable[[str], None]) -> subprocess.Popen[bytes]:
    """Start the eyes; ``on_line`` gets each line they say that is not noise, in a thread of its own."""
    return _start("edge.sense.eyes", spec, spec.memory.all(), on_line)


def is_noise(line: str) -> bool:
    """Whether a line of stderr is the estimator's small talk; its errors (E, F) and all our sentences are not."""
    return bool(_NOISE.match(line))


def _start(
    module: str, spec: msgspec.Struct, fds: tuple[int, ...], on_line: Callable[[str], None]
) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=fds,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stdin is not None
    assert process.stderr is not None
    threading.Thread(target=_forward, args=(process.stderr, on_line), daemon=True).start()
    try:
        process.stdin.write(msgspec.json.encode(spec))
        process.stdin.close()
    except BrokenPipeError:
        pass  # It died at once; its exit code tells.
    return process


def _forward(stderr: IO[bytes], on_line: Callable[[str], None]) -> None:
    with stderr:
        for raw in stderr:
            line = raw.decode("utf-8", "replace").rstrip()
            if not is_noise(line):
                on_line(line)
