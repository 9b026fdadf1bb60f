"""The synthetic camera through the real chain: its own contacts are the truth the segmenter is held against."""

import itertools
from pathlib import Path

import pytest
from rich.console import Console

from edge.encoder import AffectEncoder
from edge.record import record_file
from edge.recording import read_recording
from edge.replay import Replayed, replay
from edge.sense.synthetic import SyntheticCamera

pytestmark = pytest.mark.chain
SECONDS = 14
FIRST_WINDOW_S = 3.0
LAST_S = SECONDS - 0.5
SPEC = f"synthetic:identity=1,affect=neutral,view=side,path=treadmill,seconds={SECONDS}"


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory, pose_model: Path, encoder: AffectEncoder) -> Replayed:
    out = tmp_path_factory.mktemp("synthetic") / "walk.npz"
    record_file(SPEC, out, None, None, pose_model, Console(quiet=True))
    return replay(read_recording(out), encoder)


def true_times(side: str) -> list[float]:
    contacts = SyntheticCamera(SPEC).truth(until_s=SECONDS + 0.1)
    return [contact.t_s for contact in contacts if contact.side == side and FIRST_WINDOW_S < contact.t_s < LAST_S]


def test_contacts_are_within_67_ms_of_the_truth(answer: Replayed) -> None:
    gaps_s = [
        min(abs(t_s - contact.t_s) for contact in answer.contacts if contact.side == side)
        for side in ("left", "right")
        for t_s in true_times(side)
    ]
    assert len(gaps_s) > 15
    assert sum(gap_s <= 0.067 for gap_s in gaps_s) >= 0.95 * len(gaps_s)


def test_every_cycle_after_the_first_window_is_found(answer: Replayed) -> None:
    starts = true_times("right")
    for start_s, end_s in itertools.pairwise(starts):
        found = [c for c in answer.cycles if abs(c.start_s - start_s) <= 0.067 and abs(c.end_s - end_s) <= 0.067]
        assert len(found) == 1, f"no cycle from {start_s:.2f} to {end_s:.2f} s"
        assert found[0].usable, found[0].reason


def test_nothing_is_told_that_did_not_happen(answer: Replayed) -> None:
    truth = {
        side: [c.t_s for c in SyntheticCamera(SPEC).truth(until_s=SECONDS + 0.1) if c.side == side]
        for side in ("left", "right")
    }
    for contact in answer.contacts:
        assert min(abs(contact.t_s - t_s) for t_s in truth[contact.side]) < 0.15


def test_a_real_walker_in_a_real_video(data: Path, tmp_path: Path, pose_model: Path, encoder: AffectEncoder) -> None:
    out = tmp_path / "real.npz"
    record_file(
        str(data / "video" / "demo.mp4"), out, (0.0, 0.45, 1.0, 1.0), (55, 190), pose_model, Console(quiet=True)
    )
    recording = read_recording(out)
    assert len(recording.t_s) == 136
    assert recording.visibility_TJ.any(axis=1).sum() >= 130
    usable = [cycle for cycle in replay(recording, encoder).cycles if cycle.usable]
    assert len(usable) >= 2
    assert all(0.9 <= cycle.end_s - cycle.start_s <= 1.4 for cycle in usable)
