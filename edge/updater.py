"""The supervisor's side of the updater: its spec, its start, and its return after it died.

Promises: it runs only where the settings name a url and the model that ships with Quietstep was not replaced by hand;
whatever becomes of it, watching goes on. Refuses to judge it by progress: each of its steps over the network has an end
of its own (`edge.update.network`), and a download may take hours.
"""

import os
from typing import Final

import structlog

from edge.child import Child, Start
from edge.config import REFERENCE_BUNDLE, Config
from edge.eye import start_of
from edge.update_spec import UpdateSpec

STOP_S: Final = 5.0

log = structlog.get_logger("supervisor")


class UpdaterChild:
    """``look`` with every step of the service, ``stop`` at its end."""

    def __init__(self, config: Config, *, json_log: bool) -> None:
        self.child = Child("updater", lambda: _start(config, json_log))

    def look(self, now_s: float) -> None:
        """Start it, or bring it back some time after it ended."""
        child = self.child
        if child.pid is None:
            child.start(now_s, 0)
        elif child.exit_code is None:
            return
        elif child.watch.due_s <= child.watch.started_s:
            due_s = child.watch.died(now_s)
            log.warning("ended", process=child.name, code=child.exit_code, again_in_s=round(due_s - now_s, 1))
        elif child.watch.due_s <= now_s:
            child.start(now_s, 0)
            log.info("started again", process=child.name, n_deaths=child.watch.n_deaths)

    def stop(self) -> None:
        """End it; a check that is cut is finished by the next one."""
        self.child.ask_to_stop()
        self.child.stop(STOP_S)


def updater_of(config: Config, kind: str, *, json_log: bool) -> UpdaterChild | None:
    """None where nothing is to be asked."""
    wanted = kind == "home" and config.update.url is not None and config.bundle == REFERENCE_BUNDLE
    return UpdaterChild(config, json_log=json_log) if wanted else None


def spec_of(config: Config, *, json_log: bool = False) -> UpdateSpec:
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
    )


def _start(config: Config, json_log: bool) -> Start:
    return start_of("edge.update_process", spec_of(config, json_log=json_log), ())
