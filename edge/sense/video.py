"""Cameras and video files through PyAV.

Promises: times come from the presentation stamps, start at 0 and always rise; a stamp that is missing, repeated or runs
backwards is replaced by the last one plus a frame's duration, and counted. Damaged parts of a file are stepped over,
counted, and told in ``notice()`` after the end. A camera that hangs is given up after ``READ_LIMIT_S``.
Refuses, with CameraError: nothing there, not a video, no picture in it, a live camera that ends or fails.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from edge.errors import CameraError
from edge.sense.picture import Picture, Rgb, crop_window
from edge.sense.specs import SourceSpec

OPEN_LIMIT_S: Final = 10.0
READ_LIMIT_S: Final = 5.0
LARGEST_WIDTH: Final = 1920
LARGEST_HEIGHT: Final = 1080
DAMAGED_PACKETS_LIMIT: Final = 300
_FALLBACK_RATE_HZ: Final = 30.0
_REBASE_S: Final = 1.0
_WEBCAM: Final = {"framerate": "30", "video_size": "640x480"}
_NETWORK: Final = {"rtsp_transport": "tcp", "fflags": "nobuffer"}

av.logging.set_level(av.logging.PANIC)


class VideoSource:
    """One open video; use ``open_video``."""

    def __init__(self, spec: SourceSpec, container: InputContainer, stream: VideoStream, live: bool) -> None:
        self._name, self._container, self._stream = _shown(spec.source), container, stream
        self._frames = self._decode()
        self._first = spec.frames[0] if spec.frames else 0
        self._last = spec.frames[1] if spec.frames else None
        self._clock = StampClock(_rate_hz(stream), float(stream.time_base or 0))
        self._n_decoded = self._n_damaged = 0
        self._broke_off = False
        self._n_expected = stream.frames
        self.live = live
        self.rate_hz = self._clock.rate_hz
        self._ahead = self._next_frame()
        if self._ahead is None:
            raise _no_pictures(self._name, self._n_decoded, self._first)
        self._window = crop_window(spec.crop, self._ahead.width, self._ahead.height)
        self.width, self.height = _fitted(self._window[2] - self._window[0], self._window[3] - self._window[1])

    def read(self) -> Picture | None:
        """The next picture; None after the last one of a file; CameraError when a live camera fails."""
        frame, self._ahead = self._ahead or self._next_frame(), None
        if frame is None:
            if self.live:
                raise _lost(self._name, "ended")
            return None
        t_s = self._clock.update(frame.pts)
        return Picture(self._pixels(frame), t_s)

    def notice(self) -> str | None:
        """After the end: a sentence about damage that was stepped over, or None."""
        whole = self._last is not None or not self._n_expected or self._n_decoded >= 0.98 * self._n_expected
        parts = []
        if self._n_damaged or self._broke_off:
            parts.append(f"{self._n_damaged} damaged parts in {self._name}")
        if not whole or self._broke_off:
            parts.append(f"an end after {self._n_decoded} of {self._n_expected or 'unknown'} frames")
        if self._clock.n_mended:
            parts.append(f"{self._clock.n_mended} time stamps that did not rise")
        return f"Found {' and '.join(parts)}; what could be read was used." if parts else None

    def close(self) -> None:
        """Close the file or device."""
        self._frames.close()
        self._container.close()

    def _next_frame(self) -> VideoFrame | None:
        while self._last is None or self._n_decoded <= self._last:
            frame = next(self._frames, None)
            if frame is None:
                return None
            self._n_decoded += 1
            if self._n_decoded > self._first:
                return frame
        return None

    def _decode(self) -> Generator[VideoFrame, None, None]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.FFmpegError as error:
                self._refuse_live(error)
                self._broke_off = True
                return
            try:
                for frame in packet.decode():
                    self._n_damaged += frame.is_corrupt
                    yield frame
            except av.FFmpegError as error:
                self._count_damage(error)

    def _count_damage(self, error: av.FFmpegError) -> None:
        self._n_damaged += 1
        if self._n_damaged > DAMAGED_PACKETS_LIMIT:
            self._refuse_live(error)
            raise CameraError(
                f"{self._n_damaged} damaged parts in {self._name} after {self._n_decoded} frames",
                "a video that can be decoded",
                "Give a whole file.",
            ) from error

    def _refuse_live(self, error: av.FFmpegError) -> None:
        if self.live:
            raise _lost(self._name, f"failed ({type(error).__name__})") from error

    def _pixels(self, frame: VideoFrame) -> Rgb:
        left, top, right, bottom = self._window
        rgb_HWC = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)[top:bottom, left:right]
        if rgb_HWC.shape[:2] == (self.height, self.width):
            return rgb_HWC
        whole = VideoFrame.from_ndarray(rgb_HWC.copy(), format="rgb24")
        return np.asarray(whole.to_ndarray(format="rgb24", width=self.width, height=self.height), np.uint8)


class StampClock:
    """Presentation stamps to seconds that start at 0 and always rise; ``n_mended`` stamps did not."""

    def __init__(self, rate_hz: float, time_base_s: float) -> None:
        self.rate_hz = rate_hz
        self.n_mended = 0
        self._time_base_s = time_base_s
        self._offset_s: float | None = None
        self._last_s = -1.0 / rate_hz

    def update(self, pts: int | None) -> float:
        """The time of the picture stamped ``pts`` (None: it has no stamp)."""
        expected_s = self._last_s + 1.0 / self.rate_hz
        if pts is None or not self._time_base_s:
            self._last_s = expected_s
            return expected_s
        stamp_s = pts * self._time_base_s
        self._offset_s = stamp_s if self._offset_s is None else self._offset_s
        t_s = stamp_s - self._offset_s
        if t_s <= self._last_s:
            self.n_mended += 1
            if t_s < self._last_s - _REBASE_S:
                self._offset_s = stamp_s - expected_s  # The stamps began anew: go on from here.
            t_s = expected_s
        self._last_s = t_s
        return t_s


def open_video(spec: SourceSpec) -> VideoSource:
    """Open a webcam, a network camera or a video file; raises CameraError."""
    name = _shown(spec.source)
    address, container_format, option_sets, live = _address(spec.source)
    if not live and not Path(address).is_file():
        raise CameraError(f"no file {name}", "a video file, a webcam index, rtsp://… or synthetic:", "Check the path.")
    container = _opened(address, container_format, option_sets)
    if isinstance(container, str):
        raise _unopened(name, live, reason=container)
    try:
        return _first_video_stream(spec, container, live, name)
    except BaseException:
        container.close()
        raise


def _opened(address: str, container_format: str | None, option_sets: Sequence[dict[str, str]]) -> InputContainer | str:
    """The container, or the name of the last error."""
    reason = "no way to open it"
    for options in option_sets:
        try:
            return av.open(address, format=container_format, options=options, timeout=(OPEN_LIMIT_S, READ_LIMIT_S))
        except (av.FFmpegError, OSError, ValueError) as error:
            reason = type(error).__name__
    return reason


def _first_video_stream(spec: SourceSpec, container: InputContainer, live: bool, name: str) -> VideoSource:
    if not container.streams.video:
        raise CameraError(f"{name} without pictures in it", "a video stream", "Give a video, not a sound file.")
    stream = container.streams.video[0]
    stream.thread_type = "SLICE"  # threads a frame add latency, and can hang where a film is left before its end
    return VideoSource(spec, container, stream, live)


def _address(source: str) -> tuple[str, str | None, tuple[dict[str, str], ...], bool]:
    """Address, format, the options to try one after the other, and whether it is live."""
    if source.isdecimal() or source.startswith("/dev/video"):
        device = f"/dev/video{source}" if source.isdecimal() else source
        return device, "v4l2", (_WEBCAM, {}), True  # Not every webcam has that size.
    if "://" in source:
        return source, None, (_NETWORK if source.startswith("rtsp") else {},), True
    return source, None, ({},), False


def _rate_hz(stream: VideoStream) -> float:
    rate = stream.average_rate or stream.base_rate
    return float(rate) if rate and 1 <= rate <= 240 else _FALLBACK_RATE_HZ


def _fitted(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, LARGEST_WIDTH / width, LARGEST_HEIGHT / height)
    return round(width * scale), round(height * scale)


def _shown(source: str) -> str:
    """The source without a password in it."""
    scheme, separator, rest = source.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else source


def _unopened(name: str, live: bool, reason: str) -> CameraError:
    if live:
        do = "Check that it is plugged in and free."
        return CameraError(f"no camera that answers at {name} ({reason})", "a camera", do)
    return CameraError(f"{name} that is no readable video ({reason})", "a whole video file", "Give another file.")


def _lost(name: str, how: str) -> CameraError:
    return CameraError(f"the camera {name} that {how}", "pictures", "It is tried again; check cable and network.")


def _no_pictures(name: str, n_decoded: int, first: int) -> CameraError:
    if n_decoded:
        return CameraError(
            f"{n_decoded} frames in {name} and none from number {first} on", "a frame range in the video", "Mend it."
        )
    return CameraError(f"{name} without a single picture", "a video with pictures", "Give another file.")
