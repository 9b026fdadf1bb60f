"""``quietstep run`` as a person sees it: a status line where there is a terminal, log lines where there is none.

Promises: Ctrl-C and SIGTERM end it in order; it says at the end what came of it. Refuses nothing of its own.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import structlog
from rich.console import Console
from rich.live import Live

from edge.config import Config
from edge.log import set_up_logging
from edge.service import STEP_S, Service, serving
from edge.service_status import Status
from edge.status_line import Rate, status_line
from edge.stop import Stop

STATUS_EVERY_S: Final = 60.0
log = structlog.get_logger("quietstep")


def run_service(
    config: Config, pose_model: Path, console: Console, *, seconds: float | None = None, json_log: bool = False
) -> None:
    """Watch until stopped, until ``seconds`` are over, or until all recordings are."""
    set_up_logging(json=json_log)
    service = Service(config, pose_model, json_log=json_log)
    with Stop().listening() as stop, serving(service, stop):
        log.info("watching", places=[camera.place for camera in config.camera], diary=str(config.diary))
        if console.is_terminal and not json_log:
            watch_live(service, console, stop, seconds)
        else:
            _watch_quietly(service, stop, seconds)
        log.info("stopping")
    said = service.last_status.reading
    log.info("stopped", frames=said.n_frames, cycles=said.n_cycles, abstained=said.n_abstained, rows=said.n_rows)


def watch_live(service: Service, console: Console, stop: Stop, seconds: float | None) -> None:
    """Step the service under a live status line."""
    rate = Rate()
    with Live(console=console, refresh_per_second=4, redirect_stdout=False) as live:
        for elapsed_s in _steps(service, stop, seconds):
            status = service.status
            left_s = None if seconds is None else seconds - elapsed_s
            live.update(status_line(status, rate.update(elapsed_s, status.reading.n_frames), left_s))
    if not console.is_terminal:
        console.print()


def _watch_quietly(service: Service, stop: Stop, seconds: float | None) -> None:
    told_s = 0.0
    for elapsed_s in _steps(service, stop, seconds):
        if elapsed_s - told_s >= STATUS_EVERY_S:
            told_s = elapsed_s
            _tell(service.status)


def _steps(service: Service, stop: Stop, seconds: float | None) -> Iterator[float]:
    """Step until the recordings are over, somebody stops it or the time is up; yields the seconds gone by."""
    begin_s = time.monotonic()
    while not stop.asked and service.step():
        elapsed_s = time.monotonic() - begin_s
        if seconds is not None and elapsed_s >= seconds:
            return
        yield elapsed_s
        time.sleep(STEP_S)


def _tell(status: Status) -> None:
    reading = status.reading
    log.info(
        "status",
        frames=reading.n_frames,
        people=reading.n_people,
        cycles=reading.n_cycles,
        abstained=reading.n_abstained,
        missed=reading.n_gaps,
        frame_age_s=None if status.oldest_frame_s is None else round(status.oldest_frame_s, 3),
        diary_failures=reading.diary_failures,
        rung=status.rung or status.stage,
        model=status.model[:12] or "ships with Quietstep",
        rungs_dropped=reading.n_rungs_dropped,
        down=list(status.down),
        paused=sorted(status.rests),
    )
