"""What an explanation found, as it is written to ``maps.json``.

Promises: an unknown figure is None with a reason beside it, never 0. Refuses nothing.

Shape letters: J landmark, T phase.
"""

import msgspec


class Interval(msgspec.Struct, frozen=True):
    """A figure and its 95 % interval over people; None where there is one person only."""

    value: float
    low: float | None
    high: float | None


class Ranked(msgspec.Struct, frozen=True):
    """A landmark's share of the body's importance; the same from networks that forgot everything they had learned
    (None where none of them has an activation for the affect).
    """

    landmark: str
    share: float
    untrained: float | None


class Likeness(msgspec.Struct, frozen=True):
    """Spearman's rho with the real map after forgetting: mean, least and most over draws that have a map.

    ``changed``: even the most similar redrawn map is less similar than the control's lower end; None without control.
    A network without any activation for the affect has no map: it changed, and there is no rho.
    """

    rho: float | None
    least: float | None
    most: float | None
    changed: bool | None


class Stage(msgspec.Struct, frozen=True):
    """The last layers, down to ``layer``, redrawn: how alike is the whole map, and how alike its landmarks' shares."""

    layer: str
    n_layers: int
    n_draws: int
    n_without_map: int
    map: Likeness
    landmarks: Likeness


class Control(msgspec.Struct, frozen=True):
    """Likeness that means "the same": this model on resampled people (median, 95 % over resamples)."""

    map: Interval
    landmarks: Interval


class Rho(msgspec.Struct, frozen=True):
    """One comparison with the real map: over landmarks x phases, and over landmarks' shares alone."""

    map: float
    landmarks: float


class Checks(msgspec.Struct, frozen=True):
    """Is the map about what the model learned? All figures are Spearman's rho with the map.

    ``other_model``: the map of another training run; ``unguided``: plain instead of guided gradient; ``spread_alone``:
    how far apart cycles are, no model at all. ``passed``: with every layer redrawn map and landmarks both changed.
    ``repeatable``: another training run's map is more alike than any of a model with every layer redrawn.
    """

    stages: list[Stage]
    control: Control | None
    other_model: Rho | None
    unguided: Rho | None
    spread_alone: Rho | None
    passed: bool | None
    repeatable: bool | None


class AffectMap(msgspec.Struct, frozen=True):
    """One affect: landmark x phase, sum 1, over its correctly judged cycles; or None and the reason.

    ``left_contact``: phase (share of the cycle) at which the left foot is furthest ahead of the hips.
    """

    affect: str
    n_labelled: int
    n_right: int
    reason: str | None = None
    map_JT: list[list[float]] | None = None
    ranking: list[Ranked] = []
    duration_share: float | None = None
    left_contact: float | None = None
    checks: Checks | None = None


class Line(msgspec.Struct, frozen=True):
    """A curve over the number of landmarks removed (or given), 0 first: accuracy and centred logit of the truth."""

    accuracy: list[float]
    logit: list[float]


class Curves(msgspec.Struct, frozen=True):
    """Landmarks removed (``deletion``) or given (``insertion``) one by one: the map's order, the order of spread alone,
    random orders (mean, and the 2.5 % and 97.5 % quantiles over orders).

    Areas: mean distance to the random orders' mean between the ends, positive where the map's order does better
    (hurts more; helps more). ``beaten``: share of random orders whose area is smaller than the map's.
    """

    kind: str
    n_orders: int
    n_cycles: int
    n_people: int
    by_map: Line
    by_spread: Line
    random: Line
    random_low: Line
    random_high: Line
    area_accuracy: Interval
    area_logit: Interval
    area_over_spread: Interval
    beaten_accuracy: float
    beaten_logit: float
    passed: bool | None


class Findings(msgspec.Struct, frozen=True):
    """Everything ``quietstep-train explain`` found; of ``n_labelled`` cycles, ``n_cycles`` were used."""

    data: str
    provenance: str
    labels: str
    n_labelled: int
    n_cycles: int
    n_people: int
    people: list[str]
    trained_on_these: bool
    n_refused: int
    accuracy: float
    landmarks: list[str]
    maps: list[AffectMap]
    deletion: Curves
    insertion: Curves
