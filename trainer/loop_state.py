"""Everything that changes in a training loop, to bytes and back: arrays in an ``.npz``, nothing is unpickled.

Kept are the weights and batch statistics, the optimiser's moments, the learning rates, the gradient scale, the
generator that draws the batches, and the torch generator of every rank.

Promises: a loop that was put back does what the kept one would have done, to the bit. Refuses bytes that are cut
short, changed, or of another network or number of ranks: ``is_state_of`` says no.

Shape letters: R rank.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from zipfile import BadZipFile

import msgspec
import numpy as np
import torch
from torch import Tensor, nn

from trainer.array_file import Arrays, array_bytes, arrays_of
from trainer.place import Place

_MEANING: Final = "meaning"
_MODEL, _MOMENT, _TORCH = "model.", "moment.", "torch."
_GENERATOR: Final = "PCG64"


@dataclass(frozen=True, slots=True)
class Loop:
    """What changes from epoch to epoch."""

    model: nn.Module
    optimiser: torch.optim.Optimizer
    rng: np.random.Generator
    scaler: torch.amp.GradScaler
    schedule: torch.optim.lr_scheduler.LRScheduler | None = None

    def step(self, loss: Tensor) -> None:
        """One step of the optimiser down ``loss``."""
        self.optimiser.zero_grad()
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimiser)
        self.scaler.update()


class _Dice(msgspec.Struct, frozen=True):
    """A PCG64 generator; its 128-bit numbers in hexadecimal."""

    state: str
    inc: str
    has_uint32: int
    uinteger: int


class _Meaning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What of a state is no array."""

    n_done: int
    learning_rates: list[float]
    dice: _Dice
    scale: float
    growth: int


def state_bytes(loop: Loop, n_done: int, place: Place) -> bytes:
    """The state of ``loop`` after ``n_done`` epochs; every rank must call it."""
    scaler = loop.scaler.state_dict()
    meaning = _Meaning(
        n_done=n_done,
        learning_rates=[float(group["lr"]) for group in loop.optimiser.param_groups],
        dice=_dice(loop.rng),
        scale=scaler.get("scale", 1.0),
        growth=scaler.get("_growth_tracker", 0),
    )
    text = np.frombuffer(msgspec.json.encode(meaning), np.uint8)
    arrays = {name: value.detach().cpu().numpy() for name, value in _tensors(loop)}
    thrown = {name: place.gathered(value).numpy() for name, value in _torch_dice(place).items()}
    return array_bytes({_MEANING: text, **arrays, **thrown})


def is_state_of(content: bytes, loop: Loop, place: Place) -> bool:
    """Whether ``content`` is a whole state of a loop like this one, on as many ranks."""
    try:
        arrays = arrays_of(content)
        _meaning(arrays)
        thrown = [arrays[name].shape[0] for name in _torch_dice(place)]
    except (ValueError, KeyError, EOFError, BadZipFile, msgspec.DecodeError, UnicodeDecodeError):
        return False
    wanted = {name: tuple(value.shape) for name, value in loop.model.state_dict().items()}
    return thrown == [place.n_ranks] * len(thrown) and wanted == {
        name: value.shape for name, value in _below(_MODEL, arrays).items()
    }


def put_back(content: bytes, loop: Loop, place: Place) -> int:
    """Make ``loop`` and torch's generator what they were; the number of epochs done. For what ``is_state_of``."""
    arrays = arrays_of(content)
    meaning = _meaning(arrays)
    loop.model.load_state_dict({name: torch.from_numpy(value) for name, value in _below(_MODEL, arrays).items()})
    groups = loop.optimiser.state_dict()["param_groups"]
    loop.optimiser.load_state_dict({"param_groups": groups, "state": _moments(arrays)})
    _put_back_rates(loop, meaning)
    _throw_on(loop.rng, meaning.dice)
    torch.set_rng_state(torch.from_numpy(arrays[f"{_TORCH}cpu"][place.rank]))
    if place.device == "cuda":
        torch.cuda.set_rng_state(torch.from_numpy(arrays[f"{_TORCH}cuda"][place.rank]))
    return meaning.n_done


def _put_back_rates(loop: Loop, meaning: _Meaning) -> None:
    for group, rate in zip(loop.optimiser.param_groups, meaning.learning_rates, strict=True):
        group["lr"] = rate
    if loop.schedule is not None:
        counts = {"last_epoch": meaning.n_done, "_step_count": meaning.n_done + 1}
        loop.schedule.load_state_dict(counts | {"_last_lr": list(meaning.learning_rates)})
    if loop.scaler.is_enabled():
        changed = {"scale": meaning.scale, "_growth_tracker": meaning.growth}
        loop.scaler.load_state_dict(loop.scaler.state_dict() | changed)


def _tensors(loop: Loop) -> Iterator[tuple[str, Tensor]]:
    for name, value in loop.model.state_dict().items():
        yield f"{_MODEL}{name}", value
    for at, moments in loop.optimiser.state_dict()["state"].items():
        yield from ((f"{_MOMENT}{at}.{name}", value) for name, value in moments.items())


def _moments(arrays: Arrays) -> dict[int, dict[str, Tensor]]:
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in _below(_MOMENT, arrays).items():
        at, name = key.split(".", 1)
        state.setdefault(int(at), {})[name] = torch.from_numpy(value)
    return state


def _meaning(arrays: Arrays) -> _Meaning:
    return msgspec.json.decode(arrays[_MEANING].tobytes(), type=_Meaning)


def _below(prefix: str, arrays: Arrays) -> dict[str, Any]:
    return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}


def _torch_dice(place: Place) -> Mapping[str, Tensor]:
    states = {f"{_TORCH}cpu": torch.get_rng_state()}
    return states | ({f"{_TORCH}cuda": torch.cuda.get_rng_state()} if place.device == "cuda" else {})


def _dice(rng: np.random.Generator) -> _Dice:
    state: Any = rng.bit_generator.state
    inner = state["state"]
    return _Dice(f"{inner['state']:x}", f"{inner['inc']:x}", state["has_uint32"], state["uinteger"])


def _throw_on(rng: np.random.Generator, dice: _Dice) -> None:
    rng.bit_generator.state = {
        "bit_generator": _GENERATOR,
        "state": {"state": int(dice.state, 16), "inc": int(dice.inc, 16)},
        "has_uint32": dice.has_uint32,
        "uinteger": dice.uinteger,
    }
