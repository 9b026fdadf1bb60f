"""In which line of a TOML file a key stands, for errors that say so.

Promises: a line number, from 1, or None; reads the text only. Refuses to parse TOML: ``tomllib`` does, without lines.
"""

import re
from collections.abc import Iterator


def line_of(text: str, loc: tuple[int | str, ...]) -> int | None:
    """The line, from 1, of the key that ``loc`` names: ("data_dir",), ("encoder", "rungs") or ("camera", 1, "crop").

    Where the key itself is not written (a missing one), the line of its table's header.
    """
    table, index, wanted = _place_of(loc)
    header_line = None
    for number, where, key in _keys(text):
        if where == (table, index) and key == "":
            header_line = number
        if where == (table, index) and wanted and key == wanted:
            return number
        if len(loc) == 1 and key == "" and where[0] == str(loc[0]):
            return number
    return header_line


def _place_of(loc: tuple[int | str, ...]) -> tuple[str, int, str]:
    """Table, its index, and key ("" for the table itself); what lies inside a key's value counts as the key."""
    if len(loc) < 2:
        return "", 0, str(loc[0]) if loc else ""
    if isinstance(loc[1], int):
        return str(loc[0]), loc[1], str(loc[2]) if len(loc) > 2 else ""
    return str(loc[0]), 0, loc[1]


def _keys(text: str) -> Iterator[tuple[int, tuple[str, int], str]]:
    """Line number, (table, its index) and key of each line that holds a key; a header has the empty key."""
    where = ("", 0)
    counts: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[\[?\s*([\w.-]+)\s*\]", line):
            counts[header[1]] = counts.get(header[1], -1) + 1
            where = (header[1], counts[header[1]])
            yield number, where, ""
        elif key := re.match(r"\s*([\w-]+)\s*=", line):
            yield number, where, key[1]
