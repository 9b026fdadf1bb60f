"""What a home would answer, from its diary's rows of one week or day.

Promises: five numbers for every home and period, also where the diary holds nothing, so that neither a mood that is
untold nor an empty week shows in whether or what is sent. All places count together: moods by their judged cycles, the
watched share as the mean over places. Refuses to leave a question's fixed range: `position` clips. Pure.

Hours that held their mood back count as untold, as everywhere; so do those of another model than the one named.
"""

import math
from collections.abc import Sequence

import msgspec

from edge.diary.coin import SCALE
from edge.diary.minutes import MINUTE_S
from edge.diary.packet import RANGES, Question
from edge.diary.rollup import stretch_of_rows
from edge.diary.trend import TrendRow


class HomeNumbers(msgspec.Struct, frozen=True):
    """Valence and arousal -1 to 1, 0 where ``told`` is 0; shares 0 to 1; ``told`` 0 or 1."""

    valence: float
    arousal: float
    told: float
    watched: float
    abstained: float

    def position(self, question: Question) -> int:
        """How high an answer lies in its range, in SCALE parts; what lies outside, or is no number, is at an end."""
        low, high = RANGES[question]
        value = getattr(self, question)
        clipped = low if math.isnan(value) else min(max(value, low), high)
        return min(max(round((clipped - low) / (high - low) * SCALE), 0), SCALE)


def numbers_of(rows: Sequence[TrendRow], period_s: int, model_id: str) -> HomeNumbers:
    """The numbers of these rows, taken to be those of a period that lasted ``period_s`` seconds."""
    everything = stretch_of_rows(rows)
    n_places = len({row.place for row in rows}) or 1
    watched = everything.n_watched * MINUTE_S / (period_s * n_places)
    told = stretch_of_rows([row for row in rows if row.model_id == model_id])
    if told.mood is None:
        return HomeNumbers(0.0, 0.0, 0.0, watched, 0.0)
    return HomeNumbers(told.mood.valence.mean, told.mood.arousal.mean, 1.0, watched, told.share_abstained or 0.0)
