"""Synthetic people whose every cell is full: subject x affect x recording x cycle, where the truth is known.

    walkers:30x4x5x20?seed=0&noise=side&day=0.03&strength=0.4

Promises: the same words give the same cycles; subject, affect and recording are true; nothing is kept on disk. Refuses
sizes that are no counts, more affects than there are, and errors it does not know. Where an error model loses more than
a fifth of a cycle's frames the cycle is refused, as on the device, and the cell is short by it.

Recordings of one person in one affect differ as days do (``day``: relative deviation of a person's speed, swing, bounce
and posture from one recording to the next; our choice, 0 leaves them apart only by chance variation and phase), so that
holding out recordings is harder than holding out cycles.

``strength``: how far each affect is from the person's neutral walk, 1 as the walker has it. There a logistic regression
on means and spreads tells the affects of strangers apart without an error; methods can only be compared with less.

``first``: the identity of the first person. The reference bundle was trained on people 0 to 99, so ask about others.

``noise``: ``none``, ``rough`` (``edge.gait.pose_noise``), the name of a view of MediaPipe's measured error
(``edge.gait.pose_error_presets``, blanks as dashes; ``filmed-`` before it adds what only real video showed: feet
exchanged, poses lost), or ``any`` (``filmed-any``): for each recording one of these views.

Shape letters: T time, J landmark, C coordinate.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edge.affect import CLASSES
from edge.errors import TrainingError
from edge.gait.pose_error import spoil
from edge.gait.pose_error_presets import PRESETS, filmed
from edge.gait.pose_error_sizes import PoseError
from edge.gait.pose_noise import mediapipe_like
from edge.gait.settings import GaitSettings
from edge.gait.walker import Walker, contacts, skeletons
from edge.gait.walker_style import Gait, gait_of
from trainer.cut_cycles import Cut, one_cycle
from trainer.cycles import Cycles, Looked, Reading, Refused, joined
from trainer.labels import Label
from trainer.read_spec import Spec, Tell
from trainer.walkers import RATE_HZ, cut_cycle

OPTIONS: Final = frozenset({"seed", "noise", "day", "strength", "first"})
SOURCE: Final = "walker"
_NONE, _ROUGH = "none", "rough"
_VIEWS: Final = {name.replace(" ", "-"): (error,) for name, error in PRESETS.items()} | {"any": tuple(PRESETS.values())}
_FILMED: Final = {f"filmed-{name}": tuple(filmed(error) for error in errors) for name, errors in _VIEWS.items()}
_ERRORS: Final[Mapping[str, tuple[PoseError, ...]]] = _VIEWS | _FILMED
NOISES: Final = (_NONE, _ROUGH, *_ERRORS)
_START_S: Final = 1.0
_MAX_LOST: Final = GaitSettings().max_filled
# How strongly each habit follows the day; cadence varies less than what the limbs do.
_FOLLOWS_THE_DAY: Final = {
    "speed_m_s": 1.0,
    "cadence_spm": 0.5,
    "arm_swing_deg": 2.0,
    "elbow_deg": 2.0,
    "bounce_m": 1.5,
    "sway_m": 1.5,
    "step_width_m": 2.0,
}
_LEANS_WITH_THE_DAY: Final = {"trunk_flexion_deg": 20.0, "neck_flexion_deg": 40.0}
Floats = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Factorial:
    """How many of each, and how they are spoiled; ``affects`` are the first of ``edge.affect.CLASSES``."""

    n_people: int = 30
    n_affects: int = len(CLASSES)
    n_recordings: int = 5
    n_cycles: int = 20
    seed: int = 0
    noise: str = _NONE
    day: float = 0.03
    strength: float = 1.0
    first: int = 0

    def cells(self) -> Iterator[tuple[int, int, int]]:
        """Every person, affect and recording."""
        for who in range(self.first, self.first + self.n_people):
            for affect in range(self.n_affects):
                yield from ((who, affect, recording) for recording in range(self.n_recordings))


def read_walkers(spec: Spec, tell: Tell) -> Reading:
    """Make the people a spec asks for; raises TrainingError."""
    plan = _plan(spec)
    cuts = []
    for done, cell in enumerate(plan.cells(), start=1):
        cuts.append(_recording(plan, *cell))
        tell(done, plan.n_people * plan.n_affects * plan.n_recordings)
    refused = tuple(each for cut in cuts for each in cut.refused)
    return Reading(joined([cut.cycles for cut in cuts]), refused, _told(plan), tuple(cut.looked for cut in cuts))


def factorial_cycles(plan: Factorial) -> Cycles:
    """All cycles of a factorial, in the order of its cells."""
    return joined([_recording(plan, *cell).cycles for cell in plan.cells()])


def _recording(plan: Factorial, who: int, affect: int, recording: int) -> Cut:
    rng = np.random.default_rng((plan.seed, who, affect, recording, 31))
    name = CLASSES[affect]
    gait = _on_a_day(_felt(who, name, plan.strength), plan.day, rng)
    walker = Walker(who, name, seed=int(rng.integers(2**31)), gait=gait)
    right_s = _right_contacts(walker, plan.n_cycles + 1)
    t_s = np.arange(0.0, right_s[-1] + 1.0, 1.0 / RATE_HZ)
    x_TJC, lost_T = _seen(skeletons(walker, t_s), plan.noise, rng)
    key = f"{SOURCE}{who}-{name}-{recording}"
    label = Label(f"{SOURCE}{who}", SOURCE, key, acted=affect)
    kept, refused = [], []
    for number, (start_s, end_s) in enumerate(pairwise(right_s), start=1):
        share = float(lost_T[(t_s >= start_s) & (t_s < end_s)].mean())
        if share > _MAX_LOST:
            refused.append(Refused(f"{key}#{number}", f"the pose was lost for {share:.0%} of it", "cycle"))
            continue
        kept.append(one_cycle(f"{key}#{number}", cut_cycle(x_TJC, t_s, start_s, end_s), end_s - start_s, label))
    looked = Looked(key, SOURCE, RATE_HZ, float(t_s[-1]), len(kept))
    return Cut(joined(kept), tuple(refused), looked)


def _felt(who: int, affect: str, strength: float) -> Gait:
    """The person's gait in this affect, only so far from their neutral one."""
    full, neutral = gait_of(who, affect), gait_of(who, "neutral")
    at = {each.name: (getattr(neutral, each.name), getattr(full, each.name)) for each in fields(Gait)}
    return Gait(**{name: start + strength * (end - start) for name, (start, end) in at.items()})


