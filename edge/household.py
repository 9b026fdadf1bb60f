"""What the household's own commands do: pause, resume, consent, status. Around ``edge.state``, for a terminal.

Promises: a command that says "paused" returns when that is on disk and, where a service runs, when its cameras are
closed; if they are not closed in time it says so and fails. Nothing is accepted but by a name that somebody gave.
Refuses to change anything of a running service but through state.db, which it reads.
"""

import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from rich.console import Console

from edge.boot_clock import read_clock
from edge.config import Config
from edge.consent import TEXT, ConsentNote, refusal, stands, withdrawn
from edge.errors import ConfigError, ConsentError, DiaryError, ServiceError, StateError
from edge.pause import ALL_PLACES, next_time_s, seconds_of, time_of
from edge.running_note import RunningNote, read_note
from edge.sense.sources import is_live
from edge.standing import standing
from edge.state import open_door, read_state

CLOSED_WITHIN_S: Final = 5.0
OFF_WITHIN_S: Final = 40.0
_SOMEBODY: Final = "somebody who lives here"


def pause(
    config: Config, console: Console, *, length: str | None, until: str | None, place: str | None, guest: bool
) -> None:
    """Pause a place or all, and wait until the cameras of a running service are closed."""
    if length and until:
        raise ConfigError("both --for and --until", "one of them", "Leave one out.")
    _refuse_strange(config, place)
    now = read_clock()
    until_s = now.wall_s + seconds_of(length) if length else None
    if until:
        until_s = next_time_s(time_of(until), now.wall_s, config.zone)
    with open_door(config.state) as door:
        stands_now = door.pause(place or ALL_PLACES, now, until_s, guest=guest)
    end_s = stands_now.end_s(now)
    end = "until `quietstep resume`" if end_s is None else f"until {_local(config, end_s)}"
    console.print(f"{place or 'Everything'} is paused {end}.", highlight=False)
    _wait_closed(config, console, place)


def resume(config: Config, console: Console, *, place: str | None, guest: bool) -> None:
    """End pauses; those of guests only where ``guest`` says so."""
    _refuse_strange(config, place)
    read_state(config.state)  # what is lost or damaged is not resumed by the way
    with open_door(config.state) as door:
        n_gone = door.resume(place or ALL_PLACES, guest=True if guest else None)
        left = [pause for pause in read_state(config.state).pauses if pause.lasts(read_clock())]
    covered = [pause for pause in left if place is None or pause.covers(place)]
    if covered:
        who = "everything is" if covered[0].place == ALL_PLACES else f"{covered[0].place} is"
        raise StateError(
            f"that {who} still paused", "no other pause of it", "End them all with `quietstep resume`, without options."
        )
    console.print("The pause is over." if n_gone else "Nothing was paused.")
    for rest in (told for told in standing(config).places if told.rests and place in (None, told.place)):
        console.print(f"{rest.place} still rests: {rest.rests}. {rest.do}", highlight=False, markup=False)


def consent(config: Config, console: Console, *, accept: str | None, withdraw: bool) -> None:
    """Show the text and who accepted it; accept it, or withdraw."""
    if withdraw:
        _withdraw(config, console)
        return
    if accept is None:
        console.print(TEXT, highlight=False, markup=False)
    notes = _notes_or_none(config)
    if accept is None and stands(notes):
        console.print(f"Accepted by {notes[-1].name}, {_local(config, notes[-1].at_s)}.", highlight=False, markup=False)
        return
    _accept(config, console, accept, notes)


def require_consent(config: Config, console: Console) -> None:
    """Before anything starts: a consent that stands, for live cameras (see ``edge.consent``).

    A terminal may give it on the spot. A state that cannot be read is no reason to end here: the service
    starts, and everything in it rests.
    """
    try:
        notes = read_state(config.state).consents
    except StateError:
        return
    live = any(is_live(camera.source) for camera in config.camera)
    if withdrawn(notes) or (live and not stands(notes)):
        console.print(TEXT, highlight=False, markup=False)
        _accept(config, console, None, notes)


