"""A year of two places, seeded: a household with habits, a change at the end, guests, faults, pauses, a new model.

Promises: rows that the diary's own checks accept, the same for the same seed and last day. Refuses to be a home.
"""

from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path

import msgspec
import numpy as np

from edge.diary.annotation import annotate
from edge.diary.days import midnight_s
from edge.diary.store import Store
from edge.diary.trend import FEW, TrendRow

N_DAYS = 365
MOODS = ("share_abstained", "p_angry", "p_happy", "p_neutral", "p_sad")
SPREADS = ("valence", "valence_low", "valence_high", "arousal", "arousal_low", "arousal_high")
HELD: dict[str, object] = {"n_walks": FEW, "n_cycles": FEW} | dict.fromkeys((*MOODS, *SPREADS))


def write_year(folder: Path, last: date, zone: tzinfo, *, n_days: int = N_DAYS) -> Path:
    """A demonstration's diary whose newest day is ``last``, and three notes; its path."""
    path = folder / "diary.db"
    with Store.open(path, kind="demo") as store:
        store.save(year_rows(last, zone, n_days), ())
    for days_ago, text in ((17, "new tablets"), (60, "cold, stayed in bed"), (9, "daughter visits")):
        if days_ago < n_days:
            annotate(path, None, midnight_s(last - timedelta(days=days_ago), zone), text)
    return path


def year_rows(last: date, zone: tzinfo, n_days: int = N_DAYS) -> list[TrendRow]:
    """Hourly rows of hall and stairs."""
    rng = np.random.default_rng(8)
    rows: list[TrendRow] = []
    effect = 0.0
    for number in range(n_days):
        day = last - timedelta(days=n_days - 1 - number)
        to_go = n_days - 1 - number
        effect = 0.4 * effect + rng.normal(0, 0.045)
        level = 0.16 + effect + (-0.17 if to_go < 13 else 0.0) + 0.03 * (day.weekday() >= 5)
        model_id = "reference-1" if to_go >= 200 else "reference-2"
        start_s, end_s = midnight_s(day, zone), midnight_s(day + timedelta(days=1), zone)
        for t_s in range(start_s, end_s, 3600):
            hour = datetime.fromtimestamp(t_s, zone).hour
            rows.append(_row(rng, "hall", t_s, hour, level, to_go, model_id))
            rows.append(_row(rng, "stairs", t_s, hour, level + 0.05, to_go, model_id))
    return rows


def _row(
    rng: np.random.Generator, place: str, t_s: int, hour: int, level: float, to_go: int, model_id: str
) -> TrendRow:
    head = {"bucket_start_s": t_s, "bucket_length_s": 3600, "place": place, "model_id": model_id, "rung": "cpu"}
    minutes = dict.fromkeys(("observed", "several_people", "nobody", "unusable", "paused", "fault"), 0)
    asleep = hour < 7 or hour > 21
    if to_go in (40, 41) or (to_go == 120 and place == "hall"):
        minutes["fault"] = 60
        asleep = True
    elif to_go % 29 == 5 and 14 <= hour < 18:
        minutes["paused"] = 60
        asleep = True
    else:
        rate = 0 if asleep else (7 if hour in (8, 9, 12, 13, 18, 19) else 3.5) * (1 if place == "hall" else 0.45)
        n_walks = int(rng.poisson(rate))
        minutes["observed"] = min(40, 2 * n_walks)
        minutes["several_people"] = int(rng.integers(0, 14)) if to_go % 7 == 2 and hour > 14 and not asleep else 0
        minutes["unusable"] = int(rng.integers(0, 5)) if hour in (7, 20, 21) else 0
        minutes["nobody"] = 60 - sum(minutes.values())
        asleep = n_walks < 3
    booked = {f"minutes_{kind}": n for kind, n in minutes.items()}
    said = HELD if asleep else _mood(rng, n_walks, level + 0.05 * (hour < 12))
    return msgspec.convert(head | booked | said, TrendRow)


def _mood(rng: np.random.Generator, n_walks: int, level: float) -> dict[str, object]:
    valence = float(np.clip(level + rng.normal(0, 0.12 / np.sqrt(n_walks)), -0.55, 0.7))
    half = 0.32 / np.sqrt(n_walks) * rng.uniform(0.8, 1.3)
    arousal = float(np.clip(0.05 + 0.3 * valence + rng.normal(0, 0.05), -0.2, 0.5))
    happy = float(np.clip(0.3 + 0.6 * valence, 0.03, 0.8))
    sad = float(np.clip(0.25 - 0.55 * valence, 0.03, 0.8)) * (1 - happy)
    angry = 0.06
    shares = (0.2, angry, happy, 1 - angry - happy - sad, sad)
    values = (valence, max(-0.63, valence - half), min(0.81, valence + half))
    values += (arousal, max(-0.27, arousal - half / 2), min(0.59, arousal + half / 2))
    named = {name: round(float(max(0.0, value)), 2) for name, value in zip(MOODS, shares, strict=True)}
    named |= {name: round(float(value), 2) + 0.0 for name, value in zip(SPREADS, values, strict=True)}
    return named | {"n_walks": 5 * max(1, round(n_walks / 5)), "n_cycles": 5 * round(6 * n_walks / 5)}
