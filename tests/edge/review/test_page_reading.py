"""Reading beside a writer: what is kept between looks equals what a fresh look says, and no state raises."""

import shutil
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from edge.diary.annotation import annotate
from edge.diary.days import midnight_s
from edge.diary.erase import erase_span
from edge.diary.keeping import backup_diary, restore_diary
from edge.diary.key import create_key
from edge.diary.span import Span
from edge.diary.store import DiaryReader, Store
from edge.review.chart_days import days_chart
from edge.review.history import Broken, History
from edge.review.reading import Reading
from tests.edge.review.conftest import BERLIN, LAST
from tests.edge.review.demo_year import year_rows
from tests.edge.review.page_home import home_in, served, token

NOW_S = midnight_s(LAST + timedelta(days=30), BERLIN)


def encoded(history: History | Broken) -> bytes:
    assert isinstance(history, History)
    return msgspec.json.encode(history)


def fresh(folder: Path) -> bytes:
    return encoded(Reading(home_in(folder, BERLIN)).look())


def test_a_new_hour_a_late_hour_and_a_note_are_seen(weeks: Path) -> None:
    reading = Reading(home_in(weeks, BERLIN))
    reading.look()
    more = [row for row in year_rows(LAST + timedelta(days=2), BERLIN, 2) if row.place == "hall"]
    late = [row for row in year_rows(LAST + timedelta(days=2), BERLIN, 2) if row.place == "stairs"]
    for rows in (more[:30], more[30:], late):
        with Store.open(weeks / "diary.db", kind="demo") as store:
            store.save(rows, ())
        assert encoded(reading.look()) == fresh(weeks)
    annotate(weeks / "diary.db", None, midnight_s(LAST, BERLIN), "a visit")
    found = reading.look()
    assert isinstance(found, History)
    assert "a visit" in [note.text for _day, note in found.notes]
    assert found.notes == msgspec.json.decode(fresh(weeks), type=History).notes


def test_what_was_erased_or_restored_is_not_remembered(weeks: Path, tmp_path: Path) -> None:
    reading, diary = Reading(home_in(weeks, BERLIN)), weeks / "diary.db"
    before = encoded(reading.look())
    backup_diary(diary, None, tmp_path / "b")
    with Store.open(diary, kind="demo") as store:
        store.save([row for row in year_rows(LAST + timedelta(days=1), BERLIN, 1)], ())
    reading.look()
    restore_diary(diary, None, tmp_path / "b")
    assert encoded(reading.look()) == before
    erase_span(diary, None, Span(midnight_s(LAST - timedelta(days=9), BERLIN), NOW_S), NOW_S, frozenset())
    assert encoded(reading.look()) == fresh(weeks)
    assert LAST.isoformat().encode() not in encoded(reading.look())


def test_a_look_never_stands_in_the_way_of_an_erasure(weeks: Path) -> None:
    reading = Reading(home_in(weeks, BERLIN))
    reading.look()
    reading.newest_rows(10)
    erased = erase_span(weeks / "diary.db", None, Span(0, NOW_S), NOW_S, frozenset())
    assert erased.found.clean


def test_an_hour_and_a_heat_map_read_only_their_place(weeks: Path) -> None:
    reading = Reading(home_in(weeks, BERLIN))
    hours = reading.hours("hall", LAST)
    assert len(hours) == 24
    assert {row.place for row in hours} == {"hall"}
    start_s = midnight_s(LAST, BERLIN)
    buckets = reading.buckets("hall", start_s, start_s + 86_400)
    assert [bucket.valence for bucket in sorted(buckets)] == [row.valence for row in hours]


@pytest.mark.parametrize("trouble", ["none", "key", "damaged", "other key"])
def test_each_trouble_is_told_apart_and_the_page_recovers(weeks: Path, tmp_path: Path, trouble: str) -> None:
    reading = Reading(home_in(weeks, BERLIN))
    before = encoded(reading.look())
    kept = shutil.copytree(weeks, tmp_path / "kept")
    if trouble == "none":
        (weeks / "diary.db").unlink()
    elif trouble == "damaged":
        (weeks / "diary.db").write_bytes(b"no diary" * 2000)
    else:
        (weeks / "diary.key").unlink()
        if trouble == "other key":
            create_key(weeks / "diary.key")
    found = reading.look()
    assert isinstance(found, Broken)
    assert found.trouble == trouble.removeprefix("other ")
    for name in ("diary.db", "diary.key"):
        shutil.copy(kept / name, weeks / name)
    assert encoded(reading.look()) == before


def test_the_demo_year_is_a_diary_that_its_own_checks_accept(made_weeks: Path) -> None:
    with DiaryReader.open(made_weeks / "diary.db") as reader:
        assert reader.kind() == "demo"
        assert len(reader.rows()) == 35 * 24 * 2


def test_what_was_erased_is_gone_from_the_page_and_its_memory(weeks: Path) -> None:
    home = home_in(weeks, BERLIN)
    with served(home) as page:
        client = page.client()
        assert LAST.isoformat() in client.get("/").text
        days = {"first": str(LAST - timedelta(days=9)), "last": str(LAST)}
        answer = client.post("/erase", data=days | {"csrf": token(client)})
        assert "480 hourly rows" in answer.text
        assert days_chart.cache_info().currsize == 0
        for path in ("/", "/days", "/data", "/notes"):
            assert LAST.isoformat() not in client.get(path).text
        assert "daughter visits" not in client.get("/notes").text
