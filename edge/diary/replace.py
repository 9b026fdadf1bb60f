"""Put a proven file in the diary's place, so that at every moment one whole diary bears its name.

Promises: the old one stays under another name until the caller has proven the new one; a rename is the only step that
shows. Refuses nothing; the caller is the one writer, has closed the old diary and so emptied its log.
"""

import os
from pathlib import Path

from edge.diary.copies import BESIDE, remove
from edge.durable import sync_folder


def put_in_place(new: Path, diary: Path, kept: Path) -> None:
    """``new`` (on the disk already, without a log) becomes ``diary``, which stays as ``kept`` if there was one.

    A log beside the old diary would be read into the new one. After an orderly end there is none; beside a diary that
    does not open any more it goes with it.
    """
    if kept.exists():
        remove((kept,))
    if diary.exists():
        os.link(diary, kept)
        sync_folder(diary.parent)
    for suffix in BESIDE:
        beside = diary.with_name(diary.name + suffix)
        if beside.exists():
            beside.rename(kept.with_name(kept.name + suffix))
    sync_folder(diary.parent)
    new.rename(diary)
    sync_folder(diary.parent)
