"""The transfer shown: back in metres, the right walks, at their own pace, in files that play."""

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from edge.affect import CLASSES
from edge.errors import TrainingError
from edge.gait.skeleton import LEFT_ANKLE, RIGHT_ANKLE
from trainer import cli
from trainer.animation_file import FRAMES_HZ, write_animation
from trainer.posture import comparable
from trainer.readers import read_cycles
from trainer.swaps import features_of
from trainer.train import Fitted, Settings, standardiser_of
from trainer.transfer import Asked, in_metres, transfer, typical
from trainer.walk_animation import Panel, pictures_of
from trainer.weights import write_fitted

SPEC = "walkers:4x4x1x1"
CYCLES = read_cycles(SPEC).cycles
ASKED = Asked("walker1", "sad", "walker0", "happy")
RUNNER = CliRunner()


def test_the_z_score_is_undone_and_what_posture_took_out_stays_out() -> None:
    standardiser = standardiser_of(CYCLES)
    x_NFT = standardiser.features(torch.tensor(CYCLES.x_NTJC), torch.tensor(CYCLES.duration_s_N))
    x_NTJC, duration_s_N = in_metres(standardiser, x_NFT)
    torch.testing.assert_close(x_NTJC, comparable(torch.tensor(CYCLES.x_NTJC)), atol=1e-5, rtol=0.0)
    np.testing.assert_allclose(duration_s_N, CYCLES.duration_s_N, rtol=1e-5)
    assert (x_NTJC - torch.tensor(CYCLES.x_NTJC)).abs().max() > 0.01


def test_each_walk_is_the_cell_of_equation_1(plain_model: Fitted) -> None:
    found = transfer(plain_model, CYCLES, ASKED)
    assert (found.person_from.person, found.person_from.affect) == ("walker0", "happy")
    assert (found.affect_from.person, found.affect_from.affect) == ("walker1", "sad")
    assert (found.found.person, found.found.affect) == ("walker0", "sad")
    at = np.flatnonzero((CYCLES.subject_N == "walker0") & (CYCLES.acted_N == CLASSES.index("sad")))
    assert found.true is not None
    assert found.true.duration_s == pytest.approx(float(CYCLES.duration_s_N[at[0]]), rel=1e-5)
    x_NFT = features_of(plain_model, CYCLES)
    take, give = (int(np.flatnonzero(CYCLES.key_N == f"{who}-0#1")[0]) for who in ("walker0-happy", "walker1-sad"))
    with torch.inference_mode():
        made, _ = in_metres(plain_model.standardiser, plain_model.autoencoder.transfer(x_NFT[[take]], x_NFT[[give]]))
    np.testing.assert_allclose(found.found.x_TJC, made[0], atol=1e-5)


def test_a_trained_transfer_comes_nearer_the_truth_than_both_sources_and_takes_the_pace_along(
    plain_model: Fitted,
) -> None:
    found = transfer(plain_model, CYCLES, ASKED)
    assert found.true is not None
    away = [found.away_cm(walk) for walk in (found.found, found.person_from, found.affect_from)]
    assert away[0] < min(away[1:])
    before_s = abs(found.person_from.duration_s - found.true.duration_s)
    assert abs(found.found.duration_s - found.true.duration_s) < 0.5 * before_s


def test_without_the_true_cell_there_is_no_truth(plain_model: Fitted) -> None:
    gone = CYCLES.take(~((CYCLES.subject_N == "walker0") & (CYCLES.acted_N == CLASSES.index("sad"))))
    found = transfer(plain_model, gone, ASKED)
    assert found.true is None
    assert found.away_cm(found.found) is None


def test_the_source_is_neutral_unless_told_or_not_recorded(plain_model: Fitted) -> None:
    asked = replace(ASKED, to_affect=None)
    assert transfer(plain_model, CYCLES, asked).person_from.affect == "neutral"
    without = CYCLES.take(CYCLES.acted_N != CLASSES.index("neutral"))
    assert transfer(plain_model, without, asked).person_from.affect == "angry"


def test_the_most_typical_cycle_is_the_one_nearest_the_mean() -> None:
    moved = replace(CYCLES, x_NTJC=CYCLES.x_NTJC[:1] + np.array([0.0, 1.0, 5.0] + [9.0] * 13)[:, None, None, None])
    assert typical(moved, np.array([0, 1, 2])) == 1


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"from_person": "eve"}, "nobody called 'eve'"),
        ({"to_person": "eve"}, "nobody called 'eve'"),
        ({"from_affect": "proud"}, "'proud'"),
        ({"to_affect": "proud"}, "'proud'"),
        ({"to_person": "walker1"}, "giver and taker"),
        ({"to_affect": "sad"}, "sad walks of both"),
    ],
)
def test_what_is_no_transfer_is_refused(plain_model: Fitted, changes: dict[str, str], word: str) -> None:
    with pytest.raises(TrainingError, match=word):
        transfer(plain_model, CYCLES, replace(ASKED, **changes))


