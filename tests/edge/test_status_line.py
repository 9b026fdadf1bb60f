"""The status line: what is down comes first, then what is paused and until when."""

from edge.gauges import Reading
from edge.permission import Reason, Rest
from edge.sense.frames import Phase, Progress
from edge.service_status import Status
from edge.status_line import status_line

READING = Reading(*range(12))
PROGRESS = Progress(0, 0, 0, 0, Phase.RUNNING, 0, Phase.RUNNING, 0, 0, 0, 0)
CAMERAS = {"hall": PROGRESS, "stairs": PROGRESS}


def said(down: tuple[str, ...] = (), rests: dict[str, Rest] | None = None) -> str:
    return status_line(Status(READING, "cpu", CAMERAS, down, rests=rests or {}), 10.0).plain


def test_watching_paused_and_down() -> None:
    guests, quiet = Rest(Reason.GUEST), Rest(Reason.QUIET, 1_900_000_000.0)
    assert said().startswith("watching")
    assert said(rests={"hall": guests}).startswith("hall paused for guests")
    assert said(rests={"hall": quiet, "stairs": quiet}).startswith("quiet hours until ")
    assert said(("stairs",), {"hall": guests}).startswith("down: stairs")
