"""What Home Assistant may hear: whole days, once; settings that keep strangers out."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from edge.config import load_config
from edge.diary.days import midnight_s
from edge.diary.trend import FEW, TrendRow
from edge.errors import ConfigError, HomeAssistantError
from edge.homeassistant.broker import password_of
from edge.homeassistant.messages import Topics, day_message, discovery, refuse_same_slug
from edge.homeassistant.news import SETTLED_S, UNKNOWN, DayTeller, span_of, standing_of, yesterday
from edge.running_note import RunningNote

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = datetime(2026, 11, 26, tzinfo=BERLIN).date()
MIDNIGHT_S = midnight_s(TODAY, BERLIN)
SAID = {
    **{"n_walks": 5, "n_cycles": 30, "share_abstained": 0.2, "p_angry": 0.1, "p_happy": 0.5, "p_neutral": 0.2},
    **{"p_sad": 0.2, "valence": 0.25, "valence_low": 0.15, "valence_high": 0.35},
    **{"arousal": 0.1, "arousal_low": 0.0, "arousal_high": 0.2},
}


def row(start_s: int, *, is_told: bool = True, place: str = "hall", **changed: object) -> TrendRow:
    minutes = {"observed": 10, "several_people": 0, "nobody": 50, "unusable": 0, "paused": 0, "fault": 0}
    said = SAID if is_told else {"n_walks": FEW, "n_cycles": FEW} | dict.fromkeys(list(SAID)[2:])
    head = {"bucket_start_s": start_s, "bucket_length_s": 3600, "place": place, "model_id": "m", "rung": "cpu"}
    booked = {f"minutes_{kind}": n for kind, n in minutes.items()}
    return msgspec.convert(head | booked | said | changed, TrendRow)


def day_rows(n_hours: int = 24, **said: object) -> list[TrendRow]:
    first_s = span_of(TODAY - timedelta(days=1), BERLIN)[0]
    return [row(first_s + 3600 * n, **said) for n in range(n_hours)]  # type: ignore[arg-type]


def test_a_day_is_told_when_its_last_hour_is_on_record_and_not_before() -> None:
    teller = DayTeller("hall", BERLIN)
    assert teller.update(day_rows(23), MIDNIGHT_S + 1) == UNKNOWN
    told = teller.update(day_rows(), MIDNIGHT_S + 5)
    assert (told.day, told.valence, told.watched_percent, told.model) == (TODAY - timedelta(days=1), 0.25, 100.0, "m")
    assert told.valence_low is not None
    assert told.valence_low < 0.25


def test_a_day_whose_end_is_missing_is_told_once_nothing_can_come_any_more() -> None:
    teller = DayTeller("hall", BERLIN)
    assert teller.update(day_rows(20), MIDNIGHT_S + SETTLED_S - 1) == UNKNOWN
    assert teller.update(day_rows(20), MIDNIGHT_S + SETTLED_S).watched_percent == 83.0


@pytest.mark.parametrize("left", [0, 23])
def test_what_changes_after_it_was_told_is_unknown_for_the_rest_of_the_day(left: int) -> None:
    teller = DayTeller("hall", BERLIN)
    teller.update(day_rows(), MIDNIGHT_S + 5)
    assert teller.update(day_rows(left), MIDNIGHT_S + 600) == UNKNOWN
    assert teller.update(day_rows(left), MIDNIGHT_S + 80_000) == UNKNOWN


def test_a_day_that_tells_no_mood_has_no_valence() -> None:
    told = DayTeller("hall", BERLIN).update(day_rows(is_told=False), MIDNIGHT_S + 5)
    assert (told.valence, told.watched_percent) == (None, 100.0)
    assert DayTeller("hall", BERLIN).update([], MIDNIGHT_S + SETTLED_S) == UNKNOWN
    assert DayTeller("stairs", BERLIN).update(day_rows(), MIDNIGHT_S + SETTLED_S) == UNKNOWN


def test_days_are_the_households_also_when_the_clocks_change() -> None:
    change = datetime(2026, 10, 25, tzinfo=BERLIN).date()
    from_s, to_s = span_of(change, BERLIN)
    assert to_s - from_s == 25 * 3600
    assert yesterday(to_s, BERLIN) == change
    assert yesterday(to_s - 1, BERLIN) == change - timedelta(days=1)


def test_the_next_day_is_a_new_one() -> None:
    teller = DayTeller("hall", UTC)
    for n in (0, 1):
        midnight = midnight_s(TODAY, UTC) + 86_400 * n
        rows = [row(midnight - 3600 * h, valence=0.2 + 0.1 * n) for h in range(1, 25)]
        assert teller.update(rows, midnight + 5.0).valence == pytest.approx(0.2 + 0.1 * n)


@pytest.mark.parametrize(
    ("stage", "said"), [("watching", "watching"), ("down", "fault"), ("closed", "paused"), ("over", "off")]
)
def test_how_a_place_stands(stage: str, said: str) -> None:
    note = RunningNote(1, {"hall": stage})  # type: ignore[dict-item]
    assert standing_of("hall", note) == said
    assert standing_of("stairs", note) == standing_of("hall", None) == "off"


def test_discovery_says_when_it_expires_and_names_no_command() -> None:
    message = discovery(Topics("homeassistant", "quietstep"), ("hall", "living room"), "0.1.0")
    said = json.loads(message.payload)
    assert message.topic == "homeassistant/device/quietstep-quietstep/config"
    assert len(said["components"]) == 10
    assert all(sensor["expire_after"] > 0 and sensor["platform"] == "sensor" for sensor in said["components"].values())
    assert "command" not in message.payload
    assert "cmd_t" not in message.payload
    valence = said["components"]["quietstep_quietstep_living_room_valence"]
    assert "device_class" not in valence
    assert valence["state_topic"] == "quietstep/quietstep/living_room/day"


def test_unknown_is_null_and_places_do_not_share_a_topic() -> None:
    topics = Topics("homeassistant", "quietstep")
    assert json.loads(day_message(topics, "hall", UNKNOWN).payload)["valence"] is None
    with pytest.raises(HomeAssistantError, match="one topic"):
        refuse_same_slug(("a b", "a_b"))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('on = true\nhost = "broker.lan"\ntls = false', "tls = true for a broker"),
        ('on = true\nhost = "broker.lan"', "user and password_file for a broker"),
        ('user = "anna"', "both, or neither"),
        ('tls = false\nca_file = "ca.pem"', "no ca_file where tls is off"),
        ("prot = 1", "Did you mean 'port'"),
    ],
)
def test_settings_that_would_let_strangers_in_are_refused(lines: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "quietstep.toml"
    file.write_text(f"[homeassistant]\n{lines}\n")
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert said in str(caught.value)


def test_it_is_off_by_default_and_plain_only_on_this_machine(tmp_path: Path) -> None:
    assert not load_config(None, data_dir=tmp_path).homeassistant.on
    file = tmp_path / "quietstep.toml"
    file.write_text('[homeassistant]\non = true\nhost = "127.0.0.1"\ntls = false\n')
    assert load_config(file).homeassistant.host == "127.0.0.1"


def test_a_password_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "password"
    with pytest.raises(HomeAssistantError, match="no readable file"):
        password_of(file)
    file.write_text("long words\n")
    file.chmod(0o640)
    with pytest.raises(HomeAssistantError, match="others may read"):
        password_of(file)
    file.chmod(0o600)
    assert password_of(file) == "long words"
