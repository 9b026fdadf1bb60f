"""The three things a household does with a whole diary: back it up, restore it, give it a new key.

Promises: a backup does not hold up a running monitor; the other two hold the right to write from beginning to end,
which a running monitor lends them. Refuses them beside any other writer.
"""

from pathlib import Path

from edge.diary.backup import write_backup
from edge.diary.door import to_oneself
from edge.diary.key import is_ours, key_path_for, read_key
from edge.diary.opening import the_one_writer
from edge.diary.restore import Contents, examine_backup, restore
from edge.diary.rotate import key_that_opens, refuse_foreign, rotate, settle
from edge.diary.store import DiaryReader, Store


def backup_diary(diary: Path, key_path: Path | None, target: Path) -> int:
    """A proven copy under the same key; how many rows it holds."""
    with DiaryReader.open(diary, key_path):
        return write_backup(diary, key_that_opens(diary, key_path_for(diary, key_path)), target)


def look_at_backup(diary: Path, key_path: Path | None, file: Path) -> Contents:
    """What restoring it would mean; changes nothing."""
    key_path = key_path_for(diary, key_path)
    return examine_backup(diary, key_path, read_key(key_path), file)


def restore_diary(diary: Path, key_path: Path | None, file: Path) -> int:
    """Put a proven backup in the diary's place; how many of its rows were erased again."""
    key_path = key_path_for(diary, key_path)
    with to_oneself(diary), the_one_writer(diary):
        settle(diary, key_path)
        key = read_key(key_path)
        examine_backup(diary, key_path, key, file)
        return restore(diary, key, file)


def rotate_key(diary: Path, key_path: Path | None) -> int:
    """Write the diary anew under a new key and destroy the old one; how many rows it holds."""
    key_path = key_path_for(diary, key_path).resolve()
    refuse_foreign(key_path, is_ours(key_path))
    with DiaryReader.open(diary, key_path) as reader:
        kind = reader.kind()
    with to_oneself(diary):
        Store.open(diary, key_path, kind).close()
        with the_one_writer(diary):
            settle(diary, key_path)
            return rotate(diary, key_path)
