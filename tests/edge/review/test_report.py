"""The report tells what the rows say, no more, and says what it cannot tell."""

import io
import json
from collections.abc import Sequence
from datetime import UTC, date, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from edge.affect import Affect
from edge.diary.diary import CycleNote, Diary, MemoryLedger, MinuteNote
from edge.diary.minutes import MinuteKind
from edge.diary.rollup import Estimate, Mood, combined, stretch_of_rows, stretch_of_stretches
from edge.diary.store import Store
from edge.diary.trend import FEW, TrendRow
from edge.errors import DiaryError
from edge.review.change import Change, change_of, sentence_of, welch
from edge.review.report import Report, build_report
from edge.review.terminal import print_report, rendered, report_json, weekly_report

DAY0 = 1_793_664_000  # 2026-11-03, a Tuesday, 00:00 UTC
MOODS = (
    *("share_abstained", "p_angry", "p_happy", "p_neutral", "p_sad"),
    *("valence", "valence_low", "valence_high", "arousal", "arousal_low", "arousal_high"),
)


def hour(n: int, mood: Affect | None = None, place: str = "hall", model_id: str = "m", **minutes: int) -> TrendRow:
    """Hour ``n`` after DAY0; without a mood it is held back."""
    kinds = dict.fromkeys(("observed", "several_people", "nobody", "unusable", "paused", "fault"), 0) | minutes
    if sum(minutes.values()) < 60:
        kinds["nobody"] += 60 - sum(minutes.values())
    said: dict[str, object] = {"n_walks": FEW, "n_cycles": FEW} | dict.fromkeys(MOODS)
    if mood is not None:
        shares = dict(zip(MOODS[1:5], (round(p, 2) for p in mood.posterior), strict=True))
        v, a = round(mood.valence, 2), round(mood.arousal, 2)
        values = {"valence": v, "valence_low": v - 0.1, "valence_high": v + 0.1}
        values |= {"arousal": a, "arousal_low": a - 0.1, "arousal_high": a + 0.1}
        said = {"n_walks": 5, "n_cycles": 30, "share_abstained": 0.2} | shares | values
    head = {"bucket_start_s": DAY0 + n * 3600, "bucket_length_s": 3600, "place": place}
    booked = {f"minutes_{kind}": count for kind, count in kinds.items()}
    return msgspec.convert(head | booked | said | {"model_id": model_id, "rung": "cpu"}, TrendRow)


GLAD, LOW = Affect((0.05, 0.5, 0.3, 0.15)), Affect((0.05, 0.1, 0.3, 0.55))


def weeks(moods: Sequence[Affect | None], model_id: str = "m", first: int = 0) -> list[TrendRow]:
    """One day a mood, three hours of walks each."""
    return [
        hour(24 * day + h, mood if h in (9, 13, 18) else None, observed=10 * (h in (9, 13, 18)), model_id=model_id)
        for day, mood in enumerate(moods, first)
        for h in range(24)
    ]


def shown(report: Report, width: int = 80) -> str:
    out = io.StringIO()
    Console(file=out, width=width).print(rendered(report))
    return out.getvalue()


def test_four_weeks_fit_80_columns_and_say_the_change() -> None:
    text = shown(build_report(weeks([GLAD] * 21 + [LOW] * 7), 4, UTC))
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert "hall: Tue  3 Nov to Mon 30 Nov 2026" in text
    assert "Valence: clearly less pleasant than usual" in text
    assert "Arousal: clearly calmer than usual" in text
    assert "This is not a diagnosis" in text
    assert "not to a person" in " ".join(text.split())
    for affect in ("angry", "happy", "neutral", "sad"):
        (line,) = [line for line in text.splitlines() if line.lstrip().startswith(affect + " ") and "→" in line]
        assert sum(character in "▁▂▃▄▅▆▇█·" for character in line) == 28
    assert "DEMO" not in text


def test_the_spark_line_rises_where_the_share_rises() -> None:
    text = shown(build_report(weeks([GLAD] * 21 + [LOW] * 7), 4, UTC))
    (sad,) = [line for line in text.splitlines() if line.lstrip().startswith("sad ")]
    assert sad.split() == ["sad", "▃" * 21 + "█" * 7, "15%", "→", "55%"]


def test_a_demonstration_says_so_first() -> None:
    assert shown(build_report(weeks([GLAD]), 1, UTC, "demo")).startswith("DEMO")
    assert shown(build_report([], 1, UTC, "demo")).startswith("DEMO")


