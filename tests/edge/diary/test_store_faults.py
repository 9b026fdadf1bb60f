"""Whatever is wrong with the file, the key, the disk or the schema: a sentence, and nothing is lost or changed."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlcipher

from edge.diary.diary import Diary, MinuteNote
from edge.diary.engine import writer_engine
from edge.diary.key import create_key, read_key
from edge.diary.migrate import MIGRATIONS, revision_of, upgrade
from edge.diary.minutes import MinuteKind
from edge.diary.store import DiaryReader, Store
from edge.errors import (
    DiaryDamagedError,
    DiaryError,
    DiaryKeyError,
    DiaryVersionError,
)

H = 1_800_000_000 // 3600 * 60
KEY = "diary.key"


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    """A closed diary with three rows."""
    path = tmp_path / "diary.db"
    with Store.open(path) as store:
        book = Diary(store, "m", "cpu", checkpoint_each_minute=False)
        for minute in range(H, H + 190):
            book.update(MinuteNote("hall", minute, MinuteKind.NOBODY))
    return path


def refused(path: Path, error: type[DiaryError], match: str) -> None:
    """Writer and reader both refuse with a sentence, and the file stays as it is."""
    before = path.read_bytes()
    for opener in (Store.open, DiaryReader.open):
        with pytest.raises(error, match=match) as caught:
            opener(path)
        assert str(caught.value).startswith("Found ")
    assert path.read_bytes() == before


def test_a_wrong_key(diary: Path) -> None:
    key = diary.with_name(KEY)
    key.unlink()
    create_key(key)
    refused(diary, DiaryKeyError, "no page opens with this key")


def test_a_missing_key_is_not_replaced(diary: Path) -> None:
    diary.with_name(KEY).unlink()
    refused(diary, DiaryKeyError, "no key file")
    assert not diary.with_name(KEY).exists()


@pytest.mark.parametrize("text", ["", "ab" * 31, "zz" * 32, "ab" * 32 + " more"])
def test_something_else_than_a_key(diary: Path, text: str) -> None:
    diary.with_name(KEY).write_text(text)
    refused(diary, DiaryKeyError, "something else than a key")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o777])
def test_a_key_that_others_can_read(diary: Path, mode: int) -> None:
    diary.with_name(KEY).chmod(mode)
    refused(diary, DiaryKeyError, "other users can read")


def test_a_credential_of_the_service_manager_may_be_read_by_its_group(
    diary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    diary.with_name(KEY).chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    Store.open(diary).close()
    diary.with_name(KEY).chmod(0o444)
    refused(diary, DiaryKeyError, "other users can read")


def test_a_key_that_is_no_file(diary: Path) -> None:
    diary.with_name(KEY).unlink()
    os.mkfifo(diary.with_name(KEY), 0o600)
    refused(diary, DiaryKeyError, "no plain file")


def test_a_key_is_never_overwritten(diary: Path) -> None:
    before = read_key(diary.with_name(KEY))
    with pytest.raises(DiaryKeyError, match="already"):
        create_key(diary.with_name(KEY))
    assert read_key(diary.with_name(KEY)) == before
    assert [p.name for p in diary.parent.glob("*.new")] == []


def test_garbage(diary: Path) -> None:
    diary.write_bytes(random.Random(1).randbytes(10_000))
    refused(diary, DiaryDamagedError, "another kind")


def test_an_empty_file_is_not_taken_for_a_new_diary(diary: Path) -> None:
    diary.write_bytes(b"")
    refused(diary, DiaryDamagedError, "an empty or almost empty file")


def test_another_programs_database(diary: Path) -> None:
    diary.unlink()
    with sqlite3.connect(diary) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    other.close()
    refused(diary, DiaryDamagedError, "unencrypted SQLite")


def test_another_programs_encrypted_database(diary: Path) -> None:
    diary.unlink()
    other = sqlcipher.connect(str(diary))
    other.execute(f"PRAGMA key = \"x'{read_key(diary.with_name(KEY)).hex()}'\"")
    other.execute("CREATE TABLE recipes (name TEXT)")
    other.close()
    refused(diary, DiaryDamagedError, "another program")


@pytest.mark.parametrize("seed", range(20))
def test_one_flipped_byte_anywhere(diary: Path, seed: int) -> None:
    content = bytearray(diary.read_bytes())
    at = random.Random(seed).randrange(len(content))
    content[at] ^= 1 << seed % 8
    diary.write_bytes(content)
    with pytest.raises((DiaryDamagedError, DiaryKeyError)):
        Store.open(diary)
    assert diary.read_bytes() == bytes(content)


def test_a_flipped_byte_says_that_the_key_is_right(diary: Path) -> None:
    content = bytearray(diary.read_bytes())
    content[200] ^= 1
    diary.write_bytes(content)
    refused(diary, DiaryDamagedError, "the key is right")


@pytest.mark.parametrize("n_bytes", [1, 100, 4095, 4096, 8192, 4096 * 4 + 7])
def test_a_cut_file(diary: Path, n_bytes: int) -> None:
    os.truncate(diary, n_bytes)
    with pytest.raises(DiaryDamagedError):
        Store.open(diary)
    assert diary.stat().st_size == n_bytes


def test_a_folder_in_the_place_of_the_diary(diary: Path) -> None:
    diary.unlink()
    diary.mkdir()
    for opener in (Store.open, DiaryReader.open):
        with pytest.raises(DiaryError):
            opener(diary)


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("not a folder")
    with pytest.raises(DiaryError, match="no permission"):
        Store.open(tmp_path / "home" / "diary.db")


def test_half_a_first_start_is_begun_again(tmp_path: Path) -> None:
    path = tmp_path / "diary.db"
    create_key(path.with_name(KEY))
    path.with_name("diary.db.new").write_bytes(b"half")
    path.with_name("diary.db.new-wal").write_bytes(b"half")
    with Store.open(path) as store:
        assert store.rows() == ()
    assert [p.name for p in tmp_path.glob("*.new*")] == []


SECOND = """
from alembic import op
revision, down_revision, branch_labels, depends_on = "0004", "0003", None, None


