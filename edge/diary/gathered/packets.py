"""Packets of many homes in one table, and what they say together.

Promises: a packet that comes twice counts once; the packets of one call are kept together or not at all; a mean over
homes has an interval that is never narrower than the randomness of the answers allows. Refuses a packet whose id is
kept with another content. It cannot tell which packets come from one home, so it cannot forget a home's: that is what
makes them safe to hand over, and why whoever gathers must let each home in once (`edge.diary.packet`).
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from edge.diary.gathered.homes import Taken
from edge.diary.gathered.server import Server
from edge.diary.packet import QUESTIONS, Packet, Question, mean_of
from edge.errors import DiaryDamagedError, DiaryError

SCHEMA: Final = "quietstep_packets"
MIGRATIONS: Final = Path(__file__).with_name("migrations")
_COLUMNS: Final = Packet.__struct_fields__
PACKET: Final = sa.table("packet", *(sa.column(name) for name in _COLUMNS))


class Answer(msgspec.Struct, frozen=True):
    """The mean of one question over homes, with its 95 % interval and of how many answers it is."""

    question: Question
    mean: float
    low: float
    high: float
    n_packets: int


class Summary(msgspec.Struct, frozen=True):
    """What homes with one model said of one week or day; epsilon is that of one packet, least and most."""

    period: str
    model_id: str
    n_packets: int
    epsilon_least: float
    epsilon_most: float
    answers: tuple[Answer, ...]


class Packets:
    """The packets at one server."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def take(self, packets: Sequence[Packet]) -> Taken:
        """Keep them, all or none; raises DiaryError when one's id is kept with another content."""
        own = _each_once(packets)
        with self._server.working(SCHEMA, MIGRATIONS) as connection:
            ids = sa.literal(list(own), sa.ARRAY(sa.Text))  # one parameter, however many there are
            query = sa.select(PACKET).where(PACKET.c.packet_id == sa.any_(ids))
            kept = {packet.packet_id: packet for packet in _packets(connection, query)}
            for packet_id, packet in kept.items():
                _refuse_another(packet, own[packet_id])
            new = [msgspec.structs.asdict(packet) for packet_id, packet in own.items() if packet_id not in kept]
            if new:
                connection.execute(sa.insert(PACKET), new)
        return Taken(len(new), len(packets) - len(new))

    def all(self) -> tuple[Packet, ...]:
        """Every packet, by period and model."""
        order = (PACKET.c.period, PACKET.c.model_id, PACKET.c.packet_id)
        with self._server.reading(SCHEMA, MIGRATIONS) as connection:
            return () if connection is None else tuple(_packets(connection, sa.select(PACKET).order_by(*order)))


def summaries(packets: Iterable[Packet]) -> tuple[Summary, ...]:
    """One for each period and model; answers of different models are of different rulers, and never pooled."""
    ordered = sorted(packets, key=_group)
    return tuple(_summary(period, model, list(own)) for (period, model), own in groupby(ordered, key=_group))


def _group(packet: Packet) -> tuple[str, str]:
    return packet.period, packet.model_id


def _summary(period: str, model_id: str, packets: Sequence[Packet]) -> Summary:
    epsilons = [packet.epsilon for packet in packets]
    answers = tuple(answer for question in QUESTIONS if (answer := _answer(packets, question)) is not None)
    return Summary(period, model_id, len(packets), min(epsilons), max(epsilons), answers)


def _answer(packets: Sequence[Packet], question: Question) -> Answer | None:
    said = mean_of(packets, question)
    return None if said is None else Answer(question, said.mean, said.mean - said.half, said.mean + said.half, said.n)


def _each_once(packets: Iterable[Packet]) -> dict[str, Packet]:
    own: dict[str, Packet] = {}
    for packet in packets:
        _refuse_another(own.setdefault(packet.packet_id, packet), packet)
    return own


def _refuse_another(kept: Packet, packet: Packet) -> None:
    if kept != packet:
        raise DiaryError(
            f"another packet with the id {packet.packet_id}", "the same packet again", "Leave it out; nothing was kept."
        )


def _packets(connection: sa.Connection, query: sa.Select[Any]) -> Iterable[Packet]:
    for record in connection.execute(query).mappings():
        try:
            yield msgspec.convert(dict(record), Packet)
        except msgspec.ValidationError:
            raise DiaryDamagedError(
                "a packet in the database that is none", "what was gathered", "Restore the server's backup."
            ) from None
