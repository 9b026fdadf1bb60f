"""A trained model on disk: arrays in one file, what they mean in another beside it. Nothing is unpickled.

    FOLDER/model.json                  settings, data, torch, and which arrays belong to it, by SHA-256
    FOLDER/model-FIRST_OF_SHA256.npz   z-score and every weight and batch statistic, as numpy arrays

The arrays are named by their content and ``model.json`` is renamed into place last, so a folder holds the model
before or the model after a write, never half of each.

Promises: what is read answers bit for bit as what was written. Refuses, naming the file: one that is missing, cut
short, changed, of another schema, or with settings or weights this code does not know.

Shape letters: J landmark, C coordinate.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar
from zipfile import BadZipFile

import msgspec
import torch
from torch import nn

from edge.errors import TrainingError
from trainer.array_file import Arrays, array_bytes, arrays_of
from trainer.disentangle import CodeClassifier, Disentangler
from trainer.recipes import Model
from trainer.swap_net import SwapNet
from trainer.swap_train import SwapFitted
from trainer.train import Fitted, Settings, Standardiser
from trainer.whole_file import write_whole

SCHEMA: Final = 1
MEANING: Final = "model.json"
_SHORT: Final = 16
_AGAIN: Final = "Train again, or bring back the file as it was."
Network = TypeVar("Network", bound=nn.Module)


class Meaning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ``model.json`` says of the arrays."""

    schema: int
    arrays: str
    sha256: str
    data_sha256: str
    torch: str
    settings: Settings
    log_duration_mean: float | None = None
    log_duration_std: float | None = None


@dataclass(frozen=True, slots=True)
class Trained:
    """A model read back, with the settings, data (``trainer.compare.fingerprint``) and torch it was trained with."""

    fitted: Model
    settings: Settings
    data_sha256: str
    torch_version: str

    def paper_a(self) -> Fitted:
        """The model, where it is paper A's; raises TrainingError."""
        if isinstance(self.fitted, Fitted):
            return self.fitted
        found = f"a model made with --method {self.settings.method}, which has no subject code and no decoder"
        raise TrainingError(found, "one of paper A", "Train with --method paper-a and name its work folder.")


def write_fitted(folder: Path, fitted: Model, settings: Settings, data_sha256: str = "") -> None:
    """Keep a trained model in ``folder``, in place of one that is there; raises TrainingError."""
    content = array_bytes(_arrays(fitted))
    sha256 = hashlib.sha256(content).hexdigest()
    name = f"model-{sha256[:_SHORT]}.npz"
    meaning = Meaning(
        schema=SCHEMA,
        arrays=name,
        sha256=sha256,
        data_sha256=data_sha256,
        torch=str(torch.__version__),
        settings=settings,
        **_durations(fitted),
    )
    write_whole(folder / name, content)
    write_whole(folder / MEANING, msgspec.json.format(msgspec.json.encode(meaning)) + b"\n")
    for old in folder.glob("model-*.npz"):
        if old.name != name:
            old.unlink()


def read_fitted(folder: Path) -> Trained:
    """The model kept in ``folder``, in evaluation mode; raises TrainingError."""
    meaning = _meaning(folder / MEANING)
    path = folder / Path(meaning.arrays).name
    content = _bytes(path)
    if hashlib.sha256(content).hexdigest() != meaning.sha256:
        raise TrainingError(f"that {path} is not the file {MEANING} was written for", "the same bytes", _AGAIN)
    try:
        fitted = _fitted(arrays_of(content), meaning)
    except (ValueError, KeyError, RuntimeError, EOFError, BadZipFile) as error:
        found = f"arrays in {path} that are not those of this model"
        raise TrainingError(found, "weights of the network its settings describe", _AGAIN) from error
    return Trained(fitted, meaning.settings, meaning.data_sha256, meaning.torch)


def _durations(fitted: Model) -> dict[str, float]:
    if isinstance(fitted, SwapFitted):
        return {}
    known = fitted.standardiser
    return {"log_duration_mean": known.log_duration_mean, "log_duration_std": known.log_duration_std}


def _arrays(fitted: Model) -> Arrays:
    if isinstance(fitted, SwapFitted):
        return _named("network", fitted.network)
    statistics = fitted.standardiser
    scale = {"mean_JC": statistics.mean_JC.numpy(), "std_JC": statistics.std_JC.numpy()}
    return {**scale, **_named("autoencoder", fitted.autoencoder), **_named("classifier", fitted.classifier)}


def _named(part: str, model: nn.Module) -> Arrays:
    return {f"{part}.{name}": value.detach().cpu().numpy() for name, value in model.state_dict().items()}


def _fitted(arrays: Arrays, meaning: Meaning) -> Model:
    settings = meaning.settings
    if settings.method == "swaps":
        return SwapFitted(_loaded("network", SwapNet(settings.swaps), arrays))
    if meaning.log_duration_mean is None or meaning.log_duration_std is None:
        raise ValueError("no statistics of the duration")
    mean_JC, std_JC = (torch.from_numpy(arrays[name]) for name in ("mean_JC", "std_JC"))
    standardiser = Standardiser(mean_JC, std_JC, meaning.log_duration_mean, meaning.log_duration_std)
    autoencoder = _loaded("autoencoder", Disentangler(settings.shape), arrays)
    classifier = _loaded("classifier", CodeClassifier(settings.shape), arrays)
    return Fitted(standardiser, autoencoder, classifier)


def _loaded(part: str, model: Network, arrays: Arrays) -> Network:
    state = {name.removeprefix(f"{part}."): value for name, value in arrays.items() if name.startswith(f"{part}.")}
    model.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    return model.eval().requires_grad_(False)


def _meaning(path: Path) -> Meaning:
    content = _bytes(path)
    try:
        meaning = msgspec.json.decode(content, type=Meaning)
        known = msgspec.json.decode(msgspec.json.encode(meaning)) == msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        found = f"that {path} cannot be used ({error})"
        raise TrainingError(found, f"a trained model of schema {SCHEMA}", _AGAIN) from error
    if meaning.schema != SCHEMA or not known:
        found = f"a model of schema {meaning.schema} with other settings than this trainer's in {path}"
        raise TrainingError(found, f"schema {SCHEMA} and its settings", _AGAIN)
    return meaning


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        found = f"that {path} cannot be read ({error.strerror})"
        raise TrainingError(found, "a model written by this trainer", "Train it first, or name its folder.") from error
