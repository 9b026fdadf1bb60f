"""The measured `PoseError`s as the Python text of edge/gait/pose_error_presets.py, rounded as it stands there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edge.gait.pose_error_sizes import FOLLOWS, Between, LandmarkError, PoseError, Runs
from edge.gait.skeleton import LANDMARKS


def as_text(measured: Mapping[str, PoseError]) -> str:
    """What follows the fixed head of the presets' file."""
    views = "".join(f'        "{name}": {_view(error)},\n' for name, error in measured.items())
    return f"PRESETS: Mapping[str, PoseError] = MappingProxyType(\n    {{\n{views}    }}\n)\n"


def _view(error: PoseError) -> str:
    swaps = "".join(f'("{kind}", {_runs(runs)}),' for kind, runs in error.swaps)
    rows = "".join(f"{_row(part)},  # {LANDMARKS[j]}\n" for (j, _), part in zip(FOLLOWS, error.landmarks, strict=True))
    return (
        f"PoseError(view_deg={error.view_deg:.1f}, pitch_deg={error.pitch_deg:.1f}, delay_s={error.delay_s:.3f}, "
        f"scale={_between(error.scale, 3)}, depth={_between(error.depth, 2)}, lean_deg={_between(error.lean_deg, 1)}, "
        f"lean_sd_deg={error.lean_sd_deg:.1f}, lean_memory_s={error.lean_memory_s:.2f}, "
        f"constant_m=({', '.join(f'{c:.3f}' for c in error.constant_m)}), "
        f"landmarks=_landmarks(\n{rows}), visibility_memory_s={error.visibility_memory_s:.2f}, swaps=({swaps}), "
        f"drops={_runs(error.drops)})"
    )


def _row(part: LandmarkError) -> str:
    numbers = np.concatenate(
        [
            1e3 * np.array(part.sd_m),
            1e3 * np.array(part.memory_s),
            1e2 * np.array(part.follows),
            [1e2 * part.visibility, 1e2 * part.visibility_sd, 1e3 * part.wobble, 1e3 * part.wobble_memory_s],
        ]
    )
    return f"({', '.join(str(round(n)) for n in numbers)})"


def _between(one: Between, digits: int) -> str:
    return f"Between({one.mean:.{digits}f}, {one.sd:.{digits}f})"


def _runs(one: Runs) -> str:
    return f"Runs({one.share:.4f}, {one.run_s:.3f})"
