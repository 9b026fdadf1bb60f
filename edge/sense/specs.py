"""What the supervisor tells its children, one JSON document on their standard input, and how they end.

Promises: nothing here imports numpy, video or pose code, so a child can read it before it locks itself in.
Refuses documents with unknown or missing fields (msgspec.ValidationError).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated

import msgspec

Box = tuple[float, float, float, float]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class ExitCode(IntEnum):
    """How a child ended. Anything else, and every signal, is a crash: start it again.

    ENDED: the recording is over, or the supervisor asked. SOURCE: the source could not be opened (do not start again at
    once; the sentence is on stderr). LOCK: it could not lock itself in (do not start again). RECYCLE: memory grew over
    the limit or the estimator failed (start again at once). MODEL: the pose model does not load (do not start again).
    """

    ENDED = 0
    SOURCE = 3
    LOCK = 4
    RECYCLE = 5
    MODEL = 6


class SourceSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where pictures come from: a webcam's index, a video file, ``rtsp://…`` or ``synthetic:…``.

    ``crop`` is left, top, right, bottom: fractions of the picture where all four are at most 1, else pixels.
    ``frames`` are the first and last picture to use, counted from 0, both included.
    """

    source: str
    crop: Box | None = None
    frames: tuple[int, int] | None = None


class MemoryFds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The descriptors a child inherits: the memory, and the events "a frame is there" and "it was taken"."""

    memory: int
    fresh: int
    taken: int

    def all(self) -> tuple[int, int, int]:
        """For ``pass_fds``."""
        return self.memory, self.fresh, self.taken


class CaptureSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For ``python -m edge.sense.capture``. ``lossless``: wait until the eyes took each frame, and keep no pace."""

    source: SourceSpec
    memory: MemoryFds
    parent_pid: int
    lossless: bool = False


class EyesSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For ``python -m edge.sense.eyes``. ``lossless``: wait for room in the queue instead of dropping a message."""

    camera: Name
    memory: MemoryFds
    parent_pid: int
    endpoint: str
    pose_model: str
    max_people: Annotated[int, msgspec.Meta(ge=1, le=4)] = 4
    lossless: bool = False
    memory_limit_mb: Annotated[int, msgspec.Meta(ge=100)] = 1024
