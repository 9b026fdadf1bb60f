"""A row of the diary in plain words, beside its own numbers.

Promises: every column is there, told or as it is; "fewer than 10" where counts are held back. Refuses to round again.
"""

import msgspec

from edge.diary.trend import KINDS, TrendRow
from edge.review import sentences
from edge.review.words import Words


class RowWords(msgspec.Struct, frozen=True):
    """When and where, a sentence, and every column as it is kept."""

    when: str
    place: str
    sentence: str
    columns: tuple[tuple[str, str], ...]


def row_words(row: TrendRow, words: Words) -> RowWords:
    """One row."""
    if row.minutes_nobody * 60 == row.bucket_length_s:
        said = words.say("Nobody was there.")
        return RowWords(words.moment(row.bucket_start_s), row.place, said, _columns(row))
    minutes = [
        f"{words.say(name)} {getattr(row, f'minutes_{kind}')}"
        for kind, name in zip(KINDS, sentences.KINDS, strict=True)
        if getattr(row, f"minutes_{kind}")
    ]
    said = words.say("Minutes: %(minutes)s.", minutes=", ".join(minutes))
    return RowWords(words.moment(row.bucket_start_s), row.place, f"{said} {_mood(row, words)}", _columns(row))


def _columns(row: TrendRow) -> tuple[tuple[str, str], ...]:
    return tuple((name, _cell(getattr(row, name))) for name in row.__struct_fields__)


def _mood(row: TrendRow, words: Words) -> str:
    if row.valence is None:
        return words.say("Fewer than 10 judged gait cycles or 3 walks: nothing of the mood is kept.")
    shares = (row.p_angry, row.p_happy, row.p_neutral, row.p_sad)
    told = ", ".join(
        f"{words.say(name)} {words.percent(share or 0)}" for name, share in zip(sentences.MOODS, shares, strict=True)
    )
    return words.say(
        "About %(walks)s walks; they looked %(told)s; pleasantness %(value)s (%(between)s).",
        walks=row.n_walks,
        told=told,
        value=words.score(row.valence),
        between=words.between(row.valence_low or 0.0, row.valence_high or 0.0),
    )


def _cell(value: object) -> str:
    return "NULL" if value is None else str(value)
