"""The codes of a FHIR export: our own, because LOINC and SNOMED CT have none for a mood trend that walking shows.

Promises: each code has a display and a definition, and the bundle carries the CodeSystem, so that a reader needs
nothing from elsewhere. The system's name is a UUID as a URN: it is nobody's web address and claims nobody's domain.
Refuses a code that is not in `MEANINGS`.
"""

from typing import Any, Final

from edge.diary.trend import KINDS

SYSTEM: Final = "urn:uuid:6e0c1c0f-2f7b-4a52-9d7e-5b8d3b7f51d4"
UCUM: Final = "http://unitsofmeasure.org"
CATEGORIES: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
ABSENT_REASONS: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
ACT_REASONS: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"

_BOOKED: Final = {
    "observed": "one person in view",
    "several_people": "several people in view, whose gait is in no mood",
    "nobody": "nobody in view",
    "unusable": "pictures that could not be used",
    "paused": "paused by the household",
    "fault": "something was broken",
}
_SHARES: Final = ("angry", "happy", "neutral", "sad")

MEANINGS: Final[dict[str, str]] = {
    "mood-trend-valence": "Valence of the mood that walking at a place looked like, -1 to 1 (Russell & Mehrabian 1977)",
    "valence-interval-95": "95 % interval of the valence",
    "arousal": "Arousal, -1 to 1, beside the valence",
    "arousal-interval-95": "95 % interval of the arousal",
    **{f"share-{name}": f"Share of what was seen that looked like acted {name} walks" for name in _SHARES},
    "share-abstained": "Share of the gait cycles that the model did not judge",
    "n-walks": "Walks, rounded to 5",
    "n-cycles": "Gait cycles, rounded to 5",
    **{f"minutes-{kind.replace('_', '-')}": f"Minutes: {_BOOKED[kind]}" for kind in KINDS},
    "share-watched": "Coverage: share of all minutes in which somebody would have been seen",
    "buckets-told": "Buckets that tell a mood",
    "buckets-held-back": "Buckets with somebody in view whose mood is held back",
}


def concept(code: str) -> dict[str, Any]:
    """A CodeableConcept of our own."""
    return {"coding": [{"system": SYSTEM, "code": code, "display": MEANINGS[code]}], "text": MEANINGS[code]}


def foreign(system: str, code: str, display: str) -> dict[str, Any]:
    """A CodeableConcept of HL7's."""
    return {"coding": [{"system": system, "code": code, "display": display}]}


def quantity(value: float, code: str) -> dict[str, Any]:
    """A Quantity in a UCUM unit; curly braces are an annotation on the unit 1."""
    return {"value": value, "unit": code.strip("{}"), "system": UCUM, "code": code}


def code_system() -> dict[str, Any]:
    """The CodeSystem resource that goes with the bundle."""
    concepts = [{"code": code, "display": meaning} for code, meaning in MEANINGS.items()]
    return {
        "resourceType": "CodeSystem",
        "url": SYSTEM,
        "name": "QuietstepMoodTrend",
        "title": "Mood trend of a place, from gait. Not LOINC: none of its codes fits.",
        "status": "active",
        "content": "complete",
        "count": len(concepts),
        "concept": concepts,
    }