def test_an_empty_diary_says_so() -> None:
    assert "The diary is empty" in shown(build_report([], 4, UTC))


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        ({"observed": 10}, "fewer than 10 judged gait cycles or 3 walks"),
        ({"several_people": 60}, "nobody was there alone"),
        ({"nobody": 60}, "nobody was there alone, or nobody was there at all"),
        ({"fault": 60}, "Run `quietstep doctor`"),
        ({"paused": 60}, "nothing was watched"),
        ({"unusable": 60}, "nothing was watched"),
    ],
)
def test_without_a_told_mood_it_says_why(minutes: dict[str, int], said: str) -> None:
    text = " ".join(shown(build_report([hour(n, None, **minutes) for n in range(48)], 1, UTC)).split())
    assert said in text
    assert "→" not in text
    assert "than usual" not in text


def test_faults_are_always_mentioned_and_gaps_are_named() -> None:
    rows = [hour(0, fault=60), hour(47, GLAD, observed=10)]
    text = " ".join(shown(build_report(rows, 1, UTC)).split())
    assert "not on record 166 h" in text
    assert "faults 1 h" in text


def test_what_an_hour_held_back_is_nowhere_but_in_the_minutes() -> None:
    told = hour(9, GLAD, observed=10)
    alone = stretch_of_rows([told])
    with_held_back = stretch_of_rows([told, hour(10, None, observed=8)])
    assert with_held_back.mood == alone.mood
    assert (with_held_back.n_walks, with_held_back.n_cycles) == (alone.n_walks, alone.n_cycles)
    assert (with_held_back.n_held_back, with_held_back.minutes.observed) == (1, 18)


ROWS = st.lists(
    st.tuples(st.sampled_from([GLAD, LOW, None]), st.integers(0, 40), st.integers(0, 20)), min_size=1, max_size=60
)


@given(ROWS)
def test_days_and_weeks_add_up_to_their_hours(given_rows: list[tuple[Affect | None, int, int]]) -> None:
    rows = [hour(n, mood, observed=a, fault=b) for n, (mood, a, b) in enumerate(given_rows)]
    (place,) = build_report(rows, 2, UTC).places
    week_minutes = [week.stretch.minutes for week in place.weeks]
    assert sum(m.total for m in week_minutes) == 60 * len(rows)
    assert sum(m.observed for m in week_minutes) == sum(row.minutes_observed for row in rows)
    moods = [row for row in rows if not row.held_back]
    assert sum(week.stretch.n_told for week in place.weeks) == len(moods)
    if moods:
        both = combined([week.stretch.mood for week in place.weeks if week.stretch.mood])
        mean = sum(row.valence for row in moods) / len(moods)  # type: ignore[misc]
        assert both is not None
        assert both.valence.mean == pytest.approx(mean)


def test_an_interval_of_several_hours_is_never_narrower_than_independence_allows() -> None:
    same = [Mood((0.25,) * 4, Estimate(0.1, 0.0, 0.2), Estimate(0, -0.1, 0.1), 30.0)] * 4
    whole = combined(same)
    assert whole is not None
    assert whole.valence.half == pytest.approx(0.1 / 2)
    apart = [
        msgspec.structs.replace(m, valence=Estimate(v, v - 0.01, v + 0.01))
        for m, v in zip(same, (0, 0.2, 0.4, 0.6), strict=True)
    ]
    wide = combined(apart)
    assert wide is not None
    assert wide.valence.half > 0.3


def test_a_week_is_the_same_from_days_as_days_say() -> None:
    days = [stretch_of_rows(weeks([mood])) for mood in (GLAD, LOW, None)]
    week = stretch_of_stretches(days)
    assert week.n_told == 6
    assert week.mood is not None
    assert week.mood.valence.mean == pytest.approx((days[0].mood.valence.mean + days[1].mood.valence.mean) / 2)  # type: ignore[union-attr]


def test_days_are_the_households() -> None:
    rows = [hour(23, GLAD, observed=10), hour(24 + 23, LOW, observed=10)]
    (utc,) = build_report(rows, 1, UTC).places
    (berlin,) = build_report(rows, 1, ZoneInfo("Europe/Berlin")).places
    told = [[d.day for d in p.days if d.stretch.mood] for p in (utc, berlin)]
    assert told == [[date(2026, 11, 3), date(2026, 11, 4)], [date(2026, 11, 4), date(2026, 11, 5)]]


