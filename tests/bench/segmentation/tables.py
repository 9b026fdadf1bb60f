"""A table once, for the terminal (rich) and for a page (Markdown)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table as RichTable


@dataclass(slots=True)
class Table:
    """Cells as text; a section begins wherever the first cell changes."""

    title: str
    heads: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    note: str = ""
    n_left: int = 1

    def print(self, console: Console) -> None:
        table = RichTable(title=self.title, title_justify="left", caption=self.note or None, caption_justify="left")
        for i, head in enumerate(self.heads):
            table.add_column(head, justify="left" if i < self.n_left else "right", no_wrap=i < self.n_left)
        for i, row in enumerate(self.rows):
            ends = i + 1 < len(self.rows) and self.rows[i + 1][0] != row[0] and self.n_left > 1
            table.add_row(*row, end_section=ends)
        console.print(table)

    def markdown(self) -> str:
        marks = ["---" if i < self.n_left else "--:" for i in range(len(self.heads))]
        lines = [f"### {self.title}", "", _line(self.heads), _line(marks), *(_line(row) for row in self.rows)]
        return "\n".join([*lines, "", self.note, ""] if self.note else [*lines, ""])


def _line(cells: tuple[str, ...] | list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def share(value: float) -> str:
    """Three digits without the zero before the point; a dash for what is not known."""
    if math.isnan(value):
        return "–"
    return "1.0" if value >= 0.9995 else f"{value:.3f}".removeprefix("0")


def between(value: float, interval: tuple[float, float]) -> str:
    if math.isnan(interval[0]):
        return share(value)
    return f"{share(value)} ({share(interval[0])}–{share(interval[1])})"


def ms(value: float, digits: int = 0, sign: bool = False) -> str:
    return "–" if math.isnan(value) else f"{value:{'+' if sign else ''}.{digits}f}"
