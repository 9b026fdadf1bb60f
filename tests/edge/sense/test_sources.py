"""Video files and cameras: what is good comes through in order, what is bad gets a sentence."""

import wave
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import CameraError
from edge.sense.picture import Picture, PictureSource, crop_window
from edge.sense.sources import is_live, is_synthetic, open_source
from edge.sense.specs import SourceSpec
from edge.sense.video import StampClock, VideoSource

MakeVideo = Callable[..., Path]


def read_all(source: PictureSource) -> list[Picture]:
    pictures = []
    while picture := source.read():
        pictures.append(picture)
    return pictures


def greys(pictures: list[Picture]) -> list[int]:
    """The grey of the plain part of each picture."""
    return [int(np.median(picture.rgb_HWC[-10:])) for picture in pictures]


def test_a_video_gives_every_frame_with_its_time(video: MakeVideo) -> None:
    source = open_source(SourceSpec(str(video(40))))
    pictures = read_all(source)
    assert (source.width, source.height, source.live) == (160, 120, False)
    assert [picture.t_s for picture in pictures] == pytest.approx([i / 30 for i in range(40)], abs=1e-3)
    assert greys(pictures) == pytest.approx([10 + 2 * i for i in range(40)], abs=3)
    assert isinstance(source, VideoSource)
    assert source.notice() is None


def test_a_frame_range_includes_both_ends(video: MakeVideo) -> None:
    pictures = read_all(open_source(SourceSpec(str(video(40)), frames=(10, 19))))
    assert greys(pictures) == pytest.approx([30 + 2 * i for i in range(10)], abs=3)
    assert pictures[0].t_s == 0


@pytest.mark.parametrize("crop", [(0.25, 0.5, 0.75, 1.0), (40, 60, 120, 120)])
def test_a_crop_in_fractions_or_pixels(video: MakeVideo, crop: tuple[float, float, float, float]) -> None:
    source = open_source(SourceSpec(str(video(3)), crop=crop))
    picture = source.read()
    assert picture is not None
    assert picture.rgb_HWC.shape == (60, 80, 3)
    assert (source.width, source.height) == (80, 60)


def test_a_huge_picture_is_made_to_fit(video: MakeVideo) -> None:
    picture = open_source(SourceSpec(str(video(1, width=3840, height=2160)))).read()
    assert picture is not None
    assert picture.rgb_HWC.shape == (1080, 1920, 3)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("no-such-file.mp4", "no file no-such-file.mp4"),
        ("97", "no camera that answers at 97"),
        ("/dev/video97", "no camera that answers"),
        ("rtsp://user:secret@127.0.0.1:9/x", "no camera that answers at rtsp://127.0.0.1:9/x"),
    ],
)
def test_what_is_not_there_gets_a_sentence(source: str, found: str) -> None:
    with pytest.raises(CameraError) as refusal:
        open_source(SourceSpec(source))
    assert found in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(CameraError, match="no readable video"):
        open_source(SourceSpec(str(tmp_path / "empty.mp4")))


def test_a_file_that_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(20_000))
    with pytest.raises(CameraError, match="no readable video"):
        open_source(SourceSpec(str(tmp_path / "noise.mp4")))