def test_the_day_on_which_the_clocks_change_has_25_hours() -> None:
    first = -9 * 24 - 2  # 2026-10-24 22:00 UTC, midnight in Berlin
    rows = [hour(first + n, GLAD, observed=10) for n in range(49)]
    (place,) = build_report(rows, 1, ZoneInfo("Europe/Berlin")).places
    hours = {d.day: d.stretch.n_told for d in place.days if d.stretch.n_told}
    assert hours == {date(2026, 10, 25): 25, date(2026, 10, 26): 24}


def test_a_zone_off_by_half_an_hour_loses_nothing() -> None:
    rows = weeks([GLAD, LOW])
    (place,) = build_report(rows, 1, timezone(timedelta(hours=5, minutes=30))).places
    assert sum(d.stretch.n_told for d in place.days) == 6


def test_too_few_days_make_no_usual() -> None:
    (place,) = build_report(weeks([GLAD] * 6 + [LOW] * 7), 2, UTC).places
    assert all("no usual to compare with yet" in s for s in place.sentences)
    assert [c.verdict for c in place.changes] == ["unknown", "unknown"]


def test_the_same_weeks_are_as_usual() -> None:
    moods = [GLAD, LOW] * 14
    (place,) = build_report(weeks(moods), 4, UTC).places
    assert [c.verdict for c in place.changes] == ["as usual", "as usual"]
    assert "no difference" in place.sentences[0]


def test_a_sure_but_tiny_difference_is_called_tiny_and_not_absent() -> None:
    told = sentence_of(Change("valence", "as usual", Estimate(-0.045, -0.06, -0.03), 7, 21))
    assert "too small" in told
    assert "no difference" not in told


def test_days_of_another_model_are_not_compared() -> None:
    rows = weeks([GLAD] * 21, "old") + weeks([LOW] * 7, "new", first=21)
    (place,) = build_report(rows, 4, UTC).places
    assert [c.verdict for c in place.changes] == ["unknown", "unknown"]
    assert "21 of the days were judged by another model" in place.sentences[-1]


def test_a_difference_too_small_to_matter_is_not_called_one() -> None:
    one = Mood((0.25,) * 4, Estimate(0.1, 0, 0.2), Estimate(0, 0, 0), 30.0)
    other = msgspec.structs.replace(one, valence=Estimate(0.13, 0, 0.2))
    assert change_of("valence", [other] * 7, [one] * 20).verdict == "as usual"
    rising = change_of("valence", [msgspec.structs.replace(one, valence=Estimate(0.3, 0, 1))] * 7, [one] * 20)
    assert sentence_of(rising).startswith("Valence: clearly more pleasant than usual, +0.20")


def lived(n_still: int, n_low: int, **source: str) -> list[TrendRow]:
    """Days that differ a little, then days that are lower."""
    levels = [0.4 + 0.02 * (n * 7 % 5 - 2) - 0.25 * (n >= n_still) for n in range(n_still + n_low)]
    return weeks([Affect((0.05, level, 0.3, 0.65 - level)) for level in levels], **source)  # type: ignore[arg-type]


def test_a_change_is_told_in_one_sentence_with_evidence_coverage_and_what_it_is_not() -> None:
    report = build_report(lived(56, 8), 4, UTC)
    (place,) = report.places
    alert = place.alerts[0]
    assert alert.raised
    assert alert.sentence.count(".") - alert.sentence.count("0.") == 1  # one sentence
    for said in ("Since about Mon 28 Dec", "less pleasant", "valence -0", "well-observed days of", "against 28 usual"):
        assert said in alert.sentence
    assert "not a diagnosis" in alert.sentence
    assert "about 1 such alert a year comes without any change" in alert.sentence
    assert "the walks at hall became less pleasant than usual this week" in place.this_week
    text = " ".join(shown(report).split())
    assert "Alerts of these weeks" in text
    assert alert.sentence in text
    assert sum(not a.raised for a in place.alerts) == 1  # arousal, the same day
    assert "1 more passed the rule and were kept back" in text
    assert max(map(len, shown(report).splitlines())) <= 80


