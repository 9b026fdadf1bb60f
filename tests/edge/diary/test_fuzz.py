"""Files that somebody or something changed: a sentence, or every row as it was; never fewer, never an empty diary."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.diary import receipts
from edge.diary.diary import Diary, MinuteNote
from edge.diary.keeping import look_at_backup, restore_diary, rotate_key
from edge.diary.key import create_key, next_key_path
from edge.diary.minutes import MinuteKind
from edge.diary.soundness import check_diary
from edge.diary.store import DiaryReader, Store
from edge.diary.trend import TrendRow
from edge.errors import DiaryError

H = 1_800_000_000 // 3600 * 60
PAGE = 4096


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hundred rows, and beside them a log with checkpoints that a kill left there."""
    path = tmp_path_factory.mktemp("written") / "diary.db"
    with Store.open(path) as store:
        book = Diary(store, "m", "cpu", bucket_s=300, checkpoint_each_minute=False)
        for minute in range(H, H + 1000):
            book.update(MinuteNote("hall", minute, MinuteKind.NOBODY))
        each = Diary(store, "m", "cpu", bucket_s=300)
        for minute in range(H + 1000, H + 1004):
            each.update(MinuteNote("hall", minute, MinuteKind.NOBODY))
        shutil.copytree(path.parent, path.parent.parent / "killed")
    return path.parent.parent / "killed"


@pytest.fixture
def path(written: Path, tmp_path: Path) -> Path:
    return shutil.copytree(written, tmp_path / "home") / "diary.db"


@pytest.fixture(scope="module")
def rows(written: Path) -> tuple[TrendRow, ...]:
    with DiaryReader.open(written / "diary.db") as reader:
        return reader.rows()


def flip(content: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 1, 10))):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def zero(content: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(content))
    n_bytes = min(rng.choice((1, 512, PAGE)), len(content) - start)
    content[start : start + n_bytes] = bytes(n_bytes)


def cut(content: bytearray, rng: random.Random) -> None:
    del content[rng.randrange(len(content)) :]


def cut_to_pages(content: bytearray, rng: random.Random) -> None:
    del content[rng.randrange(len(content) // PAGE) * PAGE :]


def swap_pages(content: bytearray, rng: random.Random) -> None:
    a, b = (slice(n * PAGE, (n + 1) * PAGE) for n in rng.sample(range(len(content) // PAGE), 2))
    content[a], content[b] = content[b], content[a]


def repeat_a_page(content: bytearray, rng: random.Random) -> None:
    a, b = (slice(n * PAGE, (n + 1) * PAGE) for n in rng.sample(range(len(content) // PAGE), 2))
    content[a] = content[b]


def append(content: bytearray, rng: random.Random) -> None:
    content += rng.randbytes(rng.choice((1, 100, PAGE, 3 * PAGE)))


def insert(content: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(content))
    content[start:start] = rng.randbytes(rng.choice((1, PAGE)))


MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    *(flip, zero, cut, cut_to_pages, swap_pages, repeat_a_page, append, insert),
)


def mutate(file: Path, how: Callable[[bytearray, random.Random], None], seed: int) -> None:
    content = bytearray(file.read_bytes())
    how(content, random.Random(seed))
    file.write_bytes(content)


def opens_with(path: Path, rows: tuple[TrendRow, ...]) -> bool:
    """All the rows (True) or a sentence (False); anything else fails."""
    answers = []
    for opener in (DiaryReader.open, Store.open):
        try:
            with opener(path) as diary:
                assert diary.rows() == rows
            answers.append(True)
        except DiaryError as error:
            if not str(error).startswith("Found "):
                raise
            answers.append(False)
    return all(answers)


@pytest.mark.parametrize("how", MUTATIONS, ids=lambda how: how.__name__)
@pytest.mark.parametrize("seed", range(3))
def test_a_changed_diary(path: Path, rows: tuple[TrendRow, ...], how: Callable, seed: int) -> None:  # type: ignore[type-arg]
    mutate(path, how, seed)
    before = path.read_bytes()
    if not opens_with(path, rows):
        assert path.read_bytes() == before
        assert not list(path.parent.glob("*.new"))


@pytest.mark.parametrize("how", MUTATIONS, ids=lambda how: how.__name__)
@pytest.mark.parametrize("seed", range(2))
def test_a_changed_log_costs_no_row(path: Path, rows: tuple[TrendRow, ...], how: Callable, seed: int) -> None:  # type: ignore[type-arg]
    assert path.with_name("diary.db-wal").stat().st_size > 2 * PAGE
    mutate(path.with_name("diary.db-wal"), how, seed)
    assert opens_with(path, rows)


@pytest.mark.parametrize("how", [flip, zero, cut, append, insert], ids=lambda how: how.__name__)
@pytest.mark.parametrize("seed", range(2))
def test_a_changed_key_and_one_that_waits(path: Path, rows: tuple[TrendRow, ...], how: Callable, seed: int) -> None:  # type: ignore[type-arg]
    key = path.with_name("diary.key")
    shutil.copy(key, next_key_path(key))
    mutate(next_key_path(key), how, seed)
    assert opens_with(path, rows), "what waits does not matter while the key opens the diary"
    mutate(key, how, seed)
    opens_with(path, rows)


@pytest.mark.parametrize("seed", range(6))
def test_pages_of_another_diary_under_the_same_key(path: Path, rows: tuple[TrendRow, ...], seed: int) -> None:
    other = path.parent.parent / "other.db"
    with Store.open(other, path.with_name("diary.key")) as store:
        Diary(store, "m", "cpu").update(MinuteNote("attic", H, MinuteKind.NOBODY))
    content, foreign = bytearray(path.read_bytes()), other.read_bytes()
    page = random.Random(seed).randrange(1, len(foreign) // PAGE)
    content[page * PAGE : (page + 1) * PAGE] = foreign[page * PAGE : (page + 1) * PAGE]
    path.write_bytes(content)
    opens_with(path, rows)


@pytest.mark.parametrize("how", [flip, cut, append, insert, zero], ids=lambda how: how.__name__)
def test_changed_receipts_do_not_matter(path: Path, rows: tuple[TrendRow, ...], how: Callable) -> None:  # type: ignore[type-arg]
    for n in range(20):
        receipts.write(path, receipts.Receipt("finished", n, receipts.Span(n, n + 1, "hall")))
    mutate(receipts.file_of(path), how, 1)
    assert len(receipts.read(path)) <= 20
    assert opens_with(path, rows)


@pytest.mark.parametrize("seed", range(5))
def test_every_command_on_a_changed_diary_ends_in_a_sentence(path: Path, tmp_path: Path, seed: int) -> None:
    mutate(path, MUTATIONS[seed], seed)
    before = path.read_bytes()
    create_key(tmp_path / "another.key")
    for command in (
        lambda: rotate_key(path, None),
        lambda: rotate_key(path, tmp_path / "another.key"),
        lambda: restore_diary(path, None, path),
        lambda: look_at_backup(path, tmp_path / "another.key", path),
        lambda: check_diary(path, tmp_path / "another.key"),
    ):
        with pytest.raises(DiaryError, match="Found"):
            command()
    assert path.read_bytes() == before
