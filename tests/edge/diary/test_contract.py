"""Storage cannot see a body: loading all of it loads nothing that could hold one."""

import subprocess
import sys

import pytest

from edge.diary.booking import CycleNote, MinuteNote, OpenBucket
from edge.diary.trend import MoodSums, TrendRow

FORBIDDEN = ("edge.gait", "edge.sense", "edge.wire", "edge.encoder", "edge.monitor", "mediapipe", "cv2", "av", "zmq")
ROOMS = "import edge.diary.diary, edge.diary.store, edge.review.terminal, sys; print(*sys.modules)"


def loaded(code: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name for name in done.stdout.split() if any(name == f or name.startswith(f + ".") for f in FORBIDDEN)}


def test_the_rooms_of_storage_load_nothing_that_holds_a_body() -> None:
    assert loaded(ROOMS) == set()


def test_the_check_itself_finds_a_body() -> None:
    assert "edge.gait" in loaded("import edge.gait.skeleton, sys; print(*sys.modules)")


@pytest.mark.parametrize("value", [CycleNote, MinuteNote, OpenBucket, MoodSums, TrendRow])
def test_no_field_of_what_crosses_or_is_kept_is_an_array_or_bytes(value: type) -> None:
    kinds = " ".join(str(kind) for kind in value.__annotations__.values())
    assert "ndarray" not in kinds
    assert "bytes" not in kinds
    assert not {"track", "person", "identity", "cadence", "x_JC"} & set(value.__annotations__)
