"""Tables of `tests.bench.mediapipe_error`: measured figures, and after an arrow what the model gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from rich.table import Table

from edge.gait.pose_error import PASSING_M
from edge.gait.pose_error_sizes import FOLLOWS
from edge.gait.settings import GaitSettings
from edge.gait.skeleton import (
    BONES,
    HEAD,
    LANDMARKS,
    LEFT_ANKLE,
    LEFT_ELBOW,
    LEFT_HEEL,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    LEFT_TOE,
    LEFT_WRIST,
    MIRROR,
)
from edge.gait.unswap import Unswap
from tests.bench.mediapipe_error_measure import Split, bone_lengths, flickers, jitter, memory_s, runs_of, spread
from tests.bench.mediapipe_error_offset import CHOSEN_ON, Contacts, pooled
from tests.bench.mediapipe_error_record import Walk, as_it_was

if TYPE_CHECKING:
    from tests.bench.mediapipe_error import Measured

_GROUPS = {
    "hips, shoulders, head": (LEFT_HIP, LEFT_SHOULDER, HEAD),
    "knees, ankles": (LEFT_KNEE, LEFT_ANKLE),
    "heels, toes": (LEFT_HEEL, LEFT_TOE),
    "elbows, wrists": (LEFT_ELBOW, LEFT_WRIST),
}
_BONE = {child: i for i, (child, _) in enumerate(BONES)}
_DRAWN = [j for j, _ in FOLLOWS]


def view_table(views: Mapping[str, Measured]) -> Table:
    """What concerns the whole body, one row a view."""
    heads = ("frames", "no pose", "late ms", "scale", "depth", "lean deg", "sway deg (memory)", "constant mm")
    table = _table("The whole body, measured → model (± between people)", "view", *heads, "sides exchanged")
    for name, view in views.items():
        table.add_row(name, str(sum(len(w.t_s) for w in view.walks)), *_whole(view))
    return table


def _whole(view: Measured) -> list[str]:
    def both(tell: Callable[[object], str]) -> str:
        return f"{tell(view.error)} → {tell(view.drawn_error)}"

    return [
        both(lambda e: f"{100 * e.drops.share:.1f} %"),
        f"{1e3 * view.error.delay_s:.0f}",
        both(lambda e: f"{e.scale.mean:.2f}±{e.scale.sd:.2f}"),
        both(lambda e: f"{e.depth.mean:.2f}±{e.depth.sd:.2f}"),
        both(lambda e: f"{e.lean_deg.mean:+.1f}±{e.lean_deg.sd:.1f}"),
        both(lambda e: f"{e.lean_sd_deg:.1f} ({1e3 * e.lean_memory_s:.0f} ms)"),
        both(lambda e: "/".join(f"{1e3 * c:.0f}" for c in e.constant_m)),
        both(_swaps),
    ]


def _swaps(error: object) -> str:
    told = [f"{kind} {100 * r.share:.1f} % for {1e3 * r.run_s:.0f} ms" for kind, r in error.swaps]
    return ", ".join(told) or "none"


def exchanges_line(apart_m: list[float]) -> str:
    """When legs are exchanged, in words."""
    if not apart_m:
        return "Legs or feet were never exchanged."
    low, middle, high = np.percentile(apart_m, [5, 50, 95])
    return (
        f"Legs or feet came exchanged in {len(apart_m)} frames, with the ankles {middle:.2f} m apart in the picture "
        f"(5 to 95 %: {low:.2f} to {high:.2f}); the model exchanges them from {PASSING_M[0]} to {PASSING_M[1]} m."
    )


def error_table(views: Mapping[str, Measured], every: bool) -> Table:
    """Landmarks: spread, memory, jitter per axis; bones: wobble. Groups are root mean squares over both sides."""
    heads = ("spread mm", "memory ms", "jitter mm", "bone wobble %", "its memory ms", "visibility")
    table = _table("Landmarks (right/up/depth), measured → model", "view", "landmarks", *heads)
    groups = {LANDMARKS[j]: (j,) for j in _DRAWN} if every else {n: _sides(part) for n, part in _GROUPS.items()}
    for name, view in views.items():
        for group, part in groups.items():
            one, other = _figures(view.splits, view.walks, part), _figures(view.drawn_splits, view.drawn, part)
            table.add_row(name, group, *(f"{a} → {b}" for a, b in zip(one, other, strict=True)))
        table.add_section()
    return table


def _sides(part: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(dict.fromkeys([*part, *(MIRROR[j] for j in part)]))


def _figures(splits: tuple[Split, ...], walks: tuple[Walk, ...], part: tuple[int, ...]) -> list[str]:
    errors, bones = [s.error_TJC[:, list(part)] for s in splits], [s.bones_TB for s in splits]
    index = [_BONE[j] for j in part]
    seen = np.mean([np.nanmean(w.visibility_TJ[w.found_T][:, list(part)], axis=0) for w in walks], axis=0)
    return [
        _three(1e3 * _rms(spread(errors)), 0),
        _three(1e3 * np.median(memory_s(errors), axis=0), 0),
        _three(1e3 * _rms(jitter(errors)), 1),
        f"{100 * _rms(spread(bones)[index]):.1f}",
        f"{1e3 * np.median(memory_s(bones)[index]):.0f}",
        f"{seen.min():.2f} to {seen.max():.2f}" if len(part) > 1 else f"{seen[0]:.2f}",
    ]


def _rms(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt(np.mean(values**2, axis=0)))


def _three(values: np.ndarray, digits: int) -> str:
    return "/".join(f"{v:.{digits}f}" for v in values)


def video_table(video: Walk | None, side: Measured | None) -> Table:
    """What can be told without truth: of the video, and of the synthetic camera from the side, and of its truth."""
    title = "Without truth: second differences (they hold the movement too), bones about their median, the un-swapping"
    heads = ("frames", "no pose (run)", "feet exchanged, in the picture", "un-swapped", "landmarks", "jitter mm")
    table = _table(title, "what", *heads, "bone wobble %")
    shown = [("video", video)] if video else []
    if side:
        walk = side.walks[0]
        shown += [("synthetic, side", walk), ("the model, side", side.drawn[0]), ("its truth", as_it_was(walk))]
    for name, walk in shown:
        drops = runs_of([~walk.found_T])
        lost = f"{100 * drops.share:.1f} % ({1e3 * drops.run_s:.0f} ms)"
        whole = [name, str(len(walk.t_s)), lost, f"{100 * flickers(walk.x_TJC).mean():.1f} %", _unswapped(walk)]
        for i, (group, part) in enumerate(_GROUPS.items()):
            table.add_row(*(whole if i == 0 else [""] * len(whole)), group, *_alone(walk, _sides(part)))
        table.add_section()
    return table


def _alone(walk: Walk, part: tuple[int, ...]) -> list[str]:
    lengths = bone_lengths(walk.x_TJC)[:, [_BONE[j] for j in part]]
    wobble = spread([lengths / np.nanmedian(lengths, axis=0)])
    return [_three(1e3 * _rms(jitter([walk.x_TJC[:, list(part)]])), 1), f"{100 * _rms(wobble):.1f}"]


def _unswapped(walk: Walk) -> str:
    """Share of frames in which the segmenter's un-swapping exchanged the legs: from the hips, or below them."""
    unswap, n_whole, n_below = Unswap(GaitSettings()), 0, 0
    for i in np.flatnonzero(walk.found_T):
        x_JC, _ = unswap.update(float(walk.t_s[i]), walk.x_TJC[i], walk.visibility_TJ[i])
        whole, ankle = (not np.array_equal(x_JC[j], walk.x_TJC[i, j]) for j in (LEFT_HIP, LEFT_ANKLE))
        n_whole, n_below = n_whole + whole, n_below + (ankle and not whole)
    n = max(int(walk.found_T.sum()), 1)
    return f"legs {100 * n_whole / n:.1f} %, below the hips {100 * n_below / n:.1f} %"


