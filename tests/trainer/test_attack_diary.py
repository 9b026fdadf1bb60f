"""Attackers against a diary's rows: they see what is planted, and nothing where there is nothing."""

import json
from dataclasses import replace

import numpy as np
import pytest

from edge.affect import Affect
from edge.config import REFERENCE_BUNDLE
from edge.diary.trend import KINDS
from trainer import attack_diary_command
from trainer.attack import Effort
from trainer.attack_diary import CONTROL, STRETCHES, attack_rows
from trainer.home_rows import PERIOD_DAYS, Homes, Period, Walk, periods_of, walk_of

HOMES = Homes(n_people=3, n_periods=1)
DAY = {"a day": 1}
pytestmark = pytest.mark.usefixtures("few_attackers")  # beside them stands the linear SVM, which sees most here
BLAND = Affect((0.25, 0.25, 0.25, 0.25))


def walks_all_alike(homes: Homes) -> dict[tuple[str, int, int], tuple[Walk, ...]]:
    """Whoever walks, in whatever affect, the bundle says the same; only the stride time is one's own."""
    people = [f"walker{n}" for n in range(homes.n_people)]
    keys = [(person, affect, fifth) for person in people for affect in range(4) for fifth in range(5)]
    return {key: (walk_of((BLAND,) * 6, 1.0 + 0.1 * people.index(key[0])),) for key in keys}


@pytest.fixture(scope="module")
def bland() -> list[Period]:
    """Periods in which rows cannot tell who it was."""
    return list(periods_of(walks_all_alike(HOMES), HOMES, "same"))


@pytest.fixture(scope="module")
def found(bland: list[Period]) -> dict[str, float]:
    """The worst attacker of each surface."""
    return {
        each.surface: each.figures.worst_top1
        for each in attack_rows(bland, "same", Effort("recordings", 0), stretches=DAY)
    }


def test_both_views_and_the_control_are_attacked(found: dict[str, float]) -> None:
    assert set(found) == {"a day, by hour", "a day, summed up", CONTROL}
    assert set(STRETCHES.values()) == {1, 7, PERIOD_DAYS}


def test_rows_of_walks_that_are_alike_tell_nobody(found: dict[str, float]) -> None:
    assert found["a day, by hour"] < 0.6
    assert found["a day, summed up"] < 0.6


def test_the_control_is_seen(found: dict[str, float]) -> None:
    assert found[CONTROL] > 0.8


def test_own_habits_are_seen() -> None:
    periods = list(periods_of(walks_all_alike(HOMES), HOMES, "own"))
    seen = {
        each.surface: each.figures.worst_top1
        for each in attack_rows(periods, "own", Effort("recordings", 0), stretches=DAY)
    }
    assert seen["a day, by hour"] > 0.7


def test_rows_are_the_diarys_own(bland: list[Period]) -> None:
    rows = [row for period in bland for row in period.rows]
    assert len(rows) == len(bland) * PERIOD_DAYS * 24
    assert all(sum(getattr(row, f"minutes_{kind}") for kind in KINDS) == 60 for row in rows)
    nights = [row for row in rows if row.bucket_start_s // 3600 % 24 < 7]
    assert all(row.held_back and row.valence is None for row in nights)


def test_the_same_plan_gives_the_same_rows(bland: list[Period]) -> None:
    again = list(periods_of(walks_all_alike(HOMES), HOMES, "same"))
    assert [period.rows for period in again] == [period.rows for period in bland]
    other = list(periods_of(walks_all_alike(HOMES), replace(HOMES, seed=1), "same"))
    assert [period.rows for period in other] != [period.rows for period in bland]


def test_each_fifth_has_walks_of_its_own() -> None:
    marked = {
        key: tuple(replace(walk, stride_s=float(key[2])) for walk in walks)
        for key, walks in walks_all_alike(HOMES).items()
    }
    for period in periods_of(marked, HOMES, "same"):
        strides = period.stride_s_DH[~np.isnan(period.stride_s_DH)]
        assert set(strides) == {float(period.fifth)}


def test_the_command_tells_chance_and_luck(tmp_path, capsys) -> None:
    homes = Homes(n_people=2, n_periods=1, n_recordings=1, n_cycles=3, noise="none")
    attack_diary_command.run(REFERENCE_BUNDLE, homes, ["same"], tmp_path / "found.json", 1, DAY)
    assert "chance 0.500" in " ".join(capsys.readouterr().out.split())
    (first, *_) = json.loads((tmp_path / "found.json").read_text())
    assert first["habits"] == "same"
    assert first["figures"]["null95_of_max"] is not None
