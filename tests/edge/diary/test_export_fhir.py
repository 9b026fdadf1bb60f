"""A FHIR export says what the row says, keeps the specification's rules, and names nobody that it does not know."""

import uuid
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.observation import Observation

from edge.diary.export import fhir, fhir_codes
from edge.diary.export.fhir import About, fhir_bytes
from edge.diary.export.fhir_codes import MEANINGS, SYSTEM
from edge.diary.export.lines import lines_of
from edge.diary.trend import FEW, KINDS, TrendRow
from edge.errors import DiaryError

SUNDAY_S = 1_792_886_400  # 2026-10-25T00:00Z
BERLIN = ZoneInfo("Europe/Berlin")
ABOUT = About("home", "0.1.0", datetime(2026, 11, 1, tzinfo=UTC), uuid.UUID(int=7))
COMPARATORS = {"<", "<=", ">=", ">"}


def row(
    hour: int, *, told: bool = True, place: str = "hall", model_id: str = "reference-2", **minutes: int
) -> TrendRow:
    values: dict[str, Any] = {"p_angry": 0.1, "p_happy": 0.4, "p_neutral": 0.3, "p_sad": 0.2, "share_abstained": 0.1}
    values |= {"valence": 0.15, "valence_low": -0.05, "valence_high": 0.35}
    values |= {"arousal": 0.2, "arousal_low": 0.11, "arousal_high": 0.31}
    counts: dict[str, Any] = {"n_walks": 5, "n_cycles": 40}
    if not told:
        values, counts = dict.fromkeys(values), {"n_walks": FEW, "n_cycles": FEW}
    booked = dict.fromkeys((f"minutes_{kind}" for kind in KINDS), 0) | (
        minutes or {"minutes_observed": 12, "minutes_paused": 48}
    )
    head = {"bucket_start_s": SUNDAY_S + 3600 * hour, "bucket_length_s": 3600, "place": place, "rung": "cpu"}
    return TrendRow(**(head | booked | counts | values | {"model_id": model_id}))


def bundle_of(rows: list[TrendRow], about: About = ABOUT, by: Any = "hour") -> dict[str, Any]:
    answer: dict[str, Any] = msgspec.json.decode(fhir_bytes(lines_of(rows, by, BERLIN), BERLIN, about))
    return answer


