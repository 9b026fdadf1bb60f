"""Pictures one after another into a file: GIF through Pillow, MP4 through PyAV.

Promises: FRAMES_HZ frames a second, exactly, in both formats (a GIF counts hundredths of a second); a GIF runs for ever
and its colours do not flicker: all frames share one palette. The file appears whole or not at all. Refuses
(TrainingError) other suffixes, before anything is drawn.

Shape letters: H height, W width, C colour channel.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt

from edge.errors import TrainingError
from trainer.whole_file import write_whole

FRAMES_HZ: Final = 25
_N_COLOURS: Final = 128
Picture = npt.NDArray[np.uint8]


def refuse_other_suffixes(path: Path) -> None:
    """Raise TrainingError unless ``path`` ends in a format there is a writer for."""
    if path.suffix.lower() not in _WRITERS:
        raise TrainingError(f"the file {path.name}", f"one of {', '.join(_WRITERS)}", "Name it so with --out.")


def write_animation(pictures: Sequence[Picture], path: Path) -> None:
    """Write (H, W, 3) pictures of one size; raises TrainingError."""
    refuse_other_suffixes(path)
    write_whole(path, _WRITERS[path.suffix.lower()](pictures))


def _gif(pictures: Sequence[Picture]) -> bytes:
    from PIL import Image  # noqa: PLC0415  # comes with matplotlib, which drew these

    some = Image.fromarray(np.concatenate(pictures[:: max(1, len(pictures) // 4)]))
    palette = some.quantize(_N_COLOURS, method=Image.Quantize.MAXCOVERAGE)
    frames = [Image.fromarray(each).quantize(palette=palette, dither=Image.Dither.NONE) for each in pictures]
    buffer = io.BytesIO()
    frames[0].save(
        buffer,
        format="GIF",
        save_all=True,
        append_images=frames[1:],
        duration=1000 // FRAMES_HZ,
        loop=0,
        optimize=False,
    )
    return buffer.getvalue()


def _mp4(pictures: Sequence[Picture]) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream: Any = container.add_stream("h264", rate=FRAMES_HZ)
        stream.height, stream.width = (side - side % 2 for side in pictures[0].shape[:2])
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "20"}
        stream.codec_context.thread_count = 1  # FFmpeg's threads beside torch's have been seen to wait for each other
        for packet in _packets(stream, pictures):
            container.mux(packet)
    return buffer.getvalue()


def _packets(stream: Any, pictures: Sequence[Picture]) -> Iterator[Any]:
    for picture in pictures:
        even = np.ascontiguousarray(picture[: stream.height, : stream.width])
        yield from stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24"))
    yield from stream.encode()


_WRITERS: Final[Mapping[str, Callable[[Sequence[Picture]], bytes]]] = {".gif": _gif, ".mp4": _mp4}
