"""The supervisor's side of the updater: its spec, its start, and its return after it died.

Promises: it runs only where the settings name a url and the model that ships with Quietstep was not replaced by hand;
whatever becomes of it, watching goes on. It is judged by its heartbeat, which moves with every byte that comes, is
hashed or unpacked, so a download of hours is no hang, and one that stands still is ended and brought back ever more
slowly. Refuses to wait for one that the kernel holds fast: it is killed, and replaced when it is gone.
"""

import os
from typing import Final

import structlog

from edge.child import Child, Start
from edge.config import REFERENCE_BUNDLE, Config
from edge.eye import start_of
from edge.heartbeat import Heartbeat
from edge.update_spec import UpdateSpec
from edge.watch import Watch

STOP_S: Final = 5.0
STALL_S: Final = 300.0
"""Longest accepted time without a beat. Each step over the network ends by itself within a minute (a resolver's tries,
connecting, headers); proving half a GiB that was just unpacked on a slow card takes about two."""

log = structlog.get_logger("supervisor")


class UpdaterChild:
    """``look`` with every step of the service, ``stop`` at its end."""

    def __init__(self, config: Config, *, json_log: bool, stall_s: float = STALL_S) -> None:
        self._heart = Heartbeat.create()
        watch = Watch(warm_up_s=stall_s, stall_s=stall_s)
        self.child = Child("updater", lambda: _start(config, json_log, self._heart.fd), watch)
        self._killed = False

    def look(self, now_s: float) -> None:
        """Start it, end it where it hangs, and bring it back some time after it ended."""
        child, n_beats = self.child, self._heart.n_beats
        if child.pid is None:
            child.start(now_s, n_beats)
        elif child.exit_code is None:
            if not child.watch.update(now_s, n_beats) and not self._killed:
                log.warning("hangs and is ended", process=child.name)
                child.kill_and_go_on()
                self._killed = True
        elif child.watch.due_s <= child.watch.started_s:
            due_s = child.watch.died(now_s)
            log.warning("ended", process=child.name, code=child.exit_code, again_in_s=round(due_s - now_s, 1))
        elif child.watch.due_s <= now_s:
            child.start(now_s, n_beats)
            self._killed = False
            log.info("started again", process=child.name, n_deaths=child.watch.n_deaths)

    def stop(self) -> None:
        """End it; a check that is cut is finished by the next one."""
        self.child.ask_to_stop()
        if not self.child.ended_within(STOP_S):
            self.child.kill_and_go_on()
            self.child.ended_within(STOP_S)
        self._heart.close()


def updater_of(config: Config, kind: str, *, json_log: bool) -> UpdaterChild | None:
    """None where nothing is to be asked."""
    wanted = kind == "home" and config.update.url is not None and config.bundle == REFERENCE_BUNDLE
    return UpdaterChild(config, json_log=json_log) if wanted else None


def spec_of(config: Config, *, json_log: bool = False, heartbeat_fd: int | None = None) -> UpdateSpec:
    """What the updater is told of these settings."""
    update = config.update
    assert update.url is not None
    assert update.root is not None
    return UpdateSpec(
        url=update.url,
        root=str(update.root),
        ring=update.ring,
        folder=str(config.data_dir),
        models=str(config.models),
        shipped=str(config.bundle),
        note=str(config.update_note),
        every_s=3600.0 * update.every_hours,
        metered=update.metered,
        quiet=tuple((f"{window.start:%H:%M}", f"{window.end:%H:%M}") for window in update.quiet),
        zone=config.timezone,
        parent_pid=os.getpid(),
        json_log=json_log,
        heartbeat_fd=heartbeat_fd,
    )


def _start(config: Config, json_log: bool, heartbeat_fd: int) -> Start:
    spec = spec_of(config, json_log=json_log, heartbeat_fd=heartbeat_fd)
    return start_of("edge.update_process", spec, (heartbeat_fd,))
