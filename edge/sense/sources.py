"""Every kind of source behind one call.

Promises: ``open_source`` gives a source that has already shown its first picture, so a wrong one is told at once.
Refuses, with CameraError: a camera that is not there, a file that is no video, a crop or frame range without rest.
"""

from __future__ import annotations

from edge.errors import CameraError
from edge.sense.picture import Picture, PictureSource, crop_window
from edge.sense.specs import SourceSpec

__all__ = ["Cut", "Picture", "PictureSource", "SourceSpec", "is_live", "is_synthetic", "open_source"]


def is_synthetic(source: str) -> bool:
    """Whether ``source`` names the synthetic camera."""
    return source.split(":", 1)[0] == "synthetic"


def is_live(source: str) -> bool:
    """Whether ``source`` names a real camera (webcam index, device or network), which is never recorded."""
    return source.isdecimal() or source.startswith("/dev/video") or "://" in source


def open_source(spec: SourceSpec) -> PictureSource:
    """Open ``spec``; raises CameraError telling what is wrong with it."""
    # Each kind brings its own libraries; a synthetic camera needs no video decoder and a video no renderer.
    if is_synthetic(spec.source):
        from edge.sense.synthetic import SyntheticCamera  # noqa: PLC0415

        source = SyntheticCamera(spec.source)
        return Cut(source, spec) if spec.crop or spec.frames else source
    from edge.sense.video import open_video  # noqa: PLC0415

    return open_video(spec)


class Cut:
    """A part of another source: a crop and a range of frames."""

    def __init__(self, source: PictureSource, spec: SourceSpec) -> None:
        self._source = source
        self._window = crop_window(spec.crop, source.width, source.height)
        self._first = spec.frames[0] if spec.frames else 0
        self._last = spec.frames[1] if spec.frames else None
        self._number = 0
        self._t0_s: float | None = None
        left, top, right, bottom = self._window
        self.width, self.height = right - left, bottom - top
        self.rate_hz, self.live = source.rate_hz, source.live

    def read(self) -> Picture | None:
        """The next picture inside the range, cropped; None after its last."""
        while self._last is None or self._number <= self._last:
            picture = self._source.read()
            if picture is None:
                break
            self._number += 1
            if self._number > self._first:
                return self._cut(picture)
        self._refuse_empty()
        return None

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def _cut(self, picture: Picture) -> Picture:
        left, top, right, bottom = self._window
        self._t0_s = picture.t_s if self._t0_s is None else self._t0_s
        return Picture(picture.rgb_HWC[top:bottom, left:right], picture.t_s - self._t0_s)

    def _refuse_empty(self) -> None:
        if self._t0_s is None:
            raise CameraError(
                f"{self._number} pictures and none from number {self._first} on",
                "a frame range inside the source",
                "Mend the frame range.",
            )
