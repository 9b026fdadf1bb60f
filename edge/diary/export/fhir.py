"""Lines as a FHIR R4B Bundle of Observations, by fhir.resources (extra "export"): for clinical systems.

Promises: one final Observation per line, valence as its value, the rest as components, units in UCUM, the limits as
notes; the device with model, rung and software; what is read back by fhir.resources equals what is written, or nothing
is. Refuses a patient that the exporter did not name.

Choices that the specification (R4B, Observation, Quantity, Range) leaves:
- Nobody knows who walked, and ``subject`` may be left out (0..1). The place is the ``focus``, a Location: "what the
  observation is about, when it is not about the subject of record". Systems that file by patient need a subject; only
  the person who exports can name one (``subject``), and a note says so.
- An interval is a component with a valueRange. ``referenceRange`` is what is usual in a population, which this is not;
  the extension iso21090-uncertainty holds one standard deviation and cannot say an interval that is cut at an end.
- A held-back mood has ``dataAbsentReason`` masked; its counts are a Quantity with the comparator <, which means "<10".
- Identifiers are drawn anew for each export: halls of two homes, or two exports of one, are never taken for one.
"""

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final, NamedTuple

import msgspec
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.codesystem import CodeSystem
from fhir.resources.R4B.device import Device
from fhir.resources.R4B.location import Location
from fhir.resources.R4B.observation import Observation

from edge.diary.export.fhir_codes import (
    ABSENT_REASONS,
    ACT_REASONS,
    CATEGORIES,
    code_system,
    concept,
    foreign,
    quantity,
)
from edge.diary.export.lines import LIMITS, Line, local_time
from edge.diary.trend import KINDS, LEAST_CYCLES
from edge.errors import DiaryError

Resource = dict[str, Any]
_MODELS: Final[dict[str, Any]] = {
    "Bundle": Bundle,
    "CodeSystem": CodeSystem,
    "Device": Device,
    "Location": Location,
    "Observation": Observation,
}
UNNAMED: Final = "No subject: it cannot be known who walked."
NAMED: Final = "The subject was named by the person who exported; it cannot be known who walked."


class About(NamedTuple):
    """What is true of a whole export; ``seed`` makes its identifiers."""

    kind: str
    software: str
    exported: datetime
    seed: uuid.UUID
    subject: str | None = None


def fhir_bytes(lines: Sequence[Line], zone: tzinfo | None, about: About) -> bytes:
    """The whole file, proven. Raises DiaryError where fhir.resources does not take it, or reads something else."""
    entries = [
        {"fullUrl": _urn(about, name), "resource": _proven(item)} for name, item in _resources(lines, zone, about)
    ]
    envelope: Resource = {
        "resourceType": "Bundle",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": about.seed.urn},
        "type": "collection",
        "timestamp": _instant(about.exported),
    }
    _proven(envelope)
    return msgspec.json.encode(envelope | {"entry": entries})


def _proven(resource: Resource) -> msgspec.Raw:
    """Its JSON, once the library has taken it and says it back. One by one: a year in one piece takes gigabytes."""
    text = msgspec.json.encode(resource)
    try:
        back = _MODELS[resource["resourceType"]].model_validate_json(text).model_dump_json()
    except ValueError as error:
        raise _not_fhir(str(error).splitlines()[0]) from None
    if msgspec.json.decode(back) != msgspec.json.decode(text):
        raise _not_fhir("a resource that reads back as another")
    return msgspec.Raw(text)


def _not_fhir(what: str) -> DiaryError:
    return DiaryError(f"no valid FHIR R4B ({what})", "a bundle that fhir.resources takes", "Nothing was written.")


def _resources(lines: Sequence[Line], zone: tzinfo | None, about: About) -> Iterator[tuple[str, Resource]]:
    """Each with the name that its identifier is made of."""
    yield "codes", code_system()
    for maker, line in {_maker(line): line for line in lines}.items():
        yield _device_name(maker), _device(line, about)
    for place in dict.fromkeys(line.place for line in lines):
        yield f"place {place}", _location(place)
    for line in lines:
        yield f"{line.place} {line.start_s}", _observation(line, zone, about)


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _urn(about: About, name: str) -> str:
    return uuid.uuid5(about.seed, name).urn


