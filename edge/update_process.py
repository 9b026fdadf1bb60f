"""The updater: ``python -m edge.update_process``, with an UpdateSpec on stdin. The one process that asks the internet.

Promises: it asks when `edge.update.poll` says, stages what is proven, says in a line of the log what came of it, and
goes on whatever that was; killed anywhere, the next one finishes. It beats where something moves, from its one thread,
so that one that hangs is found out. It holds no skeleton and cannot import the rooms that do. Refuses to ask while
updates are on hold or models.db cannot be read.
"""

import contextlib
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec
import structlog

from edge.boot_clock import read_clock
from edge.errors import QuietstepError, UpdateStoreError
from edge.heartbeat import Heartbeat
from edge.log import set_up_logging
from edge.parent import die_with_parent
from edge.pause import Pause, time_of
from edge.quiet_hours import QuietHours
from edge.update.agenda import Agenda
from edge.update.network import Network, still
from edge.update.note import UpdateNote, read_note, write_note
from edge.update.outcome import Outcome, outcome_of
from edge.update.pointer import ModelStore
from edge.update.poll import Polled, PollSettings, may_fetch_payload
from edge.update.round import Follower, check_once
from edge.update_spec import UpdateSpec
from edge.zone import household_zone

LOOK_EVERY_S: Final = 2.0
Check = Callable[[Follower, Network, float, bool], Outcome]

log = structlog.get_logger("updater")


class Updater:
    """``look`` again and again; it asks when it is time. ``check`` and the random number come from outside."""

    def __init__(self, spec: UpdateSpec, random: float, check: Check, beat: Callable[[], None] = still) -> None:
        self._home, self._note = follower_of(spec), Path(spec.note)
        self._settings, self._check, self._beat = settings_of(spec), check, beat
        self._models, self._agenda = ModelStore(Path(spec.models)), Agenda(random)
        self._stamp: tuple[int, ...] | None = None
        self._hold: Pause | None = None
        last = read_note(self._note)
        self._last = last or UpdateNote(None, None, None)
        failed = last is not None and last.outcome is not None and not last.outcome.good
        # How often an older updater failed is not taken on: the reason may be gone.
        self._polled = Polled(self._last.at_s, int(failed))

    def look(self, now_s: float) -> Outcome | None:
        """What came of a check, if it was time for one (``now_s`` Unix seconds)."""
        settings = self._now_settings()
        if not self._agenda.due(self._polled, settings, now_s):
            self._tell(self._last.at_s, self._last.outcome)
            return None
        try:
            outcome = self._check(self._home, Network(beat=self._beat), now_s, may_fetch_payload(settings))
        except QuietstepError as error:
            outcome = outcome_of(error)
        self._polled = Polled(now_s, 0 if outcome.good else self._polled.n_failures + 1)
        self._agenda.due(self._polled, settings, now_s)
        self._tell(now_s, outcome)
        return outcome

    def _now_settings(self) -> PollSettings:
        if self._stamp != (stamp := self._models.stamp()):
            with contextlib.suppress(UpdateStoreError):  # the check itself says so
                self._hold = self._models.read().hold
            self._stamp = stamp
        on_hold = self._hold is not None and self._hold.lasts(read_clock())
        return replace(self._settings, on_hold=on_hold)

    def _tell(self, at_s: float | None, outcome: Outcome | None) -> None:
        note = UpdateNote(at_s, outcome, self._agenda.next_s)
        if note != self._last:
            self._last = note
            write_note(self._note, note)


def follower_of(spec: UpdateSpec) -> Follower:
    """The home that a spec describes."""
    paths = (Path(spec.folder), Path(spec.models), Path(spec.shipped))
    return Follower(spec.url, Path(spec.root), spec.ring, *paths)


def settings_of(spec: UpdateSpec) -> PollSettings:
    """When a spec wants it to ask."""
    quiet = tuple(QuietHours(time_of(start), time_of(end)) for start, end in spec.quiet)
    usual = PollSettings(household_zone(spec.zone), quiet=quiet, metered=spec.metered)
    return replace(usual, every_s=spec.every_s, first_again_s=min(usual.first_again_s, spec.every_s))


def check(home: Follower, network: Network, now_s: float, fetch: bool) -> Outcome:
    """The real one."""
    return check_once(home, network, now_s, fetch=fetch)


def main() -> int:
    """Look until the supervisor ends it, or ends."""
    spec = msgspec.json.decode(sys.stdin.buffer.read(), type=UpdateSpec)
    die_with_parent(spec.parent_pid)
    set_up_logging(json=spec.json_log)
    beat = still if spec.heartbeat_fd is None else Heartbeat(spec.heartbeat_fd).beat
    updater = Updater(spec, secrets.randbelow(1 << 20) / (1 << 20), check, beat)
    while True:
        beat()
        if outcome := updater.look(time.time()):
            (log.info if outcome.good else log.warning)("asked for a new model", came=outcome.event, said=outcome.said)
        time.sleep(LOOK_EVERY_S)


if __name__ == "__main__":
    raise SystemExit(main())
