"""Reports that are filed: one page a place, nothing that asks for anything, honest where nothing is told."""

import io
import os
import re
import stat
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from playwright.sync_api import Browser
from rich.console import Console

from edge.config import load_config
from edge.diary.annotation import Annotation, annotate
from edge.diary.days import midnight_s
from edge.diary.store import Store
from edge.diary.trend import TrendRow
from edge.errors import DiaryError
from edge.report_command import Filing, file_report
from edge.review.history import Counts, History
from edge.review.paper import INNER, lines_of, text_width
from edge.review.pdf_catalog import with_language
from edge.review.report import build_report
from edge.review.report_html import report_html
from edge.review.report_pdf import report_pdf
from edge.review.sheet import sheets_of
from edge.review.words import Words
from tests.edge.review.browsing import accessible, watched
from tests.edge.review.demo_year import year_rows

BERLIN = ZoneInfo("Europe/Berlin")
LAST = date(2026, 11, 25)
SOFTWARE = "Quietstep 0.1.0"
NONE = Counts(0, 0, 0, 0, None, None, None)


@cache
def demo_rows(n_days: int = 80) -> tuple[TrendRow, ...]:
    return tuple(row for row in year_rows(LAST, BERLIN, n_days) if row.place == "hall")


def history(rows: Sequence[TrendRow], n_weeks: int = 4, notes: Sequence[str] = (), kind: str = "demo") -> History:
    report = build_report(rows, n_weeks, BERLIN, kind)  # type: ignore[arg-type]
    start_s = midnight_s(LAST, BERLIN)
    return History(report, tuple((LAST, Annotation(n, start_s, text)) for n, text in enumerate(notes)), NONE)


def hours(n_days: int, **minutes: int) -> list[TrendRow]:
    """Hours that tell no mood, of these minutes."""
    rows = demo_rows()[-24 * n_days :]
    held = {"n_walks": "<10", "n_cycles": "<10"}
    names = (*("share_abstained", "p_angry", "p_happy", "p_neutral", "p_sad"),)
    names += ("valence", "valence_low", "valence_high", "arousal", "arousal_low", "arousal_high")
    kinds = ("observed", "several_people", "nobody", "unusable", "paused", "fault")
    booked = {f"minutes_{kind}": minutes.get(kind, 0) for kind in kinds}
    return [msgspec.structs.replace(row, **held, **dict.fromkeys(names), **booked) for row in rows]


@cache
def made(language: str) -> tuple[bytes, bytes]:
    words, seen = Words(language, BERLIN), history(demo_rows(), notes=("new tablets $x$ <script>alert(1)</script>",))
    return report_pdf(seen, words, SOFTWARE), report_html(seen, words, SOFTWARE)


