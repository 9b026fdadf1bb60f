"""Who walked, how, and in which recording: told by an index, by the file's name, or not at all.

Promises: a subject nobody names is numbered, never guessed, and the note says so; an affect is one of the four classes
or unlabelled. Refuses (TrainingError) an index without the column ``file``; a single file that the index does not name,
or whose name does not fit the pattern, is refused by ``of`` (ValueError).

Index: ``index.csv`` with the column ``file`` (path relative to the folder) and any of subject, source, acted_emotion,
perceived_emotion, recording. Pattern: ``{subject}_{affect}_{take}.bvh``; ``{name:5}`` takes five characters; names that
mean nothing here match and are ignored; with a slash in it the pattern is held against the path below the folder.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.affect import CLASSES
from edge.errors import TrainingError
from trainer.cycles import UNLABELLED
from trainer.read_spec import Spec

INDEX: Final = "index.csv"
OPTIONS: Final = frozenset({"pattern", "source", "other", *CLASSES})
_FIELDS: Final = {"affect": "acted_emotion", "acted": "acted_emotion", "perceived": "perceived_emotion"}
_UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Label:
    """Of one recording; ``acted`` and ``perceived`` index ``edge.affect.CLASSES``."""

    subject: str
    source: str
    recording: str
    acted: int = UNLABELLED
    perceived: int = UNLABELLED


class Labels:
    """The labels of every file below a folder.

    Options of the spec: ``pattern``; ``source``, else the folder's name; ``neutral=normal`` and the like, other words
    for an affect; ``other=unlabelled`` keeps a recording whose word is no affect, without a label.
    """

    def __init__(self, spec: Spec) -> None:
        self._folder, self._options = spec.path, spec.options
        self._index = read_index(self._folder / INDEX, {"file"}, "file") if self._has_index() else None
        self._pattern = _regex(spec.options["pattern"]) if "pattern" in spec.options else None
        self._words = {word: name for name in CLASSES for word in (name, *spec.options.get(name, name).split(","))}
        self.n_unknown = 0

    def named(self) -> set[str]:
        """Every file the index names."""
        return set(self._index or {})

    def of(self, name: str) -> Label:
        """The label of a file; raises ValueError with the reason to refuse it."""
        row = self._row(name)
        acted, perceived = (self._affect(row.get(f"{how}_emotion") or "") for how in ("acted", "perceived"))
        source = row.get("source") or self._options.get("source") or self._folder.resolve().name
        return Label(row.get("subject") or self._number(), source, row.get("recording") or name, acted, perceived)

    def notes(self) -> tuple[str, ...]:
        """What an engineer must know."""
        return unknown_subjects(self.n_unknown)

    def _has_index(self) -> bool:
        return "pattern" not in self._options and (self._folder / INDEX).is_file()

    def _row(self, name: str) -> Mapping[str, str]:
        if self._index is not None:
            if name not in self._index:
                raise ValueError(f"not named in {INDEX}")
            return self._index[name]
        if self._pattern is None:
            return {}
        held = name if "/" in self._options["pattern"] else Path(name).name
        match = self._pattern.fullmatch(held)
        if match is None:
            raise ValueError(f"its name does not fit {self._options['pattern']}")
        return {_FIELDS.get(key, key): value for key, value in match.groupdict().items()}

    def _affect(self, word: str) -> int:
        if not word:
            return UNLABELLED
        if word in self._words:
            return CLASSES.index(self._words[word])
        if self._options.get("other") == "unlabelled":
            return UNLABELLED
        raise ValueError(f"the affect {word!r} is none of {', '.join(CLASSES)}")

    def _number(self) -> str:
        self.n_unknown += 1
        return unknown_subject(self.n_unknown)


def unknown_subject(number: int) -> str:
    """The name of somebody who is not known."""
    return f"{_UNKNOWN}-{number:04d}"


def is_known(subject: str) -> bool:
    """Whether somebody is named: neither numbered by us nor left empty by an index."""
    return bool(subject) and not subject.startswith(f"{_UNKNOWN}-")


def unknown_subjects(n: int, how: str = "numbered") -> tuple[str, ...]:
    """The note that goes with them; ``how`` they stand among the subjects."""
    if not n:
        return ()
    return (f"The subject of {n} recordings is not known: they are {how}, and holding people out means little.",)


def read_index(path: Path, wanted: set[str], key: str) -> dict[str, Mapping[str, str]]:
    """Rows by the column ``key``; raises TrainingError for a table without the wanted columns, rows or unique keys."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        found = f"{path} that cannot be read ({type(error).__name__})"
        raise TrainingError(found, "a table of comma-separated values", "Write it again.") from error
    if not rows or not set(rows[0]) >= wanted:
        found = f"{path.name} without these columns or without rows"
        raise TrainingError(found, f"a table with the columns {', '.join(sorted(wanted))}", "Complete the index.")
    by_key: dict[str, Mapping[str, str]] = {row[key]: row for row in rows}
    if len(by_key) < len(rows):
        raise TrainingError(f"{path.name} that names something twice", f"every {key} once", "Correct the index.")
    return by_key


def _regex(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[a-z]+(?::\d+)?\})", pattern)
    try:
        return re.compile("".join(_part(part) for part in parts))
    except re.error as error:
        found = f"the pattern {pattern!r} ({error})"
        raise TrainingError(found, "every name in braces once", "Write for example {subject}_{affect}.bvh.") from error


def _part(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    name, _, width = part[1:-1].partition(":")
    return f"(?P<{name}>[^/]{{{width}}})" if width else f"(?P<{name}>[^/]+?)"
