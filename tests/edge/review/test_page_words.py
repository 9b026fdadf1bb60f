"""The page's words: every text has a German one, and numbers, dates and sentences say what the values say."""

import re
from datetime import UTC, date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import edge.review
from edge.permission import Reason
from edge.review import sentences
from edge.review.guard import RIGHTS
from edge.review.words import FOLDER, LANGUAGES, Words, best_language

ROOM = Path(edge.review.__file__).parent
KEYWORDS = {"say": None, "count": (1, 2), "marked": None, "_": None}
HOLES = re.compile(r"%\((\w+)\)s")


def texts() -> set[str | tuple[str, ...]]:
    method_map = [("templates/**.html", "jinja2"), ("**.py", "python")]
    found = extract_from_dir(ROOM, method_map, keywords=KEYWORDS, strip_comment_tags=True)
    return {text for _file, _line, text, _comments, _context in found}


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_every_text_is_translated_and_no_other(language: str) -> None:
    with (FOLDER / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    messages = [message for message in catalogue if message.id]
    assert {message.id for message in messages} == texts()
    for message in messages:
        ours = (message.id,) if isinstance(message.id, str) else message.id
        theirs = (message.string,) if isinstance(message.string, str) else message.string
        assert all(theirs), message.id
        assert not message.fuzzy
        assert len(theirs) == len(ours)
        for one in theirs:
            assert set(HOLES.findall(one)) == set(HOLES.findall(ours[-1])), message.id


def test_what_comes_from_elsewhere_is_marked_here() -> None:
    assert set(sentences.REASONS) == {reason.value for reason in Reason}
    assert set(sentences.ROLES) == set(RIGHTS)


def test_numbers_have_a_sign_a_real_minus_and_no_minus_nothing() -> None:
    english, german = Words("en", UTC), Words("de", UTC)
    assert [english.score(v) for v in (0.123, -0.2, -0.001, 0.0)] == ["+0.12", "−0.20", "0.00", "0.00"]
    assert german.score(-0.2) == "−0,20"
    assert [english.hours(n) for n in (1, 119, 120, 89 * 60)] == ["1 minute", "119 minutes", "2 hours", "89 hours"]
    assert german.hours(60) == "60 Minuten"


def test_days_and_moments_are_the_households() -> None:
    words = Words("en", ZoneInfo("Asia/Kolkata"))
    assert words.moment(1_793_664_000 + 20 * 3600) == "Wed 4 Nov, 01:30"
    assert words.span(date(2026, 12, 29), date(2027, 1, 4)) == "Tue 29 Dec to Mon 4 Jan 2027"
    assert Words("de", UTC).long_day(date(2026, 11, 3)) == "Dienstag, 3. November 2026"


@pytest.mark.parametrize(
    ("wanted", "accepted", "default", "got"),
    [
        ("de", "en", "en", "de"),
        ("", "de-CH;q=0.8,en", None, "de"),
        ("", "fr,en;q=0.5", None, "en"),
        ("xx", "", None, "en"),
        ("", "de", "en", "en"),
        ("../../etc", "☃;;;,,=", None, "en"),
    ],
)
def test_the_language_is_the_one_asked_for_else_the_homes_else_the_browsers(
    wanted: str, accepted: str, default: str | None, got: str
) -> None:
    assert best_language(wanted, accepted, default) == got