def text_of(pdf: bytes, tmp_path: Path) -> str:
    """As another program reads it."""
    (tmp_path / "r.pdf").write_bytes(pdf)
    try:
        done = subprocess.run(["pdftotext", "-layout", tmp_path / "r.pdf", "-"], capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("no pdftotext (package poppler-utils)")
    assert done.returncode == 0
    return " ".join(done.stdout.split())


def test_a_page_says_all_that_a_clinician_needs(tmp_path: Path) -> None:
    text = text_of(made("en")[0], tmp_path)
    for said in (
        "DEMO: a simulated walker, not a home",
        "Mood trend at hall",
        "Thu 29 Oct to Wed 25 Nov 2026 (4 weeks; Europe/Berlin)",
        "This is not a diagnosis.",
        "belongs to a place (hall), not to a person",
        "Since about",
        "well-observed days of",
        "Week by week",
        "minutes of each kind",
        "reference-2, on cpu",
        "25 Nov: new tablets $x$ <script>",
        "it does not notice falls",
        "this file is not encrypted",
        "page 1 of 1",
    ):
        assert said in text


def test_german_is_german(tmp_path: Path) -> None:
    pdf, html = made("de")
    text = text_of(pdf, tmp_path)
    for said in ("Stimmungsverlauf am Ort hall", "Dies ist keine Diagnose", "Woche für Woche", "nicht verschlüsselt"):
        assert said in text
        assert said in html.decode()
    assert not re.search(r"\b(the|and|watched|week)\b", text.replace("new tablets", ""))


def test_the_chart_is_of_what_the_headline_says_changed(tmp_path: Path) -> None:
    seen, words = history(demo_rows()), Words("en", BERLIN)
    (place,) = seen.report.places
    calmer = [msgspec.structs.replace(a, raised=a.alert.quantity == "arousal") for a in place.alerts]
    assert {a.alert.quantity for a in calmer} == {"valence", "arousal"}
    other = msgspec.structs.replace(place, alerts=tuple(calmer))
    report = msgspec.structs.replace(seen.report, places=(other,))
    text = text_of(report_pdf(History(report, (), NONE), words, SOFTWARE), tmp_path)
    assert "calmer than usual" in text
    assert "Arousal ↑ more stirred ↓ calmer" in text
    assert "Valence ↑" not in text


def test_the_same_diary_gives_the_same_bytes_and_no_clock_is_in_them() -> None:
    pdf, html = made("en")
    seen = history(demo_rows(), notes=("new tablets $x$ <script>alert(1)</script>",))
    assert report_pdf(seen, Words("en", BERLIN), SOFTWARE) == pdf
    assert report_html(seen, Words("en", BERLIN), SOFTWARE) == html
    for found in (b"CreationDate", b"ModDate", os.fsencode(Path.home()), os.fsencode(sys.prefix)):
        assert found not in pdf
        assert found not in html


def test_the_document_knows_its_title_its_language_and_its_fonts() -> None:
    pdf = made("de")[0]
    assert b"/Lang (de)" in pdf
    assert b"/DisplayDocTitle true" in pdf
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf
    assert pdf.count(b"/Type /Page ") == 1
    assert b"/MediaBox [ 0 0 595.2" in pdf


def test_what_is_no_pdf_gets_no_language() -> None:
    with pytest.raises(ValueError, match="trailer"):
        with_language(b"%PDF-1.4\n", "en")


class _Parts(HTMLParser):
    """Tags, and what asks for something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.asks: list[str] = []
        self.ids: list[str] = []
        self.policy = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        self.tags.append(tag)
        self.asks += [str(own[key]) for key in ("src", "href", "action", "srcset", "data") if own.get(key)]
        self.asks += [key for key in own if key.startswith("on") or key == "style"]
        self.ids += [str(own["id"])] if "id" in own else []
        if own.get("http-equiv") == "Content-Security-Policy":
            self.policy = str(own["content"])


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_html_runs_nothing_and_asks_for_nothing(language: str) -> None:
    html = made(language)[1].decode()
    parts = _Parts()
    parts.feed(html)
    assert not {"script", "link", "img", "iframe", "object", "form", "image"} & set(parts.tags)
    assert all(ask.startswith("#") for ask in parts.asks)
    assert len(set(parts.ids)) == len(parts.ids)
    assert parts.policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "url(http" not in html
    assert "&lt;script&gt;" in html
    assert html.count("<table>") >= parts.tags.count("figure") >= 4


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        ({"observed": 5, "nobody": 55}, "fewer than 10 judged gait cycles or 3 walks"),
        ({"paused": 60}, "it was paused"),
        ({"fault": 60}, "the camera could not be used in any minute"),
    ],
)
def test_where_nothing_is_told_it_says_why_and_draws_no_trend(
    minutes: dict[str, int], said: str, tmp_path: Path
) -> None:
    seen, words = history(hours(14, **minutes), 2), Words("en", BERLIN)
    (told,) = sheets_of(seen, words)
    assert said in told.untold
    assert "cannot be said whether anything changed" in told.changed.headline
    pdf, html = report_pdf(seen, words, SOFTWARE), report_html(seen, words, SOFTWARE).decode()
    assert said in text_of(pdf, tmp_path)
    assert said in html
    assert "No trend to draw" in html
    assert "valence" not in html.replace("place1-valence", "")


def test_an_empty_diary_is_a_page_that_says_so(tmp_path: Path) -> None:
    words = Words("en", BERLIN)
    pdf = report_pdf(history((), kind="home"), words, SOFTWARE)
    assert "The diary is empty" in text_of(pdf, tmp_path)
    assert "says nothing about anybody" in report_html(history((), kind="home"), words, SOFTWARE).decode()


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_worst_case_still_fits_one_page(language: str, tmp_path: Path) -> None:
    long = "W" * 200
    rows = [
        msgspec.structs.replace(row, model_id=f"reference-{n // 400}", place="a place with a long long name x")
        for n, row in enumerate(demo_rows())
    ]
    seen = history(rows, 11, notes=[long] * 40)
    text = text_of(report_pdf(seen, Words(language, BERLIN), SOFTWARE), tmp_path)
    assert {"en": "and 36 more", "de": "und 36 weitere"}[language] in text
    words = subprocess.run(["pdftotext", "-bbox", tmp_path / "r.pdf", "-"], capture_output=True, text=True).stdout
    lows = [float(y) for y in re.findall(r'yMax="([\d.]+)"', words)]
    rights = [float(x) for x in re.findall(r'xMax="([\d.]+)"', words)]
    assert max(lows) < 841.9
    assert max(rights) < 595.2
    feet = re.findall(r'yMin="([\d.]+)"[^>]*>(?:Made|Erstellt)<', words)
    assert len(feet) == 1
    assert sorted(lows)[-20] <= float(feet[0]) + 12


@pytest.mark.parametrize("text", ["", "short", "word " * 80, "x" * 300, "Ä" * 90 + " ok"])
def test_no_line_is_wider_than_it_may_be(text: str) -> None:
    lines = lines_of(text, INNER, 8.0)
    assert all(text_width(line, 8.0) <= INNER for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with Store.open(tmp_path / "diary.db", kind="demo") as store:
        store.save(demo_rows()[-24 * 20 :], ())
    annotate(tmp_path / "diary.db", None, midnight_s(LAST, UTC), "daughter visits")
    return tmp_path


def wish(folder: Path, **said: object) -> Filing:
    asked = Filing(folder / "r.html", folder / "r.pdf", 2, 1, None, None, False)
    return asked._replace(**said)  # type: ignore[arg-type]


def test_files_are_whole_private_and_never_written_over_unasked(home: Path) -> None:
    config, out = load_config(None, data_dir=home), io.StringIO()
    file_report(config, wish(home), Console(file=out, width=300))
    assert out.getvalue().count("It is not encrypted") == 2
    for name in ("r.html", "r.pdf"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    assert "daughter visits" in (home / "r.html").read_text()
    before = (home / "r.pdf").read_bytes()
    (home / "r.html").unlink()
    with pytest.raises(DiaryError, match="already"):
        file_report(config, wish(home), Console(file=out))
    assert not (home / "r.html").exists()  # neither is written where one cannot be
    file_report(config, wish(home, force=True), Console(file=out))
    assert (home / "r.pdf").read_bytes() == before


def test_what_cannot_be_meant_is_a_sentence(home: Path) -> None:
    config, nowhere = load_config(None, data_dir=home), Console(file=io.StringIO())
    with pytest.raises(DiaryError, match="for both forms"):
        file_report(config, wish(home, html=home / "r.pdf"), nowhere)
    with pytest.raises(DiaryError, match="one of hall"):
        file_report(config, wish(home, place="attic"), nowhere)


def test_the_command_has_it(home: Path) -> None:
    command = [sys.executable, "-m", "edge.cli", "report", "--weeks", "2", "--data-dir", str(home), "--lang", "de"]
    done = subprocess.run([*command, "--html", str(home / "x.html")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert 'lang="de"' in (home / "x.html").read_text()
    again = subprocess.run([*command, "--html", str(home / "x.html")], capture_output=True, text=True)
    assert again.returncode == 1
    assert "say --force" in " ".join(again.stderr.split())


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_browser_finds_nothing_to_complain_of(size: str, browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_bytes(made("en")[1])
    with watched(browser, file.as_uri(), size, bypass_csp=False) as page:
        page.goto(file.as_uri())
        seen = {"desktop": ".wide", "phone": ".narrow"}[size]
        assert page.locator(f"{seen} svg").first.is_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.evaluate("getComputedStyle(document.querySelector('.whose')).backgroundColor") != "rgba(0, 0, 0, 0)"
    with watched(browser, file.as_uri(), size, bypass_csp=True) as page:  # axe is a script: the policy forbids it
        page.goto(file.as_uri())
        accessible(page)
