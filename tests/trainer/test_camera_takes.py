"""Takes are walks of a template body, spoiled as much as the estimator was measured to, and the seed decides."""

from dataclasses import replace

import numpy as np
import pytest

from edge.gait.normalise import TEMPLATE_BONES_M, normalise_cycle
from edge.gait.pose_error_presets import preset
from edge.gait.pose_error_sizes import Between, Runs
from edge.gait.skeleton import BODY_BONES, LEFT_ANKLE, LEFT_ELBOW, LEFT_KNEE, RIGHT_ANKLE, RIGHT_ELBOW, RIGHT_KNEE
from trainer import camera_takes
from trainer.camera_takes import VIEWS_DEG, Filming, bone_varied, seen_by_camera
from trainer.walkers import walker_cycles

CYCLES = walker_cycles(n_people=2, n_cycles=2)
FAITHFUL = Filming(bone_sd=0.0, contact_sd_s=(0.0, 0.0))


def taken(filming: Filming, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return seen_by_camera(CYCLES.x_NTJC, CYCLES.duration_s_N, np.random.default_rng(seed), filming)


def off_m(x_NTJC: np.ndarray, landmarks: tuple[int, ...]) -> float:
    return float(np.linalg.norm((x_NTJC - CYCLES.x_NTJC)[:, :, landmarks], axis=-1).mean())


@pytest.mark.parametrize("view_deg", VIEWS_DEG)
def test_every_view_gives_walks_of_the_template_body(view_deg: float) -> None:
    x, duration_s = taken(replace(Filming(), views_deg=(view_deg,)))
    assert x.shape == CYCLES.x_NTJC.shape
    assert x.dtype == duration_s.dtype == np.float32
    for child, parent in BODY_BONES:
        np.testing.assert_allclose(np.linalg.norm(x[:, :, child] - x[:, :, parent], axis=-1), TEMPLATE_BONES_M[child],
                                   atol=1e-4)  # fmt: skip
    assert np.abs(duration_s / CYCLES.duration_s_N - 1).max() < 0.12
    assert (x[:, 0, RIGHT_ANKLE, 2] > x[:, 0, LEFT_ANKLE, 2]).mean() >= 0.9
    assert 0.01 < off_m(x, (LEFT_KNEE, RIGHT_KNEE, LEFT_ELBOW, RIGHT_ELBOW)) < 0.15


def test_an_estimator_without_error_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    none, still = (0.0, 0.0, 0.0), preset(90.0)
    parts = tuple(replace(part, sd_m=none, wobble=0.0) for part in still.landmarks)
    still = replace(still, scale=Between(1.0, 0.0), depth=Between(1.0, 0.0), lean_deg=Between(0.0, 0.0))
    still = replace(still, lean_sd_deg=0.0, constant_m=none, landmarks=parts, swaps=(), drops=Runs(0.0, 0.0))
    monkeypatch.setattr(camera_takes, "_camera", lambda *_: still)
    monkeypatch.setattr(camera_takes, "systematic", lambda *_: None)
    x, duration_s = taken(FAITHFUL)
    assert np.abs(x - CYCLES.x_NTJC).max() < 0.01
    np.testing.assert_allclose(duration_s, CYCLES.duration_s_N, rtol=1e-6)


def test_lost_poses_are_bridged(monkeypatch: pytest.MonkeyPatch) -> None:
    often = replace(preset(90.0), swaps=(), drops=Runs(0.15, 0.1))
    monkeypatch.setattr(camera_takes, "_camera", lambda *_: often)
    assert off_m(taken(FAITHFUL)[0], (LEFT_KNEE, RIGHT_KNEE)) < 0.15


def test_same_seed_same_takes_and_other_seed_other_takes() -> None:
    once, again, other = taken(Filming(), 3), taken(Filming(), 3), taken(Filming(), 4)
    np.testing.assert_array_equal(once[0], again[0])
    assert np.abs(once[0] - other[0]).max() > 0.01


def test_no_cycle_gives_no_take() -> None:
    x, duration_s = seen_by_camera(CYCLES.x_NTJC[:0], CYCLES.duration_s_N[:0], np.random.default_rng(0))
    assert x.shape == (0, *CYCLES.x_NTJC.shape[1:])
    assert len(duration_s) == 0


def test_a_view_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        taken(Filming(views_deg=(float("nan"),)))


def test_bones_vary_alike_left_and_right_and_the_normaliser_takes_them_out_again() -> None:
    x = bone_varied(CYCLES.x_NTJC, np.random.default_rng(0), sd=0.06)
    was_m, now_m = (
        {child: np.linalg.norm(some[:, 0, child] - some[:, 0, parent], axis=-1) for child, parent in BODY_BONES}
        for some in (CYCLES.x_NTJC, x)
    )
    ratio = {child: now_m[child] / was_m[child] for child in now_m}
    np.testing.assert_allclose(ratio[LEFT_KNEE], ratio[RIGHT_KNEE], rtol=1e-5)
    assert 0.02 < np.std(np.log(np.stack(list(ratio.values())))) < 0.15
    again = np.stack([normalise_cycle(x_TJC) for x_TJC in x])
    assert np.abs(again - CYCLES.x_NTJC).mean() < 0.01