def upgrade():
    op.execute("CREATE TABLE more (a INTEGER) STRICT")
    op.execute("ALTER TABLE trend ADD COLUMN extra INTEGER")
    {end}
"""


def with_second_migration(folder: Path, end: str) -> Path:
    shutil.copytree(MIGRATIONS, folder / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "migrations" / "versions" / "r0004_more.py").write_text(SECOND.format(end=end))
    return folder / "migrations"


def test_a_later_migration_makes_a_verified_backup_first(diary: Path, tmp_path: Path) -> None:
    key = read_key(diary.with_name(KEY))
    engine = writer_engine(diary, key)
    backup = upgrade(engine, diary, key, with_second_migration(tmp_path, "pass"))
    with engine.begin() as connection:
        assert revision_of(connection) == "0004"
        assert connection.exec_driver_sql("SELECT count(*) FROM trend").scalar() == 3
    engine.dispose()
    assert backup is not None
    assert backup.stat().st_mode & 0o777 == 0o600
    with DiaryReader.open(backup, diary.with_name(KEY)) as reader:
        assert len(reader.rows()) == 3
    refused(diary, DiaryVersionError, "newer Quietstep")


def test_a_migration_that_fails_halfway_never_happened(diary: Path, tmp_path: Path) -> None:
    key = read_key(diary.with_name(KEY))
    engine = writer_engine(diary, key)
    with pytest.raises(RuntimeError, match="power cut"):
        upgrade(engine, diary, key, with_second_migration(tmp_path, 'raise RuntimeError("power cut")'))
    engine.dispose()
    with Store.open(diary) as store:
        assert store.differences() == ()
        assert len(store.rows()) == 3


def inside_own_mounts(mounts: str, folder: Path, code: str) -> str:
    """Run Python where this test may mount what it likes; skips where the kernel does not allow that."""
    if shutil.which("unshare") is None:
        pytest.skip("no unshare (package util-linux)")
    command = ["unshare", "--map-root-user", "--mount", "sh", "-ec", f'{mounts}; exec "$@"', "sh"]
    probe = subprocess.run([*command, "true"], capture_output=True, check=False, cwd=folder)
    if probe.returncode:
        pytest.skip(f"this machine allows no private mounts: {probe.stderr.decode().strip()}")
    python = [sys.executable, "-c", textwrap.dedent(code), str(folder)]
    done = subprocess.run([*command, *python], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


FULL_DISK = """
    import os, sys
    from pathlib import Path
    from edge.diary.diary import Diary, MinuteNote
    from edge.diary.minutes import MinuteKind
    from edge.diary.store import Store
    from edge.errors import DiaryFullError

    H = 1_800_000_000 // 3600 * 60
    path = Path(sys.argv[1]) / "diary.db"
    store = Store.open(path)
    diary = Diary(store, "m", "cpu", bucket_s=300)
    said = returned = 0
    for n in range(400):
        if n == 100:
            filler = open(path.with_name("filler"), "wb", buffering=0)
            try:
                while True:
                    filler.write(bytes(512))
            except OSError:
                pass
        if n == 300:
            filler.close()
            path.with_name("filler").unlink()
        try:
            returned += len(diary.update(MinuteNote("hall", H + n, MinuteKind.NOBODY)))
        except DiaryFullError as error:
            said += 1
            kept = len(store.rows())
            assert kept == returned, (kept, returned)
    assert said > 100, said
    assert returned == 80 == len(store.rows()), (returned, len(store.rows()))
    assert all(row.minutes_nobody == 5 for row in store.rows())
    store.close()
    assert len(Store.open(path).rows()) == 80
    print("fine")
"""


def test_a_full_disk_loses_nothing_and_heals(tmp_path: Path) -> None:
    mount = f"mount -t tmpfs -o size=600k tmpfs '{tmp_path}'"
    assert inside_own_mounts(mount, tmp_path, FULL_DISK) == "fine\n"


NO_ROOM_TO_BEGIN = """
    import sys
    from pathlib import Path
    from edge.diary.store import Store
    from edge.errors import DiaryFullError
    try:
        Store.open(Path(sys.argv[1]) / "diary.db")
    except DiaryFullError as error:
        print(error)
"""


def test_no_room_to_begin(tmp_path: Path) -> None:
    mount = f"mount -t tmpfs -o size=40k tmpfs '{tmp_path}'"
    assert "no room left" in inside_own_mounts(mount, tmp_path, NO_ROOM_TO_BEGIN)


READ_ONLY = """
    import sys
    from pathlib import Path
    from edge.diary.store import DiaryReader, Store
    from edge.errors import DiaryReadOnlyError
    path = Path(sys.argv[1]) / "diary.db"
    for name in ("diary.db", "fresh/diary.db"):
        try:
            Store.open(path.parent / name)
        except DiaryReadOnlyError as error:
            print(error)
    print(len(DiaryReader.open(path).rows()), "rows")
"""


def test_a_read_only_folder_can_be_read_but_not_written(diary: Path) -> None:
    mount = f"mount --bind '{diary.parent}' '{diary.parent}'; mount -o remount,bind,ro '{diary.parent}'"
    said = inside_own_mounts(mount, diary.parent, READ_ONLY).splitlines()
    assert said[0].startswith("Found no permission to open or write")
    assert said[1].startswith("Found no permission to open or write")
    assert said[2] == "3 rows"