def _accept(config: Config, console: Console, name: str | None, notes: tuple[ConsentNote, ...]) -> None:
    if name is None:
        if not (sys.stdin.isatty() and console.is_terminal):
            raise refusal(notes)
        name = console.input("To accept, type your name; to leave, press Enter: ").strip()
        if not name:
            raise refusal(notes)
    with open_door(config.state) as door:
        note = door.accept(name, read_clock())
    console.print(f"Accepted by {note.name}.", highlight=False, markup=False)
    if any(pause.lasts(read_clock()) for pause in read_state(config.state).pauses):
        console.print("It is paused; to watch: quietstep resume")


def _withdraw(config: Config, console: Console) -> None:
    """Off first, then erased: what was kept goes when nobody writes any more."""
    with open_door(config.state) as door:
        door.withdraw(_SOMEBODY, read_clock())
    console.print("The consent is withdrawn. Watching ends now.")
    if not _until(lambda: read_note(config.running_note) is None, OFF_WITHIN_S):
        raise ServiceError("a service that still runs", "one that ended", "Stop `quietstep run`, then withdraw again.")
    _erase_all(config, console)


def _erase_all(config: Config, console: Console) -> None:
    from edge.share_commands import forgetting  # noqa: PLC0415  (slow to load, and a pause should be quick)

    with forgetting(config):
        if config.diary.exists():
            _erase(config, console)


def _erase(config: Config, console: Console) -> None:
    from edge.diary.erase import erase_all  # noqa: PLC0415  (slow to load, and a pause should be quick)

    places, by_hand = frozenset(camera.place for camera in config.camera), f"delete the folder {config.data_dir}"
    try:
        erased = erase_all(config.diary, config.key, int(read_clock().wall_s), places)
    except DiaryError as error:
        found = f"a diary that could not be erased ({error.found})"
        raise ConsentError(found, "one that goes", f"Nothing is watched any more. To erase it, {by_hand}.") from error
    if not erased.found.clean:
        found = f"something of it still in {', '.join(erased.found.where)}"
        raise ConsentError(found, "nothing of it", f"Nothing is watched any more. To erase the rest, {by_hand}.")
    key = "its key" if erased.receipt.key == "destroyed" else f"but not its key, which is not ours: {config.key}"
    rows = f"{erased.receipt.n_rows} rows"
    console.print(f"The diary is erased ({rows}), with its backups in {config.data_dir} and {key}.", highlight=False)


def _notes_or_none(config: Config) -> tuple[ConsentNote, ...]:
    """The record; of a state that was lost, none (accepting makes it anew, paused)."""
    try:
        return read_state(config.state).consents
    except StateError:
        if config.state.exists():
            raise
        return ()


def _refuse_strange(config: Config, place: str | None) -> None:
    running = read_note(config.running_note)
    known = {camera.place for camera in config.camera} | set(running.cameras if running else ())
    if place is not None and known and place not in known:
        raise ConfigError(f"the place {place!r}", f"one of {', '.join(sorted(known))}", "Nothing was changed.")


def _wait_closed(config: Config, console: Console, place: str | None) -> None:
    if read_note(config.running_note) is None:
        console.print(f"Nothing runs on {config.data_dir} at the moment; it will start paused.", soft_wrap=True)
        return

    def closed() -> bool:
        note = read_note(config.running_note)
        return note is None or all(stage in ("closed", "over") for stage in _stages(note, place))

    if not _until(closed, CLOSED_WITHIN_S):
        raise ServiceError(
            f"a running service that did not close its cameras within {CLOSED_WITHIN_S:.0f} s",
            "closed cameras",
            "The pause is kept. Stop `quietstep run`; it will start paused.",
        )
    console.print("Cameras closed.")


def _stages(note: RunningNote, place: str | None) -> list[str]:
    return [stage for name, stage in note.cameras.items() if place in (None, name)]


def _until(done: Callable[[], bool], within_s: float) -> bool:
    deadline_s = time.monotonic() + within_s
    while not done():
        if time.monotonic() >= deadline_s:
            return False
        time.sleep(0.1)
    return True


def _local(config: Config, t_s: float) -> str:
    return f"{datetime.fromtimestamp(t_s, config.zone):%a %d %b %Y %H:%M}"
