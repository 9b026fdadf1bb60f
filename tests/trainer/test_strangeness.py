"""The score knows a walk from what is none."""

import numpy as np
import pytest
import torch

from edge.errors import TrainingError
from edge.gait.normalise import normalise_cycle
from edge.gait.pose_noise import PoseNoise
from trainer.augment import mirrored
from trainer.camera_takes import seen_by_camera
from trainer.held_out import FILMING, strangeness_of
from trainer.strangeness import KNEES, Strangeness, fitted, threshold
from trainer.walkers import walker_cycles

KNOWN = walker_cycles(n_people=8, n_cycles=1)
OTHERS = walker_cycles(n_people=4, n_cycles=2, first=20, seed=1)
RNG = np.random.default_rng(0)
N_SAMPLES = 64


@pytest.fixture(scope="module")
def score() -> Strangeness:
    return strangeness_of(KNOWN, seed=0)


def scores(score: Strangeness, x_NTJC: np.ndarray) -> torch.Tensor:
    return score(torch.tensor(x_NTJC.astype(np.float32)), torch.tensor(OTHERS.duration_s_N))


def stuck_left_leg(x_NTJC: np.ndarray) -> np.ndarray:
    out = x_NTJC.copy()
    out[:, :, 11:13] = x_NTJC[:, :, 11:13].mean(axis=1, keepdims=True)
    return out


def stiff_knee(x_NTJC: np.ndarray) -> np.ndarray:
    """The right knee hardly leaves the line from hip to ankle."""
    out = x_NTJC.copy()
    out[:, :, 14] += 0.8 * (0.5 * (out[:, :, 13] + out[:, :, 15]) - out[:, :, 14])
    return np.stack([normalise_cycle(x_TJC) for x_TJC in out])


BROKEN = {
    "upside down": lambda x: x * np.array([1.0, -1.0, -1.0]),
    "noise": lambda x: RNG.normal(0.0, 0.3, x.shape),
    "frozen": lambda x: np.repeat(x[:, 10:11], N_SAMPLES, axis=1),
    "shuffled": lambda x: x[:, RNG.permutation(N_SAMPLES)],
    "standing": lambda x: np.repeat(x.mean(axis=1, keepdims=True), N_SAMPLES, axis=1),
    "left leg stuck": stuck_left_leg,
    "limping, a stiff knee": stiff_knee,
    "backwards": lambda x: x[:, ::-1],
    "half a cycle late": lambda x: np.roll(x, N_SAMPLES // 2, axis=1),
}


def test_unknown_walkers_are_accepted(score: Strangeness) -> None:
    assert float((scores(score, OTHERS.x_NTJC) <= 1.0).float().mean()) >= 0.95


def test_walkers_seen_by_a_pose_estimator_are_mostly_accepted(score: Strangeness) -> None:
    seen = walker_cycles(n_people=4, n_cycles=2, first=20, seed=1, noise=PoseNoise())
    value = score(torch.tensor(seen.x_NTJC), torch.tensor(seen.duration_s_N))
    assert float((value <= 1.0).float().mean()) >= 0.8


def test_walkers_as_mediapipe_would_tell_them_are_mostly_accepted(score: Strangeness) -> None:
    x, duration_s = seen_by_camera(OTHERS.x_NTJC, OTHERS.duration_s_N, np.random.default_rng(5), FILMING)
    value = score(torch.tensor(x), torch.tensor(duration_s))
    assert float((value <= 1.0).float().mean()) >= 0.8


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_walk_is_refused(score: Strangeness, name: str) -> None:
    assert float((scores(score, BROKEN[name](OTHERS.x_NTJC)) > 1.0).float().mean()) >= 0.95


def test_knees_that_bend_alike_are_even_whatever_else_differs(score: Strangeness) -> None:
    mirror = torch.tensor(mirrored(OTHERS.x_NTJC)), torch.tensor(OTHERS.duration_s_N)
    plain = score.by_part(torch.tensor(OTHERS.x_NTJC), mirror[1])[KNEES]
    torch.testing.assert_close(score.by_part(*mirror)[KNEES], plain, atol=1e-3, rtol=1e-3)
    limp = score.by_part(torch.tensor(stiff_knee(OTHERS.x_NTJC).astype(np.float32)), mirror[1])[KNEES]
    assert float(plain.max()) < 0.5 < 1.0 < float(limp.min())


def test_threshold_is_at_least_the_edge_and_follows_strangers() -> None:
    assert threshold(torch.full((100,), 0.5)) == 1.0
    assert threshold(torch.linspace(0.0, 4.0, 401)) == pytest.approx(3.9)


def test_too_few_cycles_are_refused() -> None:
    with pytest.raises(TrainingError, match="3 cycles"):
        fitted(torch.zeros(3, N_SAMPLES, 16, 3), torch.ones(3))
