"""From marker studio to living-room camera: `python -m tests.bench.camera_transfer --bundle DIR [--data PATH] ...`.

Synthetic walkers of all four affects (people a bundle was not trained on: `--identities`, from 200 on), drawn by the
synthetic camera from six sides, seen by the real MediaPipe, cut by the device's segmenter and judged by the bundle; the
same walkers as clean skeletons through the same segmenter and bundle; the ratio, over people, and how often both eyes
hear the same of one cycle. A ratio says nothing where the clean skeletons are not known better than by chance: then it
stands in brackets. With --data: what real people look like to it (`camera_real`). What the estimator said is kept in
--recordings, so that another bundle takes seconds.

A view tells left from right when at least `LEAST_FOUND` of the true contacts are found on their own side within 67 ms
and at most `MOST_EXCHANGED` have only one of the other side there. No class collapses when each is heard for more of
its own cycles than a blind guess at the share of that answer would give, and at least `LEAST_RECALL`.

Legend: K class.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from edge.affect import CLASSES
from edge.encoder import AffectEncoder, open_encoder
from edge.gait.cycle import Contact
from edge.gait.walker import TrueContact
from tests.bench.camera_judged import Heard, agreement, as_json, figures, frames_of, heard, ratio_95, together
from tests.bench.camera_picture import draw
from tests.bench.camera_real import real_people
from tests.bench.camera_recordings import IDENTITIES, SECONDS, Take, clean_frames, recorded, takes
from tests.bench.mediapipe_error import VIEWS_DEG
from tests.bench.synthetic_view import NEAR_S, scored, segmented
from trainer.scores import CHANCE, score

LEAST_FOUND = 0.9
MOST_EXCHANGED = 0.02
LEAST_RECALL = 0.25
GOAL = 0.8


@dataclass(frozen=True, slots=True)
class Sight:
    """How well a take's sides were told: true contacts, found on their own side, only on the other, false ones."""

    n_true: int
    n_found: int
    n_exchanged: int
    n_extra: int


@dataclass(frozen=True, slots=True)
class Seen:
    """One view: sides, what was heard of it, and of the same walks as clean skeletons."""

    sight: Sight
    camera: Heard
    clean: Heard

    @property
    def tells_sides(self) -> bool:
        """Whether left and right are told apart from here."""
        n = max(self.sight.n_true, 1)
        return self.sight.n_found / n >= LEAST_FOUND and self.sight.n_exchanged / n <= MOST_EXCHANGED


def main() -> None:
    """Film what is missing, ask the bundle, print."""
    asked = _arguments()
    encoder = open_encoder(asked.bundle)
    views = measured(encoder, takes(asked.identities, asked.views, asked.seconds), asked.recordings)
    good = [name for name, seen in views.items() if seen.tells_sides]
    if good:
        views["every view that tells sides"] = _pooled([views[name] for name in good])
    console = Console(width=170)
    console.print(sides_table(views), transfer_table(views), *(confusion(name, seen) for name, seen in views.items()))
    real = real_people(encoder, asked.data, asked.recordings, console) if asked.data else {}
    if asked.json:
        asked.json.write_text(as_json({"views": {n: document(s) for n, s in views.items()}, "real": real}))
    if asked.png:
        draw({name: (seen.camera, seen.clean) for name, seen in views.items()}, asked.png)
    encoder.close()


def measured(encoder: AffectEncoder, wanted: list[Take], folder: Path) -> dict[str, Seen]:
    """Every view's walks, as the camera saw them and clean."""
    found: dict[str, list[Seen]] = {}
    for take, recording in recorded(wanted, folder).items():
        camera, label, group = take.camera, CLASSES.index(take.affect), str(take.identity)
        frames = frames_of(recording.t_s, recording.x_TJC, recording.visibility_TJ)
        contacts, cycles = segmented(frames)
        score = scored(camera, frames, round(take.seconds * camera.rate_hz), contacts, cycles)
        exchanged = n_exchanged([c for c in camera.truth() if c.t_s >= 3.0 and c.t_s < take.seconds - 0.5], contacts)
        sight = Sight(score.n_true, score.n_near, exchanged, score.n_extra)
        _, clean_cycles = segmented(clean_frames(take))
        both = heard(encoder, cycles, label, group), heard(encoder, clean_cycles, label, group)
        found.setdefault(take.view, []).append(Seen(sight, *both))
    return {view: _pooled(seen) for view, seen in found.items()}


def n_exchanged(truth: list[TrueContact], contacts: list[Contact]) -> int:
    """True contacts with one told of the other side within `NEAR_S`, and none of their own."""
    count = 0
    for true in truth:
        sides = {c.side for c in contacts if abs(c.t_s - true.t_s) <= NEAR_S}
        count += bool(sides) and true.side not in sides
    return count


def _pooled(parts: list[Seen]) -> Seen:
    names = ("n_true", "n_found", "n_exchanged", "n_extra")
    sight = Sight(*(sum(getattr(each.sight, name) for each in parts) for name in names))
    return Seen(sight, together(each.camera for each in parts), together(each.clean for each in parts))