def of_type(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def code_of(resource: dict[str, Any]) -> str:
    (coding,) = resource["code"]["coding"]
    assert coding["system"] == SYSTEM
    return str(coding["code"])


def said(observation: dict[str, Any]) -> dict[str, Any]:
    """What an observation and its components say, by code."""
    answer = {}
    for resource in (observation, *observation["component"]):
        if "dataAbsentReason" in resource:
            answer[code_of(resource)] = resource["dataAbsentReason"]["coding"][0]["code"]
        elif "valueRange" in resource:
            answer[code_of(resource)] = tuple(resource["valueRange"][end]["value"] for end in ("low", "high"))
        else:
            value = resource["valueQuantity"]
            answer[code_of(resource)] = (value.get("comparator", "") + str(value["value"]), value["code"])
    return answer


MINUTES = {f"minutes-{kind.replace('_', '-')}": ("0", "min") for kind in KINDS}


def test_an_hour_that_tells() -> None:
    bundle = bundle_of([row(0)])
    (observation,) = of_type(bundle, "Observation")
    assert said(observation) == MINUTES | {
        "mood-trend-valence": ("0.15", "{score}"),
        "valence-interval-95": (-0.05, 0.35),
        "arousal": ("0.2", "{score}"),
        "arousal-interval-95": (0.11, 0.31),
        "share-angry": ("0.1", "1"),
        "share-happy": ("0.4", "1"),
        "share-neutral": ("0.3", "1"),
        "share-sad": ("0.2", "1"),
        "share-abstained": ("0.1", "1"),
        "n-walks": ("5", "{walks}"),
        "n-cycles": ("40", "{cycles}"),
        "minutes-observed": ("12", "min"),
        "minutes-paused": ("48", "min"),
        "share-watched": ("0.2", "1"),
        "buckets-told": ("1", "{buckets}"),
        "buckets-held-back": ("0", "{buckets}"),
    }
    assert observation["status"] == "final"
    assert observation["effectivePeriod"] == {"start": "2026-10-25T02:00:00+02:00", "end": "2026-10-25T02:00:00+01:00"}
    assert any("not a diagnosis" in note["text"] for note in observation["note"])
    assert any("belongs to a place" in note["text"] for note in observation["note"])


def test_an_hour_that_is_held_back_is_masked_and_its_counts_are_below_ten() -> None:
    (observation,) = of_type(bundle_of([row(0, told=False)]), "Observation")
    answers = said(observation)
    assert {code for code, answer in answers.items() if answer == "masked"} == {
        *("mood-trend-valence", "valence-interval-95", "arousal", "arousal-interval-95", "share-abstained"),
        *("share-angry", "share-happy", "share-neutral", "share-sad"),
    }
    assert answers["n-walks"] == ("<10", "{walks}")
    assert answers["minutes-observed"] == ("12", "min")


@pytest.mark.parametrize(
    ("minutes", "reason"),
    [
        ({"minutes_nobody": 60}, "not-performed"),
        ({"minutes_paused": 60}, "not-performed"),
        ({"minutes_several_people": 60}, "not-performed"),
        ({"minutes_fault": 40, "minutes_nobody": 20}, "error"),
        ({"minutes_unusable": 60}, "error"),
        ({"minutes_fault": 59, "minutes_observed": 1}, "masked"),
    ],
)
def test_why_a_mood_is_absent(minutes: dict[str, int], reason: str) -> None:
    (observation,) = of_type(bundle_of([row(0, told=False, **minutes)]), "Observation")
    assert said(observation)["mood-trend-valence"] == reason


def test_nobody_is_named_unless_the_exporter_names_somebody() -> None:
    (observation,) = of_type(bundle_of([row(0)]), "Observation")
    assert "subject" not in observation
    assert observation["note"][-1]["text"] == fhir.UNNAMED
    (observation,) = of_type(bundle_of([row(0)], ABOUT._replace(subject="Patient/9")), "Observation")
    assert observation["subject"] == {"reference": "Patient/9"}
    assert observation["note"][-1]["text"] == fhir.NAMED


def test_device_and_place_are_in_the_bundle_and_every_reference_leads_there() -> None:
    rows = [row(0), row(1, place="stairs"), row(2, model_id="reference-3")]
    bundle = bundle_of(rows)
    urls = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    assert len(urls) == len(bundle["entry"])
    for observation, own in zip(of_type(bundle, "Observation"), rows, strict=True):
        device = urls[observation["device"]["reference"]]
        assert [version["value"] for version in device["version"]] == ["0.1.0", own.model_id]
        assert device["property"][0]["valueCode"] == [{"text": "cpu"}]
        (focus,) = observation["focus"]
        assert urls[focus["reference"]]["name"] == own.place
    assert len(of_type(bundle, "Device")) == len(of_type(bundle, "Location")) == 2


def test_a_day_of_two_models_names_both() -> None:
    bundle = bundle_of([row(0), row(1, model_id="reference-3")], by="day")
    (device,) = of_type(bundle, "Device")
    assert [version["value"] for version in device["version"]] == ["0.1.0", "reference-2", "reference-3"]


def test_two_exports_have_no_identifier_in_common() -> None:
    one, other = bundle_of([row(0)]), bundle_of([row(0)], ABOUT._replace(seed=uuid.UUID(int=8)))
    assert not {e["fullUrl"] for e in one["entry"]} & {e["fullUrl"] for e in other["entry"]}
    assert one["identifier"] != other["identifier"]


def test_a_demonstration_is_labelled_as_test_data() -> None:
    (observation,) = of_type(bundle_of([row(0)], ABOUT._replace(kind="demo")), "Observation")
    assert observation["meta"]["security"][0]["code"] == "HTEST"
    (observation,) = of_type(bundle_of([row(0)]), "Observation")
    assert "meta" not in observation


def test_rules_of_the_specification_that_the_library_does_not_check() -> None:
    """obs-6, obs-7, rng-2, the comparator's value set and bdl-7; every code that is used is in the CodeSystem."""
    bundle = bundle_of([row(n, told=n % 2 == 0, place=place) for n in range(4) for place in ("hall", "stairs")])
    (system,) = of_type(bundle, "CodeSystem")
    known = {item["code"] for item in system["concept"]}
    assert known == set(MEANINGS)
    assert system["count"] == len(known)
    for observation in of_type(bundle, "Observation"):
        parts = (observation, *observation["component"])
        for part in parts:
            values = [name for name in part if name.startswith("value")]
            assert len(values) + ("dataAbsentReason" in part) == 1
        assert code_of(observation) not in {code_of(part) for part in observation["component"]}
        assert {code_of(part) for part in parts} == known
        quantities = [part["valueQuantity"] for part in parts if "valueQuantity" in part]
        assert {q["comparator"] for q in quantities if "comparator" in q} <= COMPARATORS
        for part in (part["valueRange"] for part in parts if "valueRange" in part):
            assert part["low"]["value"] <= part["high"]["value"]
            assert "comparator" not in part["low"]
    assert len({entry["fullUrl"] for entry in bundle["entry"]}) == len(bundle["entry"])


def test_what_the_library_refuses_is_never_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fhir, "concept", lambda code: {"coding": [{"systm": fhir_codes.SYSTEM, "code": code}]})
    with pytest.raises(DiaryError, match="no valid FHIR R4B"):
        bundle_of([row(0)])


def test_it_is_read_back_by_the_library_to_the_same_moments() -> None:
    content = fhir_bytes(lines_of([row(0), row(1)], "hour", BERLIN), BERLIN, ABOUT)
    bundle = Bundle.model_validate_json(content)
    observations = [entry.resource for entry in bundle.entry if isinstance(entry.resource, Observation)]
    periods = [observation.effectivePeriod for observation in observations]
    assert [period.start.timestamp() for period in periods] == [SUNDAY_S, SUNDAY_S + 3600]
