"""Everything that decides a run of ``swap_train``. Shape letters: none."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SwapSettings:
    """Sizes, training and data of the network that is trained on exchanged people.

    ``n_camera_takes``: takes of each cycle through the camera, on each side (a walk and its mirror image).
    ``camera_share`` and ``walker_share``: how much such takes, and synthetic walkers, weigh beside clean cycles of the
    training people (1). ``n_walkers``: synthetic people, 0 for none. ``swap_share``: how many cycles of a batch get
    another person's deviation instead of their own.
    """

    n_members: int = 3
    n_hidden: int = 64
    n_code: int = 4
    input_dropout: float = 0.5
    hidden_dropout: float = 0.5
    epochs: int = 30
    steps: int = 50
    batch_size: int = 96
    learning_rate: float = 2e-3
    weight_decay: float = 0.2
    label_smoothing: float = 0.05
    swap_share: float = 1.0
    n_camera_takes: int = 4
    camera_share: float = 0.5
    n_walkers: int = 100
    n_walker_takes: int = 3
    walker_share: float = 1.0