def test_a_sound_file_has_no_pictures(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "sound.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16_000))
    with pytest.raises(CameraError, match="without pictures"):
        open_source(SourceSpec(str(tmp_path / "sound.wav")))


def test_a_video_without_a_single_frame(video: MakeVideo) -> None:
    with pytest.raises(CameraError):
        open_source(SourceSpec(str(video(0))))


def test_a_frame_range_after_the_end(video: MakeVideo) -> None:
    with pytest.raises(CameraError, match=r"10 frames .* none from number 50"):
        open_source(SourceSpec(str(video(10)), frames=(50, 60)))


def test_a_crop_of_nothing(video: MakeVideo) -> None:
    with pytest.raises(CameraError, match="crop that leaves"):
        open_source(SourceSpec(str(video(3)), crop=(0.5, 0.5, 0.51, 1.0)))


def test_damage_in_the_middle_is_stepped_over_and_told(video: MakeVideo) -> None:
    path = video(100, "damaged.mp4")
    data = bytearray(path.read_bytes())
    middle = data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    source = open_source(SourceSpec(str(path)))
    pictures = read_all(source)
    assert 60 <= len(pictures) <= 100
    assert greys(pictures)[-1] == pytest.approx(208, abs=4), "it went on to the end"
    times = [picture.t_s for picture in pictures]
    assert times == sorted(set(times))
    assert isinstance(source, VideoSource)
    assert "damaged parts" in (source.notice() or "")


def test_a_video_cut_off_says_how_far_it_went(video: MakeVideo) -> None:
    path = video(100, "cut.mkv")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    pictures = read_all(open_source(SourceSpec(str(path))))
    assert 20 < len(pictures) < 80


def test_an_mp4_cut_off_in_its_pictures_says_how_far_it_went(video: MakeVideo, tmp_path: Path) -> None:
    source_path, path = video(100, "whole.mp4"), tmp_path / "fast.mp4"
    with (
        av.open(str(source_path)) as whole,
        av.open(str(path), "w", options={"movflags": "faststart"}) as index_first,
    ):
        stream = index_first.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                index_first.mux(packet)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    source = open_source(SourceSpec(str(path)))
    n_pictures = len(read_all(source))
    assert 20 < n_pictures < 80
    assert isinstance(source, VideoSource)
    assert "of 100 frames" in (source.notice() or "")


def test_a_synthetic_camera_can_be_cut_too() -> None:
    spec = SourceSpec("synthetic:seconds=1,rate=10", crop=(0.0, 0.5, 1.0, 1.0), frames=(2, 5))
    source = open_source(spec)
    pictures = read_all(source)
    assert len(pictures) == 4
    assert pictures[0].t_s == 0
    assert pictures[0].rgb_HWC.shape == (240, 640, 3)
    with pytest.raises(CameraError, match="none from number 90"):
        open_source(SourceSpec("synthetic:seconds=1,rate=10", frames=(90, 95))).read()


@pytest.mark.parametrize(
    ("source", "live", "synthetic"),
    [
        ("0", True, False),
        ("/dev/video2", True, False),
        ("rtsp://x/y", True, False),
        ("walk.mp4", False, False),
        ("synthetic:rate=30", False, True),
    ],
)
def test_kinds_are_told_apart(source: str, live: bool, synthetic: bool) -> None:
    assert (is_live(source), is_synthetic(source)) == (live, synthetic)


@given(st.lists(st.none() | st.integers(-(2**40), 2**40), max_size=60), st.sampled_from([1 / 90_000, 0.001, 1 / 30]))
@settings(deadline=None)
def test_whatever_the_stamps_time_starts_at_0_and_rises(stamps: list[int | None], time_base_s: float) -> None:
    clock = StampClock(30.0, time_base_s)
    times = [clock.update(stamp) for stamp in stamps]
    assert all(earlier < later for earlier, later in pairwise(times))
    assert not times or times[0] == pytest.approx(0.0)


def test_stamps_that_begin_anew_go_on_from_where_they_were() -> None:
    clock = StampClock(10.0, 0.1)
    times = [clock.update(pts) for pts in (100, 101, 102, 0, 1, 2)]
    assert times == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert clock.n_mended == 1


def test_a_missing_stamp_is_one_frame_later() -> None:
    clock = StampClock(10.0, 0.1)
    assert [clock.update(pts) for pts in (5, None, 7)] == pytest.approx([0.0, 0.1, 0.2])


@given(st.tuples(*[st.floats(-2, 800)] * 4), st.integers(16, 2000), st.integers(16, 2000))
def test_a_crop_is_inside_the_picture_or_refused(
    crop: tuple[float, float, float, float], width: int, height: int
) -> None:
    try:
        left, top, right, bottom = crop_window(crop, width, height)
    except CameraError:
        return
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height


def test_a_picture_shows_no_pixels() -> None:
    assert repr(Picture(np.zeros((4, 5, 3), np.uint8), 1.5)) == "Picture(5x4, t_s=1.500)"
