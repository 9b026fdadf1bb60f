"""What ``quietstep gather`` does, and how it says it.

Promises: what came from a home is kept as a whole or not at all, and said with numbers; what goes for good is asked
first. Refuses none or several things at once, a file that is no packet, and to begin without its extra.
"""

import sys
from pathlib import Path
from typing import NamedTuple

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from edge.diary.export.csv_text import csv_bytes
from edge.diary.export.lines import lines_of
from edge.diary.packet import LARGEST_BYTES, Packet, decode_packet
from edge.diary.span import span_of
from edge.diary.store import DiaryReader
from edge.diary_commands import zone_of
from edge.errors import DiaryError, SharingError

NEEDED = "Install it with: pip install 'quietstep[gather]'."
LEGEND = (
    "Means over homes with 95 % intervals that hold the noise of the answers. epsilon is that of one packet. Valence, "
    "arousal, told and abstained count a period that tells no mood as 0: the mean valence of those that tell is "
    "valence / told. Of places, not of persons; not a diagnosis."
)


class Asked(NamedTuple):
    """The command line; ``stretch`` is from, to, place."""

    url: str
    packets: tuple[Path, ...] = ()
    summary: bool = False
    diary: Path | None = None
    key_file: Path | None = None
    home: str | None = None
    weeks: bool = False
    erase: bool = False
    forget: str | None = None
    stretch: tuple[str | None, str | None, str | None] = (None, None, None)
    zone: str | None = None


def gather_command(asked: Asked, console: Console, *, as_json: bool, yes: bool) -> None:
    """Do the one thing that was asked."""
    wishes = (bool(asked.packets), asked.summary, asked.diary is not None, asked.weeks, asked.erase, bool(asked.forget))
    if sum(wishes) != 1:
        raise DiaryError(
            f"{sum(wishes)} things to do",
            "one of: PACKET…, --summary, --diary, --weeks, --erase, --forget",
            "See `quietstep gather --help`.",
        )
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise DiaryError("no psycopg on this machine", "what PostgreSQL needs, which is an extra", NEEDED) from None
    if asked.packets:
        _take_packets(asked, console)
    elif asked.summary:
        _tell_summary(asked, console, as_json)
    elif asked.diary is not None:
        _take_diary(asked, asked.diary, console)
    elif asked.weeks:
        _tell_weeks(asked)
    else:
        _let_go(asked, console, yes)


def _take_packets(asked: Asked, console: Console) -> None:
    from edge.diary.gathered.packets import Packets
    from edge.diary.gathered.server import Server

    taken = Packets(Server.at(asked.url)).take([read_packet(file) for file in asked.packets])
    _say(console, f"{taken.n_new} packets are new, {taken.n_known} were there already.")


def read_packet(file: Path) -> Packet:
    """The packet in a file; SharingError naming it for anything else."""
    try:
        with file.open("rb") as opened:
            return decode_packet(opened.read(LARGEST_BYTES + 1))
    except OSError as error:
        raise SharingError(f"no readable {file} ({error.strerror})", "a packet", "Nothing was kept.") from None
    except SharingError as error:
        raise SharingError(f"{error.found} in {file}", error.wanted, f"{error.do} Nothing was kept.") from None


def _tell_summary(asked: Asked, console: Console, as_json: bool) -> None:
    from edge.diary.gathered.packets import Packets, Summary, summaries
    from edge.diary.gathered.server import Server

    told: tuple[Summary, ...] = summaries(Packets(Server.at(asked.url)).all())
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(told)).decode())
        return
    table = Table(box=None, pad_edge=False)
    for head in ("period", "model", "question", "mean", "95 % interval", "packets", "epsilon"):
        table.add_column(head, no_wrap=True)
    for one in told:
        least, most = f"{one.epsilon_least:.3g}", f"{one.epsilon_most:.3g}"
        epsilon = least if least == most else f"{least} to {most}"
        for a in one.answers:
            interval = f"{a.low:+.2f} to {a.high:+.2f}"
            table.add_row(one.period, one.model_id, a.question, f"{a.mean:+.2f}", interval, str(a.n_packets), epsilon)
    console.print(table if told else "No packet was gathered yet.")
    console.print(LEGEND, style="dim", highlight=False)


def _take_diary(asked: Asked, diary: Path, console: Console) -> None:
    from edge.diary.gathered.homes import Homes
    from edge.diary.gathered.server import Server

    home_id = _home(asked)
    if asked.key_file is None:
        raise DiaryError("no key for that diary", "--key-file FILE", "Ask whoever handed it over for its key.")
    with DiaryReader.open(diary, asked.key_file) as reader:
        rows, kind = reader.rows(), reader.kind()
    taken = Homes(Server.at(asked.url)).take(home_id, rows, kind)
    _say(console, f"{home_id}: {taken.n_new} rows are new, {taken.n_known} were there already.")


def _tell_weeks(asked: Asked) -> None:
    from edge.diary.gathered.homes import Homes
    from edge.diary.gathered.server import Server

    zone = zone_of(asked.zone)
    rows = Homes(Server.at(asked.url)).rows(_home(asked), span_of(*asked.stretch, zone))
    sys.stdout.buffer.write(csv_bytes(lines_of(rows, "week", zone), zone, "home"))
    sys.stdout.buffer.flush()


def _let_go(asked: Asked, console: Console, yes: bool) -> None:
    from edge.diary.gathered.homes import LIMITS, Homes
    from edge.diary.gathered.server import Server

    homes = Homes(Server.at(asked.url))
    home_id = asked.forget or _home(asked)
    what = "the whole diary" if asked.forget else "this stretch of the diary"
    if not yes:
        typer.confirm(f"Erase {what} of {home_id}?", abort=True)
    if asked.forget:
        homes.forget(home_id)
        _say(console, f"{home_id} is forgotten. {LIMITS} Packets carry no home, so none can be taken back.")
        return
    n_rows = homes.erase(home_id, span_of(*asked.stretch, zone_of(asked.zone)))
    _say(console, f"Erased {n_rows} rows of {home_id}. {LIMITS}")


def _home(asked: Asked) -> str:
    if asked.home is None:
        raise DiaryError("no home named", "--home ID", "Give the opaque id of the home.")
    return asked.home


def _say(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False, markup=False)
