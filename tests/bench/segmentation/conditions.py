"""The conditions every method is put through, with fixed seeds: the same fault for every method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from tests.bench.mediapipe_stress import MEDIAPIPE_FAULTS
from tests.bench.segmentation.faults import (
    Fault,
    Frames,
    depth_noise,
    drops,
    hidden_feet,
    jitter,
    noise,
    one_after_another,
    swaps,
)
from tests.bench.segmentation.trials import CAMERA_HZ, Trial, camera_frames
from tests.bench.segmentation.walks import at_speed, facing_the_camera, start_stop_turn

MARKERS, MEDIAPIPE = "markers", "MediaPipe"


def _as_it_is(trial: Trial) -> Trial:
    return trial


@dataclass(frozen=True, slots=True)
class Condition:
    """How the walk is changed (None: this trial does not lend itself), how often it is seen, what goes wrong.

    source: whose delay the frames have; a method gets one offset for each source.
    """

    name: str
    change: Callable[[Trial], Trial | None] = _as_it_is
    fault: Fault | None = None
    camera_hz: float = CAMERA_HZ
    source: str = MARKERS

    def frames(self, trial: Trial, with_feet: bool) -> Frames:
        """What a camera sees of a trial that `change` has been applied to."""
        frames = camera_frames(trial, with_feet, self.camera_hz)
        if self.fault is None:
            return frames
        return self.fault(frames, np.random.default_rng([crc32(self.name.encode()), crc32(trial.name.encode())]))


CLEAN = Condition("clean")
_STRESS = (
    Condition("10 mm noise", fault=noise(0.010)),
    Condition("20 mm noise", fault=noise(0.020)),
    Condition("1 % swaps", fault=swaps(0.01)),
    Condition("3 % swaps", fault=swaps(0.03)),
    Condition("5 % drops, 8 ms jitter", fault=one_after_another(drops(0.05), jitter(0.008))),
    Condition("10 % drops, 10 ms jitter", fault=one_after_another(drops(0.10), jitter(0.010))),
    Condition("20 % drops, 12 ms jitter", fault=one_after_another(drops(0.20), jitter(0.012))),
    Condition("30 % drops, 15 ms jitter", fault=one_after_another(drops(0.30), jitter(0.015))),
    Condition("one foot hidden", fault=hidden_feet),
    Condition("frontal", change=facing_the_camera),
    Condition("frontal, 30 mm depth", change=facing_the_camera, fault=depth_noise(0.030)),
    Condition("frontal, 60 mm depth", change=facing_the_camera, fault=depth_noise(0.060)),
    Condition("frontal, 100 mm depth", change=facing_the_camera, fault=depth_noise(0.100)),
    Condition("15 frames a second", camera_hz=15.0),
    Condition("half speed", change=at_speed(0.5)),
    Condition("double speed", change=at_speed(2.0)),
    Condition("start, stop, turn", change=start_stop_turn),
    Condition(
        "noise, swaps, drops, jitter",
        fault=one_after_another(noise(0.010), swaps(0.03), drops(0.05), jitter(0.006)),
    ),
)
_MEDIAPIPE = tuple(Condition(name, fault=fault, source=MEDIAPIPE) for name, fault in MEDIAPIPE_FAULTS.items())
CONDITIONS: dict[str, Condition] = {condition.name: condition for condition in (CLEAN, *_STRESS, *_MEDIAPIPE)}
# Whose contacts a method's offset is found on.
OFFSET_FROM = {MARKERS: (CLEAN.name,), MEDIAPIPE: tuple(condition.name for condition in _MEDIAPIPE)}
