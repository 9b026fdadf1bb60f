"""Packets on a real PostgreSQL server: each counts once, and many homes' mean comes out within its interval."""

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from click.testing import Result
from typer.testing import CliRunner

from edge.cli import app
from edge.diary.gathered.packets import MIGRATIONS, SCHEMA, Packets, summaries
from edge.diary.gathered.server import Server
from edge.diary.packet import QUESTIONS, RANGES, Packet, encode_packet, truth_probability
from edge.errors import DiaryDamagedError, DiaryError


def packet(number: int, **other: object) -> Packet:
    values: dict[str, object] = {"packet_id": f"{number:032x}", "period": "2026-W48", "model_id": "reference-2"}
    values |= {"question": QUESTIONS[number % 5], "answer": number % 2 == 0, "epsilon": 0.5}
    return Packet(schema_version=1, **(values | other))  # type: ignore[arg-type]


PACKETS = tuple(packet(n, period="2026-W48" if n % 2 else "2026-W47") for n in range(40))


@pytest.fixture
def packets(cluster) -> Iterator[Packets]:  # type: ignore[no-untyped-def]
    server = Server.at(cluster.url())
    yield Packets(server)
    server.drop(SCHEMA)


def test_they_read_back_equal_and_a_second_time_count_once(packets: Packets) -> None:
    assert packets.all() == ()
    assert packets.take(PACKETS) == (40, 0)
    assert set(packets.all()) == set(PACKETS)
    assert packets.take((*PACKETS[:7], packet(99), packet(99))) == (1, 8)
    assert len(packets.all()) == 41


def test_another_packet_with_a_known_id_is_refused_and_nothing_of_that_call_kept(packets: Packets) -> None:
    packets.take(PACKETS)
    for other in ({"answer": False}, {"epsilon": 1.0}, {"period": "2026-W46"}):
        with pytest.raises(DiaryError, match="another packet with the id"):
            packets.take([packet(500), packet(0, **({"period": "2026-W47"} | other))])
    with pytest.raises(DiaryError, match="another packet"):
        packets.take([packet(600), packet(600, answer=False)])
    assert set(packets.all()) == set(PACKETS)


def test_a_server_killed_in_the_middle_keeps_none_and_a_second_run_finishes(packets: Packets, cluster) -> None:  # type: ignore[no-untyped-def]
    packets.take(PACKETS[:3])

    def kill(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("INSERT INTO packet"):
            cluster.kill()

    sa.event.listen(packets._server._engine, "after_cursor_execute", kill)
    with pytest.raises(DiaryError, match="no answer"):
        packets.take(PACKETS)
    cluster.start()
    again = Packets(Server.at(cluster.url()))
    assert set(again.all()) == set(PACKETS[:3])
    assert again.take(PACKETS) == (37, 3)


def test_a_packet_that_somebody_changed_in_the_database_is_no_packet(packets: Packets, cluster) -> None:  # type: ignore[no-untyped-def]
    packets.take(PACKETS)
    with packets._server.working(SCHEMA, MIGRATIONS) as connection:
        connection.exec_driver_sql("UPDATE packet SET epsilon = 99 WHERE packet_id = repeat('0', 32)")
    with pytest.raises(DiaryDamagedError):
        packets.all()


def test_the_mean_over_homes_is_within_its_interval() -> None:
    """200 weeks of 200 homes whose true valence is known, through answers as `edge.diary.packet` says they are."""
    rng, truth, epsilon = random.Random(7), 0.25, 1.0
    low, high = RANGES["valence"]
    inside = 0
    for _week in range(200):
        homes = []
        for n in range(200):
            bit = rng.random() < (truth - low) / (high - low)
            told = bit if rng.random() < truth_probability(epsilon) else not bit
            homes.append(packet(n, question="valence", answer=told, epsilon=epsilon))
        ((answer,),) = (summary.answers for summary in summaries(homes))
        inside += answer.low <= truth <= answer.high
    assert inside / 200 >= 0.90


def test_models_and_weeks_are_never_pooled() -> None:
    mixed = [packet(n, model_id=f"m{n % 2}", epsilon=0.5 + n % 3 / 10) for n in range(60)]
    first, second = summaries(mixed)
    assert (first.model_id, second.model_id) == ("m0", "m1")
    assert (first.n_packets, first.epsilon_least, first.epsilon_most) == (30, 0.5, 0.7)
    assert sum(answer.n_packets for answer in first.answers) == 30
    assert summaries([]) == ()


def gather(cluster, *arguments: object) -> Result:  # type: ignore[no-untyped-def]
    return CliRunner().invoke(app, ["gather", "--url", cluster.url(), *map(str, arguments)])


def test_the_command_takes_files_and_tells_what_they_say(packets: Packets, cluster, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    files = [tmp_path / f"{n}.json" for n in range(40)]
    for file, own in zip(files, PACKETS, strict=True):
        file.write_bytes(encode_packet(own))
    done = gather(cluster, *files)
    assert "40 packets are new, 0 were there already" in done.output
    shown = gather(cluster, "--summary").stdout
    assert "epsilon" in shown
    assert "2026-W47" in shown
    told = msgspec.json.decode(gather(cluster, "--summary", "--json").stdout)
    assert [summary["period"] for summary in told] == ["2026-W47", "2026-W48"]
    assert all(a["low"] <= a["mean"] <= a["high"] for summary in told for a in summary["answers"])


@pytest.mark.parametrize("content", [b"", b"{}", b"\x00" * 5000, encode_packet(PACKETS[0]) * 2, b'{"answer": true}\n'])
def test_a_file_that_is_no_packet_stops_all_with_its_name(cluster, tmp_path: Path, content: bytes) -> None:  # type: ignore[no-untyped-def]
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_bytes(encode_packet(packet(7)))
    bad.write_bytes(content)
    done = gather(cluster, good, bad)
    assert done.exit_code == 1
    assert "bad.json" in done.stderr
    assert "Nothing was kept" in done.stderr
    assert Packets(Server.at(cluster.url())).all() == ()


def test_without_the_extra_it_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    done = CliRunner().invoke(app, ["gather", "--url", "postgresql://h/d", "--summary"])
    assert done.exit_code == 1
    assert "quietstep[gather]" in done.stderr
