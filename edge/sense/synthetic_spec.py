"""The options of a synthetic camera, read from ``synthetic:name=value,name=value``.

Promises: every option has a default; the text alone decides everything the camera will show. Refuses, with
CameraError naming the option: unknown names, values that cannot be read, values out of range.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edge.errors import CameraError
from edge.gait.walker import AFFECTS

PREFIX = "synthetic"
PATHS = ("treadmill", "cross", "turn")
VIEWS_DEG = {"side": 90.0, "oblique": 55.0, "frontal": 0.0, "back": 180.0}
LARGEST_CROWD = 4


@dataclass(frozen=True, slots=True)
class SyntheticSpec:
    """What a synthetic camera shows.

    Attributes:
        identity: the first person; the others are the next numbers.
        affect: how they walk, one of the four classes.
        view: `side`, `oblique` (turned 35 degrees from the side toward the front), `frontal`, `back`, or degrees
            between walking direction and line of sight.
        path: `treadmill` (the camera moves along), `cross` (through the picture, away for `wait` seconds, and
            back the other way) or `turn` (there and back in the picture, with turns).
        people: 0 (an empty room) to 4; on `cross` every second one comes from the other side.
        rate: pictures a second.
        seed: which walk of these people.
        seconds: length; 0 goes on for ever.
        wait: seconds nobody is there between two crossings.
        distance: metres from the eye to the walking line; 0 takes a sensible one.
        dark: `yes` for a room at night.
        vanish: the camera is lost after so many seconds (0: never).
        live: `yes` to keep the pace of the clock and skip pictures when late; `auto` is yes for endless ones.
    """

    identity: int = 0
    affect: str = "neutral"
    view: float = VIEWS_DEG["side"]
    path: str = "treadmill"
    people: int = 1
    rate: float = 30.0
    seed: int = 0
    seconds: float = 0.0
    wait: float = 3.0
    distance: float = 0.0
    dark: bool = False
    vanish: float = 0.0
    live: bool = True

    @property
    def distance_m(self) -> float:
        """How far the walking line is from the eye."""
        return self.distance or (2.7 if self.path == "treadmill" else 4.2)


def parse(text: str) -> SyntheticSpec:
    """Read the options; raises CameraError with the option that is wrong."""
    prefix, _, rest = text.partition(":")
    if prefix != PREFIX:
        raise CameraError(f"source {prefix!r}", f"{PREFIX}: and options", "Mend the name of the source.")
    given: dict[str, object] = {}
    for part in filter(None, (piece.strip() for piece in rest.split(","))):
        name, _, value = part.partition("=")
        if name not in _READERS:
            raise _wrong(name, value, f"one of {', '.join(_READERS)}", "name")
        if name in given:
            raise _wrong(name, value, "each option once", "name")
        given[name] = _READERS[name](name, value)
    if given.get("live") is None:
        given["live"] = not given.get("seconds")
    return SyntheticSpec(**given)  # type: ignore[arg-type]


def _wrong(name: str, value: str, wanted: str, what: str = "value") -> CameraError:
    found = f"synthetic camera option {name}={value}" if value else f"synthetic camera option {name!r}"
    return CameraError(found, f"{name} to be {wanted}" if what == "value" else wanted, "Mend this option.")


def _number(low: float, high: float, whole: bool = False) -> Callable[[str, str], float]:
    kind = "a whole number" if whole else "a number"

    def read(name: str, value: str) -> float:
        try:
            number = int(value) if whole else float(value)
        except ValueError:
            raise _wrong(name, value, f"{kind} from {low:g} to {high:g}") from None
        if not low <= number <= high:
            raise _wrong(name, value, f"{kind} from {low:g} to {high:g}")
        return number

    return read


def _choice(*names: str) -> Callable[[str, str], str]:
    def read(name: str, value: str) -> str:
        if value not in names:
            raise _wrong(name, value, f"one of {', '.join(names)}")
        return value

    return read


def _view(name: str, value: str) -> float:
    if value in VIEWS_DEG:
        return VIEWS_DEG[value]
    try:
        return _number(-180, 180)(name, value)
    except CameraError:
        wanted = f"one of {', '.join(VIEWS_DEG)} or degrees from -180 to 180"
        raise _wrong(name, value, wanted) from None


def _yes(name: str, value: str) -> bool:
    return _choice("no", "yes")(name, value) == "yes"


def _live(name: str, value: str) -> bool | None:
    return {"no": False, "yes": True, "auto": None}[_choice("no", "yes", "auto")(name, value)]


_READERS: dict[str, Callable[[str, str], object]] = {
    "identity": _number(0, 1_000_000, whole=True),
    "affect": _choice(*AFFECTS),
    "view": _view,
    "path": _choice(*PATHS),
    "people": _number(0, LARGEST_CROWD, whole=True),
    "rate": _number(1, 240),
    "seed": _number(0, 1_000_000_000, whole=True),
    "seconds": _number(0, 1_000_000),
    "wait": _number(0, 3600),
    "distance": _number(1.5, 12),
    "dark": _yes,
    "vanish": _number(0, 1_000_000),
    "live": _live,
}
