"""Stored engines: whole or not there, only under their very key, and never more than their room."""

import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.encoder.engine_key import EngineKey, Entry, superfluous
from edge.encoder.engine_store import SEAL, EngineStore

KEY = EngineKey("tensorrt", "a" * 64, "TensorRT 10.13.3", "13050", "13000/580.1", "Orin sm_87", "float32", (1, 4))
CHANGES = {
    "rung": "onnx-tensorrt",
    "model_sha256": "b" * 64,
    "runtime": "TensorRT 11.4.1",
    "cuda": "13060",
    "driver": "13010/590.2",
    "gpu": "Thor sm_110",
    "precision": "mixed",
    "shapes": (1, 4, 16),
}


def write(folder: Path) -> None:
    (folder / "engine.plan").write_bytes(b"plan" * 100)


@pytest.fixture
def store(tmp_path: Path) -> EngineStore:
    return EngineStore(tmp_path / "engines", 10_000)


def test_what_was_made_is_found(store: EngineStore) -> None:
    assert store.find(KEY) is None
    place = store.make(KEY, write)
    assert store.find(KEY) == place
    assert place.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("part", CHANGES)
def test_every_part_of_the_key_counts(store: EngineStore, part: str) -> None:
    store.make(KEY, write)
    assert store.find(msgspec.structs.replace(KEY, **{part: CHANGES[part]})) is None


def test_an_engine_renamed_to_another_key_is_foreign(store: EngineStore) -> None:
    other = msgspec.structs.replace(KEY, gpu="another")
    place = store.make(KEY, write)
    place.rename(place.with_name(other.digest))
    assert store.find(other) is None
    assert not place.with_name(other.digest).exists()


def flip(place: Path) -> None:
    data = bytearray((place / "engine.plan").read_bytes())
    data[7] ^= 1
    (place / "engine.plan").write_bytes(data)


def add_a_file(place: Path) -> None:
    (place / "more").write_bytes(b"x")


def lose_the_seal(place: Path) -> None:
    (place / SEAL).unlink()


def link_elsewhere(place: Path) -> None:
    (place / "engine.plan").rename(place.parent.parent / "outside")
    (place / "engine.plan").symlink_to(place.parent.parent / "outside")


@pytest.mark.parametrize("damage", [flip, add_a_file, lose_the_seal, link_elsewhere])
def test_what_is_not_as_sealed_is_removed(store: EngineStore, damage) -> None:
    place = store.make(KEY, write)
    damage(place)
    assert store.find(KEY) is None
    assert not place.exists()


def test_a_build_that_fails_leaves_nothing(store: EngineStore, tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        write(folder)
        raise ValueError("no engine")

    with pytest.raises(ValueError, match="no engine"):
        store.make(KEY, fail)
    assert list((tmp_path / "engines").iterdir()) == []


def test_two_that_make_the_same_engine_keep_the_first(store: EngineStore, tmp_path: Path) -> None:
    def meanwhile(folder: Path) -> None:
        EngineStore(tmp_path / "engines", 10_000).make(KEY, write)
        (folder / "engine.plan").write_bytes(b"second")

    place = store.make(KEY, meanwhile)
    assert (place / "engine.plan").read_bytes() == b"plan" * 100
    assert store.find(KEY) == place
    assert len(list((tmp_path / "engines").iterdir())) == 1


def test_a_new_engine_replaces_the_older_ones_of_its_model(store: EngineStore) -> None:
    old = store.make(msgspec.structs.replace(KEY, driver="older"), write)
    other_model = store.make(msgspec.structs.replace(KEY, model_sha256="c" * 64), write)
    new = store.make(KEY, write)
    assert not old.exists()
    assert new.exists()
    assert other_model.exists()


def test_the_oldest_go_when_there_is_no_room(tmp_path: Path) -> None:
    store = EngineStore(tmp_path, 1700)
    places = []
    for n in range(4):
        places.append(store.make(msgspec.structs.replace(KEY, model_sha256=str(n) * 64), write))
        os.utime(places[-1], (n, n))
    assert [place.exists() for place in places] == [False, False, True, True]


keys = st.builds(
    EngineKey,
    st.sampled_from(["tensorrt", "onnx-tensorrt"]),
    st.sampled_from(["a", "b", "c"]),
    *(st.sampled_from(["1", "2"]) for _ in range(5)),
    st.just((1,)),
)


@given(st.lists(st.builds(Entry, st.uuids().map(str), keys, st.integers(1, 100), st.floats(0, 9))), keys)
def test_what_stays_fits_or_is_the_newest_alone(entries: list[Entry], newest: EngineKey) -> None:
    entries = [*entries, Entry(newest.digest, newest, 50, 10.0)]
    gone = superfluous(entries, newest, 120)
    kept = [entry for entry in entries if entry.digest not in gone]
    assert newest.digest in {entry.digest for entry in kept}
    assert sum(entry.n_bytes for entry in kept) <= 120
