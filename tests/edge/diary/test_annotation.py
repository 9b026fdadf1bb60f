"""What the household writes beside its days: kept, found, erased with its day, taken along by backups."""

from pathlib import Path

import pytest

from edge.diary.annotation import MOST, annotate, annotations, checked_text, remove_annotation
from edge.diary.erase import erase_span
from edge.diary.keeping import backup_diary, restore_diary
from edge.diary.key import read_key
from edge.diary.span import Span
from edge.diary.store import DiaryReader, Store
from edge.diary.traces import look
from edge.errors import DiaryError

DAY0_S, DAY_S = 1_793_664_000, 86_400
NOW_S = DAY0_S + 30 * DAY_S


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    path = tmp_path / "home" / "diary.db"
    Store.open(path).close()
    annotate(path, None, DAY0_S, "  new\ttablets ")
    annotate(path, None, DAY0_S + 3 * DAY_S, "Grüße von Oma")
    return path


def texts(diary: Path) -> list[str]:
    with DiaryReader.open(diary) as reader:
        return [note.text for note in annotations(reader)]


def test_a_note_is_one_line_beside_its_day(diary: Path) -> None:
    assert texts(diary) == ["new tablets", "Grüße von Oma"]
    with DiaryReader.open(diary) as reader:
        assert [note.n for note in annotations(reader, DAY0_S + 1)] == [2]


@pytest.mark.parametrize("text", ["", "  \n", "x" * 201, "a\x00b", "bell\x07"])
def test_what_is_no_short_line_is_refused(text: str) -> None:
    with pytest.raises(DiaryError, match="1 to 200"):
        checked_text(text)


def test_an_erasure_of_its_day_takes_it_and_looks_for_it(diary: Path, tmp_path: Path) -> None:
    span = Span(DAY0_S + 3600, DAY0_S + DAY_S)
    with DiaryReader.open(diary) as reader:
        traces = reader.traces(span)
        assert reader.touched(span).n_annotations == 1
    key = read_key(diary.with_name("diary.key"))
    assert not look(diary.parent, key, traces).clean, "a look that would not have found it proves nothing"
    erased = erase_span(diary, None, span, NOW_S, frozenset())
    assert erased.found.clean
    assert erased.receipt.n_annotations == 1
    assert texts(diary) == ["Grüße von Oma"]


def test_an_erasure_of_one_place_leaves_it_for_it_is_of_none(diary: Path) -> None:
    assert erase_span(diary, None, Span(place="hall"), NOW_S, frozenset()).receipt.n_annotations == 0
    assert len(texts(diary)) == 2


def test_one_is_taken_back(diary: Path) -> None:
    assert remove_annotation(diary, None, 1)
    assert not remove_annotation(diary, None, 1)
    assert texts(diary) == ["Grüße von Oma"]


def test_a_restored_backup_does_not_bring_back_what_was_erased(diary: Path, tmp_path: Path) -> None:
    backup_diary(diary, None, tmp_path / "b")
    erase_span(diary, None, Span(DAY0_S, DAY0_S + DAY_S), NOW_S, frozenset())
    restore_diary(diary, None, tmp_path / "b")
    assert texts(diary) == ["Grüße von Oma"]


def test_there_is_an_end_to_them(diary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.diary.annotation.MOST", 2)
    with pytest.raises(DiaryError, match="2 notes already"):
        annotate(diary, None, DAY0_S, "one more")
    assert MOST == 2000