def test_a_week_like_the_others_says_so_with_its_coverage() -> None:
    (place,) = build_report(lived(56, 0), 4, UTC).places
    assert place.alerts == ()
    assert place.this_week == (
        "By the alert rule nothing new happened at hall this week; 7 of 7 days on record could be compared."
    )


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (lived(10, 0), "no usual yet: "),
        (lived(20, 0), "how much days differ from each other is still being learnt"),
        (weeks([None] * 9), "0 of the hours tell a mood, 2 are needed"),
        ([*lived(50, 0), hour(24 * 60, GLAD, fault=60)], "1 of the hours tell a mood, 2 are needed"),
        (lived(40, 0) + weeks([LOW] * 4, "n", 40), "another model since less than 7 days; nothing is compared"),
    ],
)
def test_where_nothing_can_be_said_it_says_why(rows: list[TrendRow], why: str) -> None:
    (place,) = build_report(rows, 1, UTC).places
    cannot = f"cannot be said whether anything changed at hall this week: {why}"
    assert cannot in place.this_week or f"the newest could not: {why}" in place.this_week
    assert place.alerts == ()


def test_alerts_of_two_places_share_the_budget_of_the_home() -> None:
    rows = lived(56, 8)
    stairs = [msgspec.structs.replace(row, place="stairs") for row in rows]
    report = build_report([*rows, *stairs], 4, UTC)
    told = [alert for place in report.places for alert in place.alerts]
    assert (len(told), sum(alert.raised for alert in told)) == (4, 1)
    for n_alerts in (0, 2, 9):
        generous = build_report([*rows, *stairs], 4, UTC, n_alerts=n_alerts)
        assert sum(a.raised for place in generous.places for a in place.alerts) == min(n_alerts, 4)


def test_days_of_25_hours_are_told_of_25_hours() -> None:
    first = -9 * 24 - 2  # 2026-10-24 22:00 UTC, midnight in Berlin
    rows = [hour(first + n, GLAD, observed=10) for n in range(-24 * 6, 25)]
    text = shown(build_report(rows, 1, ZoneInfo("Europe/Berlin")))
    assert "Watched 169 h of 169 h (100%); faults 0 min." in text


def test_welch_agrees_with_scipy() -> None:
    from scipy import stats  # noqa: PLC0415  (heavy, and only an oracle here)

    now, before = [0.1, 0.3, 0.2, 0.5], [0.0, 0.1, 0.3, 0.2, 0.1, 0.05, 0.4]
    oracle = stats.ttest_ind(now, before, equal_var=False).confidence_interval()
    mine = welch(now, before)
    assert (mine.low, mine.high) == pytest.approx((oracle.low, oracle.high))


def test_a_long_time_still_fits() -> None:
    rows = weeks([GLAD if day % 9 else None for day in range(200)])
    text = shown(build_report(rows, 29, UTC))
    assert max(map(len, text.splitlines())) <= 80


def test_the_machine_form_holds_the_same(tmp_path: Path) -> None:
    report = build_report(weeks([GLAD] * 9), 2, UTC)
    data = json.loads(report_json(report))
    assert data["places"][0]["days"][0]["stretch"]["mood"]["valence"]["mean"] == pytest.approx(0.28)
    assert msgspec.json.decode(report_json(report), type=Report) == report


def test_from_walks_to_the_printed_page(tmp_path: Path) -> None:
    path, key = tmp_path / "diary.db", tmp_path / "diary.key"
    memory = MemoryLedger()
    with Store.open(path, key, kind="demo") as store:
        for ledger in (store, memory):
            diary = Diary(ledger, "reference", "cpu", checkpoint_each_minute=False)
            for minute in range(DAY0 // 60, DAY0 // 60 + 26 * 60):
                for n in range(4):
                    diary.update(CycleNote("hall", minute * 60.0 + n, minute, GLAD))
                diary.update(MinuteNote("hall", minute, MinuteKind.OBSERVED))
            diary.finish((minute + 1) * 60.0)
    out = io.StringIO()
    print_report(path, key, 1, Console(file=out, width=80), zone=UTC)
    assert out.getvalue().startswith("DEMO")
    assert "Model reference on cpu" in out.getvalue()
    expected = io.StringIO()
    Console(file=expected, width=80).print(weekly_report(memory.rows, 1, UTC, "demo"))
    assert out.getvalue() == expected.getvalue()
    as_json = io.StringIO()
    print_report(path, key, 1, Console(file=as_json, width=20), as_json=True, zone=UTC)
    assert json.loads(as_json.getvalue())["kind"] == "demo"


def test_a_diary_that_does_not_open_is_a_sentence_not_an_empty_report(tmp_path: Path) -> None:
    with pytest.raises(DiaryError, match="no diary at"):
        print_report(tmp_path / "diary.db", None, 1, Console(file=io.StringIO()))
