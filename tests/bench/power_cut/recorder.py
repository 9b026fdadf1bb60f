"""What a program did to the files of one folder, in order, as strace saw it.

Promises: every write, truncation, sync, creation, link, rename and removal below the folder, and what the program
said on its standard output in between (its acknowledgements). Refuses a log that it does not understand. SQLite's
shared memory (-shm) is left out: it is written through a mapping, which strace does not see, and rebuilt at opening.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
CALLS: Final = (
    "openat,write,pwrite64,fsync,fdatasync,ftruncate,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir"
)
_LINE: Final = re.compile(r"^\d+ +(\w+)\((.*)\) += (-?\d+)(?:<(.*)>)?")
_TEXT: Final = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_FD: Final = re.compile(r"^(\d+)<((?:\\x[0-9a-f]{2}|[^>])*)>")
_LAST: Final = re.compile(r", (\d+)$")


@dataclass(frozen=True, slots=True)
class Event:
    """``kind``: create, write, truncate, sync, sync folder, rename, link, unlink, or said; names below the folder."""

    kind: str
    name: str = ""
    other: str = ""
    offset: int = 0
    data: bytes = b""


def record(code: str, folder: Path) -> list[Event]:
    """Run Python code (it gets the folder as its argument) and tell what it did there. Raises RuntimeError."""
    reader = _Reader(folder)
    with tempfile.TemporaryDirectory() as aside:
        log = Path(aside) / "log"
        traced = [shutil.which("strace") or "strace", "-f", "-y", "-xx", "-s", "1000000", "-o", str(log)]
        command = [*traced, "-e", f"trace={CALLS}", sys.executable, "-c", code, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=ROOT)
        if done.returncode != 0:
            raise RuntimeError(f"the traced program failed: {done.stderr[-2000:]}")
        events = list(reader.events(log.read_text().splitlines()))
    if not events:
        raise RuntimeError("the traced program did nothing in its folder")
    return events


class _Reader:
    def __init__(self, folder: Path) -> None:
        self._folder = f"{folder}/"
        self._hex = "".join(f"\\x{byte:02x}" for byte in str(folder).encode())
        self._names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        self._at: dict[str, int] = {}
        self._appends: dict[str, bool] = {}

    def events(self, lines: list[str]) -> Iterator[Event]:
        for line in lines:
            found = _LINE.match(line)
            if found is None:
                if "<unfinished" in line and self._hex in line:
                    raise RuntimeError(f"a call that strace told in two pieces: {line[:200]}")
                continue
            call, arguments, answer = found[1], found[2], int(found[3])
            if answer >= 0:
                yield from (event for event in self._event(call, arguments, answer) if not _left_out(event))

    def _event(self, call: str, arguments: str, answer: int) -> Iterator[Event]:
        if call == "openat":
            yield from self._opened(arguments, str(answer))
        elif call in ("write", "pwrite64"):
            yield from self._written(call, arguments)
        elif call in ("fsync", "fdatasync", "ftruncate"):
            yield from self._synced(call, arguments)
        elif call != "mkdir":
            names = [self._inside(_bytes(text).decode()) for text in _TEXT.findall(arguments)]
            if all(name is not None for name in names):
                yield from self._named(call, [name or "" for name in names])

    def _opened(self, arguments: str, fd: str) -> Iterator[Event]:
        path = _bytes(_TEXT.findall(arguments)[0]).decode()
        name = self._inside(path)
        self._at[fd], self._appends[fd] = 0, "O_APPEND" in arguments
        if name is None or "O_DIRECTORY" in arguments:
            return
        if "O_CREAT" in arguments and name not in self._names:
            self._names.add(name)
            yield Event("create", name)
        elif "O_TRUNC" in arguments:
            yield Event("truncate", name)

    def _written(self, call: str, arguments: str) -> Iterator[Event]:
        fd, name = self._of(arguments)
        data = _bytes(_TEXT.findall(arguments)[-1])
        if fd == "1":  # the program's own children may have one, too, but none that is traced to here says anything
            yield Event("said", data=data)
        elif name is not None:
            last = _LAST.search(arguments)
            offset = int(last[1]) if call == "pwrite64" and last else self._at[fd]
            self._at[fd] += len(data) if call == "write" else 0
            yield Event("write", name, offset=-1 if call == "write" and self._appends[fd] else offset, data=data)

    def _synced(self, call: str, arguments: str) -> Iterator[Event]:
        _fd, name = self._of(arguments)
        if name is None:
            return
        if call == "ftruncate":
            last = _LAST.search(arguments)
            yield Event("truncate", name, offset=int(last[1]) if last else 0)
        else:
            yield Event("sync" if name in self._names else "sync folder", name)

    def _named(self, call: str, names: list[str]) -> Iterator[Event]:
        if call.startswith("unlink"):
            self._names.discard(names[0])
            yield Event("unlink", names[0])
        else:
            self._names.add(names[1])
            if call.startswith("rename"):
                self._names.discard(names[0])
            yield Event("link" if call.startswith("link") else "rename", *names)

    def _of(self, arguments: str) -> tuple[str, str | None]:
        found = _FD.match(arguments)
        if found is None:
            return "", None
        if arguments[found.end() :].startswith("(deleted)"):
            return found[1], None
        path = _bytes(found[2]).decode() if "\\x" in found[2] else found[2]
        return found[1], self._inside(path)

    def _inside(self, path: str) -> str | None:
        """The name below the folder; "." for the folder itself; None elsewhere, and for a file that has no name."""
        if f"{path}/" == self._folder:
            return "."
        return path.removeprefix(self._folder) if path.startswith(self._folder) else None


def _left_out(event: Event) -> bool:
    return event.name.endswith(("-shm", ".lock"))


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))
