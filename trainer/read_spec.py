"""What ``kind:path?option=value&…`` names: which reader, where, with which options.

Promises: the same words in any order of options mean the same. Refuses kinds, options and numbers it does not know,
with the ones it knows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from edge.errors import TrainingError

Tell = Callable[[int, int], None]
"""Called as reading goes on: how many recordings are done, of how many."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One data source: ``text`` is what stands between the colon and the question mark."""

    kind: str
    text: str
    options: Mapping[str, str]

    @property
    def path(self) -> Path:
        """Where the data lie."""
        return Path(self.text)

    def number(self, name: str, default: float | None = None) -> float:
        """A positive number among the options; raises TrainingError when it is none, or missing without a default."""
        given = self.options.get(name)
        if given is None and default is not None:
            return default
        try:
            value = float(given or "")
        except ValueError:
            value = -1.0
        if not 0.0 < value < float("inf"):
            found = f"no {name} for {self.kind}:{self.text}" if given is None else f"{name}={given}"
            raise TrainingError(found, f"a positive number after {name}=", f"Write {self.kind}:PATH?{name}=NUMBER.")
        return value


def parse(words: str, options_of: Mapping[str, frozenset[str]]) -> Spec:
    """Take ``kind:path?options`` apart; ``options_of`` holds every kind and the options it knows."""
    kind, colon, rest = words.partition(":")
    text, _, query = rest.partition("?")
    if not colon or kind not in options_of:
        wanted = f"kind:path with one of the kinds {', '.join(options_of)}"
        raise TrainingError(f"the data {words!r}", wanted, "Write for example --data egait:FOLDER.")
    options = dict(parse_qsl(query, keep_blank_values=True))
    strange = sorted(set(options) - options_of[kind])
    if strange:
        wanted = f"for {kind} only {', '.join(sorted(options_of[kind])) or 'the path'}"
        raise TrainingError(f"the option {', '.join(strange)} in {words!r}", wanted, "Leave it out.")
    return Spec(kind, text, options)