def _on_a_day(gait: Gait, day: float, rng: np.random.Generator) -> Gait:
    z = dict(zip((*_FOLLOWS_THE_DAY, *_LEANS_WITH_THE_DAY), rng.standard_normal(9).clip(-2.0, 2.0), strict=True))
    scaled = {name: getattr(gait, name) * (1.0 + day * by * z[name]) for name, by in _FOLLOWS_THE_DAY.items()}
    leaned = {name: getattr(gait, name) + day * deg * z[name] for name, deg in _LEANS_WITH_THE_DAY.items()}
    return replace(gait, **scaled, **leaned)


def _right_contacts(walker: Walker, n: int) -> list[float]:
    end_s = _START_S
    found: list[float] = []
    while len(found) < n:
        end_s += 1.1 * (n + 1) * walker.gait.stride_s
        found = [contact.t_s for contact in contacts(walker, _START_S, end_s) if contact.side == "right"]
    return found[:n]


def _seen(x_TJC: Floats, noise: str, rng: np.random.Generator) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """The skeletons as an estimator would tell them, bridged where it lost them, and where it did."""
    lost_T = np.zeros(len(x_TJC), dtype=bool)
    if noise == _NONE:
        return x_TJC, lost_T
    if noise == _ROUGH:
        return mediapipe_like(x_TJC, seed=int(rng.integers(2**31)), rate_hz=RATE_HZ)[0], lost_T
    errors = _ERRORS[noise]
    x_TJC, visibility_TJ = spoil(x_TJC, errors[rng.integers(len(errors))], rng, RATE_HZ)
    lost_T = np.asarray(visibility_TJ.max(axis=1) == 0.0)
    return _bridged(x_TJC, lost_T), lost_T


def _bridged(x_TJC: Floats, lost_T: npt.NDArray[np.bool_]) -> Floats:
    if not lost_T.any() or lost_T.all():
        return x_TJC
    at = np.arange(len(x_TJC))
    seen = at[~lost_T]
    flat = x_TJC.reshape(len(x_TJC), -1)
    columns = [np.interp(at, seen, column[~lost_T]) for column in flat.T]
    return np.stack(columns, axis=1).reshape(x_TJC.shape).astype(x_TJC.dtype)


def _plan(spec: Spec) -> Factorial:
    noise = spec.options.get("noise", _NONE)
    if noise not in NOISES:
        raise TrainingError(f"the noise {noise!r}", f"one of {', '.join(NOISES)}", "Correct ?noise=.")
    n_people, n_affects, n_recordings, n_cycles = _sizes(spec.text)
    seed, day = int(_at_least_zero(spec, "seed", 0.0)), _at_least_zero(spec, "day", Factorial().day)
    strength = _at_least_zero(spec, "strength", Factorial().strength)
    first = int(_at_least_zero(spec, "first", 0.0))
    return Factorial(n_people, n_affects, n_recordings, n_cycles, seed, noise, day, strength, first)


def _told(plan: Factorial) -> str:
    sizes = "x".join(str(n) for n in (plan.n_people, plan.n_affects, plan.n_recordings, plan.n_cycles))
    first = f", people from {plan.first}" if plan.first else ""
    how = f"noise {plan.noise}, day {plan.day:g}, strength {plan.strength:g}{first}"
    return f"synthetic walkers ({sizes}, seed {plan.seed}, {how})"


def _sizes(text: str) -> tuple[int, int, int, int]:
    words = text.split("x") if text else ["30", str(len(CLASSES)), "5", "20"]
    if len(words) == 4 and all(word.isdecimal() and int(word) > 0 for word in words) and int(words[1]) <= len(CLASSES):
        return int(words[0]), int(words[1]), int(words[2]), int(words[3])
    wanted = f"people x affects (at most {len(CLASSES)}) x recordings x cycles, e.g. 30x4x5x20"
    raise TrainingError(f"the factorial {text!r}", wanted, "Write walkers:30x4x5x20.")


def _at_least_zero(spec: Spec, name: str, default: float) -> float:
    given = spec.options.get(name)
    return 0.0 if given == "0" else default if given is None else spec.number(name)
