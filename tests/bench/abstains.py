"""What is judged, and what a bundle abstains from: `python -m tests.bench.abstains --bundle DIR --data PATH ...`.

Three tables. Real walks, which should be judged: the sources of `egait/`, synthetic walkers clean and through the real
MediaPipe (what `camera_recordings` kept in --recordings; nothing is filmed here). What should not be: limps by degree,
foreign skeletons, things that are no walk (`not_walks`), made from the walks of BML, and limps as a camera would tell
them. And what never becomes a cycle: trials without gait, people who stand, through the segmenter.

Two scores beside each other: the bundle's own, which knows the people of BML where it was trained on them, and the
trainer's present one (`trainer.strangeness`) fitted as a release fits it, to two thirds of the BML people at a time and
asked about the others, with the threshold from those others. For other sources it is the mean of the three.

Shapes: N cycle, T time, J landmark, C coordinate.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from edge.encoder import AffectEncoder, open_encoder
from edge.gait.pose_error import spoil
from edge.gait.pose_error_presets import PRESETS
from edge.gait.skeleton import N_LANDMARKS, SkeletonFrame
from edge.gait.walker import Walker, skeletons
from tests.bench.camera_judged import as_json, frames_of
from tests.bench.camera_recordings import NOISE_IDENTITIES
from tests.bench.not_walks import DEGREES, FOREIGN, LIMPS, NO_WALK, changed
from tests.bench.segmentation.trials import camera_frames, trials
from tests.bench.synthetic_view import segmented
from trainer.augment import disturbed
from trainer.camera_takes import seen_by_camera
from trainer.cut_cycles import cut_cycles
from trainer.cycles import Cycles, joined
from trainer.folds import by_people
from trainer.held_out import CAMERA, strangeness_of
from trainer.labels import Label
from trainer.read_recording import load_recording
from trainer.readers import read_cycles
from trainer.strangeness import Strangeness, threshold
from trainer.walkers import walker_cycles

N_FOLDS = 3
Numbers = np.ndarray


@dataclass(frozen=True, slots=True)
class Fold:
    """A score, its threshold, and who it was not fitted to."""

    score: Strangeness
    limit: float
    unseen: Cycles

    def refuses(self, x_NTJC: Numbers, duration_s_N: Numbers) -> Numbers:
        """Which cycles (N,) are above the threshold."""
        x, duration_s = (torch.tensor(np.asarray(part, np.float32)) for part in (x_NTJC, duration_s_N))
        return (self.score(x, duration_s) > self.limit).numpy()


@dataclass(frozen=True, slots=True)
class Told:
    """One line: cycles, share the normaliser could not make a body of, and what abstains of the rest, by score."""

    name: str
    n: int
    no_body: float
    by_bundle: float
    by_score: float


def main() -> None:
    """Ask and print."""
    asked = _arguments()
    torch.set_num_threads(1)
    encoder = open_encoder(asked.bundle)
    every = read_cycles(f"egait:{asked.data / 'egait'}").cycles
    bml = every.acted()
    folds = [_fold(bml, split) for split in by_people(bml, N_FOLDS, 0)]
    parts = {
        "real walks, to be judged": [*_real(encoder, folds, every, asked.recordings)],
        "limps, to abstain from": [*_limps(encoder, folds)],
        "foreign skeletons, to abstain from (but *)": [*_kinds(encoder, folds, FOREIGN)],
        "no walks, to abstain from": [*_kinds(encoder, folds, NO_WALK)],
    }
    console = Console(width=130)
    for title, lines in parts.items():
        console.print(_table(title, lines))
    silent = {name: count_cycles(frames) for name, frames in _without_gait(asked.data)}
    console.print(_silence(silent))
    if asked.json:
        shares = {t: {o.name: [o.n, o.no_body, o.by_bundle, o.by_score] for o in lines} for t, lines in parts.items()}
        asked.json.write_text(as_json({**shares, "cycles where there is no gait": silent}))
    encoder.close()


def _fold(bml: Cycles, split: tuple[Numbers, Numbers]) -> Fold:
    known, unseen = bml.take(split[0]), bml.take(split[1])
    score = strangeness_of(known, 0)
    takes = [disturbed(unseen.x_NTJC, unseen.duration_s_N, CAMERA, np.random.default_rng(n)) for n in range(4)]
    x, duration_s = (torch.tensor(np.concatenate(part)) for part in zip(*takes, strict=True))
    return Fold(score, threshold(score(x, duration_s)), unseen)


def _told(encoder: AffectEncoder, folds: list[Fold], name: str, cycles: Cycles) -> Told:
    """Cycles of people whom no fold knows."""
    x, duration_s = cycles.x_NTJC, cycles.duration_s_N
    by_score = float(np.mean([fold.refuses(x, duration_s).mean() for fold in folds]))
    return Told(name, len(cycles), 0.0, float(_bundle_refuses(encoder, x, duration_s).mean()), by_score)


def _held_out(encoder: AffectEncoder, folds: list[Fold], name: str, make: Callable[[Cycles], tuple]) -> Told:
    """What `make` makes of each fold's unseen people, asked of that fold's score: (x, duration, which could be)."""
    by_bundle, by_score, whole = [], [], []
    for fold in folds:
        x, duration_s, whole_N = make(fold.unseen)
        whole.append(whole_N)
        if len(x):
            by_bundle.append(_bundle_refuses(encoder, x, duration_s))
            by_score.append(fold.refuses(x, duration_s))
    whole_N = np.concatenate(whole)
    shares = (float(np.concatenate(part).mean()) if part else float("nan") for part in (by_bundle, by_score))
    return Told(name, len(whole_N), float(1 - whole_N.mean()), *shares)


def _bundle_refuses(encoder: AffectEncoder, x_NTJC: Numbers, duration_s_N: Numbers) -> Numbers:
    return np.asarray(encoder.encode(x_NTJC, duration_s_N).ood_score_N > encoder.manifest.ood_threshold)


def _real(encoder: AffectEncoder, folds: list[Fold], every: Cycles, recordings: Path | None) -> Iterator[Told]:
    plain = _held_out(encoder, folds, "BML", lambda c: (c.x_NTJC, c.duration_s_N, np.ones(len(c), bool)))
    yield plain
    yield _held_out(encoder, folds, "BML, as a camera would tell", _seen)
    for source in ("CMU", "SIG", "ICT", "RGB"):
        yield _told(encoder, folds, source, every.take(every.source_N == source))
    yield _told(encoder, folds, "synthetic walkers, clean", walker_cycles(n_people=6, n_cycles=2, first=200))
    filmed = _filmed(recordings) if recordings else {}
    for view, cycles in filmed.items():
        yield _told(encoder, folds, f"synthetic walkers, MediaPipe, {view}", cycles)


def _filmed(folder: Path) -> dict[str, Cycles]:
    parts: dict[str, list[Cycles]] = {}
    for path in sorted(folder.glob("*_*_*_*s.npz")):
        view, who = path.name.split("_")[:2]
        if int(who) in NOISE_IDENTITIES:
            continue
        try:
            parts.setdefault(view, []).append(cut_cycles(path.name, load_recording(path), Label(who, view, who)).cycles)
        except ValueError:
            continue
    return {view: joined(cycles) for view, cycles in parts.items() if sum(map(len, cycles))}


def _limps(encoder: AffectEncoder, folds: list[Fold]) -> Iterator[Told]:
    for name, limp in LIMPS.items():
        for degree in DEGREES:
            make = _changing(lambda x, limp=limp, degree=degree: limp(x, degree))
            yield _held_out(encoder, folds, f"{name}, {degree:g}", make)
    for degree in DEGREES[1::2]:
        clean = _changing(lambda x, degree=degree: LIMPS["antalgic (all)"](x, degree))
        seen = lambda cycles, clean=clean: _seen_again(*clean(cycles))  # noqa: E731
        yield _held_out(encoder, folds, f"antalgic (all), {degree:g}, as a camera would tell", seen)


def _kinds(encoder: AffectEncoder, folds: list[Fold], kinds: dict) -> Iterator[Told]:
    for name, change in kinds.items():
        yield _held_out(encoder, folds, name, _changing(change))


def _changing(change: Callable[[Numbers], Numbers]) -> Callable[[Cycles], tuple]:
    def make(cycles: Cycles) -> tuple[Numbers, Numbers, Numbers]:
        x, whole_N = changed(cycles.x_NTJC, change)
        return x, cycles.duration_s_N[whole_N], whole_N

    return make


def _seen(cycles: Cycles) -> tuple[Numbers, Numbers, Numbers]:
    return _seen_again(cycles.x_NTJC, cycles.duration_s_N, np.ones(len(cycles), bool))


def _seen_again(x_NTJC: Numbers, duration_s_N: Numbers, whole_N: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    return (*seen_by_camera(x_NTJC, duration_s_N, np.random.default_rng(0)), whole_N)


def _without_gait(data: Path) -> Iterator[tuple[str, list[SkeletonFrame]]]:
    """Trials without gait; people who stand, from every side, as the estimator would tell them."""
    for trial in trials(data):
        if trial.group == "not gait":
            yield trial.name, camera_frames(trial, with_feet=True)
    for who in range(4):
        posed_JC = skeletons(Walker(who), np.array([0.1 * who]))[0]
        still_TJC = np.repeat(posed_JC[None], 600, axis=0)
        yield f"synthetic {who} stands, clean", frames_of(np.arange(600) / 30, still_TJC, np.ones((600, N_LANDMARKS)))
        for view, error in PRESETS.items():
            yield f"synthetic {who} stands, {view}", frames_of(np.arange(600) / 30, *spoil(still_TJC, error, who))


def count_cycles(frames: list[SkeletonFrame]) -> tuple[int, int, int]:
    """Cycles told, usable ones, and those of them that would be judged (there is a head and arms)."""
    _, cycles = segmented(frames)
    usable = [cycle for cycle in cycles if cycle.usable]
    return len(cycles), len(usable), sum(cycle.x_TJC is not None for cycle in usable)


def _table(title: str, lines: list[Told]) -> Table:
    table = Table("what", "cycles", "no body", "abstains, bundle", "abstains, present score, held out", title=title)
    for one in lines:
        table.add_row(one.name, str(one.n), *(f"{share:.2f}" for share in (one.no_body, one.by_bundle, one.by_score)))
    return table


def _silence(silent: dict[str, tuple[int, int, int]]) -> Table:
    table = Table("recordings", "how many", "with any cycle", "cycles", "usable", "judged", title="No gait: no cycle")
    groups = {"trials without gait": [], "people who stand": []}
    for name, counts in silent.items():
        groups["people who stand" if name.startswith("synthetic") else "trials without gait"].append(counts)
    for name, counts in groups.items():
        sums = np.array(counts).sum(axis=0)
        table.add_row(name, str(len(counts)), str(sum(n > 0 for n, _, _ in counts)), *map(str, sums))
    return table


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="the motion data folder")
    parser.add_argument("--recordings", type=Path, help="what camera_recordings kept")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
