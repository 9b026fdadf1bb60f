"""Replay a recording of skeletons through the very stages a home runs: wire, segmenter, encoder, diary.

Promises: the same recording gives the same answer byte for byte on one machine and one set of locked versions, as
fast as the machine can; no clock is read. Times in the answer are the recording's own. Refuses nothing of its own:
a bad recording is refused by ``edge.recording``, a bad bundle by the encoder.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table

from edge.affect import CLASSES, Abstention
from edge.config import REFERENCE_BUNDLE
from edge.diary.diary import Diary, MemoryLedger
from edge.diary.trend import TrendRow
from edge.encoder import AffectEncoder, open_encoder
from edge.errors import RecordingError
from edge.monitor import NS, Monitor, Seen, TimedJudgement
from edge.recording import Recording, read_recording
from edge.wire import Frame, Message, Person, Tick, decode, encode, pack_body

PLACE: Final = "replay"
_DIGITS: Final = 6


class ContactOut(msgspec.Struct, frozen=True):
    """An initial contact and when the segmenter told it, in the recording's seconds."""

    side: str
    t_s: float
    emitted_t_s: float


class CycleOut(msgspec.Struct, frozen=True):
    """A gait cycle, half-open, and why it is not usable if it is not."""

    start_s: float
    end_s: float
    usable: bool
    reason: str | None


class AffectOut(msgspec.Struct, frozen=True):
    """A posterior over angry, happy, neutral, sad at the end of a cycle, or the reason there is none."""

    t_s: float
    posterior: tuple[float, ...] | None
    reason: str | None


class Replayed(msgspec.Struct, frozen=True):
    """The answer of a replay; the contract of ``design.md``."""

    contacts: tuple[ContactOut, ...]
    cycles: tuple[CycleOut, ...]
    affects: tuple[AffectOut, ...]
    trends: tuple[TrendRow, ...]


def replay(recording: Recording, encoder: AffectEncoder, start_s: float = 0.0) -> Replayed:
    """Run ``recording`` as if it had begun at ``start_s`` (Unix seconds); see Replayed."""
    monitor = Monitor(encoder, Diary(MemoryLedger(), encoder.model_id, encoder.rung), (PLACE,))
    seen = [monitor.update(message) for message in messages(recording, start_s)]
    seen.append(monitor.flush())
    end_s = start_s + float(recording.t_s[-1] - recording.t_s[0])
    rows = [row for part in seen for row in part.rows] + list(monitor.stop(end_s, for_good=True))
    return _answer(seen, rows, float(recording.t_s[0]))


def replay_file(
    file: Path, out: Path | None, bundle: Path | None, start_s: float, stdout: Console, stderr: Console
) -> None:
    """The command: replay ``file`` and write JSON to ``out`` ("-" or None with no terminal table: stdout)."""
    recording = read_recording(file)
    if recording.n_not_finite:
        stderr.print(f"{recording.n_not_finite} landmarks were not numbers; they count as not seen.")
    if recording.turned:
        stderr.print("The recording was upside down (y down); it was turned by half a turn about x.")
    answer = replay(recording, open_encoder(bundle or REFERENCE_BUNDLE), start_s)
    if out is None:
        stdout.print(_summary(answer))
    elif str(out) == "-":
        print(_json(answer), end="")
    else:
        _write(out, _json(answer))


def _json(answer: Replayed) -> str:
    return msgspec.json.format(msgspec.json.encode(answer), indent=1).decode() + "\n"


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        do = "Choose another file for --json."
        raise RecordingError(f"no way to write {out} ({error.strerror})", "a file to write", do) from error


def _summary(answer: Replayed) -> Table:
    table = Table(title="Replay", title_justify="left", show_edge=False)
    for column in ("cycle", "from", "to", "usable", *CLASSES):
        table.add_column(column, justify="right")
    said = {affect.t_s: affect for affect in answer.affects}
    for number, cycle in enumerate(answer.cycles, start=1):
        affect = said.get(cycle.end_s)
        shares = affect.posterior if affect and affect.posterior else None
        told = [f"{share:.2f}" for share in shares] if shares else [affect.reason or "" if affect else "", "", "", ""]
        state = "yes" if cycle.usable else cycle.reason or "no"
        table.add_row(str(number), f"{cycle.start_s:.2f}", f"{cycle.end_s:.2f}", state, *told)
    return table


def messages(recording: Recording, start_s: float, place: str = PLACE) -> Iterator[Message]:
    """The recording as wire messages, with the supervisor's tick every second."""
    start_ns = round(start_s * NS)
    next_tick_ns = 0
    for seq, t_s in enumerate(recording.t_s - recording.t_s[0]):
        t_ns = round(float(t_s) * NS)
        while next_tick_ns <= t_ns:
            yield Tick(next_tick_ns, start_ns + next_tick_ns)
            next_tick_ns += NS
        body = pack_body(recording.x_TJC[seq], recording.visibility_TJ[seq])
        people = (Person(0, body),) if recording.visibility_TJ[seq].any() else ()
        yield decode(encode(Frame(place, seq, t_ns, start_ns + t_ns, "ok", people)))


def _answer(seen: list[Seen], rows: list[TrendRow], zero_s: float) -> Replayed:
    def when(t_s: float) -> float:
        return round(t_s + zero_s, _DIGITS)

    contacts = sorted(
        (ContactOut(c.side, when(c.t_s), when(c.emitted_t_s)) for part in seen for c in part.contacts),
        key=lambda contact: (contact.t_s, contact.side),
    )
    cycles = tuple(CycleOut(when(c.start_s), when(c.end_s), c.usable, c.reason) for part in seen for c in part.cycles)
    affects = tuple(_affect(when(timed.t_s), timed) for part in seen for timed in part.judgements)
    return Replayed(tuple(contacts), cycles, affects, tuple(rows))


def _affect(t_s: float, timed: TimedJudgement) -> AffectOut:
    if isinstance(timed.judgement, Abstention):
        return AffectOut(t_s, None, timed.judgement.reason.value)
    return AffectOut(t_s, tuple(round(share, _DIGITS) for share in timed.judgement.posterior), None)
