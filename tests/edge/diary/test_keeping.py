"""Backup, restore, a new key and the check: proven or not at all, and never nothing."""

import os
import random
import shutil
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

import edge.diary.rotate as rotation
from edge.affect import Affect
from edge.cli import app
from edge.diary import receipts
from edge.diary.diary import CycleNote, Diary, MinuteNote
from edge.diary.erase import erase_span
from edge.diary.keeping import backup_diary, look_at_backup, restore_diary, rotate_key
from edge.diary.key import create_key, next_key_path, read_key
from edge.diary.minutes import MinuteKind
from edge.diary.pages import FileState, examine
from edge.diary.receipts import Receipt
from edge.diary.soundness import check_diary
from edge.diary.span import Span
from edge.diary.store import DiaryReader, Store
from edge.errors import DiaryBusyError, DiaryDamagedError, DiaryError, DiaryKeyError, DiaryReadOnlyError

H = 1_800_000_000 // 3600 * 60
S = H * 60


def fill(diary: Diary, n_minutes: int, first: int = H) -> None:
    for minute in range(first, first + n_minutes):
        for n in range(4):
            diary.update(CycleNote("hall", minute * 60 + 10 + n, minute, Affect((0.1, 0.2, 0.3, 0.4))))
        diary.update(MinuteNote("hall", minute, MinuteKind.OBSERVED))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("written") / "diary.db"
    with Store.open(path) as store:
        fill(Diary(store, "m", "cpu", checkpoint_each_minute=False), 360)
        fill(Diary(store, "m", "cpu"), 5, H + 360)
    return path.parent


@pytest.fixture
def path(written: Path, tmp_path: Path) -> Path:
    return shutil.copytree(written, tmp_path / "home") / "diary.db"


