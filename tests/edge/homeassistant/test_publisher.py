"""The loop over a simulated week: what goes out when, and what a diary that does not open does."""

import itertools
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.diary.days import midnight_s
from edge.diary.span import Span
from edge.diary.store import Store
from edge.homeassistant.messages import EXPIRES, Message, Topics
from edge.homeassistant.publisher import DIARY_S, LOOK_S, Home, Publisher
from tests.edge.homeassistant.test_news import row

TODAY = datetime(2026, 11, 26, tzinfo=UTC).date()
MIDNIGHT_S = midnight_s(TODAY, UTC)
TOPICS = Topics("homeassistant", "quietstep")
DAY, STATUS = TOPICS.day("hall"), TOPICS.status("hall")


class Recorder:
    """In the broker's place: what was published, and the clock that both share."""

    def __init__(self) -> None:
        self.now_s = float(MIDNIGHT_S)
        self.sent: list[tuple[float, Message]] = []

    def publish(self, message: Message) -> None:
        self.sent.append((self.now_s, message))

    def clock(self) -> float:
        return self.now_s

    def days(self) -> list[dict[str, object]]:
        return [json.loads(message.payload) for _t, message in self.sent if message.topic == DAY]


def publisher_of(folder: Path, recorder: Recorder) -> Publisher:
    home = Home(folder / "diary.db", folder / "diary.key", folder / "running.json", UTC, ("hall",))
    return Publisher(home, TOPICS, recorder, recorder.clock, "0.1.0")  # type: ignore[arg-type]


def run(publisher: Publisher, recorder: Recorder, until_s: float, step_s: float = LOOK_S) -> None:
    while recorder.now_s < until_s:
        publisher.update()
        recorder.now_s += step_s


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Store.open(tmp_path / "diary.db") as store:
        store.save([row(MIDNIGHT_S - 3600 * n) for n in range(2, 25)], ())  # the last hour is still to come
    return tmp_path


def test_a_day_is_unknown_until_it_is_whole_then_told_once_an_hour_and_gone_at_midnight(folder: Path) -> None:
    recorder = Recorder()
    publisher = publisher_of(folder, recorder)
    publisher.begin()
    assert [day["valence"] for day in recorder.days()] == [None]
    with Store.open(folder / "diary.db") as store:
        store.save([row(MIDNIGHT_S - 3600)], ())
    run(publisher, recorder, MIDNIGHT_S + 2 * DIARY_S, 30)
    assert [day["valence"] for day in recorder.days()] == [None, 0.25]
    run(publisher, recorder, MIDNIGHT_S + 86_400, 60)
    told = [day for day in recorder.days() if day["valence"] is not None]
    assert {day["day"] for day in told} == {str(TODAY - timedelta(days=1))}
    assert 23 <= len(told) <= 25
    recorder.now_s = MIDNIGHT_S + 86_400.0
    publisher.update()
    assert recorder.days()[-1]["valence"] is None


def test_an_erased_day_is_unknown_at_the_next_look(folder: Path) -> None:
    with Store.open(folder / "diary.db") as store:
        store.save([row(MIDNIGHT_S - 3600)], ())
    recorder = Recorder()
    publisher = publisher_of(folder, recorder)
    publisher.begin()
    assert recorder.days()[-1]["valence"] == 0.25
    with Store.open(folder / "diary.db") as store:
        store.erase(Span(MIDNIGHT_S - 7200, MIDNIGHT_S - 3600))
    recorder.now_s += DIARY_S
    publisher.update()
    assert recorder.days()[-1] == dict.fromkeys(recorder.days()[-1])


def test_a_diary_that_does_not_open_is_a_day_unknown_and_the_status_goes_on(tmp_path: Path) -> None:
    recorder = Recorder()
    publisher = publisher_of(tmp_path, recorder)
    publisher.begin()
    run(publisher, recorder, MIDNIGHT_S + 600)
    assert "no diary" in publisher.trouble
    assert all(day["valence"] is None for day in recorder.days())
    at_s = [t_s for t_s, message in recorder.sent if message.topic == STATUS]
    assert max(later - before for before, later in itertools.pairwise(at_s)) <= 60 + LOOK_S


def test_nothing_lives_longer_at_the_broker_than_it_is_meant_to(folder: Path) -> None:
    recorder = Recorder()
    publisher_of(folder, recorder).begin()
    expires = {message.topic: message.expires_s for _t, message in recorder.sent}
    assert (expires[STATUS], expires[DAY]) == (EXPIRES * 60, EXPIRES * 3600)


def test_a_clock_set_back_does_not_silence_it(folder: Path) -> None:
    recorder = Recorder()
    publisher = publisher_of(folder, recorder)
    publisher.begin()
    recorder.now_s -= 5 * 86_400
    recorder.sent.clear()
    publisher.update()
    assert {message.topic for _t, message in recorder.sent} == {STATUS, DAY}