def test_an_affect_that_was_not_recorded_is_refused_with_those_that_were(plain_model: Fitted) -> None:
    only_sad = CYCLES.take((CYCLES.subject_N != "walker0") | (CYCLES.acted_N == CLASSES.index("sad")))
    with pytest.raises(TrainingError, match="no happy walk of walker0"):
        transfer(plain_model, only_sad, ASKED)
    with pytest.raises(TrainingError, match="not sad already"):
        transfer(plain_model, only_sad, replace(ASKED, to_affect=None))


def panel(duration_s: float) -> Panel:
    return Panel("", (), CYCLES.x_NTJC[0], duration_s)


def test_a_panel_walks_at_its_own_pace_on_a_floor_that_keeps_up() -> None:
    slow, quick = panel(1.6), panel(0.8)
    np.testing.assert_allclose(slow.at(0.4), quick.at(0.2), atol=1e-6)
    np.testing.assert_allclose(quick.at(0.1), quick.at(0.9), atol=1e-6)
    assert quick.speed_m_s() == pytest.approx(2 * slow.speed_m_s())
    ankles_m = np.ptp(CYCLES.x_NTJC[0][:, [LEFT_ANKLE, RIGHT_ANKLE], 2], axis=0).mean()
    assert slow.speed_m_s() * 1.6 == pytest.approx(2 * ankles_m, rel=0.2)  # two steps, each as long as the ankle's way


def test_pictures_move_and_those_of_one_cycle_apart_are_the_same() -> None:
    pictures = pictures_of([panel(0.4)], "heading", "footer", 0.84)
    assert len(pictures) == round(0.84 * FRAMES_HZ)
    same, other = (np.abs(pictures[0].astype(int) - pictures[at].astype(int)) for at in (10, 5))
    assert other.max() > 100
    assert (same.max(axis=-1) > 60).sum() < 0.15 * (other.max(axis=-1) > 60).sum()  # the floor's ticks have moved


@pytest.mark.parametrize("suffix", ["gif", "mp4"])
def test_the_command_writes_a_file_that_plays(
    plain_model: Fitted, plain_settings: Settings, tmp_path: Path, suffix: str
) -> None:
    write_fitted(tmp_path / "work", plain_model, plain_settings)
    out = tmp_path / "pictures" / f"out.{suffix}"
    arguments = ["--from-subject", "walker1", "--from-affect", "sad", "--to", "walker0", "--cycles", "0.3"]
    result = RUNNER.invoke(
        cli.app, ["transfer", "--work", str(tmp_path / "work"), "--data", SPEC, *arguments, "--out", str(out)]
    )
    assert result.exit_code == 0, result.stderr
    assert "from the truth" in result.stdout
    n_frames, duration_s = played(out)
    assert n_frames / duration_s == pytest.approx(FRAMES_HZ, rel=0.01)


def played(path: Path) -> tuple[int, float]:
    if path.suffix == ".gif":
        with Image.open(path) as gif:
            durations = [gif.seek(at) or gif.info["duration"] for at in range(gif.n_frames)]
        return len(durations), sum(durations) / 1000
    frames = [float(frame.time) for frame in film(path)]
    return len(frames), frames[-1] - frames[0] + 1 / FRAMES_HZ


def film(path: Path) -> list[av.VideoFrame]:
    """Every frame, by one thread: PyAV 15 to 18 can hang where torch is imported and a film is left before its end."""
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        return list(container.decode(video=0))


def test_colours_survive_both_formats(tmp_path: Path) -> None:
    picture = np.full((64, 64, 3), 255, np.uint8)
    picture[8:24], picture[40:56] = (0, 114, 178), (213, 94, 0)
    write_animation([picture, picture[::-1]], tmp_path / "a.gif")
    write_animation([picture, picture[::-1]], tmp_path / "a.mp4")
    first = film(tmp_path / "a.mp4")[0].to_ndarray(format="rgb24")
    for found in (np.array(Image.open(tmp_path / "a.gif").convert("RGB")), first):
        for row in (2, 16, 48):
            np.testing.assert_allclose(found[row, 32].astype(int), picture[row, 32].astype(int), atol=12)


def test_other_formats_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    arguments = ["--from-subject", "a", "--from-affect", "sad", "--to", "b", "--out", str(tmp_path / "out.avi")]
    result = RUNNER.invoke(cli.app, ["transfer", "--work", str(tmp_path / "none"), "--data", SPEC, *arguments])
    assert result.exit_code == 1
    assert "out.avi" in result.stderr
    assert ".gif, .mp4" in result.stderr