def hours(path: Path) -> list[int]:
    with DiaryReader.open(path) as reader:
        return [(row.bucket_start_s - S) // 3600 for row in reader.rows()]


def key_of(path: Path) -> bytes:
    return read_key(path.with_name("diary.key"))


def test_a_backup_beside_a_running_writer_is_of_one_moment_and_one_file(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "stick" / "b.quietstep"
    target.parent.mkdir()
    with Store.open(path) as store:
        fill(Diary(store, "m", "cpu", checkpoint_each_minute=False), 55, first=H + 365)
        assert backup_diary(path, None, target) == 7
        fill(Diary(store, "m", "cpu", checkpoint_each_minute=False), 60, first=H + 420)
    assert [file.name for file in target.parent.iterdir()] == ["b.quietstep"]
    assert target.stat().st_mode & 0o777 == 0o600
    assert examine(target, key_of(path)) is FileState.KEY_FITS
    with DiaryReader.open(target, path.with_name("diary.key")) as reader:
        assert len(reader.rows()) == 7
    assert len(hours(path)) == 8


def test_a_backup_never_writes_over_a_file(path: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a letter")
    with pytest.raises(DiaryError, match="already"):
        backup_diary(path, None, tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == "a letter"
    with pytest.raises(DiaryReadOnlyError, match="no way to write"):
        backup_diary(path, None, tmp_path / "no folder" / "b")


def test_a_copy_that_is_not_equal_gets_no_name(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prints = iter((b"one", b"another"))
    monkeypatch.setattr("edge.diary.backup.fingerprint", lambda _connection: next(prints))
    with pytest.raises(DiaryDamagedError, match="not equal"):
        backup_diary(path, None, tmp_path / "b")
    assert [file.name for file in tmp_path.iterdir()] == ["home"]


def test_restored_is_what_was_backed_up(path: Path, tmp_path: Path) -> None:
    backup_diary(path, None, tmp_path / "b")
    with Store.open(path) as store:
        fill(Diary(store, "m", "cpu", checkpoint_each_minute=False), 115, first=H + 365)
    assert look_at_backup(path, None, tmp_path / "b").n_lost == 2
    assert restore_diary(path, None, tmp_path / "b") == 0
    assert hours(path) == list(range(6))
    assert not list(path.parent.glob("diary.db.*rest*"))
    with Store.open(path) as store:
        assert store.load()[0].booked_until_minute == H + 365
        fill(Diary(store, "m", "cpu", checkpoint_each_minute=False), 55, first=H + 365)
    assert hours(path) == list(range(7))


@pytest.mark.parametrize("damage", ["gone", "garbage", "cut", "a page", "empty"])
def test_a_diary_that_does_not_open_is_restored(path: Path, tmp_path: Path, damage: str) -> None:
    backup_diary(path, None, tmp_path / "b")
    content = bytearray(path.read_bytes())
    content[5000] ^= 1
    contents = {"garbage": random.Random(1).randbytes(8 * 4096), "cut": content[:4096], "a page": content, "empty": b""}
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(contents[damage])
    assert look_at_backup(path, None, tmp_path / "b").n_lost is None
    restore_diary(path, None, tmp_path / "b")
    assert hours(path) == list(range(6))


@pytest.mark.parametrize("seed", range(8))
def test_a_backup_with_one_flipped_byte_is_refused_and_nothing_changes(path: Path, tmp_path: Path, seed: int) -> None:
    backup_diary(path, None, tmp_path / "b")
    content = bytearray((tmp_path / "b").read_bytes())
    content[random.Random(seed).randrange(len(content))] ^= 1 << seed
    (tmp_path / "b").write_bytes(content)
    before = path.read_bytes()
    with pytest.raises((DiaryDamagedError, DiaryKeyError)):
        restore_diary(path, None, tmp_path / "b")
    assert path.read_bytes() == before


def test_what_is_no_backup_of_this_diary_is_refused(path: Path, tmp_path: Path) -> None:
    Store.open(tmp_path / "other" / "diary.db").close()
    Store.open(tmp_path / "demo" / "diary.db", path.with_name("diary.key"), kind="demo").close()
    (tmp_path / "letter").write_bytes(b"dear " * 5000)
    for name in ("other/diary.db", "demo/diary.db", "letter", "nothing"):
        with pytest.raises(DiaryError, match="Found"):
            restore_diary(path, None, tmp_path / name)
    assert hours(path) == list(range(6))


def test_what_was_erased_since_does_not_come_back(path: Path, tmp_path: Path) -> None:
    backup_diary(path, None, tmp_path / "b")
    erase_span(path, None, Span(S + 3600, S + 3 * 3600), S + 5 * 3600, frozenset())
    with Store.open(path) as store:
        fill(Diary(store, "m", "cpu", checkpoint_each_minute=False), 55, first=H + 365)
    assert restore_diary(path, None, tmp_path / "b") == 2
    assert hours(path) == [0, 3, 4, 5]
    erase_span(path, None, Span(S), S + 5 * 3600, frozenset())
    receipts.write(path, Receipt("begun", S + 2 * 3600, Span(S)))
    assert restore_diary(path, None, tmp_path / "b") == 5
    assert hours(path) == [5], "the hour after the last erasure began was never meant"


def test_restore_and_rotate_refuse_a_writer_that_does_not_lend(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.diary.door.WAIT_S", 0.1)
    backup_diary(path, None, tmp_path / "b")
    with Store.open(path):
        for keep in (lambda: restore_diary(path, None, tmp_path / "b"), lambda: rotate_key(path, None)):
            with pytest.raises(DiaryBusyError):
                keep()
    assert hours(path) == list(range(6))


def test_a_new_key_opens_it_and_the_old_one_opens_nothing(path: Path, tmp_path: Path) -> None:
    old, backup = key_of(path), tmp_path / "b"
    backup_diary(path, None, backup)
    shutil.copy(path, path.with_name("diary.db.before-0002"))
    os.link(path.with_name("diary.key"), tmp_path / "twin")
    assert rotate_key(path, None) == 6
    assert key_of(path) != old
    assert examine(path, old) is FileState.NO_PAGE_OPENS
    assert (tmp_path / "twin").read_bytes() != old.hex().encode() + b"\n", "the old key's own blocks are written over"
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "diary.db",
        "diary.db.door",
        "diary.db.lock",
        "diary.key",
    ]
    assert path.with_name("diary.key").stat().st_mode & 0o777 == 0o600
    with Store.open(path) as store:
        assert store.load()[0].booked_until_minute == H + 365
    assert hours(path) == list(range(6))
    with pytest.raises(DiaryKeyError):
        look_at_backup(path, None, backup)


def test_a_rotation_cut_off_between_its_two_renames_is_finished(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(_key_path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rotation, "_take_new_key", cut)
        with pytest.raises(KeyboardInterrupt):
            rotate_key(path, None)
    assert examine(path, key_of(path)) is FileState.NO_PAGE_OPENS
    assert hours(path) == list(range(6)), "a reader finds the key that waits"
    assert any("rotation" in problem for problem in check_diary(path, None).problems)
    new = read_key(next_key_path(path.with_name("diary.key")))
    Store.open(path).close()
    assert key_of(path) == new
    assert check_diary(path, None).problems == ()


def test_a_rotation_cut_off_before_is_taken_back(path: Path) -> None:
    old = key_of(path)
    create_key(next_key_path(path.with_name("diary.key")))
    path.with_name("diary.db.rotating").write_bytes(b"half")
    Store.open(path).close()
    assert key_of(path) == old
    assert not list(path.parent.glob("*.next")) + list(path.parent.glob("*.rotating"))
    assert rotate_key(path, None) == 6


def test_a_key_that_is_handed_over_is_not_rotated(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(path.parent))
    with pytest.raises(DiaryError, match="handed over"):
        rotate_key(path, None)


def test_a_whole_diary_is_sound_beside_its_writer_too(path: Path) -> None:
    with Store.open(path):
        sound = check_diary(path, None)
    assert (sound.n_rows, sound.n_minutes, sound.problems) == (6, 360, ())


def test_the_check_finds_damage_rows_that_overlap_and_what_was_not_finished(path: Path) -> None:
    receipts.write(path, Receipt("begun", 5, Span()))
    with Store.open(path) as store, store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE trend SET bucket_start_s = bucket_start_s - 1800, bucket_length_s = 1800, "
                                   f"minutes_observed = 30 WHERE bucket_start_s = {S + 7200}")  # fmt: skip
    problems = check_diary(path, None).problems
    assert any("before the one before it ends" in problem for problem in problems)
    assert any("erasure" in problem for problem in problems)
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    with pytest.raises(DiaryDamagedError, match="the key is right"):
        check_diary(path, None)


def quietstep(path: Path, *arguments: object, answer: str = "") -> Result:
    return CliRunner().invoke(app, [*map(str, arguments), "--data-dir", str(path.parent)], input=answer)


def test_the_commands_ask_and_tell(path: Path, tmp_path: Path) -> None:
    assert "6 rows" in quietstep(path, "backup", tmp_path / "b").output
    assert quietstep(path, "backup", tmp_path / "b").exit_code == 1
    erase_span(path, None, Span(S, S + 3600), S + 5 * 3600, frozenset())
    assert quietstep(path, "restore", tmp_path / "b", answer="n\n").exit_code == 1
    assert hours(path) == [1, 2, 3, 4, 5]
    assert "1 rows that had been erased" in quietstep(path, "restore", tmp_path / "b", answer="y\n").output
    assert "5 rows, 300 minutes" in quietstep(path, "check").output
    assert "5 rows written anew" in quietstep(path, "rotate-key", "--yes").output
    assert hours(path) == [1, 2, 3, 4, 5]