def _maker(line: Line) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return line.model_ids, line.rungs


def _device_name(maker: tuple[tuple[str, ...], tuple[str, ...]]) -> str:
    return f"device {maker!r}"


def _device(line: Line, about: About) -> Resource:
    models = [{"type": {"text": "model bundle"}, "value": model} for model in line.model_ids]
    return {
        "resourceType": "Device",
        "status": "active",
        "deviceName": [{"name": "Quietstep", "type": "model-name"}],
        "version": [{"type": {"text": "software"}, "value": about.software}, *models],
        "property": [
            {
                "type": {"text": "rung (the runtime that computed it)"},
                "valueCode": [{"text": rung} for rung in line.rungs],
            }
        ],
        "note": [{"text": "Not a medical device."}],
    }


def _location(place: str) -> Resource:
    return {"resourceType": "Location", "mode": "instance", "name": place}


def _observation(line: Line, zone: tzinfo | None, about: About) -> Resource:
    ends = (("start", line.start_s), ("end", line.end_s))
    resource: Resource = {
        "resourceType": "Observation",
        "status": "final",
        "category": [foreign(CATEGORIES, "activity", "Activity") | {"text": "mood trend of a place"}],
        "code": concept("mood-trend-valence"),
        "focus": [{"reference": _urn(about, f"place {line.place}"), "display": line.place}],
        "effectivePeriod": {name: _instant(local_time(t_s, zone)) for name, t_s in ends},
        "device": {"reference": _urn(about, _device_name(_maker(line)))},
        "note": [{"text": text} for text in (*LIMITS, NAMED if about.subject else UNNAMED)],
        "component": _components(line),
    }
    if about.subject:
        resource["subject"] = {"reference": about.subject}
    if about.kind == "demo":
        resource["meta"] = {"security": foreign(ACT_REASONS, "HTEST", "test health data")["coding"]}
    return resource | _value(line.valence, "{score}", line)


def _components(line: Line) -> list[Resource]:
    measured = [
        ("arousal", line.arousal, "{score}"),
        *((f"share-{name}", getattr(line, f"p_{name}"), "1") for name in ("angry", "happy", "neutral", "sad")),
        ("share-abstained", line.share_abstained, "1"),
    ]
    components = [
        {"code": concept("valence-interval-95")} | _range(line.valence_low, line.valence_high, line),
        {"code": concept("arousal-interval-95")} | _range(line.arousal_low, line.arousal_high, line),
        *({"code": concept(code)} | _value(value, unit, line) for code, value, unit in measured),
        {"code": concept("n-walks")} | _count(line.n_walks, "{walks}", line),
        {"code": concept("n-cycles")} | _count(line.n_cycles, "{cycles}", line),
    ]
    known = [
        *((f"minutes-{kind.replace('_', '-')}", getattr(line, f"minutes_{kind}"), "min") for kind in KINDS),
        ("share-watched", line.coverage, "1"),
        ("buckets-told", line.n_told, "{buckets}"),
        ("buckets-held-back", line.n_held_back, "{buckets}"),
    ]
    return components + [{"code": concept(code), "valueQuantity": quantity(n, unit)} for code, n, unit in known]


def _value(value: float | None, unit: str, line: Line) -> Resource:
    return _absent(line) if value is None else {"valueQuantity": quantity(value, unit)}


def _range(low: float | None, high: float | None, line: Line) -> Resource:
    if low is None or high is None:
        return _absent(line)
    return {"valueRange": {"low": quantity(low, "{score}"), "high": quantity(high, "{score}")}}


def _count(count: int | str | None, unit: str, line: Line) -> Resource:
    if isinstance(count, str):
        return {"valueQuantity": quantity(LEAST_CYCLES, unit) | {"comparator": "<"}}
    return _value(count, unit, line)


def _absent(line: Line) -> Resource:
    return {"dataAbsentReason": foreign(ABSENT_REASONS, *_why_absent(line))}


def _why_absent(line: Line) -> tuple[str, str]:
    """Held back where one person was in view; else what kept it from being seen."""
    if line.minutes_observed:
        return "masked", "Masked"
    if line.minutes_unusable + line.minutes_fault > line.n_minutes / 2:
        return "error", "Error"
    return "not-performed", "Not Performed"
