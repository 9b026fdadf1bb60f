"""What a command does not use of its data, said where a person sees it.

Promises: nothing is left out without a word: the first refusals by key and reason, the number of the others, and how
many usable cycles a command has no use for. Refuses nothing.
"""

from typing import Final

from rich.console import Console

from trainer.cycles import Reading

SHOWN: Final = 10


def tell_left_out(reading: Reading, n_used: int | None = None, why: str = "without an acted label") -> None:
    """On standard error: what the reader refused, and the cycles beyond ``n_used`` (None: all are used)."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    for refused in reading.refused[:SHOWN]:
        console.print(f"left out {refused.key}: {refused.reason}", style="yellow", markup=False)
    if len(reading.refused) > SHOWN:
        console.print(f"and {len(reading.refused) - SHOWN} more", style="yellow")
    n_unused = 0 if n_used is None else len(reading.cycles) - n_used
    if n_unused:
        console.print(f"left out {n_unused} of {len(reading.cycles)} usable cycles: {why}", style="yellow")
