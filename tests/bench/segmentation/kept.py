"""What a method told, kept on disk under a key of everything that has a say: a changed segmenter is measured anew.

CPU times are kept with the rest: they are those of the run that measured.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec

import edge.gait
from tests.bench.segmentation.conditions import MEDIAPIPE
from tests.bench.segmentation.found import Found
from tests.bench.segmentation.peers import NAMES, VERSION

# What makes the frames; a peer depends on nothing else of ours.
_FRAMES = ("conditions.py", "faults.py", "recordings.py", "trials.py", "walks.py", "found.py")


def kept(folder: Path | None, what: tuple[str, ...], measure: Callable[[], list[Found]]) -> list[Found]:
    """From the folder if it is there, otherwise measured (and put there, where there is a folder).

    what: method, condition, then whatever else names the run.
    """
    if folder is None:
        return measure()
    path = folder / f"{_key(what)}.msgpack"
    if path.exists():
        return msgspec.msgpack.decode(path.read_bytes(), type=list[Found])
    found = measure()
    folder.mkdir(parents=True, exist_ok=True)
    half_done = path.with_suffix(".part")
    half_done.write_bytes(msgspec.msgpack.encode(found))
    half_done.rename(path)
    return found


def program_of(method: str, condition: str) -> str:
    """A fingerprint of the code that a method's answers come from; settings are named in the key by value."""
    spoilt = ("skeleton", "pose_error") if condition.startswith(MEDIAPIPE) else ("skeleton",)
    texts = _texts([Path(__file__).parent / name for name in _FRAMES]) + _gait(spoilt)
    if method in NAMES:
        return texts + VERSION + _texts([Path(__file__).parent / "peers.py"])
    return texts + _segmenter() + _texts([Path(__file__).parent / "ablations.py"])


def _key(what: tuple[str, ...]) -> str:
    return hashlib.sha256("\n".join([*what, program_of(*what[:2])]).encode()).hexdigest()[:32]


def _segmenter() -> str:
    paths = {p.stem for folder in edge.gait.__path__ for p in Path(folder).glob("*.py")}
    return _gait(tuple(sorted(name for name in paths if not name.startswith(("pose_", "walker", "settings")))))


@cache
def _gait(beginnings: tuple[str, ...]) -> str:
    paths = sorted(p for folder in edge.gait.__path__ for p in Path(folder).glob("*.py"))
    return _texts([p for p in paths if p.name.startswith(beginnings) and p.name != "settings.py"])


def _texts(paths: list[Path]) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
