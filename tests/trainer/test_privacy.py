"""The attackers find an identity that is there, and little where there is none."""

import numpy as np

from trainer.privacy import attack
from trainer.walkers import walker_cycles

CYCLES = walker_cycles(n_people=10, n_cycles=1)


def test_planted_identity_is_found() -> None:
    rng = np.random.default_rng(0)
    number = np.array([int(who.removeprefix("walker")) for who in CYCLES.subject_N])
    found = attack("planted", np.eye(10)[number] + rng.normal(0.0, 0.05, (len(CYCLES), 10)), CYCLES)
    assert found.worst == 1.0
    assert found.chance == 0.1


def test_noise_tells_no_one() -> None:
    found = attack("noise", np.random.default_rng(1).normal(size=(len(CYCLES), 4)), CYCLES)
    assert found.worst <= 0.3
    assert found.low <= found.worst <= found.high
    assert max(found.top1.values()) == found.worst
