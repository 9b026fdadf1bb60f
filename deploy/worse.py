"""Is this model worse than the one before?

Promises: a model is worse where a quality figure lies below the older one's interval, where somebody is named more
often over chance than before, or where a figure of the older one was not measured again. One sentence for each.
Refuses nothing: a worse model may go out, if somebody says why.
"""

from collections.abc import Iterator
from typing import Final

from deploy.policy import in_note
from edge.bundle import Figure, Manifest

_RAW: Final = "identity from normalised cycle"
"""The input itself: no property of a model, and it never leaves the monitor."""
_SLACK: Final = 5e-4  # figures are rounded to three decimals


def worse_than(new: Manifest, old: Manifest) -> tuple[str, ...]:
    """A sentence for each way in which ``new`` is worse than ``old``."""
    return (*_quality(new, old), *_privacy(new, old))


def _quality(new: Manifest, old: Manifest) -> Iterator[str]:
    found = {_key(figure): figure for figure in new.evaluation}
    for figure in old.evaluation:
        if figure.low is None:
            continue
        now = found.get(_key(figure))
        if now is None:
            yield f"{_name(figure)} was {figure.value:.3f} and was not measured again."
        elif now.value < figure.low - _SLACK:
            yield f"{_name(figure)} is {now.value:.3f}, before {figure.value:.3f} (at least {figure.low:.3f})."


def _privacy(new: Manifest, old: Manifest) -> Iterator[str]:
    found = {_key(figure): figure for figure in new.privacy}
    for figure in old.privacy:
        if figure.name.startswith(_RAW):
            continue
        now = found.get(_key(figure))
        if now is None:
            yield f"{_name(figure)} was {figure.value:.3f} and was not measured again."
        elif _over_chance(now) > _over_chance(figure) + _SLACK:
            yield (f"{_name(figure)} is {_over_chance(now):.3f} over chance, before {_over_chance(figure):.3f}.")


def _over_chance(figure: Figure) -> float:
    return figure.value - (in_note(figure, "chance") or 0.0)


def _key(figure: Figure) -> tuple[str, str]:
    """What was measured, on whom: the name, and the note up to its first semicolon."""
    return figure.name, figure.note.partition(";")[0]


def _name(figure: Figure) -> str:
    on = figure.note.partition(";")[0]
    return f"{figure.name} ({on})" if on else figure.name
