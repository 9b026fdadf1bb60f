"""For each rung one sentence: whether it is in use, why not, and what would change that.

Promises: the reasons are those the ladder itself found. Refuses to promise what was never seen: of a rung that was
not run on hardware the sentence says so.
"""

from typing import Final

from edge.encoder.ladder import Refused
from edge.rungs import CPU, RUNGS

ACCELERATED: Final = frozenset(RUNGS) - {CPU}
"""None of these has answered on real hardware where Quietstep was written (edge/encoder/README.md)."""


def explain(configured: tuple[str, ...], in_use: str, refused: tuple[Refused, ...]) -> list[tuple[str, str]]:
    """(rung, sentence) for all rungs there are, in the order they are tried."""
    reasons = {each.rung: each for each in refused}
    return [(rung, _sentence(rung, configured, in_use, reasons.get(rung))) for rung in _ordered(configured)]


def _note(rung: str) -> str:
    return "; Quietstep was not run on such hardware" if rung in ACCELERATED else ""


def _ordered(configured: tuple[str, ...]) -> list[str]:
    return [*configured, *(rung for rung in RUNGS if rung not in configured)]


def _sentence(rung: str, configured: tuple[str, ...], in_use: str, refused: Refused | None) -> str:
    if rung == in_use:
        return "in use"
    if refused:
        why = f"{refused.reason}. {refused.do.rstrip('.')}"
    elif rung not in configured:
        why = f'left out of rungs below [encoder]; add "{rung}" there to have it tried'
    else:
        why = f'{in_use} is tried first and answers; put "{rung}" before it in rungs below [encoder]'
    return f"not in use: {why}{_note(rung)}"
