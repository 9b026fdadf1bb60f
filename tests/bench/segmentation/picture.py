"""One trial drawn: how far forward each foot is, its reconstruction, labelled and found contacts.

Shapes: T time, D side (left, right).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edge.gait.body_frame import BodyFrame
from edge.gait.clock import UniformClock
from edge.gait.settings import GaitSettings
from edge.gait.skeleton import SkeletonFrame
from edge.gait.spectrum import OnlineSpectrum
from edge.gait.unswap import Unswap
from tests.bench.segmentation.found import Found, Told
from tests.bench.segmentation.ours import Ours
from tests.bench.segmentation.trials import CAMERA_HZ, Times, Trial, camera_frames, trials

_SIDES = ("left", "right")
_INK, _SIGNAL, _RECONSTRUCTION = "#222222", "#9aa5b1", "#1f5fa8"
_INITIAL, _FINAL = "#b3261e", "#1b7f3b"
_SHOWN_S = 12.0


@dataclass(frozen=True, slots=True)
class Signals:
    """Forward position of both feet in leg lengths, and what the spectrum made of it n_delay samples later."""

    t_s: np.ndarray
    measured_DT: np.ndarray
    reconstructed_DT: np.ndarray


def draw(data: Path, name: str, out: str) -> None:
    """Draw the first seconds of the trial of this name into a file."""
    trial = next((trial for trial in trials(data) if trial.name == name), None)
    if trial is None:
        sys.exit(f"There is no trial {name} in {data}.")
    frames = camera_frames(trial, trial.has_feet)
    _figure(trial, signals(frames), Ours().run(frames, CAMERA_HZ)).savefig(out, dpi=150)


def signals(frames: list[SkeletonFrame]) -> Signals:
    """The stages of the segmenter up to the spectrum, each sample as it stood when contacts were looked for there."""
    settings = GaitSettings()
    unswap, clock, frame = Unswap(settings), UniformClock(settings), BodyFrame(settings)
    spectrum = OnlineSpectrum(2, settings.n_window, settings.n_first, settings.n_lags, settings.rank)
    t_s, measured, late = [], [], []
    for seen in frames:
        for sample in clock.update(seen.t_s, *unswap.update(seen.t_s, seen.x_JC, seen.visibility_J)):
            forward_D = np.array(frame.update(sample.x_JC, sample.visibility_J))
            if not np.isfinite(forward_D).all():
                continue
            reconstruction_DT = spectrum.update(forward_D)
            t_s.append(sample.t_s)
            measured.append(forward_D)
            late.append([np.nan] * 2 if reconstruction_DT is None else reconstruction_DT[:, -1 - settings.n_delay])
    shifted_TD = np.full((len(t_s), 2), np.nan)
    shifted_TD[: len(late) - settings.n_delay] = np.array(late)[settings.n_delay :]
    return Signals(np.array(t_s), np.array(measured).T, shifted_TD.T)


def _figure(trial: Trial, drawn: Signals, found: Found) -> Figure:
    figure = Figure(figsize=(13, 6.5), layout="constrained")
    axes = figure.subplots(2, sharex=True, sharey=True)
    for d, (side, axis) in enumerate(zip(_SIDES, axes, strict=True)):
        axis.plot(drawn.t_s, drawn.measured_DT[d], color=_SIGNAL, lw=3, label="measured, 30 frames a second")
        label = f"reconstructed, {GaitSettings().n_delay} frames later"
        axis.plot(drawn.t_s, drawn.reconstructed_DT[d], color=_RECONSTRUCTION, lw=1.2, label=label)
        _contacts(axis, side, trial.truth_s, found.initials, _INITIAL, "initial contact")
        _contacts(axis, side, trial.finals_s, found.finals, _FINAL, "final contact")
        axis.set_ylabel(f"{side} foot forward of the hips\n(leg lengths)", color=_INK)
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    end_s = min(_SHOWN_S, trial.t_s[-1])
    axes[-1].set_xlim(-0.1, end_s + 0.1)
    axes[-1].set_xlabel("time from the first frame (s)", color=_INK)
    figure.suptitle(f"{trial.name} ({trial.group}): labelled and found contacts", color=_INK)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return figure


def _contacts(axis: Axes, side: str, truth: Times, told: list[Told], colour: str, name: str) -> None:
    for i, t_s in enumerate(truth.get(side, ())):
        axis.axvline(t_s, color=colour, lw=1.2, ls="--", alpha=0.8, label=f"{name}, labelled" if i == 0 else None)
    # Found contacts stand at the foot of the picture, so that the signal hides none.
    marker, height = ("^", 0.03) if name.startswith("initial") else ("v", 0.09)
    at_s = [c.t_s for c in told if c.side == side]
    heights = [height] * len(at_s)
    axis.plot(at_s, heights, marker, color=colour, ms=8, transform=axis.get_xaxis_transform(), label=f"{name}, found")
