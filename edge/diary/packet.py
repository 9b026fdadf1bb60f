"""What may leave a home: one randomised answer to one of five questions about one week or day. Pure.

Promises: a packet is what stands in `Packet` and nothing else; `decode_packet` takes the bytes of `encode_packet` and
no others, so whoever gathers packets can trust their form (never their truth). `mean_of` says what many packets tell,
with an interval that is never narrower than the randomness allows. Refuses place, person, home and any finer time:
there is no field for them. A packet's id is made for it alone, so that one received twice counts once; it does not
tell which packets come from one home.

Which question is asked is drawn without looking at the diary, each of the five as often. The answer's number, clipped
to the question's fixed range, becomes a bit that is 1 as often as the number lies high in its range (the bit's
expectation *is* the number), and the bit is told truly with probability e^epsilon / (1 + e^epsilon), else turned over.
This is randomised response (Warner 1965) of a rounded number, near the least error that any such answer can have for
epsilon up to about 1 (Duchi, Jordan & Wainwright 2018), and one question for each packet because sharing epsilon out
over several is worth it only from epsilon 5 on (Wang et al. 2019, ICDE).
"""

import math
from collections.abc import Iterable
from typing import Annotated, Final, Literal, NamedTuple, get_args

import msgspec

from edge.affect import COORDINATES_KD
from edge.diary.period import period_of
from edge.errors import SharingError

Question = Literal["valence", "arousal", "told", "watched", "abstained"]
QUESTIONS: Final[tuple[Question, ...]] = get_args(Question)
LARGEST_BYTES: Final = 1024
EPSILON_MOST: Final = 2.0


class Range(NamedTuple):
    """Lowest and highest number an answer can stand for."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """High minus low."""
        return self.high - self.low


_LOW_D, _HIGH_D = COORDINATES_KD.min(axis=0), COORDINATES_KD.max(axis=0)
RANGES: Final[dict[Question, Range]] = {
    "valence": Range(float(_LOW_D[0]), float(_HIGH_D[0])),
    "arousal": Range(float(_LOW_D[1]), float(_HIGH_D[1])),
    "told": Range(0.0, 1.0),
    "watched": Range(0.0, 1.0),
    "abstained": Range(0.0, 1.0),
}
"""Fixed and public. Valence and arousal of any posterior lie between those of the four classes. A period that tells no
mood answers 0 to valence, arousal, told and abstained: the mean mood of those that tell is valence / told."""


class Packet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One answer. ``epsilon`` is OpenDP's own figure for this very packet; ``period`` an ISO week or a date.

    ``model_id`` is the committed model, id and version (public; the same for all homes of a ring once its rollout is
    whole); moods of another model count as untold.
    """

    schema_version: Literal[1]
    packet_id: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
    period: Annotated[str, msgspec.Meta(max_length=10)]
    model_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    question: Question
    answer: bool
    epsilon: Annotated[float, msgspec.Meta(gt=0.0, le=EPSILON_MOST)]


class Mean(NamedTuple):
    """A mean over homes with the half width of its 95 % interval, and of how many answers it is."""

    mean: float
    half: float
    n: int


def encode_packet(packet: Packet) -> bytes:
    """The bytes of a packet: one line of JSON."""
    return msgspec.json.encode(packet) + b"\n"


def decode_packet(data: bytes) -> Packet:
    """The packet in ``data``; SharingError for anything that `encode_packet` does not write."""
    found, wanted = "", "one line of JSON as `quietstep share` writes it"
    try:
        packet = msgspec.json.decode(data[: LARGEST_BYTES + 1], type=Packet)
        period_of(packet.period)
        if encode_packet(packet) == data:
            return packet
        found = "a packet in another spelling"
    except (msgspec.DecodeError, UnicodeDecodeError) as error:  # the latter for a key that is not UTF-8
        found = f"no packet ({error})"
    except SharingError as error:
        found = f"a packet with {error.found}"
    raise SharingError(found, wanted, "Leave it out.")


def truth_probability(epsilon: float) -> float:
    """How often an answer is the drawn bit itself."""
    return 1.0 / (1.0 + math.exp(-epsilon))


def estimate(packet: Packet) -> float:
    """The number that one packet stands for: right on average, and far outside the range each time."""
    p = truth_probability(packet.epsilon)
    low, high = RANGES[packet.question]
    return low + (high - low) * (packet.answer - (1 - p)) / (2 * p - 1)


def half_width(question: Question, epsilon: float, n_answers: float = 1.0) -> float:
    """Half the 95 % interval of a mean of that many answers, at its widest (a true bit as likely as not)."""
    spread = RANGES[question].width / (2 * (2 * truth_probability(epsilon) - 1))
    return Z95 * spread / math.sqrt(n_answers)


Z95: Final = 1.959963984540054


def mean_of(packets: Iterable[Packet], question: Question) -> Mean | None:
    """The mean over all that were asked this; None of none.

    Weighted by 1 / half width squared, so homes of any epsilon go together. The interval takes each answer at its
    widest, which covers the difference between homes, too. Below some thirty answers the normal interval is rough.
    """
    asked = [packet for packet in packets if packet.question == question]
    if not asked:
        return None
    weights = [half_width(question, packet.epsilon) ** -2 for packet in asked]
    mean = sum(w * estimate(packet) for w, packet in zip(weights, asked, strict=True)) / sum(weights)
    return Mean(mean, sum(weights) ** -0.5, len(asked))