def sides_table(views: dict[str, Seen]) -> Table:
    """From where left and right are told apart."""
    table = Table("view", "degrees", "contacts, own side, 67 ms", "other side only", "told but untrue", "tells sides",
                  title="Left and right, against the camera's truth")  # fmt: skip
    for name, seen in views.items():
        sight, n = seen.sight, max(seen.sight.n_true, 1)
        found = f"{sight.n_found} of {sight.n_true} ({100 * sight.n_found / n:.1f} %)"
        counts = (f"{sight.n_exchanged} ({100 * sight.n_exchanged / n:.1f} %)", str(sight.n_extra))
        table.add_row(
            name, f"{VIEWS_DEG.get(name, float('nan')):g}", found, *counts, "yes" if seen.tells_sides else "NO"
        )
    return table


def transfer_table(views: dict[str, Seen]) -> Table:
    """Accuracy on both, and the ratio."""
    table = Table("view", "eyes", "cycles", "unusable", "abstained", "accuracy", "macro-F1", *CLASSES, "all heard?",
                  "camera/clean (95 %)", "abstained: wrong", "same answer",
                  title="Answered cycles; recall of each class")  # fmt: skip
    for name, seen in views.items():
        for eyes, one in (("clean", seen.clean), ("camera", seen.camera)):
            told = figures(one)
            row = [
                f"{told['n']}",
                f"{told['n_unusable']}",
                *(f"{told[k]:.3f}" for k in ("abstained", "accuracy", "macro_f1")),
            ]
            row += [f"{told[f'recall {k}']:.2f}" for k in CLASSES]
            table.add_row(
                name, eyes, *row, collapsed(one) or "yes", *(_between_eyes(seen) if one is seen.camera else ())
            )
        table.add_section()
    table.caption = f"Goal: at least {GOAL:g}, and no class that collapses."
    return table


def _between_eyes(seen: Seen) -> tuple[str, str, str]:
    said = [_three(ratio_95(seen.camera, seen.clean, of_all)) for of_all in (False, True)]
    answered, plain = said if knows_clean(seen.clean) else [f"[{each}]" for each in said]
    return answered, plain, f"{agreement(seen.camera, seen.clean):.2f}"


def knows_clean(clean: Heard) -> bool:
    """Whether clean walkers are known better than by chance, in macro-F1; nobody can say of one alone."""
    several = len(np.unique(clean.group_N)) > 1
    return several and score(clean.label_N, clean.answer_N, clean.group_N).macro_f1.low > CHANCE


def collapsed(one: Heard) -> str:
    """The classes that are no longer heard, empty when each is."""
    answered_KK = one.table_KA[:, :-1]
    recall_K = np.diagonal(answered_KK) / np.maximum(answered_KK.sum(1), 1)
    blind_K = answered_KK.sum(0) / max(answered_KK.sum(), 1)
    lost = [name for name, recall, blind in zip(CLASSES, recall_K, blind_K, strict=True)
            if recall <= blind or recall < LEAST_RECALL]  # fmt: skip
    return "not " + ", ".join(lost) if lost else ""


def confusion(name: str, seen: Seen) -> Table:
    """What was heard of each affect: clean, then camera."""
    table = Table(
        "true", *(f"{eyes}: {k}" for eyes in ("clean", "camera") for k in (*CLASSES, "abstained")), title=name
    )
    for at, row in enumerate(CLASSES):
        table.add_row(row, *(str(n) for each in (seen.clean, seen.camera) for n in each.table_KA[at]))
    shares = [each.table_KA.sum(0) / max(each.table_KA.sum(), 1) for each in (seen.clean, seen.camera)]
    table.add_row("share", *(f"{share:.2f}" for each in shares for share in each), style="italic")
    return table


def document(seen: Seen) -> dict[str, object]:
    """For the JSON."""
    counts = {"clean": seen.clean.table_KA.tolist(), "camera": seen.camera.table_KA.tolist()}
    return {
        "n_true": seen.sight.n_true,
        "n_found": seen.sight.n_found,
        "n_exchanged": seen.sight.n_exchanged,
        "n_extra": seen.sight.n_extra,
        "tells_sides": seen.tells_sides,
        "clean": figures(seen.clean),
        "camera": figures(seen.camera),
        "ratio_95": ratio_95(seen.camera, seen.clean),
        "ratio_all_95": ratio_95(seen.camera, seen.clean, of_all=True),
        "same_answer": agreement(seen.camera, seen.clean),
        "knows_clean": knows_clean(seen.clean),
        "collapsed": collapsed(seen.camera),
        "clean_collapsed": collapsed(seen.clean),
        "confusion": counts,
    }


def _three(values: tuple[float, float, float]) -> str:
    return "{:.2f} ({:.2f} to {:.2f})".format(*values)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--data", type=Path, help="the motion data folder: adds real people")
    parser.add_argument("--recordings", type=Path, default=Path("camera-recordings"), help="kept between runs")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--png", type=Path)
    parser.add_argument("--views", type=lambda text: text.split(","), default=list(VIEWS_DEG))
    parser.add_argument("--identities", type=lambda text: [int(n) for n in text.split(",")], default=IDENTITIES)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
