"""The values from which settings are chosen, one table; a field that GaitSettings lacks is passed over.

Fields that decide only which cycles are usable (phase and duration limits) are not here: no label says which cycle is.
The constant offset is not here either: it is found for each setting, on the same people as the setting.
"""

from __future__ import annotations

from dataclasses import fields

from edge.gait.settings import GaitSettings

CANDIDATES: dict[str, tuple[float, ...]] = {
    "axis_time_constant_s": (0.1, 0.15, 0.3),
    "rank": (4, 6, 8),
    "n_lags": (20, 24, 30),
    "n_fit": (0, 2, 3),
    "n_delay": (2, 3, 4),
    "offset_per_period": (0.0, 0.035, 0.05),
    "half_width_s": (0.25, 0.3, 0.35),
    "min_height": (0.0, 0.05, 0.15),
    "min_swing": (0.1, 0.2, 0.3),
    "min_lead": (-1.0, -0.3, 0.0),
    "refractory_period_share": (0.35, 0.45, 0.55),
    "min_excursion": (0.08, 0.12, 0.16),
    "max_correlation": (-0.1, -0.2, -0.3),
    "min_rhythm": (0.0, 0.7, 0.8),
    "n_open": (12, 24),
    "n_outside": (0, 3),
    "swap_cost_ratio": (0.5, 0.6, 0.7),
    "frontal_share": (0.8, 1.0),
    "frontal_rank": (6, 8),
    "height_weight": (1.0, 2.0, 4.0),
}


def candidates(only: list[str] | None = None) -> dict[str, tuple[float, ...]]:
    """Field -> values to try, those that exist (and are asked for); the default is always among them."""
    there = {field.name: field.default for field in fields(GaitSettings)}
    return {
        name: tuple(dict.fromkeys((there[name], *values)))
        for name, values in CANDIDATES.items()
        if name in there and (only is None or name in only)
    }
