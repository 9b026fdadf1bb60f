"""``quietstep status``: does it run, what rests and until when, who consented, which rung and model answer.

Promises: what it says of pauses and consent is read from state.db as the service reads it, and what it says of
processes comes from the service's own note. Refuses to start, stop or repair anything.
"""

from datetime import UTC, datetime

import msgspec
from rich.console import Console
from rich.table import Table

from edge.boot_clock import read_clock
from edge.config import Config
from edge.consent import stands
from edge.errors import StateError
from edge.permission import State, rest_of
from edge.running_note import RunningNote, read_note
from edge.sense.sources import is_live
from edge.state import read_state
from edge.update_commands import ModelStatus, model_status, status_lines


class PlaceStatus(msgspec.Struct, frozen=True):
    """One place: what its camera does (None: nothing runs), and why it rests until when, if it does."""

    place: str
    stage: str | None
    rests: str | None
    until: str | None
    do: str | None


class Standing(msgspec.Struct, frozen=True):
    """The whole answer. Times are ISO 8601 in UTC."""

    running: bool
    rung: str | None
    consent: bool
    consent_by: str | None
    consent_at: str | None
    state_error: str | None
    places: tuple[PlaceStatus, ...]
    model: ModelStatus


def standing(config: Config) -> Standing:
    """Where everything stands now."""
    note = read_note(config.running_note)
    state: State | StateError
    try:
        state = read_state(config.state)
    except StateError as error:
        state = error
    notes = () if isinstance(state, StateError) else state.consents
    accepted = notes[-1] if stands(notes) else None
    return Standing(
        note is not None,
        note.rung or None if note else None,
        accepted is not None,
        accepted.name if accepted else None,
        _iso(accepted.at_s) if accepted else None,
        str(state) if isinstance(state, StateError) else None,
        _places(config, state, note),
        model_status(config),
    )


def print_status(config: Config, console: Console, *, as_json: bool) -> None:
    """Print it, as a table or as JSON."""
    now = standing(config)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(now), indent=2).decode())
        return
    console.print(f"running, rung {now.rung or '…'}" if now.running else "not running", highlight=False)
    by = f"accepted by {now.consent_by}, {now.consent_at}" if now.consent else "not given (quietstep consent)"
    console.print(f"consent: {by}", highlight=False, markup=False)
    if now.state_error:
        console.print(now.state_error, style="bold red", highlight=False, markup=False)
    for line in status_lines(config, now.model):
        console.print(line, highlight=False, markup=False)
    table = Table(show_edge=False)
    for column in ("place", "camera", "rests", "until (UTC)"):
        table.add_column(column)
    for place in now.places:
        table.add_row(place.place, place.stage or "off", place.rests or "no", place.until or "")
    console.print(table)


def _places(config: Config, state: State | StateError, note: RunningNote | None) -> tuple[PlaceStatus, ...]:
    live = {camera.place: is_live(camera.source) for camera in config.camera}
    now, settings = read_clock(), config.settings
    places = []
    for name in sorted({*live, *(note.cameras if note else ())}):
        rest = rest_of(name, live.get(name, False), state, settings, now)
        until = _iso(rest.until_s) if rest and rest.until_s is not None else None
        stage = note.cameras.get(name) if note else None
        places.append(PlaceStatus(name, stage, str(rest.reason) if rest else None, until, rest.do if rest else None))
    return tuple(places)


def _iso(t_s: float) -> str:
    return datetime.fromtimestamp(int(t_s), UTC).isoformat()
