"""Annotations: a date and a short text that the household writes beside its days ("new tablets").

Promises: they live in the diary, so its one writer holds them, its key encrypts them, backups, restoring and a new key
take them along, and an erasure of their day takes them and looks for them. They are the household's, of no place: an
erasure of one place leaves them. Refuses more than `MOST`, a text of several lines or over 200 characters.
"""

from pathlib import Path
from typing import Final

import msgspec
import sqlalchemy as sa

from edge.diary import schema
from edge.diary.door import to_oneself
from edge.diary.span import END_S, FIRST_S
from edge.diary.store import DiaryReader, Store
from edge.errors import DiaryDamagedError, DiaryError

LONGEST: Final = 200
MOST: Final = 2000
_COLUMNS: Final = schema.ANNOTATION.c


class Annotation(msgspec.Struct, frozen=True):
    """One of them: its number, the household's midnight at which its day begins (Unix), and the text."""

    n: int
    day_start_s: int
    text: str


def checked_text(text: str) -> str:
    """The text as it is kept: one line of 1 to 200 characters. Raises DiaryError."""
    tidy = " ".join(text.split())
    if not tidy or len(tidy) > LONGEST or not tidy.isprintable():
        raise DiaryError(
            f"a note of {len(tidy)} characters", f"one line of 1 to {LONGEST} characters", "Nothing was written."
        )
    return tidy


def annotations(reader: DiaryReader, from_s: int = FIRST_S, to_s: int = END_S) -> tuple[Annotation, ...]:
    """Those whose day begins in [from_s, to_s), by day."""
    query = sa.select(schema.ANNOTATION).order_by(_COLUMNS.day_start_s, _COLUMNS.n)
    own = query.where(_COLUMNS.day_start_s >= from_s, _COLUMNS.day_start_s < to_s)
    with reader.reading() as connection:
        return tuple(_of_record(record) for record in connection.execute(own).mappings())


def annotate(diary: Path, key_path: Path | None, day_start_s: int, text: str) -> Annotation:
    """Write one, while a running monitor lends its diary. Raises DiaryError; then nothing was written."""
    tidy = checked_text(text)
    with DiaryReader.open(diary, key_path) as reader:
        kind = reader.kind()
    with to_oneself(diary), Store.open(diary, key_path, kind) as store, store.writing() as connection:
        count, last = connection.execute(sa.select(sa.func.count(), sa.func.max(_COLUMNS.n))).one()
        if count >= MOST:
            raise DiaryError(f"{count} notes already", f"fewer than {MOST}", "Erase some first.")
        new = Annotation(int(last or 0) + 1, day_start_s, tidy)
        connection.execute(sa.insert(schema.ANNOTATION).values(**msgspec.structs.asdict(new)))
    return new


def remove_annotation(diary: Path, key_path: Path | None, n: int) -> bool:
    """Take one back; its bytes are overwritten (``secure_delete``). Whether there was one."""
    with DiaryReader.open(diary, key_path) as reader:
        kind = reader.kind()
    with to_oneself(diary), Store.open(diary, key_path, kind) as store:
        with store.writing() as connection:
            gone = connection.execute(sa.delete(schema.ANNOTATION).where(_COLUMNS.n == n)).rowcount
        store.forget_old_pages()
    return bool(gone)


def _of_record(record: sa.RowMapping) -> Annotation:
    try:
        return msgspec.convert(dict(record), Annotation)
    except msgspec.ValidationError:
        raise DiaryDamagedError("a note of another form", "a number, a day, a text", "Restore a backup.") from None
