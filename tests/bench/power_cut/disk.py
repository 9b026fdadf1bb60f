"""A disk that has promised only what was synced: the states that a power cut may leave behind.

The model. Each file keeps what it had at its last sync and a list of the writes and truncations since; the folder
keeps its names at its last sync and the changes since. At a cut any of the writes since may have reached the disk or
not (their order among themselves is kept where both did), each of them whole or only some of its sectors of 512
bytes; the changes of names came as far as any one of them, in their order (as with a journal). Syncing a file does
not make its name durable, syncing the folder does not make contents durable.

Its limits. A sample of these states, not all of them: at each step the four corners (nothing or everything of the
contents, of the names) and some drawn ones. No sector that tears inside itself, no disk that lies about a sync, no
reordering of names, no decay of what lay still.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.bench.power_cut.recorder import Event

SECTOR_BYTES: Final = 512
State = dict[str, bytes]


@dataclass(slots=True)
class _File:
    synced: bytes = b""
    since: list[Event] = field(default_factory=list)


class Disk:
    """Takes events in order; ``states`` are the folders that a cut now may leave."""

    def __init__(self, files: State) -> None:
        self._files = [_File(content) for content in files.values()]
        self._synced = {name: number for number, name in enumerate(files)}
        self._names = dict(self._synced)
        self._since: list[Event | tuple[str, int]] = []

    def update(self, event: Event) -> bool:
        """Take one event; whether it changed what a cut may leave."""
        if event.kind == "said":
            return False
        if event.kind == "sync folder":
            self._synced, self._since = dict(self._names), []
        elif event.kind == "sync":
            file = self._files[self._names[event.name]]
            file.synced, file.since = _applied(file.synced, file.since), []
        elif event.kind in ("write", "truncate"):
            self._files[self._names[event.name]].since.append(event)
        else:
            self._rename(event)
        return True

    def _rename(self, event: Event) -> None:
        change: Event | tuple[str, int] = event
        if event.kind == "create":
            self._files.append(_File())
            change = (event.name, len(self._files) - 1)
        self._since.append(change)
        _change(self._names, change)

    def states(self, rng: random.Random, n_drawn: int) -> Iterator[State]:
        """The four corners and some drawn ones; a state may come more than once."""
        n_names = len(self._since)
        for n_kept in {0, n_names}:
            yield self._state(n_kept, [[] for _ in self._files])
            yield self._state(n_kept, [file.since for file in self._files])
        for _ in range(n_drawn):
            kept = [list(_drawn(file.since, rng)) for file in self._files]
            yield self._state(rng.randint(0, n_names), kept)

    def _state(self, n_names: int, kept: Sequence[Sequence[Event]]) -> State:
        names = dict(self._synced)
        for change in self._since[:n_names]:
            _change(names, change)
        return {name: _applied(self._files[n].synced, kept[n]) for name, n in sorted(names.items())}


def _change(names: dict[str, int], change: Event | tuple[str, int]) -> None:
    if isinstance(change, tuple):
        names[change[0]] = change[1]
    elif change.kind == "unlink":
        names.pop(change.name, None)
    elif change.name in names:
        names[change.other] = names[change.name]
        if change.kind == "rename":
            del names[change.name]


def _drawn(since: Sequence[Event], rng: random.Random) -> Iterator[Event]:
    """Each with even odds, one in four of those torn."""
    share = rng.choice((0.1, 0.5, 0.9))
    for event in since:
        if rng.random() < share:
            yield from _torn(event, rng) if event.kind == "write" and rng.random() < 0.25 else (event,)


def _torn(event: Event, rng: random.Random) -> Iterator[Event]:
    for start in range(0, len(event.data), SECTOR_BYTES):
        if rng.random() < 0.5 and event.offset >= 0:
            yield Event("write", event.name, "", event.offset + start, event.data[start : start + SECTOR_BYTES])


def _applied(content: bytes, events: Sequence[Event]) -> bytes:
    if not events:
        return content
    out = bytearray(content)
    for event in events:
        if event.kind == "truncate":
            out[event.offset :] = bytes(max(0, event.offset - len(out)))
        else:
            offset = len(out) if event.offset < 0 else event.offset
            out.extend(bytes(max(0, offset - len(out))))
            out[offset : offset + len(event.data)] = event.data
    return bytes(out)
