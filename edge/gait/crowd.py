"""Many people at once: every track has its own segmenter, and their spectra are decomposed together.

Promises: the same answers as one `CycleSegmenter` per track, to rounding; a track is forgotten by `flush`. Refuses
nothing of its own: a frame of the wrong shape is refused by its segmenter before anything is decomposed.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

from edge.gait.cycle import CycleSegmenter, Found, Segmented
from edge.gait.settings import GaitSettings
from edge.gait.skeleton import SkeletonFrame
from edge.gait.spectrum import Plans, decompose_together

Track = TypeVar("Track", bound=Hashable)


class Crowd(Generic[Track]):
    """One segmenter for each track, stepped together."""

    def __init__(self, settings: GaitSettings | None = None) -> None:
        self._settings = settings
        self._plans = Plans()
        self._segmenters: dict[Track, CycleSegmenter] = {}

    def __len__(self) -> int:
        return len(self._segmenters)

    def __contains__(self, track: Track) -> bool:
        return track in self._segmenters

    def update(self, frames: Mapping[Track, SkeletonFrame]) -> dict[Track, Segmented]:
        """Take one frame of each of some tracks; return what came to light, by track. New tracks are begun."""
        found = {track: Found(frame.t_s) for track, frame in frames.items()}
        waiting = [self._segmenter(track).steps(frame, found[track]) for track, frame in frames.items()]
        while waiting:
            due = [(steps, spectrum) for steps in waiting if (spectrum := next(steps, None)) is not None]
            decompose_together([spectrum for _, spectrum in due], self._plans)
            waiting = [steps for steps, _ in due]
        told = {track: each.segmented() for track, each in found.items()}
        return {track: segmented for track, segmented in told.items() if segmented is not None}

    def flush(self, track: Track) -> Segmented | None:
        """The track has ended: tell what can still be told, then forget it."""
        return self._segmenters.pop(track).flush()

    def _segmenter(self, track: Track) -> CycleSegmenter:
        if track not in self._segmenters:
            self._segmenters[track] = CycleSegmenter(self._settings)
        return self._segmenters[track]
