"""The baselines of scikit-learn: KNN-man, SVM-man, SVM-xyz and logistic regression on coordinate statistics.

Malek-Podjaski & Deligianni 2021 name KNN-man and SVM-man (hand-made features) and SVM-xyz (raw joints); features are
those of ``handmade``. ``logistic`` is not the paper's: hand-made statistics of every coordinate, the yardstick that
a deep model has to beat on strangers.

Promises: standardisation and every choice (neighbours, C) are made inside the training rows, on the inner splits given;
what never changes in training is dropped. Probabilities of an SVM are a softmax of its decision values: they rank,
they are not calibrated. Refuses (TrainingError) too few rows to choose on.

Shape letters: N row, T time, P channel, K class.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from scipy.special import softmax
from sklearn.decomposition import PCA
from sklearn.feature_selection import VarianceThreshold
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from edge.errors import TrainingError
from trainer.folds import Split
from trainer.handmade import coordinate_statistics, handmade_features

Floats = npt.NDArray[np.float64]
_NEVER_CHANGES: Final = 1e-9
_C: Final = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
_C_LINEAR: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
_COMPONENTS: Final = 0.99


class Chosen:
    """A pipeline whose free numbers are chosen on inner splits of the training rows, by macro-F1."""

    def __init__(self, pipeline: Pipeline, grid: Mapping[str, Sequence[Any]]) -> None:
        self._pipeline = pipeline
        self._grid = dict(grid)

    def fit(self, x_NTP: npt.ArrayLike, y_N: npt.ArrayLike, inner: Sequence[Split]) -> Self:
        """Choose on ``inner`` (positions into these rows), then train on all rows; TrainingError for too few rows."""
        n_rows = min(len(learn) for learn, _ in inner)
        grid = {
            name: [value for value in values if _possible(name, value, n_rows)] for name, values in self._grid.items()
        }
        search = GridSearchCV(self._pipeline, grid, scoring="f1_macro", cv=list(inner), error_score="raise")
        try:
            self._search = search.fit(np.asarray(x_NTP), np.asarray(y_N))
        except ValueError as error:
            found = (
                f"{np.size(y_N)} training cycles that {type(self._pipeline[-1]).__name__} cannot learn from ({error})"
            )
            raise TrainingError(
                found, "several cycles of every affect in every inner split", "Give more data."
            ) from error
        self.classes_ = self._search.classes_
        return self

    @property
    def choice(self) -> dict[str, Any]:
        """What was chosen."""
        return {name.rpartition("__")[2]: value for name, value in self._search.best_params_.items()}

    def predict_proba(self, x_NTP: npt.ArrayLike) -> Floats:
        """(N, K) in the order of ``classes_``."""
        best = self._search.best_estimator_
        if hasattr(best, "predict_proba"):
            return np.asarray(best.predict_proba(np.asarray(x_NTP)))
        return softmax(np.asarray(best.decision_function(np.asarray(x_NTP))), axis=1)


def knn_man() -> Chosen:
    """k nearest neighbours on hand-made features."""
    grid = {"kneighborsclassifier__n_neighbors": (1, 3, 5, 9, 15)}
    return Chosen(_pipeline(handmade_features, KNeighborsClassifier()), grid)


def svm_man() -> Chosen:
    """SVM with a Gaussian kernel on hand-made features."""
    return Chosen(_pipeline(handmade_features, SVC()), {"svc__C": _C})


def svm_xyz() -> Chosen:
    """SVM with a Gaussian kernel on the coordinates of all samples."""
    return Chosen(_pipeline(_flat, SVC(), PCA(_COMPONENTS, svd_solver="full")), {"svc__C": _C})


def logistic() -> Chosen:
    """Logistic regression on mean, spread, range, speed and acceleration of each coordinate, and cycle time."""
    learner = LogisticRegression(max_iter=2000)
    return Chosen(_pipeline(coordinate_statistics, learner), {"logisticregression__C": _C_LINEAR})


def _pipeline(features: Any, learner: Any, *more: Any) -> Pipeline:
    steps = FunctionTransformer(features), VarianceThreshold(_NEVER_CHANGES), StandardScaler(), *more, learner
    return make_pipeline(*steps)


def _possible(name: str, value: Any, n_rows: int) -> bool:
    """There are never more neighbours than rows to choose them from."""
    return not name.endswith("n_neighbors") or value <= n_rows


def _flat(x_NTP: npt.ArrayLike) -> Floats:
    """All coordinates of all samples, and the clock once."""
    x_NTP = np.asarray(x_NTP)
    return np.column_stack([x_NTP[:, :, :-1].reshape(len(x_NTP), -1), x_NTP[:, 0, -1]])
