"""The methods that are compared, behind one call: training cycles in, probabilities of held-out cycles out.

Promises: a method sees the labels of its training cycles alone; probabilities follow ``edge.affect.CLASSES``, 0 for a
class it was never shown. Settings are fixed beforehand or chosen on the inner splits. Refuses an unknown name.

Shape letters: N cycle, K class.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from edge.affect import CLASSES
from edge.errors import TrainingError
from trainer.baseline_classic import Chosen, knn_man, logistic, svm_man, svm_xyz
from trainer.baseline_cnn import CnnXyz
from trainer.cycles import Cycles
from trainer.folds import Split
from trainer.sequences import sequence_of
from trainer.stgcn import StGcn
from trainer.swap_logistic import SwapLogistic
from trainer.swap_settings import SwapSettings
from trainer.swap_train import fit_swaps
from trainer.train import Settings, fit

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Task:
    """One fold: cycles to learn from, inner splits of these for choices, cycles to answer for, and the seed."""

    train: Cycles
    inner: Sequence[Split]
    test: Cycles
    seed: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Probabilities (N, K) of the test cycles, and what was chosen on the inner splits."""

    proba_NK: Floats
    chosen: dict[str, Any] = field(default_factory=dict)


Method = Callable[[Task], Answer]


def _classic(make: Callable[[], Chosen]) -> Method:
    def answer(task: Task) -> Answer:
        model = make().fit(sequence_of(task.train), task.train.acted_N, task.inner)
        return Answer(_aligned(model.predict_proba(sequence_of(task.test)), model.classes_), model.choice)

    return answer


def _network(make: Callable[[int], CnnXyz]) -> Method:
    def answer(task: Task) -> Answer:
        model = make(task.seed).fit(sequence_of(task.train), task.train.acted_N)
        return Answer(_aligned(model.predict_proba(sequence_of(task.test)), model.classes_))

    return answer


def ae_xyz(settings: Settings) -> Method:
    """Paper A as ``train`` trains it: autoencoder and three losses, then the CNN on its affect code."""

    def answer(task: Task) -> Answer:
        model = fit(task.train, replace(settings, seed=task.seed))
        return Answer(softmax(model.logits(task.test), axis=1))

    return answer


def swap_logistic(task: Task) -> Answer:
    """Exchanged people, linear classifiers, the training cycles alone."""
    return Answer(softmax(SwapLogistic(task.seed).fit(task.train).logits(task.test), axis=1))


def swap_net(task: Task) -> Answer:
    """The network that ships: exchanged people, camera takes, synthetic walkers beside the training cycles."""
    return Answer(softmax(fit_swaps(task.train, SwapSettings(), task.seed).logits(task.test), axis=1))


METHODS: Final[Mapping[str, Method]] = {
    "KNN-man": _classic(knn_man),
    "SVM-man": _classic(svm_man),
    "SVM-xyz": _classic(svm_xyz),
    "logistic": _classic(logistic),
    "CNN-xyz": _network(lambda seed: CnnXyz(seed=seed)),
    "ST-GCN": _network(lambda seed: StGcn(seed=seed)),
    "AE-xyz": ae_xyz(Settings()),
    "swap-logistic": swap_logistic,
    "swap-net": swap_net,
}
"""In the order of the paper's Table I; ``logistic``, ``ST-GCN`` and the last two are not in it."""


def methods_named(names: Sequence[str]) -> dict[str, Method]:
    """The methods of these names; raises TrainingError for a name nobody knows."""
    unknown = sorted(set(names) - set(METHODS))
    if unknown:
        wanted = f"some of {', '.join(METHODS)}"
        raise TrainingError(f"the method {', '.join(unknown)}", wanted, "Correct --methods.")
    return {name: method for name, method in METHODS.items() if name in names}


def _aligned(proba_NK: Floats, classes: npt.ArrayLike) -> Floats:
    whole_NK = np.zeros((len(proba_NK), len(CLASSES)))
    whole_NK[:, np.asarray(classes)] = proba_NK
    return whole_NK
