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
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any, Final, NamedTuple

from fhir.resources.R4B.bundle import Bundle

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
    try:
        bundle = Bundle.model_validate(_bundle(lines, zone, about))
        text: str = bundle.model_dump_json()
        same = Bundle.model_validate_json(text).model_dump_json() == text
    except ValueError as error:
        raise _not_fhir(str(error).splitlines()[0]) from None
    if not same:
        raise _not_fhir("a bundle that reads back as another")
    return text.encode()


def _not_fhir(what: str) -> DiaryError:
    return DiaryError(f"no valid FHIR R4B ({what})", "a bundle that fhir.resources takes", "Nothing was written.")


def _bundle(lines: Sequence[Line], zone: tzinfo | None, about: About) -> Resource:
    devices = {_maker(line): _device(line, about) for line in lines}
    places = {line.place: _location(line.place) for line in lines}
    entries = [("codes", code_system())]
    entries += [(_device_name(maker), device) for maker, device in devices.items()]
    entries += [(f"place {place}", location) for place, location in places.items()]
    entries += [(f"{line.place} {line.start_s}", _observation(line, zone, about)) for line in lines]
    return {
        "resourceType": "Bundle",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": about.seed.urn},
        "type": "collection",
        "timestamp": about.exported,
        "entry": [{"fullUrl": _urn(about, name), "resource": resource} for name, resource in entries],
    }


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
    resource: Resource = {
        "resourceType": "Observation",
        "status": "final",
        "category": [foreign(CATEGORIES, "activity", "Activity") | {"text": "mood trend of a place"}],
        "code": concept("mood-trend-valence"),
        "focus": [{"reference": _urn(about, f"place {line.place}"), "display": line.place}],
        "effectivePeriod": {"start": local_time(line.start_s, zone), "end": local_time(line.end_s, zone)},
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