def offset_table(offsets: Mapping[str, Mapping[str, Contacts]], markers: Mapping[str, Contacts]) -> Table:
    """Offset fitted per view on some people, and what it is worth on others."""
    frozen_ms = 1e3 * GaitSettings().contact_offset_s
    heads = ("events", "offset it would take", "events, others", "bias ± SD", "bias, own offset", "F1@50 → own offset")
    title = f"Contact offset (frozen: {frozen_ms:.0f} ms), ms; fitted on people {CHOSEN_ON}, told on the others"
    table = _table(title, "source", *heads, "F1@100", "its truth: bias ± SD", "model: bias ± SD", "model: F1@50/@100")
    for name, of in offsets.items():
        table.add_row(f"MediaPipe, {name}", *_offset_row(of))
    parts = ("chosen on", "told on", "truth", "model")
    table.add_row("MediaPipe, all views", *_offset_row({p: pooled(of[p] for of in offsets.values()) for p in parts}))
    table.add_section()
    for group, found in markers.items():
        table.add_row(
            group,
            str(found.n_true),
            f"{found.offset_ms:.0f}",
            "",
            _bias(found),
            "",
            f"{found.f1(0.05):.3f}",
            f"{found.f1(0.1):.3f}",
        )
    return table


def _offset_row(of: Mapping[str, Contacts]) -> list[str]:
    own_ms, told, model = of["chosen on"].offset_ms, of["told on"], of["model"]
    left_ms = told.bias_ms + own_ms - 1e3 * GaitSettings().contact_offset_s
    return [
        str(of["chosen on"].n_true),
        f"{own_ms:.0f}",
        str(told.n_true),
        _bias(told),
        f"{left_ms:+.1f}",
        f"{told.f1(0.05):.3f} → {told.f1(0.05, own_ms):.3f}",
        f"{told.f1(0.1):.3f}",
        _bias(of["truth"]),
        _bias(model),
        f"{model.f1(0.05):.3f}/{model.f1(0.1):.3f}",
    ]


def _bias(found: Contacts) -> str:
    return f"{found.bias_ms:+.1f} ± {found.sd_ms:.1f}"


def _table(title: str, *heads: str) -> Table:
    table = Table(title=title, title_justify="left")
    for head in heads:
        table.add_column(head, justify="left" if head in ("view", "landmarks", "what", "source") else "right")
    return table
