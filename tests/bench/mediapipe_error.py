"""MediaPipe's own error: `python -m tests.bench.mediapipe_error [--data PATH] [--json OUT] [--presets OUT] ...`.

The synthetic camera from six sides, six people, through the real pose estimator as a home runs it, against the camera's
own truth; the model of `edge.gait.pose_error` measured by the same code beside it, with as many recordings; the
demonstration video, which has no truth, where --data is given; and the offset of the contacts that such poses would
need. Nothing is kept but what --json and --presets name. About five minutes; it needs the pose model and no network
once that is there.

Errors are in true metres, in the camera's axes (right, up, towards the lens), after taking out the place of the hips
and one scale per recording. `jitter` is the root mean square of second differences over root six.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path
from rich.console import Console

from edge.gait.pose_error import camera_axes, spoil
from edge.gait.pose_error_sizes import PoseError
from edge.sense.lock import lock_out_network
from edge.sense.pose_model import find_or_build
from edge.sense.synthetic import SyntheticCamera
from tests.bench.mediapipe_error_measure import Split, exchanged_apart_m, pose_error, split
from tests.bench.mediapipe_error_offset import CHOSEN_ON, Contacts, of_recordings, of_walks
from tests.bench.mediapipe_error_presets import as_text
from tests.bench.mediapipe_error_record import Walk, as_it_was, picture_axes, synthetic_walk, video_walk
from tests.bench.mediapipe_error_tables import error_table, exchanges_line, offset_table, video_table, view_table

VIEWS_DEG = {
    "side": 90.0,
    "oblique": 55.0,
    "near frontal": 30.0,
    "frontal": 0.0,
    "oblique from behind": 125.0,
    "back": 180.0,
}
TOLD_ON = (11, 12, 13)


@dataclass(frozen=True, slots=True)
class Measured:
    """One view: what was recorded and what the model makes of the same truth, and both taken apart."""

    walks: tuple[Walk, ...]
    drawn: tuple[Walk, ...]
    error: PoseError
    drawn_error: PoseError
    splits: tuple[Split, ...]
    drawn_splits: tuple[Split, ...]

    @property
    def exchanged_apart_m(self) -> np.ndarray:
        """How far apart the ankles were in the picture where legs came exchanged."""
        return exchanged_apart_m(list(self.walks), list(self.splits))


def main() -> None:
    """Record, measure, print."""
    asked = _arguments()
    model = find_or_build(asked.model, user_cache_path("quietstep"))
    lock_out_network()  # a landmarker reports its use to its maker where it can
    views = {name: measure(VIEWS_DEG[name], asked.identities, asked.seconds, model) for name in asked.views}
    video = video_walk(asked.data, model) if asked.data else None
    markers = of_recordings(asked.data) if asked.data else {}
    offsets = {name: _offsets(view) for name, view in views.items()}
    console = Console(width=190)
    console.print(view_table(views), error_table(views, asked.every))
    console.print(exchanges_line([m for view in views.values() for m in view.exchanged_apart_m.tolist()]))
    console.print(video_table(video, views.get("side")), offset_table(offsets, markers))
    if asked.json:
        asked.json.write_text(json.dumps(_document(views, offsets, markers), indent=1))
    if asked.presets:
        asked.presets.write_text(as_text({name: view.error for name, view in views.items()}))


def measure(view_deg: float, identities: tuple[int, ...], seconds: float, model: Path) -> Measured:
    """Record one view and take it apart; then the same of what the model draws for the same truth."""
    walks = [synthetic_walk(view_deg, who, seconds, model) for who in identities]
    axes = picture_axes(SyntheticCamera(f"synthetic:view={view_deg:g},seconds=1"))
    pitch_deg = float(np.degrees(np.arcsin(axes[2, 1])))
    error = pose_error(walks, view_deg, pitch_deg)
    drawn = [imitated(walk, error, seed) for seed, walk in enumerate(walks)]
    parts, drawn_parts = ([split(w, error.delay_s) for w in some] for some in (walks, drawn))
    again = pose_error(drawn, view_deg, pitch_deg, error.delay_s)
    return Measured(tuple(walks), tuple(drawn), error, again, tuple(parts), tuple(drawn_parts))


def imitated(walk: Walk, error: PoseError, seed: int) -> Walk:
    """The recording as the model would have made it."""
    truth_TJC = (walk.truth_TJC @ camera_axes(error.view_deg, error.pitch_deg)).astype(np.float32)
    x_TJC, seen_TJ = spoil(truth_TJC, error, seed)
    found_T = seen_TJ.any(1)
    x_TJC = np.where(found_T[:, None, None], x_TJC, np.nan)
    return replace(walk, found_T=found_T, x_TJC=x_TJC.astype(float), visibility_TJ=seen_TJ.astype(float))


def _offsets(view: Measured) -> dict[str, Contacts]:
    chosen = [str(who) for who in CHOSEN_ON]
    return {
        "chosen on": of_walks(w for w in view.walks if w.person in chosen),
        "told on": of_walks(w for w in view.walks if w.person not in chosen),
        "truth": of_walks(as_it_was(w) for w in view.walks),
        "model": of_walks(view.drawn),
    }


def _document(
    views: Mapping[str, Measured], offsets: Mapping[str, Mapping[str, Contacts]], markers: Mapping[str, Contacts]
) -> dict[str, object]:
    return {
        "views": {n: {"measured": asdict(v.error), "model": asdict(v.drawn_error)} for n, v in views.items()},
        "offsets": {n: {part: c.as_dict() for part, c in of.items()} for n, of in offsets.items()},
        "markers": {group: c.as_dict() for group, c in markers.items()},
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="the motion data folder: adds the video and the marker trials")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--presets", type=Path, help="write the figures as the text of pose_error_presets.py")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--identities", type=_numbers, default=CHOSEN_ON + TOLD_ON)
    parser.add_argument("--views", type=lambda text: text.split(","), default=list(VIEWS_DEG))
    parser.add_argument("--every", action="store_true", help="a row for every landmark")
    parser.add_argument("--model", type=Path)
    return parser.parse_args()


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


if __name__ == "__main__":
    main()
